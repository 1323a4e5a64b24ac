//! What each kind does with its own new or changed object, before validation.

use serde_json::{Value, json};

use super::{Context, job, resize, service_address, service_type};
use crate::{
    admission::resources::qos_class,
    clock::api_time,
    custom::CustomKind,
    json::{at, child, flag, has, items, put, take, text, zero},
    registry::Resource,
};

pub(super) fn prepare_create(resource: &Resource, object: &mut Value, context: &Context<'_>) {
    if resource.custom.is_some_and(CustomKind::has_status) {
        take(object, "status");
    }
    match (resource.group, resource.kind) {
        ("", "Pod") => pod(object, context),
        ("", "Namespace") => namespace(object),
        ("", "Service") => {
            put(object, "status", json!({"loadBalancer": {}}));
            service_address::allocate(object, context);
        }
        ("", "PersistentVolumeClaim") => put(object, "status", json!({"phase": "Pending"})),
        ("", "PersistentVolume") => {
            let now = api_time(context.clock.now());
            put(object, "status", json!({"phase": "Pending", "lastPhaseTransitionTime": now}));
        }
        ("", "ResourceQuota") => put(object, "status", json!({})),
        ("", "ReplicationController") | ("apps", "ReplicaSet") => put(object, "status", json!({"replicas": 0})),
        ("apps", "StatefulSet") => put(object, "status", json!({"replicas": 0, "availableReplicas": 0})),
        ("apps", "DaemonSet") => {
            let counts = ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"];
            put(object, "status", counts.into_iter().map(|count| (count.to_owned(), json!(0))).collect::<Value>());
            count_template(object, 1);
        }
        ("apps", "Deployment") | ("batch", "CronJob") => put(object, "status", json!({})),
        ("batch", "Job") => {
            put(object, "status", json!({}));
            if zero(&object["metadata"], "uid") {
                put(child(object, "metadata"), "uid", context.clock.uid());
            }
            // Defaults take the labels from the template, which has them only now.
            let own_labels = at(object, &["metadata", "labels"]).is_null();
            job::generate_selector(object);
            if own_labels {
                let labels = at(object, &["spec", "template", "metadata", "labels"]).clone();
                put(child(object, "metadata"), "labels", labels);
            }
        }
        ("policy", "PodDisruptionBudget") => put(
            object,
            "status",
            json!({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}),
        ),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            put(object, "status", json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}}));
            remember_stored_version(object);
        }
        ("autoscaling", "HorizontalPodAutoscaler") => {
            let status = match resource.version {
                "v1" => json!({"currentReplicas": 0, "desiredReplicas": 0}),
                _ => json!({"desiredReplicas": 0, "currentMetrics": null}),
            };
            put(object, "status", status);
        }
        _ => {}
    }
}

/// How many templates a DaemonSet has had: once a field of its spec, that is now shown as an annotation.
pub(crate) const TEMPLATE_COUNT: &str = "deprecated.daemonset.template.generation";

fn count_template(set: &mut Value, count: i64) {
    put(child(child(set, "metadata"), "annotations"), TEMPLATE_COUNT, count.to_string());
}

/// A version in which objects have been stored stays on record.
fn remember_stored_version(definition: &mut Value) {
    let stored = items(&definition["spec"], "versions").iter().find(|version| flag(version, "storage"));
    let Some(name) = stored.map(|version| text(version, "name").to_owned()) else { return };
    let mut versions = items(&definition["status"], "storedVersions").to_vec();
    if !versions.iter().any(|known| *known == name) {
        versions.push(name.into());
    }
    put(child(definition, "status"), "storedVersions", versions);
}

fn pod(pod: &mut Value, context: &Context<'_>) {
    let spec = child(pod, "spec");
    let mut status = json!({"phase": "Pending", "qosClass": qos_class(spec)});
    if !items(spec, "schedulingGates").is_empty() {
        status["conditions"] = json!([{
            "type": "PodScheduled",
            "status": "False",
            "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
            "lastProbeTime": null,
            "lastTransitionTime": api_time(context.clock.now()),
        }]);
    }
    put(pod, "status", status);
}

fn namespace(namespace: &mut Value) {
    let name = text(&namespace["metadata"], "name").to_owned();
    put(child(child(namespace, "metadata"), "labels"), "kubernetes.io/metadata.name", name);
    put(namespace, "status", json!({"phase": "Active"}));
    let spec = child(namespace, "spec");
    let mut finalizers = items(spec, "finalizers").to_vec();
    if !finalizers.contains(&json!("kubernetes")) {
        finalizers.push(json!("kubernetes"));
    }
    put(spec, "finalizers", finalizers);
}

/// Kinds whose status is written through its own address only.
fn has_status(resource: &Resource) -> bool {
    resource.subresources.iter().any(|part| part.name == "status")
}

pub(super) fn prepare_update(
    resource: &Resource,
    old: &Value,
    new: &mut Value,
    subresource: &str,
    context: &Context<'_>,
) {
    match subresource {
        "status" => return keep_all_but_status(old, new),
        "resize" => return resize::keep_all_but_resources(old, new),
        _ => {}
    }
    if has_status(resource) {
        put(new, "status", old.get("status").cloned().unwrap_or(Value::Null));
        if new["status"].is_null() {
            take(new, "status");
        }
    }
    match (resource.group, resource.kind) {
        ("", "Service") => service(old, new, context),
        ("", "Namespace") => {
            let finalizers = at(old, &["spec", "finalizers"]).clone();
            put(child(new, "spec"), "finalizers", finalizers);
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => remember_stored_version(new),
        ("apps", "DaemonSet") => {
            let before = text(at(old, &["metadata", "annotations"]), TEMPLATE_COUNT).parse().unwrap_or(1);
            let changed = old["spec"]["template"] != new["spec"]["template"];
            count_template(new, before + i64::from(changed));
        }
        _ => {}
    }
}

/// A write of the status changes the status, and of the metadata what concerns the write itself.
fn keep_all_but_status(old: &Value, new: &mut Value) {
    let mut kept = old.clone();
    put(&mut kept, "status", new.get("status").cloned().unwrap_or(json!({})));
    for field in ["resourceVersion", "managedFields", "labels", "annotations", "finalizers"] {
        if has(&new["metadata"], field) {
            let value = new["metadata"][field].clone();
            put(child(&mut kept, "metadata"), field, value);
        } else {
            take(child(&mut kept, "metadata"), field);
        }
    }
    *new = kept;
}

/// A Service keeps its addresses when a manifest does not name them, gives up what its new type does not have, and gets
/// what that needs.
fn service(old: &Value, new: &mut Value, context: &Context<'_>) {
    // Who names another first address means the list too.
    let renamed = old["spec"]["clusterIP"] != new["spec"]["clusterIP"] && has(&new["spec"], "clusterIP");
    if renamed && old["spec"]["clusterIPs"] == new["spec"]["clusterIPs"] {
        let first = new["spec"]["clusterIP"].clone();
        put(child(new, "spec"), "clusterIPs", json!([first]));
    }
    service_type::give_up(&old["spec"], child(new, "spec"));
    service_type::keep(&old["spec"], child(new, "spec"));
    service_address::allocate(new, context);
}
