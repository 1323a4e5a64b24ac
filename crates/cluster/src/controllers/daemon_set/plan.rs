//! Which Pods a DaemonSet makes and removes next: pure decisions over nodes and Pods.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::{min_ready, node_of};
use crate::{
    controllers::{
        history::{HASH_LABEL, Revision},
        pods, portion, selector,
    },
    json::text,
    store::Object,
};

/// What to do now.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    /// Nodes that get a Pod.
    pub(super) create: Vec<&'a str>,
    /// Pods that go.
    pub(super) delete: Vec<&'a Object>,
}

/// A node's Pods that have not ended and are not on their way out.
#[derive(Debug, Default, Clone, Copy)]
struct Place<'a> {
    old: Option<&'a Object>,
    new: Option<&'a Object>,
    /// There is a Pod on its way out: nothing is made beside it.
    leaving: bool,
}

/// What is next, for a set whose Pods belong on these nodes.
pub(super) fn plan<'a>(
    set: &Value,
    nodes: &'a [String],
    claimed: &'a [Object],
    revision: &Revision,
    now: Timestamp,
) -> Plan<'a> {
    let mut plan = Plan::default();
    let mut places: BTreeMap<&str, Place<'_>> = nodes.iter().map(|node| (node.as_str(), Place::default())).collect();
    for pod in claimed {
        let place = node_of(pod).and_then(|node| places.get_mut(node));
        match place {
            _ if pods::is_deleting(pod) => place.into_iter().for_each(|place| place.leaving = true),
            Some(place) if !pods::has_ended(pod) => {
                let is_new = text(selector::labels(pod), HASH_LABEL) == revision.hash;
                let slot = if is_new { &mut place.new } else { &mut place.old };
                // Two of a version on one node are one too many.
                if slot.is_some() { plan.delete.push(pod) } else { *slot = Some(pod) }
            }
            Some(place) => {
                place.leaving = true;
                plan.delete.push(pod);
            }
            None => plan.delete.push(pod),
        }
    }
    let empty = |place: &Place<'_>| place.old.is_none() && place.new.is_none() && !place.leaving;
    plan.create.extend(places.iter().filter(|(_, place)| empty(place)).map(|(node, _)| *node));
    if text(&set["spec"]["updateStrategy"], "type") == "RollingUpdate" {
        let available = |pod: &Object| pods::is_available(pod, min_ready(set), now);
        let (surge, unavailable) = limits(set, nodes.len());
        if surge == 0 {
            replace(&mut plan, &places, unavailable, available);
        } else {
            surge_over(&mut plan, &places, surge, available);
        }
    }
    plan
}

/// How many Pods more than one a node there may be, and how many may be missing.
fn limits(set: &Value, nodes: usize) -> (usize, usize) {
    let rolling = &set["spec"]["updateStrategy"]["rollingUpdate"];
    let nodes = i64::try_from(nodes).unwrap_or(i64::MAX);
    let count = |field: &str| usize::try_from(portion::up(&rolling[field], nodes)).unwrap_or(0);
    let (surge, unavailable) = (count("maxSurge"), count("maxUnavailable"));
    // With neither, nothing could ever move.
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

/// Old Pods go first: those that do not serve at once, others as long as few enough are missing.
fn replace<'a>(
    plan: &mut Plan<'a>,
    places: &BTreeMap<&str, Place<'a>>,
    most: usize,
    available: impl Fn(&Object) -> bool,
) {
    let mut missing = 0;
    let mut candidates = Vec::new();
    for place in places.values() {
        match (place.old, place.new) {
            (Some(old), None) if !available(old) => {
                plan.delete.push(old);
                missing += 1;
            }
            (Some(old), None) => candidates.push(old),
            (None, Some(new)) if available(new) => {}
            (Some(old), Some(new)) => {
                // One of them came from elsewhere: the older one stays.
                let born = |pod: &Object| text(&pod["metadata"], "creationTimestamp").to_owned();
                plan.delete.push(if born(old) < born(new) { new } else { old });
                missing += 1;
            }
            _ => missing += 1,
        }
    }
    plan.delete.extend(candidates.into_iter().take(most.saturating_sub(missing)));
}

/// New Pods come beside old ones, which go when those serve.
fn surge_over<'a>(
    plan: &mut Plan<'a>,
    places: &BTreeMap<&'a str, Place<'a>>,
    most: usize,
    available: impl Fn(&Object) -> bool,
) {
    let (mut extra, mut candidates) = (0, Vec::new());
    let made: BTreeSet<&str> = plan.create.iter().copied().collect();
    for (node, place) in places.iter().filter(|(node, _)| !made.contains(*node)) {
        match (place.old, place.new) {
            (Some(old), None) if !available(old) => plan.create.push(node),
            (Some(_), None) => candidates.push(*node),
            (Some(old), Some(new)) if available(new) => plan.delete.push(old),
            (Some(_), Some(_)) => extra += 1,
            (None, _) => {}
        }
    }
    plan.create.extend(candidates.into_iter().take(most.saturating_sub(extra)));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    /// `a:new` is a Pod on node a of that version; `-` behind it: it is not ready; `x`: it has failed; `d`: it goes.
    fn pod(words: &str) -> Object {
        let (node, version) = words.split_once(':').unwrap();
        let (version, state) = version.split_at(3);
        let ready = if state == "-" { "False" } else { "True" };
        let mut pod = json!({
            "metadata": {"name": words, "labels": {HASH_LABEL: version}}, "spec": {"nodeName": node},
            "status": {"phase": if state == "x" { "Failed" } else { "Running" }, "conditions": [
                {"type": "Ready", "status": ready, "lastTransitionTime": "2026-11-23T08:00:00Z"}]},
        });
        if state == "d" {
            pod["metadata"]["deletionTimestamp"] = json!("2026-11-23T08:00:00Z");
        }
        Arc::new(pod)
    }

    fn told(rolling: Value, pods: &[&str]) -> String {
        let set = json!({"spec": {"minReadySeconds": 5, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}});
        let nodes = ["a", "b", "c"].map(str::to_owned);
        let pods: Vec<Object> = pods.iter().map(|words| pod(words)).collect();
        let revision = Revision { name: "new".into(), hash: "new".into(), template: Value::Null };
        let plan = plan(&set, &nodes, &pods, &revision, "2026-11-23T08:00:05Z".parse().unwrap());
        let gone = plan.delete.iter().map(|pod| format!("-{}", crate::controllers::name_of(pod)));
        plan.create.iter().map(|node| format!("+{node}")).chain(gone).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_node_has_one_pod() {
        let one = || json!({"maxUnavailable": 1, "maxSurge": 0});
        assert_eq!(told(one(), &["a:new"]), "+b +c");
        assert_eq!(told(one(), &["a:newx", "b:newd", "c:new"]), "-a:newx");
        assert_eq!(told(one(), &["a:new", "b:new", "c:new", "elsewhere:new"]), "-elsewhere:new");
    }

    #[test]
    fn old_pods_go_as_long_as_few_are_missing() {
        let most = |count: Value| json!({"maxUnavailable": count, "maxSurge": 0});
        assert_eq!(told(most(json!(1)), &["a:old", "b:old", "c:old"]), "-a:old");
        assert_eq!(told(most(json!(1)), &["a:new-", "b:old", "c:old"]), "");
        assert_eq!(told(most(json!(1)), &["a:new", "b:old-", "c:old"]), "-b:old-");
        assert_eq!(told(most(json!("50%")), &["a:old", "b:old", "c:old"]), "-a:old -b:old");
    }

    #[test]
    fn a_surging_set_makes_the_new_pod_first() {
        let one = || json!({"maxUnavailable": 0, "maxSurge": 1});
        assert_eq!(told(one(), &["a:old", "b:old", "c:old"]), "+a");
        assert_eq!(told(one(), &["a:old", "a:new-", "b:old", "c:old"]), "");
        assert_eq!(told(one(), &["a:old", "a:new", "b:old", "c:old"]), "+b -a:old");
        assert_eq!(told(one(), &["a:new", "b:old-", "c:old"]), "+b +c");
    }
}
