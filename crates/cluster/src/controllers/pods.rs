//! What controllers know of Pods and do with them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{World, deletion, name_of, owned, write};
use crate::{
    events::{Recorder, Severity, Subject},
    json::{at, child, has, items, put, text},
    printers::age,
    store::{Key, Object},
};

/// A Pod that has not ended and is not on its way out.
pub(super) fn is_active(pod: &Value) -> bool {
    !has_ended(pod) && !is_deleting(pod)
}

/// A Pod whose phase is final.
pub(super) fn has_ended(pod: &Value) -> bool {
    matches!(text(&pod["status"], "phase"), "Succeeded" | "Failed")
}

/// A Pod on its way out.
pub(super) fn is_deleting(pod: &Value) -> bool {
    has(&pod["metadata"], "deletionTimestamp")
}

/// When the Pod became ready; nothing when it is not.
pub(super) fn ready_since(pod: &Value) -> Option<Timestamp> {
    let ready = items(&pod["status"], "conditions").iter().find(|condition| text(condition, "type") == "Ready")?;
    (text(ready, "status") == "True").then(|| age::parse(&ready["lastTransitionTime"]).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Whether a Pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    ready_since(pod).is_some()
}

/// How long until a ready Pod counts as available; nothing when it is not ready.
pub(super) fn until_available(pod: &Value, min_ready_seconds: i64, now: Timestamp) -> Option<SignedDuration> {
    let available = ready_since(pod)? + SignedDuration::from_secs(min_ready_seconds);
    let left = available.duration_since(now);
    Some(if min_ready_seconds == 0 || left.is_negative() { SignedDuration::ZERO } else { left })
}

/// Whether a Pod has been ready for so long.
pub(super) fn is_available(pod: &Value, min_ready_seconds: i64, now: Timestamp) -> bool {
    until_available(pod, min_ready_seconds, now).is_some_and(|left| left.is_zero())
}

/// When the next ready Pod becomes available.
pub(super) fn next_available(pods: &[Object], min_ready_seconds: i64, now: Timestamp) -> Option<Duration> {
    let left = pods.iter().filter_map(|pod| until_available(pod, min_ready_seconds, now));
    left.filter(|left| left.is_positive()).min().and_then(|left| left.try_into().ok())
}

/// The most restarts of any container of a Pod.
pub(super) fn restarts(pod: &Value) -> i64 {
    let statuses = items(&pod["status"], "containerStatuses").iter();
    statuses.map(|status| status["restartCount"].as_i64().unwrap_or(0)).max().unwrap_or(0)
}

/// A Pod from a template, controlled by `owner` and named after it.
pub(super) fn from_template(owner: &Value, template: &Value) -> Value {
    let metadata = &template["metadata"];
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": format!("{}-", name_of(owner)), "ownerReferences": [owned::reference(owner)]},
        "spec": template["spec"],
    });
    for field in ["labels", "annotations", "finalizers"] {
        let value = at(metadata, &[field]);
        if !value.is_null() {
            put(child(&mut pod, "metadata"), field, value.clone());
        }
    }
    pod
}

/// Creates a Pod and says so in an event of its owner.
pub(super) fn create(
    world: &World,
    recorder: &Recorder,
    owner: &Value,
    pod: Value,
) -> Result<Object, write::CreateError> {
    let resource = crate::registry::find_kind("v1", "Pod").expect("the core group has Pods");
    let namespace = text(&owner["metadata"], "namespace");
    let created = write::create(world, resource, namespace, pod);
    let about = Subject::of(owner);
    match &created {
        Ok(pod) => {
            let message = format!("Created pod: {}", name_of(pod));
            recorder.event(&about, Severity::Normal, "SuccessfulCreate", "", &message);
        }
        Err(error) => {
            let message = format!("Error creating: {error}");
            recorder.event(&about, Severity::Warning, "FailedCreate", "", &message);
        }
    }
    created
}

/// Deletes a Pod and says so in an event of its owner.
pub(super) fn delete(world: &World, recorder: &Recorder, owner: &Value, pod: &Value) {
    let name = name_of(pod);
    deletion::delete(world, &Key::new("pods", text(&pod["metadata"], "namespace"), name));
    recorder.event(&Subject::of(owner), Severity::Normal, "SuccessfulDelete", "", &format!("Deleted pod: {name}"));
}
