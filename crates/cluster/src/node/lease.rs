//! The Lease by which a node shows that it lives.
//!
//! A kubelet writes it every ten seconds. Here the node lives as long as its API, so that nothing needs to be written:
//! whoever looks sees it as it would have been renewed last.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    clock::{api_time, micro_time},
    json::text,
    store::{Key, Store},
};

/// The store's name for Leases.
const LEASES: &str = "leases.coordination.k8s.io";
/// Where nodes have theirs.
const NAMESPACE: &str = "kube-node-lease";
/// How often a kubelet renews it: a quarter of `leaseDurationSeconds`.
const RENEWED_EVERY: i64 = 10;

/// Stores the Lease of a node, unless it is there from before a restart.
pub(super) fn store(store: &Store, node: &Value, uid: &str, now: Timestamp) {
    let name = text(&node["metadata"], "name");
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": uid,
            "creationTimestamp": api_time(now),
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}],
        },
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro_time(now)},
    });
    // The one from before will do.
    let _ = store.insert(Key::new(LEASES, NAMESPACE, name), lease);
}

/// A Lease as it is now: a node's own has just been renewed, all others are as they were written.
pub(crate) fn renewed(lease: &Value, now: Timestamp) -> Cow<'_, Value> {
    let (metadata, spec) = (&lease["metadata"], &lease["spec"]);
    let own = text(metadata, "namespace") == NAMESPACE && text(spec, "holderIdentity") == text(metadata, "name");
    let Some(written) = text(spec, "renewTime").parse::<Timestamp>().ok().filter(|_| own) else {
        return Cow::Borrowed(lease);
    };
    let renewals = now.duration_since(written).as_secs() / RENEWED_EVERY;
    let mut lease = lease.clone();
    lease["spec"]["renewTime"] = micro_time(written + SignedDuration::from_secs(renewals * RENEWED_EVERY)).into();
    Cow::Owned(lease)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_renewed_its_lease_within_ten_seconds() {
        let objects = Store::new();
        let node = json!({"metadata": {"name": "n", "uid": "1"}});
        let at = |time: &str| -> Timestamp { time.parse().unwrap() };
        store(&objects, &node, "2", at("2026-11-23T08:00:00.5Z"));
        let lease = objects.get(&Key::new(LEASES, NAMESPACE, "n")).unwrap();
        let shown = |now: &str| renewed(&lease, at(now))["spec"]["renewTime"].as_str().unwrap().to_owned();
        assert_eq!(shown("2026-11-23T08:00:07Z"), "2026-11-23T08:00:00.500000Z");
        assert_eq!(shown("2026-11-23T08:01:07Z"), "2026-11-23T08:01:00.500000Z");
        let elsewhere = json!({"metadata": {"name": "n", "namespace": "default"}, "spec": lease["spec"]});
        assert_eq!(*renewed(&elsewhere, at("2026-11-23T08:01:07Z")), elsewhere);
    }
}
