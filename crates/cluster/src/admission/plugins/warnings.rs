//! What is allowed in a Pod, but hardly meant.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    admission::{
        quantity::Quantity,
        validate::{self, Path},
    },
    json::{at, entries, int, items, text},
    registry::Resource,
};

/// Labels of nodes that have a newer name.
const RENAMED: [(&str, &str); 5] = [
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
];

/// The warnings for a new or changed object.
pub(super) fn of(resource: &Resource, object: &Value) -> Vec<String> {
    let mut said = Vec::new();
    let path: &[&str] = match (resource.group, resource.kind) {
        ("", "Pod") => &["spec"],
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") | ("batch", "Job") => {
            &["spec", "template", "spec"]
        }
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return said,
    };
    let shown = path[1..].iter().fold(Path::new(path[0]), |path, part| path.child(part));
    said.extend(pod_spec(at(object, path), &shown));
    if resource.kind == "StatefulSet" && int(&object["spec"], "revisionHistoryLimit").is_some_and(|limit| limit < 0) {
        let why = "a negative value retains all historical revisions; a value >= 0 is recommended";
        said.push(format!("spec.revisionHistoryLimit: {why}"));
    }
    said
}

/// The warning for a new object whose name does not fit into the names of hosts.
pub(super) fn name(resource: &Resource, object: &Value) -> Vec<String> {
    let used = match (resource.group, resource.kind) {
        ("", "Pod") => "this is used in the Pod's hostname",
        ("", "ReplicationController") | ("apps", "Deployment" | "ReplicaSet") | ("batch", "Job" | "CronJob") => {
            "this is used in Pod names and hostnames"
        }
        _ => return Vec::new(),
    };
    let wrong = validate::label(text(&object["metadata"], "name"));
    let advice = "which can result in surprising behavior; a DNS label is recommended";
    if wrong.is_empty() {
        return wrong;
    }
    vec![format!("metadata.name: {used}, {advice}: [{}]", wrong.join(" "))]
}

/// What is kept, and waits for a controller that a sandbox does not have: a real cluster says nothing of it.
pub(super) fn unserved(resource: &Resource) -> Option<String> {
    let waits = matches!(
        (resource.group, resource.kind),
        ("networking.k8s.io", "Ingress") | ("gateway.networking.k8s.io", "Gateway" | "HTTPRoute" | "GRPCRoute")
    );
    let kind = resource.kind;
    waits.then(|| {
        format!(
            "no controller in this sandbox serves {kind} objects: they are kept as data, and no traffic comes by them"
        )
    })
}

fn pod_spec(spec: &Value, path: &Path) -> Vec<String> {
    let mut said = Vec::new();
    if int(spec, "terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0) {
        let why = "must be >= 0; negative values are invalid and will be treated as 1";
        said.push(format!("{}: {why}", path.child("terminationGracePeriodSeconds")));
    }
    for (label, _) in entries(spec, "nodeSelector") {
        if let Some((_, new)) = RENAMED.iter().find(|(old, _)| old == label) {
            said.push(format!(
                "{}: deprecated since v1.14; use \"{new}\" instead",
                path.child("nodeSelector").key(label)
            ));
        }
    }
    for list in ["initContainers", "containers"] {
        for (index, container) in items(spec, list).iter().enumerate() {
            let path = path.child(list).index(index);
            fractions(container, &path, &mut said);
            hidden_variables(container, &path, &mut said);
            repeated_ports(container, &path, &mut said);
        }
    }
    said
}

/// There is no such thing as a part of a byte.
fn fractions(container: &Value, path: &Path, said: &mut Vec<String>) {
    for list in ["limits", "requests"] {
        for resource in ["memory", "ephemeral-storage"] {
            let amount = at(container, &["resources", list, resource]);
            if Quantity::from_json(amount).is_ok_and(|amount| !amount.is_whole()) {
                let path = path.child("resources").child(list).key(resource);
                said.push(format!("{path}: fractional byte value {amount} is invalid, must be an integer"));
            }
        }
    }
}

/// Of two variables of the same name the last one counts, unless it is made from the first.
fn hidden_variables(container: &Value, path: &Path, said: &mut Vec<String>) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (index, entry) in items(container, "env").iter().enumerate() {
        let name = text(entry, "name");
        let uses_itself = text(entry, "value").contains(&format!("$({name})"));
        if seen.insert(name, index).is_some() && !uses_itself {
            let path = path.child("env").index(index);
            said.push(format!("{path}: hides previous definition of {name:?}, which may be dropped when using apply"));
        }
    }
}

fn repeated_ports(container: &Value, path: &Path, said: &mut Vec<String>) {
    let mut seen: HashMap<(i64, &str, i64, &str), usize> = HashMap::new();
    for (index, port) in items(container, "ports").iter().enumerate() {
        let number = |field| int(port, field).unwrap_or(0);
        let key = (number("containerPort"), text(port, "protocol"), number("hostPort"), text(port, "hostIP"));
        let list = path.child("ports");
        if let Some(first) = seen.get(&key) {
            said.push(format!("{}: duplicate port definition with {}", list.index(index), list.index(*first)));
        } else {
            seen.insert(key, index);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The first line is recorded in `errors/strict-fields.yaml`.
    #[test]
    fn what_is_hardly_meant_is_said() {
        let spec = json!({"containers": [{
            "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}, {"name": "A", "value": "$(A)3"}],
            "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "TCP"}],
            "resources": {"requests": {"memory": "100m"}},
        }], "nodeSelector": {"beta.kubernetes.io/os": "linux"}});
        insta::assert_snapshot!(pod_spec(&spec, &Path::new("spec")).join("\n"), @r#"
        spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead
        spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer
        spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply
        spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]
        "#);
    }

    #[test]
    fn names_that_make_no_host_names_are_named() {
        let said = |version: &str, kind: &str, object: Value| {
            let resource = crate::registry::find_kind(version, kind).unwrap();
            [name(resource, &object), of(resource, &object)].concat().join("\n")
        };
        let long = "x".repeat(64);
        assert!(
            said("v1", "Pod", json!({"metadata": {"name": long}})).ends_with("[must be no more than 63 characters]")
        );
        let dotted = json!({"metadata": {"name": "a.b"}, "spec": {"revisionHistoryLimit": -1}});
        assert!(said("apps/v1", "Deployment", dotted.clone()).starts_with(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label"
        ));
        insta::assert_snapshot!(said("apps/v1", "StatefulSet", dotted), @"spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended");
    }

    #[test]
    fn what_waits_for_a_controller_is_said() {
        let said = |version: &str, kind: &str| unserved(crate::registry::find_kind(version, kind).unwrap());
        assert_eq!(said("v1", "Service"), None);
        insta::assert_snapshot!(said("networking.k8s.io/v1", "Ingress").unwrap(), @"no controller in this sandbox serves Ingress objects: they are kept as data, and no traffic comes by them");
    }
}
