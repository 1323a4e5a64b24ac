//! How a Job stands: pure decisions over what was counted.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    controllers::{conditions, pods},
    json::{flag, has, int, items, text},
    printers::age,
    store::Object,
};

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) active: usize,
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    /// The indexes that are done, of an indexed Job.
    pub(super) indexes: BTreeSet<i64>,
}

impl Tally {
    pub(super) fn of(
        job: &Value,
        active: &[Object],
        succeeded: &BTreeSet<String>,
        failed: &BTreeSet<String>,
        indexes: &BTreeSet<i64>,
    ) -> Self {
        let indexed = text(&job["spec"], "completionMode") == "Indexed";
        let succeeded = if indexed { indexes.len() } else { succeeded.len() };
        Self { active: active.len(), succeeded, failed: failed.len(), indexes: indexes.clone() }
    }
}

/// How a Job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It goes on.
    Open,
    /// Enough Pods succeeded.
    Complete,
    /// It gave up.
    Failed { reason: &'static str, message: &'static str },
}

const BACKOFF: Outcome =
    Outcome::Failed { reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
const DEADLINE: Outcome =
    Outcome::Failed { reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };

/// Whether the Job is over.
pub(super) fn decide(job: &Value, tally: &Tally, pods: &[Object], now: Timestamp) -> Outcome {
    let spec = &job["spec"];
    if let Some(target) = conditions::find(&job["status"], "FailureTarget") {
        return if text(target, "reason") == "DeadlineExceeded" { DEADLINE } else { BACKOFF };
    }
    if conditions::holds(&job["status"], "SuccessCriteriaMet") {
        return Outcome::Complete;
    }
    let limit = count(int(spec, "backoffLimit").unwrap_or(6));
    if tally.failed > limit || restarted_too_often(spec, pods, limit) {
        return BACKOFF;
    }
    if deadline_left(job, now).is_some_and(|left| left.is_zero()) {
        return DEADLINE;
    }
    let complete = match int(spec, "completions") {
        Some(completions) => tally.succeeded >= count(completions),
        None => tally.succeeded > 0 && tally.active == 0,
    };
    if complete && tally.active == 0 { Outcome::Complete } else { Outcome::Open }
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
        Some(completions) => count(completions).saturating_sub(tally.succeeded).min(parallel),
        None if tally.succeeded > 0 => tally.active,
        None => parallel,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(spec: Value) -> Value {
        json!({"spec": spec, "status": {"startTime": "2026-11-23T08:00:00Z"}})
    }

    fn tally(active: usize, succeeded: usize, failed: usize) -> Tally {
        Tally { active, succeeded, failed, indexes: BTreeSet::new() }
    }

    #[test]
    fn jobs_end() {
        let now = "2026-11-23T08:00:30Z".parse().unwrap();
        let decide = |spec: Value, tally: Tally| decide(&job(spec), &tally, &[], now);
        assert_eq!(decide(json!({"completions": 2, "backoffLimit": 6}), tally(0, 2, 1)), Outcome::Complete);
        assert_eq!(decide(json!({"completions": 2, "backoffLimit": 6}), tally(1, 1, 0)), Outcome::Open);
        assert_eq!(decide(json!({"completions": 1, "backoffLimit": 0}), tally(0, 0, 1)), BACKOFF);
        assert_eq!(decide(json!({"parallelism": 2}), tally(1, 1, 0)), Outcome::Open);
        assert_eq!(decide(json!({"parallelism": 2}), tally(0, 1, 0)), Outcome::Complete);
        assert_eq!(decide(json!({"completions": 1, "activeDeadlineSeconds": 30}), tally(1, 0, 0)), DEADLINE);
    }

    #[test]
    fn as_many_run_as_are_missing() {
        let wanted = |spec: Value, tally: Tally| wanted_active(&spec, &tally);
        assert_eq!(wanted(json!({"completions": 5, "parallelism": 2}), tally(0, 4, 0)), 1);
        assert_eq!(wanted(json!({"completions": 5, "parallelism": 2}), tally(0, 0, 0)), 2);
        assert_eq!(wanted(json!({"parallelism": 3}), tally(2, 1, 0)), 2);
        assert_eq!(wanted(json!({"completions": 1, "suspend": true}), tally(0, 0, 0)), 0);
    }
}
