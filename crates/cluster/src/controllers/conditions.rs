//! `status.conditions` of workloads.

use serde_json::{Value, json};

use crate::json::{items, put, text};

/// The condition of a type.
pub(super) fn find<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    items(status, "conditions").iter().find(|condition| text(condition, "type") == kind)
}

/// Whether the condition of a type is true.
pub(super) fn holds(status: &Value, kind: &str) -> bool {
    find(status, kind).is_some_and(|condition| text(condition, "status") == "True")
}

/// Takes the condition of a type out.
pub(super) fn remove(status: &mut Value, kind: &str) {
    let mut conditions = items(status, "conditions").to_vec();
    conditions.retain(|condition| text(condition, "type") != kind);
    if conditions.is_empty() {
        crate::json::take(status, "conditions");
    } else {
        put(status, "conditions", conditions);
    }
}

/// Puts a condition at the end, in place of the one of its type.
pub(super) fn replace(status: &mut Value, condition: Value) {
    remove(status, text(&condition, "type"));
    let mut conditions = items(status, "conditions").to_vec();
    conditions.push(condition);
    put(status, "conditions", conditions);
}

/// A condition as ReplicaSets have them.
pub(super) fn plain(kind: &str, status: &str, reason: &str, message: &str, now: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": now})
}
