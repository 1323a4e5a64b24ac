//! Storing a Pod's status, with the record of who manages it (`metadata.managedFields`).

use std::convert::Infallible;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    clock::api_time,
    store::{Key, Next, Object, Store},
};

/// The store's name for Pods.
pub const PODS: &str = "pods";

/// Stores the status that `compute` makes of the stored one, if the Pod is still the one with this uid. Gives it as it is stored then, or nothing when it is
/// gone.
pub fn write_status(
    store: &Store,
    key: &Key,
    uid: &str,
    compute: impl FnOnce(&Value) -> Value,
    now: Timestamp,
) -> Option<Object> {
    let written = store.modify(key, |pod| {
        if pod["metadata"]["uid"] != uid {
            return Err(());
        }
        let status = compute(&pod["status"]);
        if same(&pod["status"], &status) {
            return Ok(Next::Keep);
        }
        let mut pod = pod.clone();
        pod["status"] = status;
        let entry = managed(&pod["status"], "kubelet", now);
        replace_entry(&mut pod, entry);
        Ok(Next::Put(pod))
    });
    written.ok()
}

/// Whether there is nothing to tell. What the kubelet reads back from the cgroup is told with the next change only.
fn same(old: &Value, new: &Value) -> bool {
    let fields = |status: &Value| {
        let fields = status.as_object().into_iter().flatten().filter(|(key, _)| *key != "resources");
        fields.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>()
    };
    fields(old) == fields(new)
}

/// Takes a Pod whose containers have ended out of the store, with the write before it that a watcher sees: the grace
/// period becomes 0. A Pod that finalizers hold stays.
pub fn remove(store: &Store, key: &Key, uid: &str, now: Timestamp) {
    let ours = |pod: &Value| pod["metadata"]["uid"] == uid;
    let _ = store.modify(key, |pod| {
        if !ours(pod) || pod["metadata"]["deletionGracePeriodSeconds"] == 0 {
            return Ok::<_, Infallible>(Next::Keep);
        }
        let mut pod = pod.clone();
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        pod["metadata"]["deletionTimestamp"] = json!(api_time(now));
        Ok(Next::Put(pod))
    });
    let _ = store.modify(key, |pod| {
        let held = pod["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
        Ok::<_, Infallible>(if ours(pod) && !held { Next::Remove } else { Next::Keep })
    });
}

/// Puts the entry in the place of the one with the same manager and subresource, or at the end.
fn replace_entry(pod: &mut Value, entry: Value) {
    let fields = &mut pod["metadata"]["managedFields"];
    if !fields.is_array() {
        *fields = json!([]);
    }
    let Some(list) = fields.as_array_mut() else { return };
    list.retain(|old| {
        old["manager"] != entry["manager"] || old["subresource"] != entry["subresource"] || old["operation"] != "Update"
    });
    list.push(entry);
}

fn managed(status: &Value, manager: &str, now: Timestamp) -> Value {
    json!({
        "manager": manager, "operation": "Update", "apiVersion": "v1", "time": api_time(now), "fieldsType": "FieldsV1",
        "fieldsV1": {"f:status": fields(status)}, "subresource": "status",
    })
}

/// The parts of `status` that the kubelet manages, in the notation of managedFields (`wire/pod-running.json`).
fn fields(status: &Value) -> Value {
    let mut managed = Map::new();
    for (key, value) in status.as_object().into_iter().flatten() {
        let field = match key.as_str() {
            // Admission set it; the kubelet says the same.
            "qosClass" => continue,
            "phase" if value == "Pending" => continue,
            "conditions" => conditions(value),
            "podIPs" => keyed(value, "ip"),
            "resources" | "allocatedResources" => nested(value),
            _ => json!({}),
        };
        managed.insert(format!("f:{key}"), field);
    }
    Value::Object(managed)
}

fn conditions(list: &Value) -> Value {
    let ours = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodResizePending",
        "PodResizeInProgress",
        "AllContainersRestarting",
    ];
    let mut managed = Map::new();
    for condition in list.as_array().into_iter().flatten() {
        let kind = condition["type"].as_str().unwrap_or("");
        let entry = match kind {
            // The scheduler made it.
            "PodScheduled" => json!({"f:observedGeneration": {}}),
            _ if ours.contains(&kind) => element(condition),
            _ => continue,
        };
        managed.insert(format!("k:{}", json!({"type": kind})), entry);
    }
    Value::Object(managed)
}

fn keyed(list: &Value, key: &str) -> Value {
    let items = list.as_array().into_iter().flatten();
    let mut managed: Map<_, _> = items.map(|item| (format!("k:{}", json!({key: item[key]})), element(item))).collect();
    managed.insert(".".into(), json!({}));
    Value::Object(managed)
}

/// An item of a keyed list: itself and each of its fields.
fn element(item: &Value) -> Value {
    let mut managed: Map<_, _> =
        item.as_object().into_iter().flatten().map(|(field, _)| (format!("f:{field}"), json!({}))).collect();
    managed.insert(".".into(), json!({}));
    Value::Object(managed)
}

/// A tree of maps; an empty one is a leaf.
fn nested(value: &Value) -> Value {
    match value.as_object() {
        Some(map) if !map.is_empty() => {
            let fields = map.iter().map(|(field, value)| (format!("f:{field}"), nested(value)));
            fields.chain([(".".to_owned(), json!({}))]).collect::<Map<_, _>>().into()
        }
        _ => json!({}),
    }
}
