//! Kinds that govern others: disruption budgets, priorities, network policies, roles, autoscalers, leases.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AGE, CREATED_AT, Column, NAME, Row, column, metadata_cells, or_none, selector, wide};
use crate::json::{at, flag, int, items, text};

pub(super) const DISRUPTION_BUDGET: &[Column] = &[
    NAME,
    column("Min Available", "string", "The minimum number of pods that must be available."),
    column("Max Unavailable", "string", "The maximum number of pods that may be unavailable."),
    column("Allowed Disruptions", "integer", "Calculated number of pods that may be disrupted at this time."),
    AGE,
];
pub(super) const PRIORITY: &[Column] = &[
    NAME,
    column("Value", "integer", "The number behind the class; the greater goes first."),
    column("Global-Default", "boolean", "Whether Pods without a class are of this one."),
    AGE,
    column("PreemptionPolicy", "string", "Whether Pods of the class make room by ending others."),
];
pub(super) const NETWORK_POLICY: &[Column] =
    &[NAME, column("Pod-Selector", "string", "The Pods that the policy is about."), AGE];
pub(super) const BINDING: &[Column] = &[
    NAME,
    column("Role", "string", "The role that is given."),
    AGE,
    wide("Users", "Users in the roleBinding"),
    wide("Groups", "Groups in the roleBinding"),
    wide("ServiceAccounts", "ServiceAccounts in the roleBinding"),
];
pub(super) const ROLE: &[Column] = &[NAME, CREATED_AT];
pub(super) const LEASE: &[Column] = &[NAME, column("Holder", "string", "Who holds the lease."), AGE];
pub(super) const REVISION: &[Column] = &[
    NAME,
    column("Controller", "string", "Controller of the object"),
    column("Revision", "string", "The number of the revision."),
    AGE,
];
pub(super) const AUTOSCALER: &[Column] = &[
    NAME,
    column("Reference", "string", "What is scaled."),
    column("Targets", "string", "What it is scaled by: seen and wanted."),
    column("MinPods", "string", "The fewest Pods there may be."),
    column("MaxPods", "string", "The most Pods there may be."),
    column("Replicas", "string", "How many Pods there are."),
    AGE,
];
pub(super) const INGRESS: &[Column] = &[
    NAME,
    column("Class", "string", "The name of the IngressClass resource that should be used for additional configuration"),
    column("Hosts", "string", "Hosts that incoming requests are matched against before the ingress rule"),
    column("Address", "string", "Address is a list containing ingress points for the load-balancer"),
    column("Ports", "string", "Ports of TLS configurations that open"),
    AGE,
];
pub(super) const POD_TEMPLATE: &[Column] = &[
    NAME,
    column("Containers", "string", "Names of each container in the template."),
    column("Images", "string", "Images referenced by each container in the template."),
    column("Pod Labels", "string", "The labels for the pod template."),
];
pub(super) const AGED: &[Column] = &[NAME, AGE];
pub(super) const CLASS_OF_RUNTIME: &[Column] = &[NAME, column("Handler", "string", "What runs the containers."), AGE];

/// A number or a percentage; `N/A` when it is not set.
fn share(value: &Value) -> Value {
    match value {
        Value::Null => json!("N/A"),
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

pub(super) fn disruption_budget(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    let share = |field| share(at(object, &["spec", field]));
    let allowed = int(&object["status"], "disruptionsAllowed").unwrap_or(0);
    Row::of(vec![name, share("minAvailable"), share("maxUnavailable"), json!(allowed), age])
}

pub(super) fn priority(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    let value = json!(int(object, "value").unwrap_or(0));
    Row::of(vec![name, value, json!(flag(object, "globalDefault")), age, json!(text(object, "preemptionPolicy"))])
}

pub(super) fn network_policy(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    Row::of(vec![name, json!(selector::shown(&object["spec"]["podSelector"])), age])
}

pub(super) fn binding(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    let role = format!("{}/{}", text(&object["roleRef"], "kind"), text(&object["roleRef"], "name"));
    let subjects = |kind: &str| {
        let of_kind = items(object, "subjects").iter().filter(|subject| text(subject, "kind") == kind);
        let shown = |subject: &Value| match kind {
            "ServiceAccount" => format!("{}/{}", text(subject, "namespace"), text(subject, "name")),
            _ => text(subject, "name").to_owned(),
        };
        json!(of_kind.map(shown).collect::<Vec<_>>().join(", "))
    };
    Row::of(vec![name, json!(role), age, subjects("User"), subjects("Group"), subjects("ServiceAccount")])
}

pub(super) fn lease(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    Row::of(vec![name, json!(text(&object["spec"], "holderIdentity")), age])
}

pub(super) fn revision(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    let owners = items(&object["metadata"], "ownerReferences");
    let controller = owners.iter().find(|owner| flag(owner, "controller")).map(|owner| {
        let group = text(owner, "apiVersion").split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
        format!("{}{group}/{}", text(owner, "kind").to_lowercase(), text(owner, "name"))
    });
    Row::of(vec![name, or_none(controller.as_deref().unwrap_or("")), object["revision"].clone(), age])
}

pub(super) fn autoscaler(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [name, age] = metadata_cells(object, now);
    let target = &spec["scaleTargetRef"];
    let least = int(spec, "minReplicas").map_or_else(|| "<unset>".to_owned(), |count| count.to_string());
    Row::of(vec![
        name,
        json!(format!("{}/{}", text(target, "kind"), text(target, "name"))),
        json!(metrics(spec, status)),
        json!(least),
        json!(int(spec, "maxReplicas").unwrap_or(0)),
        json!(int(status, "currentReplicas").unwrap_or(0)),
        age,
    ])
}

/// Each metric, as `cpu: 12%/80%` or `5/10k`.
fn metrics(spec: &Value, status: &Value) -> String {
    let shown = |(index, wanted): (usize, &Value)| metric(wanted, &status["currentMetrics"][index]);
    let all: Vec<String> = items(spec, "metrics").iter().enumerate().map(shown).collect();
    match all.len() {
        0 => "<none>".to_owned(),
        1 | 2 => all.join(", "),
        more => format!("{} + {} more...", all[..2].join(", "), more - 2),
    }
}

/// What is seen of a metric, and what is wanted.
fn metric(wanted: &Value, seen: &Value) -> String {
    const FIELDS: [(&str, &str); 5] = [
        ("Resource", "resource"),
        ("ContainerResource", "containerResource"),
        ("Pods", "pods"),
        ("Object", "object"),
        ("External", "external"),
    ];
    let kind = text(wanted, "type");
    let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == kind) else {
        return "<unknown type>".to_owned();
    };
    let (target, current) = (&wanted[*field]["target"], &seen[*field]["current"]);
    let now = |value: Option<String>| value.unwrap_or_else(|| "<unknown>".to_owned());
    let amount = |of: &Value, field: &str| of[field].as_str().map(str::to_owned);
    let percent = |of: &Value| of["averageUtilization"].as_i64().map(|number| format!("{number}%"));
    let average = amount(target, "averageValue").map(|goal| (now(amount(current, "averageValue")), goal));
    match (average, kind) {
        (Some((now, goal)), "Resource" | "ContainerResource") => {
            format!("{}: {now}/{goal}", text(&wanted[*field], "name"))
        }
        (None, "Resource" | "ContainerResource") => {
            let goal = percent(target).unwrap_or_else(|| "<auto>".to_owned());
            format!("{}: {}/{goal}", text(&wanted[*field], "name"), now(percent(current)))
        }
        (Some((now, goal)), "Pods") => format!("{now}/{goal}"),
        (Some((now, goal)), _) => format!("{now}/{goal} (avg)"),
        (None, _) => format!("{}/{}", now(amount(current, "value")), now(amount(target, "value"))),
    }
}

pub(super) fn ingress(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    let [name, age] = metadata_cells(object, now);
    let hosts: Vec<&str> =
        items(spec, "rules").iter().map(|rule| text(rule, "host")).filter(|host| !host.is_empty()).collect();
    let hosts = match hosts.len() {
        0 => "*".to_owned(),
        1..=3 => hosts.join(","),
        more => format!("{} + {} more...", hosts[..3].join(","), more - 3),
    };
    let points = items(&object["status"]["loadBalancer"], "ingress").iter();
    let addresses: Vec<&str> = points
        .map(|point| if text(point, "ip").is_empty() { text(point, "hostname") } else { text(point, "ip") })
        .collect();
    let ports = if items(spec, "tls").is_empty() { "80" } else { "80, 443" };
    let cells = vec![
        name,
        or_none(text(spec, "ingressClassName")),
        json!(hosts),
        json!(addresses.join(",")),
        json!(ports),
        age,
    ];
    Row::of(cells)
}

pub(super) fn pod_template(object: &Value) -> Row {
    let containers = items(at(object, &["template", "spec"]), "containers");
    let listed = |field: &str| json!(containers.iter().map(|c| text(c, field)).collect::<Vec<_>>().join(","));
    let labels = selector::labels(at(object, &["template", "metadata", "labels"]));
    Row::of(vec![object["metadata"]["name"].clone(), listed("name"), listed("image"), json!(labels)])
}

pub(super) fn runtime_class(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    Row::of(vec![name, json!(text(object, "handler")), age])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_shown_as_seen_and_wanted() {
        let spec = |metric: Value| json!({"metrics": [metric]});
        let share = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 50}}});
        let seen =
            json!({"currentMetrics": [{"type": "Resource", "resource": {"current": {"averageUtilization": 12}}}]});
        let amount = json!({"type": "Resource", "resource": {"name": "memory", "target": {"averageValue": "64Mi"}}});
        let hits = json!({"type": "Object", "object": {"target": {"value": "10k"}}});
        let queue = json!({"type": "External", "external": {"target": {"averageValue": "30"}}});
        let nothing = json!({"currentMetrics": [{"type": ""}]});
        let lines = [
            metrics(&spec(share.clone()), &seen),
            metrics(&spec(share.clone()), &nothing),
            metrics(&spec(amount.clone()), &nothing),
            metrics(&spec(hits), &nothing),
            metrics(&spec(queue), &nothing),
            metrics(&json!({"metrics": [share, amount.clone(), amount]}), &seen),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        cpu: 12%/50%
        cpu: <unknown>/50%
        memory: <unknown>/64Mi
        <unknown>/10k
        <unknown>/30 (avg)
        cpu: 12%/50%, memory: <unknown>/64Mi + 1 more...
        ");
    }
}
