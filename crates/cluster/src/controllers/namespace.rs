//! Namespaces: what a new one holds, and how a deleted one is emptied.

use std::{convert::Infallible, time::Duration};

use serde_json::{Value, json};

use super::{Controller, World, deletion, name_of};
use crate::{
    bootstrap::ROOT_CERTIFICATE_NOTE,
    clock::api_time,
    json::{has, items, put},
    store::{Change, Event, Key, Next},
};

const ROOT_CA: &str = "kube-root-ca.crt";

/// Fills new namespaces and empties deleted ones.
pub(super) struct Namespaces;

impl Controller for Namespaces {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        let key = &event.key;
        if key.resource == "namespaces" {
            mark(key.clone());
            return;
        }
        let deleted = event.change == Change::Deleted;
        let restored = match (key.resource.as_str(), key.name.as_str()) {
            ("serviceaccounts", "default") => deleted,
            ("configmaps", ROOT_CA) => true,
            _ => false,
        };
        if !key.namespace.is_empty() && (deleted || restored) {
            let namespace = Key::new("namespaces", "", key.namespace.as_str());
            if restored || world.get(&namespace).is_some_and(|ns| has(&ns["metadata"], "deletionTimestamp")) {
                mark(namespace);
            }
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let namespace = world.get(key)?;
        if has(&namespace["metadata"], "deletionTimestamp") {
            empty(world, key);
        } else {
            furnish(world, name_of(&namespace));
        }
        None
    }
}

/// Every namespace has a default ServiceAccount and the cluster's root certificate.
fn furnish(world: &World, namespace: &str) {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    let annotations = json!({"kubernetes.io/description": ROOT_CERTIFICATE_NOTE});
    let certificate = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": ROOT_CA, "annotations": annotations},
        "data": {"ca.crt": &*world.authority},
    });
    for (resource, mut object) in [("serviceaccounts", account), ("configmaps", certificate)] {
        let key = Key::new(resource, namespace, name_of(&object));
        if let Some(there) = world.get(&key) {
            if there["data"] != object["data"] {
                let (data, annotations) = (object["data"].take(), annotations.clone());
                // It may be gone meanwhile, and then comes back.
                let _ = world.store.modify(&key, |there| Ok::<_, Infallible>(restore(there, data, annotations)));
            }
            continue;
        }
        let metadata = &mut object["metadata"];
        put(metadata, "namespace", namespace);
        put(metadata, "uid", world.clock.uid());
        put(metadata, "creationTimestamp", api_time(world.clock.now()));
        // Somebody else may have made it meanwhile, which is as good.
        let _ = world.store.insert(key, object);
    }
}

/// The ConfigMap as it was published.
fn restore(there: &Value, data: Value, annotations: Value) -> Next {
    let mut after = there.clone();
    put(&mut after, "data", data);
    put(&mut after["metadata"], "annotations", annotations);
    Next::Put(after)
}

/// Deletes what is in the namespace; when nothing is left, the namespace.
fn empty(world: &World, key: &Key) {
    let inside = world.store.keys_in(&key.name);
    for object in &inside {
        deletion::delete(world, object);
    }
    let left = inside.iter().any(|object| world.get(object).is_some());
    // The namespace may be gone already.
    let _ = world.store.modify(key, |namespace| Ok::<_, Infallible>(next(namespace, left)));
}

/// What becomes of a namespace that is being deleted.
fn next(namespace: &Value, left: bool) -> Next {
    let mut after = namespace.clone();
    put(&mut after["status"], "phase", "Terminating");
    if !left {
        let others: Vec<Value> =
            items(&after["spec"], "finalizers").iter().filter(|name| *name != "kubernetes").cloned().collect();
        if others.is_empty() && items(&after["metadata"], "finalizers").is_empty() {
            return Next::Remove;
        }
        put(&mut after["spec"], "finalizers", others);
    }
    Next::Put(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deleted(finalizers: Value) -> Value {
        json!({"metadata": {"deletionTimestamp": "x", "finalizers": finalizers}, "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"}})
    }

    #[test]
    fn a_namespace_stays_until_it_is_empty() {
        let Next::Put(after) = next(&deleted(json!([])), true) else { panic!("it stays") };
        assert_eq!(after["status"]["phase"], "Terminating");
        assert_eq!(after["spec"]["finalizers"], json!(["kubernetes"]));
        assert!(matches!(next(&after, false), Next::Remove));
    }

    #[test]
    fn other_finalizers_hold_it() {
        let Next::Put(after) = next(&deleted(json!(["example.com/x"])), false) else { panic!("it stays") };
        assert_eq!(after["spec"]["finalizers"], json!([]));
    }
}
