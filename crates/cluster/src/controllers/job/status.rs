//! What a Job says of itself.

use serde_json::{Value, json};

use super::{
    indexed,
    outcome::{Outcome, Tally},
};
use crate::{
    controllers::{conditions, pods},
    json::{flag, has, put, text},
    store::Object,
};

/// The whole status, and whether the Job finishes with it.
pub(super) fn status(job: &Value, pods: &[Object], tally: &Tally, outcome: &Outcome, now: &str) -> (Value, bool) {
    let active: Vec<&Object> = pods.iter().filter(|pod| pods::is_active(pod)).collect();
    let terminating = pods.iter().filter(|pod| pods::is_deleting(pod) && !pods::has_ended(pod)).count();
    let mut status = json!({
        "ready": active.iter().filter(|pod| pods::is_ready(pod)).count(),
        "terminating": terminating,
        "uncountedTerminatedPods": {},
    });
    for (field, count) in [("active", active.len()), ("succeeded", tally.succeeded), ("failed", tally.failed)] {
        if count > 0 {
            put(&mut status, field, count);
        }
    }
    if text(&job["spec"], "completionMode") == "Indexed" && !tally.indexes.is_empty() {
        put(&mut status, "completedIndexes", indexed::ranges(&tally.indexes));
    }
    if has(&job["spec"], "backoffLimitPerIndex") {
        put(&mut status, "failedIndexes", indexed::ranges(&tally.failed_indexes));
    }
    for field in ["startTime", "conditions"] {
        if has(&job["status"], field) {
            put(&mut status, field, job["status"][field].clone());
        }
    }
    let suspended = flag(&job["spec"], "suspend");
    if *outcome == Outcome::Open {
        note_suspension(&mut status, suspended, now);
    }
    if !suspended && !has(&status, "startTime") {
        put(&mut status, "startTime", now);
    }
    let finished = active.is_empty() && terminating == 0;
    conclude(&mut status, outcome, finished, now);
    (status, finished && *outcome != Outcome::Open)
}

/// Whether a Job was suspended or resumed since its status was written: the event's reason and message.
pub(super) fn turn(job: &Value) -> Option<(&'static str, &'static str)> {
    let was = conditions::holds(&job["status"], "Suspended");
    match (flag(&job["spec"], "suspend"), was) {
        (true, false) => Some(("Suspended", "Job suspended")),
        (false, true) => Some(("Resumed", "Job resumed")),
        _ => None,
    }
}

fn note_suspension(status: &mut Value, suspended: bool, now: &str) {
    let was = conditions::find(status, "Suspended").map(|condition| text(condition, "status") == "True");
    let (state, reason, message) = match (suspended, was) {
        (true, None | Some(false)) => ("True", "JobSuspended", "Job suspended"),
        (false, Some(true)) => ("False", "JobResumed", "Job resumed"),
        _ => return,
    };
    crate::json::take(status, "startTime");
    conditions::replace(status, condition("Suspended", state, reason, message, now));
}

fn condition(kind: &str, state: &str, reason: &str, message: &str, now: &str) -> Value {
    let mut condition = conditions::plain(kind, state, reason, message, now);
    put(&mut condition, "lastProbeTime", now);
    condition
}

/// The outcome is announced first, and stated when the last Pod is gone.
fn conclude(status: &mut Value, outcome: &Outcome, finished: bool, now: &str) {
    let (announced, stated, words) = match outcome {
        Outcome::Open => return,
        Outcome::Complete(words) => ("SuccessCriteriaMet", "Complete", words),
        Outcome::Failed(words) => ("FailureTarget", "Failed", words),
    };
    if conditions::find(status, announced).is_none() {
        conditions::replace(status, condition(announced, "True", &words.reason, &words.message, now));
    }
    if finished {
        conditions::replace(status, condition(stated, "True", &words.reason, &words.message, now));
        if stated == "Complete" {
            put(status, "completionTime", now);
        }
    }
}
