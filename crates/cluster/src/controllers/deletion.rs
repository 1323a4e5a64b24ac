//! Deleting objects as a controller does.

use std::convert::Infallible;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::World;
use crate::{
    clock::api_time,
    json::{child, has, int, items, put, text},
    store::{Key, Next, Store},
};

/// Waits for the dependents to be gone before it goes itself.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// Lets go of its dependents before it goes.
pub(super) const ORPHAN: &str = "orphan";
/// How long a Pod may take to end when it does not say.
const GRACE_SECONDS: i64 = 30;

/// Deletes an object: a Pod on a node gets its time to end, what has finalizers waits for them, the rest is gone.
pub(super) fn delete(world: &World, key: &Key) {
    delete_with(world, key, &[]);
}

/// Deletes an object whose dependents go first.
pub(super) fn delete_foreground(world: &World, key: &Key) {
    delete_with(world, key, &[FOREGROUND]);
}

fn delete_with(world: &World, key: &Key, finalizers: &[&str]) {
    delete_at(&world.store, key, finalizers, world.clock.now());
}

/// Deletes an object as [`delete`] does, for who is no controller.
pub(crate) fn begin(store: &Store, key: &Key, now: Timestamp) {
    delete_at(store, key, &[], now);
}

fn delete_at(store: &Store, key: &Key, finalizers: &[&str], now: Timestamp) {
    let is_pod = key.resource == "pods";
    // An object that is gone already needs no deletion.
    let _ = store.modify(key, |object| Ok::<_, Infallible>(decide(object, is_pod, finalizers, now)));
}

/// What deletion does to an object.
fn decide(object: &Value, is_pod: bool, finalizers: &[&str], now: Timestamp) -> Next {
    let metadata = &object["metadata"];
    let mut kept: Vec<Value> = items(metadata, "finalizers").to_vec();
    kept.extend(finalizers.iter().map(|name| json!(name)));
    kept.dedup();
    let grace = if is_pod { grace_of(object) } else { 0 };
    if grace == 0 && kept.is_empty() {
        return Next::Remove;
    }
    if has(metadata, "deletionTimestamp") {
        return Next::Keep;
    }
    let mut object = object.clone();
    let metadata = child(&mut object, "metadata");
    put(metadata, "deletionTimestamp", api_time(now + SignedDuration::from_secs(grace)));
    put(metadata, "deletionGracePeriodSeconds", grace);
    if !kept.is_empty() {
        put(metadata, "finalizers", kept);
    }
    if let Some(generation) = int(metadata, "generation") {
        put(metadata, "generation", generation + 1);
    }
    Next::Put(object)
}

/// A Pod that never got to a node, or has ended, needs no time.
fn grace_of(pod: &Value) -> i64 {
    let ended = matches!(text(&pod["status"], "phase"), "Succeeded" | "Failed");
    if ended || text(&pod["spec"], "nodeName").is_empty() {
        return 0;
    }
    int(&pod["spec"], "terminationGracePeriodSeconds").unwrap_or(GRACE_SECONDS)
}

/// Takes a finalizer away; an object that waited for nothing else is gone.
pub(super) fn release(world: &World, key: &Key, finalizer: &str) {
    let decide = |object: &Value| {
        let mut object = object.clone();
        let kept: Vec<Value> =
            items(&object["metadata"], "finalizers").iter().filter(|name| *name != finalizer).cloned().collect();
        let metadata = child(&mut object, "metadata");
        let gone = kept.is_empty()
            && has(metadata, "deletionTimestamp")
            && int(metadata, "deletionGracePeriodSeconds").unwrap_or(0) == 0;
        if kept.is_empty() {
            crate::json::take(metadata, "finalizers");
        } else {
            put(metadata, "finalizers", kept);
        }
        Ok::<_, Infallible>(if gone { Next::Remove } else { Next::Put(object) })
    };
    // Somebody else may have removed it first.
    let _ = world.store.modify(key, decide);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(phase: &str, node: &str) -> Value {
        json!({"metadata": {"generation": 1}, "spec": {"nodeName": node, "terminationGracePeriodSeconds": 5}, "status": {"phase": phase}})
    }

    fn now() -> Timestamp {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_pod_on_a_node_gets_its_time() {
        let Next::Put(after) = decide(&pod("Running", "n"), true, &[], now()) else { panic!("it stays for a while") };
        assert_eq!(
            after["metadata"],
            json!({"deletionTimestamp": "2026-11-23T08:00:05Z", "deletionGracePeriodSeconds": 5, "generation": 2})
        );
        assert!(matches!(decide(&after, true, &[], now()), Next::Keep));
    }

    #[test]
    fn what_nothing_holds_is_removed() {
        assert!(matches!(decide(&pod("Pending", ""), true, &[], now()), Next::Remove));
        assert!(matches!(decide(&pod("Succeeded", "n"), true, &[], now()), Next::Remove));
        assert!(matches!(decide(&json!({"metadata": {}}), false, &[], now()), Next::Remove));
        let held = json!({"metadata": {"finalizers": ["example.com/x"]}});
        assert!(matches!(decide(&held, false, &[], now()), Next::Put(_)));
        assert!(matches!(decide(&json!({"metadata": {}}), false, &[FOREGROUND], now()), Next::Put(_)));
    }
}
