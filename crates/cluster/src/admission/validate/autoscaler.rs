//! HorizontalPodAutoscalers: what is scaled, by what and how fast.

use serde_json::Value;

use super::{Findings, Path, names};
use crate::{
    admission::quantity::Quantity,
    json::{has, items, text},
};

/// A HorizontalPodAutoscaler.
pub(super) fn autoscaler(found: &mut Findings, autoscaler: &Value) {
    let (spec, path) = (&autoscaler["spec"], Path::new("spec"));
    let number = |field: &str| spec[field].as_i64();
    let (least, most) = (number("minReplicas"), number("maxReplicas").unwrap_or(0));
    if let Some(least) = least.filter(|least| *least < 1) {
        found.invalid(&path.child("minReplicas"), least, "must be greater than or equal to 1");
    }
    if most < 1 {
        found.required(&path.child("maxReplicas"), "must be set and greater than 0");
    }
    if least.is_some_and(|least| most < least) {
        found.invalid(&path.child("maxReplicas"), most, "must be greater than or equal to `minReplicas`");
    }
    let (reference, at) = (&spec["scaleTargetRef"], path.child("scaleTargetRef"));
    for field in ["kind", "name"] {
        match text(reference, field) {
            "" => found.required(&at.child(field), ""),
            given => found.invalid_each(&at.child(field), given, names::path_segment(given)),
        }
    }
    api_version(found, reference, &at.child("apiVersion"));
    for (index, metric) in items(spec, "metrics").iter().enumerate() {
        self::metric(found, metric, &path.child("metrics").index(index));
    }
    let from_zero = |metric: &Value| matches!(text(metric, "type"), "External" | "Object");
    if least == Some(0) && !items(spec, "metrics").iter().any(from_zero) {
        let message = "must specify at least one Object or External metric to support scaling to zero replicas";
        found.forbidden(&path.child("metrics"), message);
    }
    for way in ["scaleUp", "scaleDown"] {
        if has(&spec["behavior"], way) {
            scaling_rules(found, &spec["behavior"][way], &path.child("behavior").child(way));
        }
    }
}

/// What is scaled is of a group, but for the one kind that has none.
fn api_version(found: &mut Findings, reference: &Value, path: &Path) {
    let version = text(reference, "apiVersion");
    let parts = version.split('/').count();
    if parts > 2 {
        found.invalid(path, version, format!("unexpected GroupVersion string: {version}"));
    } else if parts < 2 && text(reference, "kind") != "ReplicationController" {
        found.invalid(path, version, "apiVersion must specify API group");
    }
}

/// How fast one way (k8s.io/api/autoscaling/v2: an hour is the longest window, half of it the longest period).
fn scaling_rules(found: &mut Findings, rules: &Value, path: &Path) {
    if let Some(window) = rules["stabilizationWindowSeconds"].as_i64() {
        let at = path.child("stabilizationWindowSeconds");
        if window < 0 {
            found.invalid(&at, window, "must be greater than or equal to zero");
        }
        if window > 3600 {
            found.invalid(&at, window, "must be less than or equal to 3600");
        }
    }
    found.one_of_if_set(path, rules, "selectPolicy", &["Disabled", "Max", "Min"]);
    if has(rules, "policies") && items(rules, "policies").is_empty() {
        found.required(&path.child("policies"), "must specify at least one Policy");
    }
    for (index, policy) in items(rules, "policies").iter().enumerate() {
        let at = path.child("policies").index(index);
        found.one_of(&at, policy, "type", &["Percent", "Pods"]);
        for field in ["value", "periodSeconds"] {
            match policy[field].as_i64().unwrap_or(0) {
                number if number <= 0 => found.invalid(&at.child(field), number, "must be greater than zero"),
                long if field == "periodSeconds" && long > 1800 => {
                    found.invalid(&at.child(field), long, "must be less than or equal to 1800");
                }
                _ => {}
            }
        }
    }
}

/// One thing to scale by, and what it should be.
fn metric(found: &mut Findings, metric: &Value, path: &Path) {
    const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    let kind = text(metric, "type");
    if kind.is_empty() {
        return found.required(&path.child("type"), "must specify a metric source type");
    }
    if !TYPES.contains(&kind) {
        // It is looked for twice, and not found either time.
        found.not_supported(&path.child("type"), kind, &TYPES);
        return found.not_supported(&path.child("type"), kind, &TYPES);
    }
    let field = kind[..1].to_lowercase() + &kind[1..];
    let (source, at) = (&metric[&field], path.child(&field));
    if !has(metric, &field) {
        return found.required(&at, "must populate information for the given metric source");
    }
    match kind {
        "Resource" | "ContainerResource" => of_resource(found, source, kind, &at),
        "Object" => of_object(found, source, &at),
        "Pods" => {
            named(found, source, &at.child("metric"));
            kind_of(found, &source["target"], &at.child("target"));
            if !is_positive(&source["target"]["averageValue"]) {
                let at = at.child("target").child("averageValue");
                found.required(&at, "must specify a positive target averageValue");
            }
        }
        _ => of_elsewhere(found, source, &at),
    }
}

fn of_resource(found: &mut Findings, source: &Value, kind: &str, path: &Path) {
    if text(source, "name").is_empty() {
        found.required(&path.child("name"), "must specify a resource name");
    }
    if kind == "ContainerResource" && text(source, "container").is_empty() {
        found.required(&path.child("container"), "must specify a container");
    }
    let (target, at) = (&source["target"], path.child("target"));
    kind_of(found, target, &at);
    match (target["averageUtilization"].as_i64(), has(target, "averageValue")) {
        (Some(_), true) => {
            let message = "may not set both a target raw value and a target utilization";
            found.forbidden(&at.child("averageValue"), message);
        }
        (None, false) => {
            let message = "must set either a target raw value or a target utilization";
            found.required(&at.child("averageUtilization"), message);
        }
        (Some(percent), false) if percent < 1 => {
            found.invalid(&at.child("averageUtilization"), percent, "must be greater than 0");
        }
        _ => {}
    }
}

fn of_object(found: &mut Findings, source: &Value, path: &Path) {
    for field in ["kind", "name"] {
        if text(&source["describedObject"], field).is_empty() {
            found.required(&path.child("describedObject").child(field), "");
        }
    }
    named(found, source, &path.child("metric"));
    let at = path.child("target");
    kind_of(found, &source["target"], &at);
    amounts(found, &source["target"], &at);
    if !has(&source["target"], "value") && !has(&source["target"], "averageValue") {
        found.required(&at.child("averageValue"), "must set either a target value or averageValue");
    }
}

fn of_elsewhere(found: &mut Findings, source: &Value, path: &Path) {
    named(found, source, &path.child("metric"));
    let (target, at) = (&source["target"], path.child("target"));
    kind_of(found, target, &at);
    amounts(found, target, &at);
    match (has(target, "value"), has(target, "averageValue")) {
        (false, false) => {
            let message = "must set either a target value for metric or a per-pod target";
            found.required(&at.child("averageValue"), message);
        }
        (true, true) => {
            let message = "may not set both a target value for metric and a per-pod target";
            found.forbidden(&at.child("value"), message);
        }
        _ => {}
    }
}

fn named(found: &mut Findings, source: &Value, path: &Path) {
    match text(&source["metric"], "name") {
        "" => found.required(&path.child("name"), "must specify a metric name"),
        name => found.invalid_each(&path.child("name"), name, names::path_segment(name)),
    }
}

fn kind_of(found: &mut Findings, target: &Value, path: &Path) {
    let (kind, at) = (text(target, "type"), path.child("type"));
    if kind.is_empty() {
        found.required(&at, "must specify a metric target type");
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind) {
        found.invalid(&at, kind, "must be either Utilization, Value, or AverageValue");
    }
}

fn amounts(found: &mut Findings, target: &Value, path: &Path) {
    for field in ["value", "averageValue"] {
        if has(target, field) && !is_positive(&target[field]) {
            found.invalid(&path.child(field), target[field].clone(), "must be positive");
        }
    }
}

fn is_positive(amount: &Value) -> bool {
    Quantity::from_json(amount).is_ok_and(|amount| !amount.is_zero() && !amount.is_negative()) && !amount.is_null()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(metrics: &Value) -> String {
        let mut found = Findings::default();
        let spec = json!({"minReplicas": 1, "maxReplicas": 3, "metrics": metrics,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}});
        autoscaler(&mut found, &json!({"spec": spec}));
        found.into_errors().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_kind_of_metric_says_what_it_lacks() {
        let container = json!([{"type": "ContainerResource", "containerResource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 50}}}]);
        let pods =
            json!([{"type": "Pods", "pods": {"metric": {"name": ""}, "target": {"type": "Value", "value": "5"}}}]);
        let object = json!([{"type": "Object", "object": {"metric": {"name": "rps"}, "target": {"type": "Value", "value": "0"}}}]);
        let external =
            json!([{"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "Value"}}}]);
        let without = json!([{"type": "Pods", "resource": {"name": "cpu"}}]);
        let lines = [container, pods, object, external, without].map(|metrics| told(&metrics));
        insta::assert_snapshot!(lines.join("\n"), @r#"
        spec.metrics[0].containerResource.container: Required value: must specify a container
        spec.metrics[0].pods.metric.name: Required value: must specify a metric name
        spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue
        spec.metrics[0].object.describedObject.kind: Required value
        spec.metrics[0].object.describedObject.name: Required value
        spec.metrics[0].object.target.value: Invalid value: "0": must be positive
        spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target
        spec.metrics[0].pods: Required value: must populate information for the given metric source
        "#);
    }
}
