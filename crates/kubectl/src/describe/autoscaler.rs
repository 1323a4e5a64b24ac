//! HorizontalPodAutoscalers, as `autoscaling/v2` has them.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, date, list},
};

/// A HorizontalPodAutoscaler. Whichever version was asked for, the page speaks of the second.
pub fn describe(subject: &Subject<'_>) -> String {
    let object = subject.related.first().unwrap_or(subject.object);
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
    page.field(0, "CreationTimestamp", date(&at(object, "/metadata/creationTimestamp")));
    let kind = at(object, "/spec/scaleTargetRef/kind");
    page.field(0, "Reference", format!("{kind}/{}", at(object, "/spec/scaleTargetRef/name")));
    page.field(0, "Metrics", "( current / target )");
    let current = list(object, "/status/currentMetrics");
    for (number, metric) in list(object, "/spec/metrics").iter().enumerate() {
        page.line(1, row(metric, current.get(number).unwrap_or(&Value::Null)));
    }
    let least = at(object, "/spec/minReplicas");
    page.field(0, "Min replicas", if least.is_empty() { "<unset>".to_owned() } else { least });
    page.field(0, "Max replicas", at(object, "/spec/maxReplicas"));
    behaviour(&mut page, object.pointer("/spec/behavior"));
    let count = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let (now, wanted) = (count("/status/currentReplicas"), count("/status/desiredReplicas"));
    page.field(0, &format!("{kind} pods"), format!("{now} current / {wanted} desired"));
    conditions(&mut page, list(object, "/status/conditions"));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// What is measured, and how much there is of how much there should be.
fn row(metric: &Value, current: &Value) -> String {
    let kind = at(metric, "/type");
    let field = match kind.as_str() {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return format!("<unknown metric type {kind:?}>"),
    };
    let (spec, found) = (&metric[field], current.get(field).map(|found| &found["current"]));
    let by_average = spec.pointer("/target/averageValue").is_some();
    let which = if by_average { "averageValue" } else { "value" };
    let amounts = amounts(spec, found, which);
    let name = at(spec, "/metric/name");
    let target = if by_average { "(target average value)" } else { "(target value)" };
    match field {
        "external" => format!("{name:?} {target}:\t{amounts}"),
        "pods" => format!("{name:?} on pods:\t{}", self::amounts(spec, found, "averageValue")),
        "object" => {
            let on = [at(spec, "/describedObject/kind"), at(spec, "/describedObject/name")].join("/");
            format!("\"{name}\" on {on} {target}:\t{amounts}")
        }
        _ => {
            let of = at(spec, "/container");
            let of = if of.is_empty() { of } else { format!(" of container \"{of}\"") };
            let what = format!("resource {}{of} on pods", at(spec, "/name"));
            if by_average {
                format!("{what}:\t{amounts}")
            } else {
                format!("{what}  (as a percentage of request):\t{}", shares(spec, found))
            }
        }
    }
}

fn amounts(spec: &Value, found: Option<&Value>, which: &str) -> String {
    let shown = |value: Option<&Value>, missing: &str| match value.and_then(|value| value.get(which)) {
        Some(amount) => super::page::plain(amount),
        None => missing.to_owned(),
    };
    // A metric that was measured otherwise has a quantity of nothing.
    let now = found.map_or_else(|| "<unknown>".to_owned(), |found| shown(Some(found), "<nil>"));
    format!("{now} / {}", shown(spec.get("target"), "<nil>"))
}

fn shares(spec: &Value, found: Option<&Value>) -> String {
    let share = found.filter(|found| found.get("averageUtilization").is_some());
    let now = share.map_or_else(
        || "<unknown>".to_owned(),
        |found| format!("{}% ({})", at(found, "/averageUtilization"), at(found, "/averageValue")),
    );
    let wanted = at(spec, "/target/averageUtilization");
    let wanted = if wanted.is_empty() { "<auto>".to_owned() } else { format!("{wanted}%") };
    format!("{now} / {wanted}")
}

fn behaviour(page: &mut Page, behaviour: Option<&Value>) {
    let Some(behaviour) = behaviour else { return };
    page.line(0, "Behavior:");
    for (title, field) in [("Scale Up", "/scaleUp"), ("Scale Down", "/scaleDown")] {
        let Some(rules) = behaviour.pointer(field) else { continue };
        page.line(1, format!("{title}:"));
        let window = at(rules, "/stabilizationWindowSeconds");
        if !window.is_empty() {
            page.line(2, format!("Stabilization Window: {window} seconds"));
        }
        let policies = list(rules, "/policies");
        if policies.is_empty() {
            continue;
        }
        let chosen = at(rules, "/selectPolicy");
        page.line(2, format!("Select Policy: {}", if chosen.is_empty() { "Max" } else { &chosen }));
        page.line(2, "Policies:");
        for policy in policies {
            let text = |field: &str| at(policy, field);
            let (kind, value, period) = (text("/type"), text("/value"), text("/periodSeconds"));
            page.line(3, format!("- Type: {kind}\tValue: {value}\tPeriod: {period} seconds"));
        }
    }
}

fn conditions(page: &mut Page, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tReason\tMessage");
    page.line(1, "----\t------\t------\t-------");
    for condition in conditions {
        page.line(1, ["/type", "/status", "/reason", "/message"].map(|field| at(condition, field)).join("\t"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_autoscaler_in_words() {
        let object = json!({
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": "default", "creationTimestamp": "2026-11-23T08:00:00Z"},
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 1, "maxReplicas": 5,
                "metrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 50}}},
                    {"type": "Resource", "resource": {"name": "memory", "target": {"averageValue": "64Mi"}}},
                    {"type": "Pods", "pods": {"metric": {"name": "hits"}, "target": {"averageValue": "1k"}}},
                    {"type": "Object", "object": {"metric": {"name": "hits"},
                        "describedObject": {"kind": "Ingress", "name": "main"}, "target": {"value": "10k"}}},
                ],
                "behavior": {"scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
                    {"type": "Pods", "value": 4, "periodSeconds": 15},
                    {"type": "Percent", "value": 100, "periodSeconds": 15}]}},
            },
            "status": {
                "currentReplicas": 1, "desiredReplicas": 2,
                "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu",
                    "current": {"averageUtilization": 98, "averageValue": "98m"}}}],
                "conditions": [{"type": "AbleToScale", "status": "True", "reason": "SucceededRescale",
                    "message": "the HPA controller was able to update the target scale to 2"}],
            },
        });
        let now = "2026-11-23T08:01:00Z".parse().unwrap();
        let subject = Subject { object: &object, related: &[], events: Some(&[]), now };
        insta::assert_snapshot!(describe(&subject), @"
        Name:                                                  web
        Namespace:                                             default
        Labels:                                                <none>
        Annotations:                                           <none>
        CreationTimestamp:                                     Mon, 23 Nov 2026 08:00:00 +0000
        Reference:                                             Deployment/web
        Metrics:                                               ( current / target )
          resource cpu on pods  (as a percentage of request):  98% (98m) / 50%
          resource memory on pods:                             <unknown> / 64Mi
          \"hits\" on pods:                                      <unknown> / 1k
          \"hits\" on Ingress/main (target value):               <unknown> / 10k
        Min replicas:                                          1
        Max replicas:                                          5
        Behavior:
          Scale Up:
            Stabilization Window: 0 seconds
            Select Policy: Max
            Policies:
              - Type: Pods     Value: 4    Period: 15 seconds
              - Type: Percent  Value: 100  Period: 15 seconds
        Deployment pods:       1 current / 2 desired
        Conditions:
          Type         Status  Reason            Message
          ----         ------  ------            -------
          AbleToScale  True    SucceededRescale  the HPA controller was able to update the target scale to 2
        Events:        <none>
        ");
    }
}
