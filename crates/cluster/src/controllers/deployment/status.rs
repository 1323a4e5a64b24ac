//! What a Deployment says of itself.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::plan::Strategy;
use crate::{
    clock::api_time,
    controllers::{conditions, name_of},
    json::{flag, has, int, put, text},
    printers::age,
    store::Object,
};

/// A condition as Deployments have them.
pub(super) fn condition(kind: &str, state: &str, reason: &str, message: &str, now: &str) -> Value {
    json!({"type": kind, "status": state, "reason": reason, "message": message, "lastUpdateTime": now, "lastTransitionTime": now})
}

/// Sets a condition; the same state for the same reason stays as it was.
pub(super) fn set(status: &mut Value, mut condition: Value) {
    if let Some(current) = conditions::find(status, text(&condition, "type")) {
        if current["status"] == condition["status"] && current["reason"] == condition["reason"] {
            return;
        }
        if current["status"] == condition["status"] {
            condition["lastTransitionTime"] = current["lastTransitionTime"].clone();
        }
    }
    conditions::replace(status, condition);
}

fn count(status: &Value, field: &str) -> i64 {
    int(status, field).unwrap_or(0)
}

/// Whether all Pods are of the current version and available.
pub(super) fn is_complete(deployment: &Value, status: &Value) -> bool {
    let replicas = int(&deployment["spec"], "replicas").unwrap_or(1);
    let all = ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|field| count(status, field) == replicas);
    all && count(status, "observedGeneration") >= count(&deployment["metadata"], "generation")
}

/// The whole status, and when it has to be looked at again for the progress deadline.
pub(super) fn calculate(
    deployment: &Value,
    sets: &[Object],
    new: Option<&Value>,
    now: Timestamp,
) -> (Value, Option<Duration>) {
    let mut status = counts(deployment, sets, new);
    let time = api_time(now);
    let strategy = Strategy::of(&deployment["spec"]);
    let enough = count(&status, "availableReplicas") >= strategy.replicas - strategy.unavailable;
    let available = if enough {
        condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", &time)
    } else {
        condition(
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
            &time,
        )
    };
    set(&mut status, available);
    let deadline = int(&deployment["spec"], "progressDeadlineSeconds").filter(|seconds| *seconds < i64::from(i32::MAX));
    let again = match deadline {
        Some(seconds) => progress(deployment, &mut status, new, SignedDuration::from_secs(seconds), now),
        None => {
            conditions::remove(&mut status, "Progressing");
            None
        }
    };
    match new.and_then(|set| conditions::find(&set["status"], "ReplicaFailure")) {
        Some(failure) => {
            let (reason, message) = (text(failure, "reason"), text(failure, "message"));
            set(&mut status, condition("ReplicaFailure", "True", reason, message, &time));
        }
        None => conditions::remove(&mut status, "ReplicaFailure"),
    }
    (status, again)
}

fn counts(deployment: &Value, sets: &[Object], new: Option<&Value>) -> Value {
    let sum = |field: &str| -> i64 { sets.iter().map(|set| count(&set["status"], field)).sum() };
    let wanted: i64 = sets.iter().map(|set| count(&set["spec"], "replicas")).sum();
    let available = sum("availableReplicas");
    let mut status = json!({"terminatingReplicas": sum("terminatingReplicas")});
    let counts = [
        ("observedGeneration", count(&deployment["metadata"], "generation")),
        ("replicas", sum("replicas")),
        ("updatedReplicas", new.map_or(0, |set| count(&set["status"], "replicas"))),
        ("readyReplicas", sum("readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (wanted - available).max(0)),
    ];
    for (field, number) in counts.into_iter().filter(|(_, number)| *number != 0) {
        put(&mut status, field, number);
    }
    for field in ["conditions", "collisionCount"] {
        if has(&deployment["status"], field) {
            put(&mut status, field, deployment["status"][field].clone());
        }
    }
    status
}

/// Whether a rollout moves, has arrived, or is stuck.
fn progress(
    deployment: &Value,
    status: &mut Value,
    new: Option<&Value>,
    deadline: SignedDuration,
    now: Timestamp,
) -> Option<Duration> {
    let time = api_time(now);
    let who = new.map_or_else(
        || format!("Deployment {:?}", name_of(deployment)),
        |set| format!("ReplicaSet {:?}", name_of(set)),
    );
    let current = conditions::find(&deployment["status"], "Progressing").cloned();
    let reason = current.as_ref().map_or("", |condition| text(condition, "reason"));
    let settled = count(status, "replicas") == count(status, "updatedReplicas") && reason == "NewReplicaSetAvailable";
    // A Deployment that is paused says so, however far it is.
    if settled || (flag(&deployment["spec"], "paused") && reason == "DeploymentPaused") {
        return None;
    }
    if is_complete(deployment, status) {
        let message = format!("{who} has successfully progressed.");
        set(status, condition("Progressing", "True", "NewReplicaSetAvailable", &message, &time));
        return None;
    }
    if moved(&deployment["status"], status) {
        let mut moving =
            condition("Progressing", "True", "ReplicaSetUpdated", &format!("{who} is progressing."), &time);
        if let Some(current) = current.filter(|condition| text(condition, "status") == "True") {
            moving["lastTransitionTime"] = current["lastTransitionTime"].clone();
        }
        conditions::replace(status, moving);
        return deadline.try_into().ok();
    }
    let since = current.as_ref().and_then(|condition| age::parse(&condition["lastUpdateTime"]))?;
    if matches!(reason, "NewReplicaSetAvailable" | "DeploymentPaused") {
        return None;
    }
    let left = (since + deadline).duration_since(now);
    if left.is_positive() {
        return left.try_into().ok();
    }
    let message = format!("{who} has timed out progressing.");
    set(status, condition("Progressing", "False", "ProgressDeadlineExceeded", &message, &time));
    None
}

fn moved(before: &Value, after: &Value) -> bool {
    let old = |status: &Value| count(status, "replicas") - count(status, "updatedReplicas");
    let more = |field: &str| count(after, field) > count(before, field);
    more("updatedReplicas") || old(after) < old(before) || more("readyReplicas") || more("availableReplicas")
}
