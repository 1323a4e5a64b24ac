//! HorizontalPodAutoscalers: what they scale by, how fast, and how that goes.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, date, list},
};

/// A HorizontalPodAutoscaler.
pub fn describe(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
    page.field(0, "CreationTimestamp", date(&at(object, "/metadata/creationTimestamp")));
    let kind = at(object, "/spec/scaleTargetRef/kind");
    page.field(0, "Reference", format!("{kind}/{}", at(object, "/spec/scaleTargetRef/name")));
    page.field(0, "Metrics", "( current / target )");
    for (index, wanted) in list(object, "/spec/metrics").iter().enumerate() {
        let seen = object.pointer(&format!("/status/currentMetrics/{index}")).unwrap_or(&Value::Null);
        page.line(1, metric(wanted, seen));
    }
    let least = at(object, "/spec/minReplicas");
    page.field(0, "Min replicas", if least.is_empty() { "<unset>".to_owned() } else { least });
    page.field(0, "Max replicas", at(object, "/spec/maxReplicas"));
    if let Some(behavior) = object.pointer("/spec/behavior") {
        page.line(0, "Behavior:");
        direction(&mut page, "Scale Up", behavior.get("scaleUp"));
        direction(&mut page, "Scale Down", behavior.get("scaleDown"));
    }
    let count = |field: &str| object.pointer(&format!("/status/{field}")).and_then(Value::as_i64).unwrap_or(0);
    let (current, desired) = (count("currentReplicas"), count("desiredReplicas"));
    page.field(0, &format!("{kind} pods"), format!("{current} current / {desired} desired"));
    let conditions = list(object, "/status/conditions");
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tReason\tMessage");
        page.line(1, "----\t------\t------\t-------");
        for condition in conditions {
            page.line(1, ["/type", "/status", "/reason", "/message"].map(|field| at(condition, field)).join("\t"));
        }
    }
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// What is seen of a metric, and what is wanted.
fn metric(wanted: &Value, seen: &Value) -> String {
    let known = |value: String| if value.is_empty() { "<unknown>".to_owned() } else { value };
    let kind = at(wanted, "/type");
    let (field, name) = match kind.as_str() {
        "Resource" => ("resource", format!("resource {} on pods", at(wanted, "/resource/name"))),
        "ContainerResource" => {
            let (name, container) = (at(wanted, "/containerResource/name"), at(wanted, "/containerResource/container"));
            ("containerResource", format!("resource {name} of container {container:?} on pods"))
        }
        "Pods" => ("pods", format!("{:?} on pods", at(wanted, "/pods/metric/name"))),
        "External" => ("external", format!("{:?}", at(wanted, "/external/metric/name"))),
        "Object" => {
            let (kind, name) = (at(wanted, "/object/describedObject/kind"), at(wanted, "/object/describedObject/name"));
            ("object", format!("{:?} on {kind}/{name}", at(wanted, "/object/metric/name")))
        }
        _ => return format!("<unknown metric type {kind:?}>"),
    };
    let current = |value: &str| at(seen, &format!("/{field}/current/{value}"));
    let target = |value: &str| at(wanted, &format!("/{field}/target/{value}"));
    let average = target("averageValue");
    match kind.as_str() {
        "Resource" | "ContainerResource" if average.is_empty() => {
            let percent = match current("averageUtilization") {
                none if none.is_empty() => known(none),
                percent => format!("{percent}% ({})", current("averageValue")),
            };
            let goal = match target("averageUtilization") {
                none if none.is_empty() => "<auto>".to_owned(),
                goal => format!("{goal}%"),
            };
            format!("{name}  (as a percentage of request):\t{percent} / {goal}")
        }
        "External" | "Object" if average.is_empty() => {
            format!("{name} (target value):\t{} / {}", known(current("value")), target("value"))
        }
        "External" | "Object" => {
            format!("{name} (target average value):\t{} / {average}", known(current("averageValue")))
        }
        _ => format!("{name}:\t{} / {average}", known(current("averageValue"))),
    }
}

/// How fast it may go one way.
fn direction(page: &mut Page, title: &str, rules: Option<&Value>) {
    let Some(rules) = rules else { return };
    page.line(1, format!("{title}:"));
    let window = at(rules, "/stabilizationWindowSeconds");
    if !window.is_empty() {
        page.line(2, format!("Stabilization Window: {window} seconds"));
    }
    let policies = list(rules, "/policies");
    if policies.is_empty() {
        return;
    }
    let select = at(rules, "/selectPolicy");
    page.line(2, format!("Select Policy: {}", if select.is_empty() { "Max" } else { &select }));
    page.line(2, "Policies:");
    for policy in policies {
        let (kind, value, period) = (at(policy, "/type"), at(policy, "/value"), at(policy, "/periodSeconds"));
        page.line(3, format!("- Type: {kind}\tValue: {value}\tPeriod: {period} seconds"));
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
