//! Defaults of the kinds that have few.

use serde_json::{Value, json};

use super::resources;
use crate::json::{at, child, each, fill, fill_zero, has, inside, items, put, take, text, zero};

/// A Namespace carries its own name as a label, so that policies can select it.
pub(super) fn namespace(namespace: &mut Value) {
    let name = text(&namespace["metadata"], "name").to_owned();
    if !name.is_empty() {
        put(child(child(namespace, "metadata"), "labels"), "kubernetes.io/metadata.name", name);
    }
    child(namespace, "spec");
    fill_zero(child(namespace, "status"), "phase", "Active");
}

/// A Node.
pub(super) fn node(node: &mut Value) {
    child(node, "spec");
    let status = child(node, "status");
    resources::list(status, "capacity");
    resources::list(status, "allocatable");
    if has(status, "capacity") && !has(status, "allocatable") {
        let capacity = status["capacity"].clone();
        put(status, "allocatable", capacity);
    }
    fill(child(child(status, "daemonEndpoints"), "kubeletEndpoint"), "Port", 0);
    child(status, "nodeInfo");
}

/// A Secret: its type, and `stringData`, which becomes `data`.
pub(super) fn secret(secret: &mut Value) {
    fill_zero(secret, "type", "Opaque");
    let Some(Value::Object(plain)) = take(secret, "stringData") else { return };
    if plain.is_empty() {
        return;
    }
    let data = child(secret, "data");
    for (key, value) in plain {
        put(data, &key, base64(value.as_str().unwrap_or("").as_bytes()));
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Standard base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = BASE64[(group >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

/// A LimitRange: for containers, a maximum is the default limit, a default limit the default request.
pub(super) fn limit_range(range: &mut Value) {
    let spec = child(range, "spec");
    fill(spec, "limits", Value::Null);
    each(spec, "limits", |item| {
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            resources::list(item, list);
        }
        if text(item, "type") == "Container" {
            container_limits(item);
        }
    });
}

fn container_limits(item: &mut Value) {
    for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
        let Some(source) = item.get(from).and_then(Value::as_object).cloned() else { continue };
        for (name, amount) in source {
            fill(child(item, to), &name, amount);
        }
    }
}

/// A ResourceQuota.
pub(super) fn resource_quota(quota: &mut Value) {
    resources::list(child(quota, "spec"), "hard");
    let status = child(quota, "status");
    resources::list(status, "hard");
    resources::list(status, "used");
}

/// A PersistentVolume.
pub(super) fn persistent_volume(volume: &mut Value) {
    let spec = child(volume, "spec");
    fill_zero(spec, "persistentVolumeReclaimPolicy", "Retain");
    fill(spec, "volumeMode", "Filesystem");
    resources::list(spec, "capacity");
    inside(spec, "hostPath", |source| fill(source, "type", ""));
    fill_zero(child(volume, "status"), "phase", "Pending");
}

/// A PersistentVolumeClaim.
pub(super) fn claim(claim: &mut Value) {
    let spec = child(claim, "spec");
    fill(spec, "volumeMode", "Filesystem");
    child(spec, "resources");
    resources::requirements(spec);
    same_source(spec);
    let status = child(claim, "status");
    fill_zero(status, "phase", "Pending");
    resources::list(status, "capacity");
}

/// `dataSource` and `dataSourceRef` say the same; each stands for the other.
fn same_source(spec: &mut Value) {
    for (from, to) in [("dataSource", "dataSourceRef"), ("dataSourceRef", "dataSource")] {
        if has(spec, from) && !has(spec, to) && !has(at(spec, &[from]), "namespace") {
            let source = spec[from].clone();
            put(spec, to, source);
        }
    }
}

/// An Event: the fields that are always written.
pub(super) fn event(event: &mut Value) {
    child(event, "involvedObject");
    child(event, "source");
    for time in ["firstTimestamp", "lastTimestamp", "eventTime"] {
        fill(event, time, Value::Null);
    }
    fill(event, "reportingComponent", "");
    fill(event, "reportingInstance", "");
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// Roles and their bindings.
pub(super) fn rbac(kind: &str, object: &mut Value) {
    if kind.ends_with("Binding") {
        fill_zero(child(object, "roleRef"), "apiGroup", RBAC);
        each(object, "subjects", |subject| {
            if matches!(text(subject, "kind"), "User" | "Group") {
                fill_zero(subject, "apiGroup", RBAC);
            }
        });
    } else {
        fill(object, "rules", Value::Null);
    }
}

/// A NetworkPolicy.
pub(super) fn network_policy(policy: &mut Value) {
    let spec = child(policy, "spec");
    child(spec, "podSelector");
    if zero(spec, "policyTypes") {
        let egress = !items(spec, "egress").is_empty();
        put(spec, "policyTypes", if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) });
    }
    for direction in ["ingress", "egress"] {
        each(spec, direction, |rule| each(rule, "ports", |port| fill(port, "protocol", "TCP")));
    }
}

/// A PodDisruptionBudget: the counts of its status are always written.
pub(super) fn disruption_budget(budget: &mut Value) {
    child(budget, "spec");
    let status = child(budget, "status");
    for count in ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] {
        fill(status, count, 0);
    }
}

/// A HorizontalPodAutoscaler: at least one replica, and 80% of the requested CPU when no metric is named.
pub(super) fn autoscaler(version: &str, autoscaler: &mut Value) {
    let spec = child(autoscaler, "spec");
    fill(spec, "minReplicas", 1);
    if version == "v1" {
        // Unless it was written as the newer version, with metrics that this one can't show.
        if at(autoscaler, &["metadata", "annotations", "autoscaling.alpha.kubernetes.io/metrics"]).is_null() {
            fill(child(autoscaler, "spec"), "targetCPUUtilizationPercentage", 80);
        }
        let status = child(autoscaler, "status");
        fill(status, "currentReplicas", 0);
        fill(status, "desiredReplicas", 0);
        return;
    }
    fill_zero(
        spec,
        "metrics",
        json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]),
    );
    inside(spec, "behavior", behavior);
    let status = child(autoscaler, "status");
    fill(status, "desiredReplicas", 0);
    fill(status, "currentMetrics", Value::Null);
}

/// How fast an autoscaler may be; how long it waits before it shrinks is left to the controller.
fn behavior(behavior: &mut Value) {
    let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
    for (way, policies) in [("scaleUp", json!([pods, percent])), ("scaleDown", json!([percent]))] {
        let rules = child(behavior, way);
        fill(rules, "selectPolicy", "Max");
        fill_zero(rules, "policies", policies);
    }
    fill(child(behavior, "scaleUp"), "stabilizationWindowSeconds", 0);
}

/// The names that follow from the kind, and that nothing converts.
pub(super) fn definition(definition: &mut Value) {
    let spec = child(definition, "spec");
    let names = child(spec, "names");
    let kind = text(names, "kind").to_owned();
    fill_zero(names, "singular", kind.to_lowercase());
    if !kind.is_empty() {
        fill_zero(names, "listKind", format!("{kind}List"));
    }
    fill(spec, "conversion", json!({"strategy": "None"}));
    inside(child(spec, "conversion"), "webhook", |webhook| {
        inside(webhook, "clientConfig", |config| inside(config, "service", |service| fill(service, "port", 443)));
    });
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_of_the_rfc() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
