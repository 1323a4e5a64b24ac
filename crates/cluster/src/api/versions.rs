//! Kinds with two forms of one object. Events: core/v1, which is stored, and events.k8s.io/v1 (k8s.io/api/events/v1: the
//! `deprecated…` fields are the older form's own). HorizontalPodAutoscalers: v2, which is stored, and v1, which knows
//! only the CPU.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::{
    json::{child, fill, put, take},
    registry::Resource,
};

/// Field names, stored and served.
const NAMES: [(&str, &str); 8] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
    ("reportingInstance", "reportingInstance"),
];

/// A stored object as this kind serves it.
pub(super) fn served<'v>(resource: &Resource, object: &'v Value) -> Cow<'v, Value> {
    if let Some(custom) = resource.custom {
        return Cow::Owned(custom.served(object));
    }
    if is_first_autoscaler(resource) && object["apiVersion"] != resource.api_version() {
        return Cow::Owned(autoscaler_of_cpu(object));
    }
    if resource.group != "events.k8s.io" || object["apiVersion"] == resource.api_version() {
        return Cow::Borrowed(object);
    }
    Cow::Owned(renamed(object, &resource.api_version(), |name| {
        NAMES.iter().find(|pair| pair.0 == name).map(|pair| pair.1)
    }))
}

/// An object of this kind as it is stored.
pub(super) fn stored(resource: &Resource, object: Value) -> Value {
    if let Some(custom) = resource.custom {
        return custom.stored(object);
    }
    if is_first_autoscaler(resource) && object["apiVersion"] == resource.api_version() {
        return autoscaler_of_metrics(object);
    }
    if resource.group != "events.k8s.io" {
        return object;
    }
    renamed(&object, "v1", |name| NAMES.iter().find(|pair| pair.1 == name).map(|pair| pair.0))
}

const PERCENT: &str = "targetCPUUtilizationPercentage";

fn is_first_autoscaler(resource: &Resource) -> bool {
    (resource.group, resource.version) == ("autoscaling", "v1") && resource.kind == "HorizontalPodAutoscaler"
}

/// v1: the CPU's percentage; other metrics, behaviour and conditions have no place in it.
fn autoscaler_of_cpu(object: &Value) -> Value {
    let mut object = object.clone();
    put(&mut object, "apiVersion", "autoscaling/v1");
    let spec = child(&mut object, "spec");
    let metrics = take(spec, "metrics");
    take(spec, "behavior");
    let cpu = metrics.as_ref().and_then(Value::as_array).into_iter().flatten().find(|m| m["resource"]["name"] == "cpu");
    if let Some(percent) = cpu.and_then(|cpu| cpu["resource"]["target"]["averageUtilization"].as_i64()) {
        put(spec, PERCENT, percent);
    }
    let status = child(&mut object, "status");
    take(status, "conditions");
    take(status, "currentMetrics");
    fill(status, "currentReplicas", 0);
    object
}

/// v2: the percentage as a metric.
fn autoscaler_of_metrics(mut object: Value) -> Value {
    put(&mut object, "apiVersion", "autoscaling/v2");
    let spec = child(&mut object, "spec");
    let percent = take(spec, PERCENT).and_then(|percent| percent.as_i64()).unwrap_or(80);
    let target = json!({"type": "Utilization", "averageUtilization": percent});
    put(spec, "metrics", json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]));
    fill(child(&mut object, "status"), "currentMetrics", Value::Null);
    object
}

fn renamed(object: &Value, api_version: &str, name_of: impl Fn(&str) -> Option<&'static str>) -> Value {
    let mut fields: Map<String, Value> = object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (name_of(key).unwrap_or(key).to_owned(), value.clone()))
        .collect();
    fields.insert("apiVersion".into(), api_version.into());
    fields.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry;

    #[test]
    fn an_autoscaler_of_the_first_version_knows_the_cpu() {
        let first = registry::find("autoscaling", "v1", "horizontalpodautoscalers").unwrap();
        let sent = json!({"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1", "metadata": {"name": "h"},
            "spec": {"maxReplicas": 3, "targetCPUUtilizationPercentage": 50}, "status": {"currentReplicas": 1, "desiredReplicas": 0}});
        let kept = stored(first, sent.clone());
        assert_eq!(kept["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"], 50);
        assert_eq!(served(first, &kept).into_owned(), sent);
    }

    #[test]
    fn there_and_back_is_the_same() {
        let events = registry::find("events.k8s.io", "v1", "events").unwrap();
        let core = json!({"kind": "Event", "apiVersion": "v1", "metadata": {"name": "e"}, "message": "hi", "count": 2,
            "involvedObject": {"name": "web"}, "source": {"component": "kubelet"}, "reason": "Started"});
        let new = served(events, &core).into_owned();
        assert_eq!(
            (&new["note"], &new["regarding"]["name"], &new["deprecatedCount"]),
            (&json!("hi"), &json!("web"), &json!(2))
        );
        assert_eq!(stored(events, new), core);
    }
}
