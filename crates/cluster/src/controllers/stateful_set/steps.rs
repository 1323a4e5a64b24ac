//! What to do with the Pods of a StatefulSet next: pure decisions.

use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

use super::{identity::ordinal, min_ready};
use crate::{
    controllers::{
        history::{HASH_LABEL, Revision},
        pods, portion, selector,
    },
    json::{has, int, text},
    store::Object,
};

/// One thing to do with a Pod, by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Create(i64),
    Delete(i64),
}

/// The numbers that there should be.
pub(super) fn wanted(set: &Value) -> Range<i64> {
    let first = int(&set["spec"]["ordinals"], "start").unwrap_or(0);
    first..first + int(&set["spec"], "replicas").unwrap_or(1)
}

/// The next steps. An ordered set waits for each Pod to be available before the next, and removes from the end; when
/// all are there, Pods of an old version go from the end, down to the partition.
pub(super) fn next(set: &Value, claimed: &[Object], update: &Revision, now: Timestamp) -> Vec<Step> {
    let wanted = wanted(set);
    let ordered = text(&set["spec"], "podManagementPolicy") != "Parallel";
    let available = |pod: &Object| pods::is_available(pod, min_ready(set), now);
    let find = |number: i64| claimed.iter().find(|pod| ordinal(set, pod) == Some(number));
    let mut steps = Vec::new();
    for number in wanted.clone() {
        match find(number) {
            None => steps.push(Step::Create(number)),
            Some(pod) if pods::has_ended(pod) && !pods::is_deleting(pod) => steps.push(Step::Delete(number)),
            Some(pod) if available(pod) && !pods::is_deleting(pod) => continue,
            Some(_) => {}
        }
        if ordered {
            return steps;
        }
    }
    let mut extra: Vec<i64> =
        claimed.iter().filter_map(|pod| ordinal(set, pod)).filter(|number| !wanted.contains(number)).collect();
    extra.sort_unstable_by(|a, b| b.cmp(a));
    for number in extra {
        if find(number).is_some_and(|pod| !pods::is_deleting(pod)) {
            steps.push(Step::Delete(number));
        }
        if ordered {
            return steps;
        }
    }
    if steps.is_empty() {
        steps.extend(outdated(set, wanted, find, update, available).into_iter().map(Step::Delete));
    }
    steps
}

/// The last Pods of an old version, as many as may be missing beside those that are.
fn outdated<'a>(
    set: &Value,
    wanted: Range<i64>,
    find: impl Fn(i64) -> Option<&'a Object>,
    update: &Revision,
    available: impl Fn(&Object) -> bool,
) -> Vec<i64> {
    let strategy = &set["spec"]["updateStrategy"];
    if text(strategy, "type") != "RollingUpdate" {
        return Vec::new();
    }
    let rolling = &strategy["rollingUpdate"];
    let partition = int(rolling, "partition").unwrap_or(0);
    let many = wanted.end - wanted.start;
    let most = if has(rolling, "maxUnavailable") { portion::up(&rolling["maxUnavailable"], many).max(1) } else { 1 };
    let is_old = |pod: &Object| text(selector::labels(pod), HASH_LABEL) != update.name;
    let mut missing = 0;
    let mut gone = Vec::new();
    for number in wanted.rev().filter(|number| *number >= partition) {
        let Some(pod) = find(number) else { return gone };
        if missing >= most {
            return gone;
        }
        if pods::is_deleting(pod) {
            missing += 1;
        } else if is_old(pod) {
            missing += 1;
            gone.push(number);
        } else if !available(pod) {
            missing += 1;
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn set(spec: Value) -> Value {
        let mut set = json!({"metadata": {"name": "db"}, "spec": {"updateStrategy": {"type": "RollingUpdate"}}});
        for (field, value) in spec.as_object().unwrap() {
            set["spec"][field] = value.clone();
        }
        set
    }

    /// A Pod by its number and version; `-` is one that is not ready.
    fn pod(number: i64, version: &str) -> Object {
        let ready = if version.ends_with('-') { "False" } else { "True" };
        Arc::new(json!({
            "metadata": {"name": format!("db-{number}"), "labels": {HASH_LABEL: version.trim_end_matches('-')}},
            "status": {"phase": "Running", "conditions": [
                {"type": "Ready", "status": ready, "lastTransitionTime": "2026-11-23T08:00:00Z"}]},
        }))
    }

    /// `+1 -2` for Pods numbered from `first`.
    fn told_from(first: i64, set: &Value, versions: &[&str]) -> String {
        let pods: Vec<Object> = (first..).zip(versions).map(|(number, version)| pod(number, version)).collect();
        let update = Revision { name: "new".into(), hash: "new".into(), template: Value::Null };
        let steps = next(set, &pods, &update, "2026-11-23T08:00:05Z".parse().unwrap());
        let shown = |step: &Step| match step {
            Step::Create(number) => format!("+{number}"),
            Step::Delete(number) => format!("-{number}"),
        };
        steps.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    fn told(spec: Value, versions: &[&str]) -> String {
        told_from(0, &set(spec), versions)
    }

    #[test]
    fn ordered_sets_grow_and_shrink_one_by_one_and_parallel_ones_at_once() {
        let parallel = |count: i64| json!({"replicas": count, "podManagementPolicy": "Parallel"});
        assert_eq!(told(json!({"replicas": 3}), &["new"]), "+1");
        assert_eq!(told(json!({"replicas": 3}), &["new-"]), "");
        assert_eq!(told(parallel(3), &["new-"]), "+1 +2");
        assert_eq!(told(json!({"replicas": 1}), &["new", "new", "new"]), "-2");
        assert_eq!(told(parallel(1), &["new", "new", "new"]), "-2 -1");
        let start = set(json!({"replicas": 2, "ordinals": {"start": 5}}));
        assert_eq!(told_from(5, &start, &[]), "+5");
        assert_eq!(told_from(3, &start, &["new", "new", "new", "new"]), "-4");
    }

    #[test]
    fn a_pod_that_has_to_be_ready_for_long_holds_up_the_next() {
        assert_eq!(told(json!({"replicas": 2, "minReadySeconds": 5}), &["new"]), "+1");
        assert_eq!(told(json!({"replicas": 2, "minReadySeconds": 6}), &["new"]), "");
    }

    #[test]
    fn updates_go_from_the_end_down_to_the_partition() {
        let rolling = |rolling: Value| {
            json!({"replicas": 4, "podManagementPolicy": "Parallel",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}})
        };
        assert_eq!(told(rolling(json!({})), &["old", "old", "old", "old"]), "-3");
        assert_eq!(told(rolling(json!({})), &["old", "old", "old", "new"]), "-2");
        assert_eq!(told(rolling(json!({})), &["old", "old", "old", "new-"]), "");
        assert_eq!(told(rolling(json!({"partition": 2})), &["old", "old", "new", "new"]), "");
        assert_eq!(told(rolling(json!({"maxUnavailable": 2})), &["old", "old", "old", "old"]), "-3 -2");
        assert_eq!(told(rolling(json!({"maxUnavailable": "50%"})), &["old", "old", "old", "new-"]), "-2");
        let by_hand = json!({"replicas": 1, "updateStrategy": {"type": "OnDelete"}});
        assert_eq!(told(by_hand, &["old"]), "");
    }
}
