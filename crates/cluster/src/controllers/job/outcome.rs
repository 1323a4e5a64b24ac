//! How a Job stands: pure decisions over what was counted.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    counting::{Ended, waits_for_ends},
    indexed,
};
use crate::{
    controllers::{conditions, pods},
    json::{flag, has, int, items, text},
    printers::age,
    store::Object,
};

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) active: usize,
    /// Pods on their way out, whose places are kept.
    pub(super) leaving: usize,
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    /// The indexes that are done, of an indexed Job.
    pub(super) indexes: BTreeSet<i64>,
    /// The indexes that are given up.
    pub(super) failed_indexes: BTreeSet<i64>,
}

impl Tally {
    pub(super) fn of(job: &Value, pods: &[Object], ended: &Ended) -> Self {
        let indexed = text(&job["spec"], "completionMode") == "Indexed";
        let leaving = |pod: &&Object| pods::is_deleting(pod) && !pods::has_ended(pod);
        Self {
            active: pods.iter().filter(|pod| pods::is_active(pod)).count(),
            leaving: if waits_for_ends(job) { pods.iter().filter(leaving).count() } else { 0 },
            succeeded: if indexed { ended.indexes.len() } else { ended.succeeded },
            failed: ended.failed,
            indexes: ended.indexes.clone(),
            failed_indexes: ended.failed_indexes(),
        }
    }
}

/// Why a Job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) reason: String,
    pub(super) message: String,
}

impl Words {
    fn new(reason: &str, message: &str) -> Self {
        Self { reason: reason.to_owned(), message: message.to_owned() }
    }

    fn of(condition: &Value) -> Self {
        Self::new(text(condition, "reason"), text(condition, "message"))
    }
}

/// How a Job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It goes on.
    Open,
    /// Enough Pods succeeded.
    Complete(Words),
    /// It gave up.
    Failed(Words),
}

/// Whether the Job is over. What it announced stays.
pub(super) fn decide(job: &Value, tally: &Tally, verdict: Option<&str>, pods: &[Object], now: Timestamp) -> Outcome {
    if let Some(target) = conditions::find(&job["status"], "FailureTarget") {
        return Outcome::Failed(Words::of(target));
    }
    if let Some(met) = conditions::find(&job["status"], "SuccessCriteriaMet") {
        return Outcome::Complete(Words::of(met));
    }
    if let Some(words) = failure(job, tally, verdict, pods, now) {
        return Outcome::Failed(words);
    }
    match success(&job["spec"], tally) {
        Some(words) => Outcome::Complete(words),
        None => Outcome::Open,
    }
}

/// Why it gives up.
fn failure(job: &Value, tally: &Tally, verdict: Option<&str>, pods: &[Object], now: Timestamp) -> Option<Words> {
    let spec = &job["spec"];
    if let Some(why) = verdict {
        return Some(Words::new("PodFailurePolicy", why));
    }
    let limit = count(int(spec, "backoffLimit").unwrap_or(6));
    if tally.failed > limit || restarted_too_often(spec, pods, limit) {
        return Some(Words::new("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
    }
    if deadline_left(job, now).is_some_and(|left| left.is_zero()) {
        return Some(Words::new("DeadlineExceeded", "Job was active longer than specified deadline"));
    }
    let given_up = tally.failed_indexes.len();
    if int(spec, "maxFailedIndexes").is_some_and(|most| given_up > count(most)) {
        let message = "Job has exceeded the specified maximal number of failed indexes";
        return Some(Words::new("MaxFailedIndexesExceeded", message));
    }
    let all = count(int(spec, "completions").unwrap_or(0));
    (given_up > 0 && given_up + tally.indexes.len() >= all)
        .then(|| Words::new("FailedIndexes", "Job has failed indexes"))
}

/// Why it is done.
fn success(spec: &Value, tally: &Tally) -> Option<Words> {
    if let Some(rule) = items(&spec["successPolicy"], "rules").iter().position(|rule| meets(rule, &tally.indexes)) {
        return Some(Words::new("SuccessPolicy", &format!("Matched rules at index {rule}")));
    }
    let enough = match int(spec, "completions") {
        Some(completions) => tally.succeeded >= count(completions),
        None => tally.succeeded > 0,
    };
    (enough && tally.active == 0).then(|| Words::new("CompletionsReached", "Reached expected number of succeeded pods"))
}

/// Whether the indexes that succeeded are those, or as many, as a rule of the success policy asks for.
fn meets(rule: &Value, succeeded: &BTreeSet<i64>) -> bool {
    let named = rule.get("succeededIndexes").and_then(Value::as_str).map(indexed::parse);
    let needed = int(rule, "succeededCount").map(count);
    match named {
        Some(named) => named.intersection(succeeded).count() >= needed.unwrap_or(named.len()),
        None => needed.is_some_and(|needed| succeeded.len() >= needed),
    }
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// With `OnFailure`, failures are restarts of the Pods that are there.
fn restarted_too_often(spec: &Value, pods: &[Object], limit: usize) -> bool {
    if text(&spec["template"]["spec"], "restartPolicy") != "OnFailure" {
        return false;
    }
    let restarts = |pod: &&Object| -> i64 {
        let lists = ["initContainerStatuses", "containerStatuses"];
        lists.iter().flat_map(|list| items(&pod["status"], list)).filter_map(|status| int(status, "restartCount")).sum()
    };
    let total: i64 = pods.iter().filter(|pod| pods::is_active(pod)).map(|pod| restarts(&pod)).sum();
    if limit == 0 { total > 0 } else { count(total) >= limit }
}

/// How long until `activeDeadlineSeconds` are over; nothing when there is no such limit.
pub(super) fn deadline_left(job: &Value, now: Timestamp) -> Option<Duration> {
    if flag(&job["spec"], "suspend") {
        return None;
    }
    let seconds = int(&job["spec"], "activeDeadlineSeconds")?;
    let start = if has(&job["status"], "startTime") { age::parse(&job["status"]["startTime"])? } else { now };
    let left = (start + SignedDuration::from_secs(seconds)).duration_since(now);
    Some(left.try_into().unwrap_or(Duration::ZERO))
}

/// How many Pods should run now.
pub(super) fn wanted_active(spec: &Value, tally: &Tally) -> usize {
    if flag(spec, "suspend") {
        return 0;
    }
    let parallel = count(int(spec, "parallelism").unwrap_or(1));
    match int(spec, "completions") {
        Some(completions) => {
            let open = count(completions).saturating_sub(tally.succeeded + tally.failed_indexes.len());
            open.min(parallel)
        }
        None if tally.succeeded > 0 => tally.active,
        None => parallel,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tally(active: usize, succeeded: usize, failed: usize) -> Tally {
        Tally { active, succeeded, failed, ..Tally::default() }
    }

    fn indexes(succeeded: &[i64], failed: &[i64]) -> Tally {
        let set = |list: &[i64]| list.iter().copied().collect::<BTreeSet<i64>>();
        let (indexes, failed_indexes) = (set(succeeded), set(failed));
        Tally { active: 1, succeeded: succeeded.len(), indexes, failed_indexes, ..Tally::default() }
    }

    /// `Failed DeadlineExceeded: …`
    fn told(spec: Value, tally: Tally) -> String {
        let job = json!({"spec": spec, "status": {"startTime": "2026-11-23T08:00:00Z"}});
        match decide(&job, &tally, None, &[], "2026-11-23T08:00:30Z".parse().unwrap()) {
            Outcome::Open => "Open".to_owned(),
            Outcome::Complete(words) => format!("Complete {}: {}", words.reason, words.message),
            Outcome::Failed(words) => format!("Failed {}: {}", words.reason, words.message),
        }
    }

    #[test]
    fn jobs_end() {
        let lines = [
            told(json!({"completions": 2, "backoffLimit": 6}), tally(0, 2, 1)),
            told(json!({"completions": 2, "backoffLimit": 6}), tally(1, 1, 0)),
            told(json!({"completions": 1, "backoffLimit": 0}), tally(0, 0, 1)),
            told(json!({"parallelism": 2}), tally(1, 1, 0)),
            told(json!({"parallelism": 2}), tally(0, 1, 0)),
            told(json!({"completions": 1, "activeDeadlineSeconds": 30}), tally(1, 0, 0)),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        Complete CompletionsReached: Reached expected number of succeeded pods
        Open
        Failed BackoffLimitExceeded: Job has reached the specified backoff limit
        Open
        Complete CompletionsReached: Reached expected number of succeeded pods
        Failed DeadlineExceeded: Job was active longer than specified deadline
        ");
    }

    #[test]
    fn indexed_jobs_end_by_their_indexes() {
        let per_index =
            json!({"completions": 4, "backoffLimit": i32::MAX, "backoffLimitPerIndex": 1, "maxFailedIndexes": 2});
        let policy = |rule: Value| json!({"completions": 4, "successPolicy": {"rules": [{"succeededCount": 9}, rule]}});
        let lines = [
            told(per_index.clone(), indexes(&[0, 1], &[2])),
            told(per_index.clone(), indexes(&[0, 1], &[2, 3])),
            told(per_index, indexes(&[], &[1, 2, 3])),
            told(policy(json!({"succeededIndexes": "0,2-3"})), indexes(&[0, 2], &[])),
            told(policy(json!({"succeededIndexes": "0,2-3"})), indexes(&[0, 2, 3], &[])),
            told(policy(json!({"succeededIndexes": "0,2-3", "succeededCount": 1})), indexes(&[1, 2], &[])),
            told(policy(json!({"succeededCount": 2})), indexes(&[1, 3], &[])),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        Open
        Failed FailedIndexes: Job has failed indexes
        Failed MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes
        Open
        Complete SuccessPolicy: Matched rules at index 1
        Complete SuccessPolicy: Matched rules at index 1
        Complete SuccessPolicy: Matched rules at index 1
        ");
    }

    #[test]
    fn as_many_run_as_are_missing() {
        let wanted = |spec: Value, tally: Tally| wanted_active(&spec, &tally);
        assert_eq!(wanted(json!({"completions": 5, "parallelism": 2}), tally(0, 4, 0)), 1);
        assert_eq!(wanted(json!({"completions": 5, "parallelism": 2}), tally(0, 0, 0)), 2);
        assert_eq!(wanted(json!({"parallelism": 3}), tally(2, 1, 0)), 2);
        assert_eq!(wanted(json!({"completions": 1, "suspend": true}), tally(0, 0, 0)), 0);
        assert_eq!(wanted(json!({"completions": 4, "parallelism": 4}), indexes(&[0], &[2])), 2);
    }
}
