//! Defaults of Pods, and of the Pod specs inside templates.

use serde_json::{Value, json};

use super::resources;
use crate::{
    admission::image_name::is_latest,
    json::{child, each, fill, fill_zero, flag, has, inside, int, put, text},
};

const CONTAINER_LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// A Pod: its spec, and what only Pods have.
pub(super) fn pod(pod: &mut Value) {
    let spec = child(pod, "spec");
    pod_spec(spec);
    each(spec, "containers", resources::requests_from_limits);
    each(spec, "initContainers", resources::requests_from_limits);
    pod_level_requests(spec);
    fill(spec, "enableServiceLinks", true);
    if flag(spec, "hostNetwork") {
        each(spec, "containers", host_ports);
        each(spec, "initContainers", host_ports);
    }
    child(pod, "status");
}

/// A Pod spec, in a Pod or in a template.
pub(crate) fn pod_spec(spec: &mut Value) {
    fill_zero(spec, "dnsPolicy", "ClusterFirst");
    fill_zero(spec, "restartPolicy", "Always");
    child(spec, "securityContext");
    fill(spec, "terminationGracePeriodSeconds", 30);
    // A negative time was allowed once; it means the shortest there is.
    if int(spec, "terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0) {
        put(spec, "terminationGracePeriodSeconds", 1);
    }
    fill_zero(spec, "schedulerName", "default-scheduler");
    fill(spec, "containers", Value::Null);
    // The older name of the same field; each stands for the other.
    if !text(spec, "serviceAccount").is_empty() && text(spec, "serviceAccountName").is_empty() {
        let name = text(spec, "serviceAccount").to_owned();
        put(spec, "serviceAccountName", name);
    }
    if !text(spec, "serviceAccountName").is_empty() {
        let name = text(spec, "serviceAccountName").to_owned();
        put(spec, "serviceAccount", name);
    }
    each(spec, "volumes", volume);
    for list in CONTAINER_LISTS {
        each(spec, list, container);
    }
    resources::requirements(spec);
    resources::list(spec, "overhead");
}

fn container(container: &mut Value) {
    let policy = if is_latest(text(container, "image")) { "Always" } else { "IfNotPresent" };
    fill_zero(container, "imagePullPolicy", policy);
    fill_zero(container, "terminationMessagePath", "/dev/termination-log");
    fill_zero(container, "terminationMessagePolicy", "File");
    child(container, "resources");
    resources::requirements(container);
    each(container, "ports", |port| fill_zero(port, "protocol", "TCP"));
    each(container, "env", environment_entry);
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        inside(container, name, probe);
    }
    inside(container, "lifecycle", |lifecycle| {
        inside(lifecycle, "postStart", handler);
        inside(lifecycle, "preStop", handler);
    });
}

fn environment_entry(entry: &mut Value) {
    if text(entry, "value").is_empty() {
        crate::json::take(entry, "value");
    }
    inside(entry, "valueFrom", |source| {
        inside(source, "fieldRef", field_ref);
        inside(source, "resourceFieldRef", resource_field_ref);
    });
}

fn field_ref(reference: &mut Value) {
    fill_zero(reference, "apiVersion", "v1");
}

fn resource_field_ref(reference: &mut Value) {
    fill(reference, "divisor", "0");
    resources::amount(&mut reference["divisor"]);
}

fn probe(probe: &mut Value) {
    fill_zero(probe, "timeoutSeconds", 1);
    fill_zero(probe, "periodSeconds", 10);
    fill_zero(probe, "successThreshold", 1);
    fill_zero(probe, "failureThreshold", 3);
    handler(probe);
}

fn handler(handler: &mut Value) {
    inside(handler, "httpGet", |get| {
        fill_zero(get, "path", "/");
        fill_zero(get, "scheme", "HTTP");
        fill(get, "port", 0);
    });
    inside(handler, "grpc", |grpc| fill(grpc, "service", ""));
}

/// Where the mode of files is set, 0644 unless told.
const FILE_MODE: i64 = 0o644;

fn volume(volume: &mut Value) {
    let empty =
        volume.as_object().is_some_and(|fields| fields.iter().all(|(key, value)| key == "name" || value.is_null()));
    if empty {
        put(volume, "emptyDir", json!({}));
    }
    for kind in ["secret", "configMap", "downwardAPI", "projected"] {
        inside(volume, kind, |source| fill(source, "defaultMode", FILE_MODE));
    }
    inside(volume, "hostPath", |source| fill(source, "type", ""));
    inside(volume, "emptyDir", |source| {
        if has(source, "sizeLimit") {
            resources::amount(&mut source["sizeLimit"]);
        }
    });
    inside(volume, "image", |source| {
        let policy = if is_latest(text(source, "reference")) { "Always" } else { "IfNotPresent" };
        fill_zero(source, "pullPolicy", policy);
    });
    inside(volume, "downwardAPI", downward_items);
    inside(volume, "projected", |source| each(source, "sources", projection));
    inside(volume, "ephemeral", |source| {
        inside(source, "volumeClaimTemplate", |template| {
            inside(template, "spec", |spec| {
                fill(spec, "volumeMode", "Filesystem");
                resources::requirements(spec);
            });
        });
    });
}

fn projection(source: &mut Value) {
    inside(source, "downwardAPI", downward_items);
    inside(source, "serviceAccountToken", |token| fill(token, "expirationSeconds", 3600));
}

fn downward_items(source: &mut Value) {
    each(source, "items", |item| {
        inside(item, "fieldRef", field_ref);
        inside(item, "resourceFieldRef", resource_field_ref);
    });
}

fn host_ports(container: &mut Value) {
    each(container, "ports", |port| {
        let number = int(port, "containerPort").unwrap_or(0);
        fill_zero(port, "hostPort", number);
    });
}

/// Pod-level limits give Pod-level requests: what the containers request together, else the limit itself.
fn pod_level_requests(spec: &mut Value) {
    let Some(limits) = spec["resources"].get("limits").and_then(Value::as_object).cloned() else { return };
    if limits.is_empty() {
        return;
    }
    let together = crate::admission::resources::container_requests(spec);
    let requests = child(child(spec, "resources"), "requests");
    for (name, amount) in together {
        if matches!(name.as_str(), "cpu" | "memory") {
            fill(requests, &name, amount.to_string());
        }
    }
    for (name, limit) in limits {
        fill(requests, &name, limit);
    }
}
