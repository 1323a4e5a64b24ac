//! The Pods of a Job that have ended, each counted once, also those that are gone since.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    failure::{Verdict, judge},
    indexed, uid,
};
use crate::{
    controllers::pods,
    json::{has, int, items, text},
    printers::age,
    store::Object,
};

/// How an index of an indexed Job has fared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trials {
    /// Failures that count, and those that do not.
    pub(super) failed: i64,
    pub(super) ignored: i64,
    last: Option<Timestamp>,
    /// It is not tried again.
    pub(super) over: bool,
}

/// What is remembered of a Job's Pods.
#[derive(Debug, Default)]
pub(super) struct Ended {
    seen: BTreeSet<String>,
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    /// Indexes that succeeded.
    pub(super) indexes: BTreeSet<i64>,
    pub(super) trials: BTreeMap<i64, Trials>,
    /// Why the Job fails at once.
    pub(super) verdict: Option<String>,
    /// Failures since the last success, and when the last one was.
    streak: u32,
    last_failure: Option<Timestamp>,
}

impl Ended {
    /// Counts the Pods that have ended since the last look.
    pub(super) fn count(&mut self, job: &Value, pods: &[Object], now: Timestamp) {
        for pod in pods {
            let succeeded = text(&pod["status"], "phase") == "Succeeded";
            if (succeeded || has_failed(job, pod)) && self.seen.insert(uid(pod).to_owned()) {
                if succeeded { self.note_success(pod) } else { self.note_failure(job, pod, now) }
            }
        }
    }

    /// A Pod that the controller itself removes is no failure.
    pub(super) fn let_go(&mut self, pod: &Value) {
        self.seen.insert(uid(pod).to_owned());
    }

    /// A Pod that is ended because its Job has failed.
    pub(super) fn give_up(&mut self, pod: &Value) {
        if self.seen.insert(uid(pod).to_owned()) {
            self.failed += 1;
        }
    }

    fn note_success(&mut self, pod: &Value) {
        self.succeeded += 1;
        self.streak = 0;
        self.indexes.extend(indexed::of(pod));
    }

    fn note_failure(&mut self, job: &Value, pod: &Value, now: Timestamp) {
        let verdict = judge(job, pod);
        let counts = verdict != Verdict::Ignore;
        let at = end_of(pod).unwrap_or(now);
        if let (Some(index), Some(limit)) = (indexed::of(pod), int(&job["spec"], "backoffLimitPerIndex")) {
            let trials = self.trials.entry(index).or_default();
            // What the Pod says of those before it outlives this program.
            let (failed, ignored) = indexed::trials_before(pod);
            trials.failed = failed + i64::from(counts);
            trials.ignored = ignored + i64::from(!counts);
            trials.last = Some(at);
            trials.over = verdict == Verdict::FailIndex || trials.failed > limit;
        }
        if let Verdict::FailJob(why) = verdict {
            self.verdict.get_or_insert(why);
        }
        // The next try waits also after a failure that does not count.
        self.failed += usize::from(counts);
        self.streak += 1;
        self.last_failure = self.last_failure.max(Some(at));
    }

    /// Indexes that are given up.
    pub(super) fn failed_indexes(&self) -> BTreeSet<i64> {
        self.trials.iter().filter(|(_, trials)| trials.over).map(|(index, _)| *index).collect()
    }

    /// How long the next Pod of the Job has to wait.
    pub(super) fn wait(&self, now: Timestamp) -> Option<SignedDuration> {
        delay(self.streak, self.last_failure?, now)
    }

    /// How long the next Pod of an index has to wait.
    pub(super) fn wait_of(&self, index: i64, now: Timestamp) -> Option<SignedDuration> {
        let trials = self.trials.get(&index)?;
        delay(u32::try_from(trials.failed + trials.ignored).unwrap_or(u32::MAX), trials.last?, now)
    }
}

/// Ten seconds after a failure, doubled for each further one, up to ten minutes.
fn delay(failures: u32, last: Timestamp, now: Timestamp) -> Option<SignedDuration> {
    let steps = failures.checked_sub(1)?;
    let delay = SignedDuration::from_secs((10_i64 << steps.min(6)).min(600));
    let left = (last + delay).duration_since(now);
    left.is_positive().then_some(left)
}

/// Whether a Pod counts as failed. One that is deleted does too, unless its place is kept until it has ended.
fn has_failed(job: &Value, pod: &Value) -> bool {
    text(&pod["status"], "phase") == "Failed" || (pods::is_deleting(pod) && !waits_for_ends(job))
}

/// Whether Pods are replaced only when they have ended, and not while they do.
pub(super) fn waits_for_ends(job: &Value) -> bool {
    text(&job["spec"], "podReplacementPolicy") == "Failed"
}

/// When a Pod's last container ended, or the Pod was deleted.
fn end_of(pod: &Value) -> Option<Timestamp> {
    let statuses = items(&pod["status"], "containerStatuses").iter();
    let ended = statuses.filter_map(|status| age::parse(&status["state"]["terminated"]["finishedAt"])).max();
    let metadata = &pod["metadata"];
    let deleted = || {
        let grace = SignedDuration::from_secs(int(metadata, "deletionGracePeriodSeconds").unwrap_or(0));
        has(metadata, "deletionTimestamp").then(|| age::parse(&metadata["deletionTimestamp"]))?.map(|at| at - grace)
    };
    ended.or_else(deleted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn pod(uid: &str, index: i64, before: i64, code: i64) -> Object {
        Arc::new(json!({
            "metadata": {"name": uid, "uid": uid, "annotations": {
                "batch.kubernetes.io/job-completion-index": index.to_string(),
                "batch.kubernetes.io/job-index-failure-count": before.to_string()}},
            "status": {"phase": if code == 0 { "Succeeded" } else { "Failed" }, "containerStatuses": [
                {"name": "c", "state": {"terminated": {"exitCode": code, "finishedAt": "2026-11-23T08:00:00Z"}}}]},
        }))
    }

    fn at(second: i64) -> Timestamp {
        "2026-11-23T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
    }

    #[test]
    fn each_index_has_trials_of_its_own() {
        let job = json!({"spec": {"backoffLimitPerIndex": 1, "podFailurePolicy": {"rules": [
            {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}},
            {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [9]}}]}}});
        let mut ended = Ended::default();
        ended.count(&job, &[pod("a", 0, 0, 1), pod("b", 1, 0, 9), pod("c", 2, 0, 7), pod("d", 3, 0, 0)], at(1));
        assert_eq!(ended.failed_indexes(), [1].into());
        assert_eq!((ended.succeeded, ended.failed, ended.trials[&2].ignored), (1, 2, 1));
        assert_eq!(ended.wait_of(0, at(1)), Some(SignedDuration::from_secs(9)));
        assert_eq!(ended.wait_of(2, at(1)), Some(SignedDuration::from_secs(9)), "what is ignored waits as well");
        ended.count(&job, &[pod("a", 0, 0, 1), pod("e", 0, 1, 1)], at(12));
        assert_eq!(ended.failed_indexes(), [0, 1].into());
        assert_eq!(ended.failed, 3, "each is counted once");
    }

    #[test]
    fn a_deleted_pod_has_failed_unless_the_controller_deleted_it() {
        let mut gone = Value::clone(&pod("a", 0, 0, 1));
        gone["status"] = json!({"phase": "Running"});
        gone["metadata"]["deletionTimestamp"] = json!("2026-11-23T08:00:30Z");
        gone["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        let gone = Arc::new(gone);
        let mut ended = Ended::default();
        ended.count(&json!({"spec": {"podReplacementPolicy": "Failed"}}), std::slice::from_ref(&gone), at(1));
        assert_eq!(ended.failed, 0);
        ended.count(&json!({"spec": {}}), std::slice::from_ref(&gone), at(1));
        assert_eq!((ended.failed, ended.wait(at(4))), (1, Some(SignedDuration::from_secs(6))));
        let mut own = Ended::default();
        own.let_go(&gone);
        own.count(&json!({"spec": {}}), &[gone], at(1));
        assert_eq!(own.failed, 0);
    }
}
