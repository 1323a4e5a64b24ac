//! Defaults of Services and of what lists their endpoints.

use serde_json::{Value, json};

use crate::json::{child, each, fill, fill_zero, put, take, text, zero};

/// How long a client stays with its Pod under `sessionAffinity: ClientIP`: three hours.
const AFFINITY_SECONDS: i64 = 10800;

/// A Service.
pub(super) fn service(service: &mut Value) {
    let spec = child(service, "spec");
    fill_zero(spec, "sessionAffinity", "None");
    if text(spec, "sessionAffinity") == "ClientIP" {
        fill(child(child(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", AFFINITY_SECONDS);
    } else {
        take(spec, "sessionAffinityConfig");
    }
    fill_zero(spec, "type", "ClusterIP");
    each(spec, "ports", |port| {
        fill_zero(port, "protocol", "TCP");
        let number = port.get("port").cloned().unwrap_or(json!(0));
        fill_zero(port, "targetPort", number);
    });
    let kind = text(spec, "type").to_owned();
    let external =
        matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && !zero(spec, "externalIPs"));
    if external {
        fill_zero(spec, "externalTrafficPolicy", "Cluster");
    }
    if kind != "ExternalName" {
        fill(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        fill(spec, "allocateLoadBalancerNodePorts", true);
    }
    child(child(service, "status"), "loadBalancer");
}

/// Endpoints.
pub(super) fn endpoints(endpoints: &mut Value) {
    each(endpoints, "subsets", |subset| each(subset, "ports", |port| fill_zero(port, "protocol", "TCP")));
}

/// An EndpointSlice.
pub(super) fn slice(slice: &mut Value) {
    each(slice, "ports", |port| {
        fill(port, "name", "");
        fill(port, "protocol", "TCP");
    });
    each(slice, "endpoints", |endpoint| {
        child(endpoint, "conditions");
        fill(endpoint, "addresses", Value::Null);
    });
    if !slice.get("endpoints").is_some_and(Value::is_array) {
        put(slice, "endpoints", Value::Null);
    }
    if !slice.get("ports").is_some_and(Value::is_array) {
        put(slice, "ports", Value::Null);
    }
}
