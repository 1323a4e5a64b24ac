//! What is allowed in a Pod, but hardly meant.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    admission::{
        quantity::Quantity,
        validate::{self, Path},
    },
    json::{at, entries, has, int, items, text},
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
        ("", "Service") => return service(&object["spec"]),
        ("", "PersistentVolume") => return volume(&object["spec"]),
        ("", "PersistentVolumeClaim") => return claim(&object["metadata"]),
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

fn service(spec: &Value) -> Vec<String> {
    let mut said = Vec::new();
    if !items(spec, "externalIPs").is_empty() {
        said.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".to_owned());
    }
    if !text(spec, "externalName").is_empty() && text(spec, "type") != "ExternalName" {
        said.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if text(spec, "trafficDistribution") == "PreferClose" {
        said.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".to_owned());
    }
    said
}

fn volume(spec: &Value) -> Vec<String> {
    let recycled = text(spec, "persistentVolumeReclaimPolicy") == "Recycle";
    let why =
        "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
    recycled.then(|| format!("spec.persistentVolumeReclaimPolicy: {why}")).into_iter().collect()
}

fn claim(metadata: &Value) -> Vec<String> {
    const OLD: &str = "volume.beta.kubernetes.io/storage-class";
    let named = has(&metadata["annotations"], OLD);
    let why = "deprecated since v1.8; use \"storageClassName\" attribute instead";
    named.then(|| format!("metadata.annotations[{OLD}]: {why}")).into_iter().collect()
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
    for (index, constraint) in items(spec, "topologySpreadConstraints").iter().enumerate() {
        if !has(constraint, "labelSelector") {
            let path = path.child("topologySpreadConstraints").index(index).child("labelSelector");
            said.push(format!("{path}: a null labelSelector results in matching no pod"));
        }
    }
    for (index, volume) in items(spec, "volumes").iter().enumerate() {
        of_volume(volume, &path.child("volumes").index(index), &mut said);
    }
    for (index, secret) in items(spec, "imagePullSecrets").iter().enumerate() {
        if text(secret, "name").is_empty() {
            let path = path.child("imagePullSecrets").index(index).child("name");
            said.push(format!("{path}: invalid empty name \"\""));
        }
    }
    for list in ["initContainers", "containers"] {
        for (index, container) in items(spec, list).iter().enumerate() {
            let path = path.child(list).index(index);
            fractions(container, &path, &mut said);
            hidden_variables(container, &path, &mut said);
        }
    }
    repeated_ports(spec, path, &mut said);
    said
}

fn of_volume(volume: &Value, path: &Path, said: &mut Vec<String>) {
    if has(volume, "gitRepo") {
        let path = path.child("gitRepo");
        said.push(format!("{path}: deprecated in v1.11, and disabled by default in v1.33+"));
    }
    let empty = |source: &&Value| source.as_object().is_some_and(serde_json::Map::is_empty);
    for _ in items(&volume["projected"], "sources").iter().filter(empty) {
        said.push(format!("volume {:?} (Projected) has no sources provided", text(volume, "name")));
    }
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

/// Ports that a Pod has twice, in one container or in two.
fn repeated_ports(spec: &Value, path: &Path, said: &mut Vec<String>) {
    let mut seen: HashMap<(i64, &str, i64, &str), Path> = HashMap::new();
    let mut named: HashMap<&str, Path> = HashMap::new();
    let of = |(index, container)| {
        let list = path.child("containers").index(index).child("ports");
        items(container, "ports").iter().enumerate().map(move |(index, port)| (list.index(index), port))
    };
    for (path, port) in items(spec, "containers").iter().enumerate().flat_map(of) {
        let number = |field| int(port, field).unwrap_or(0);
        let (own, host) = (number("containerPort"), number("hostPort"));
        let (protocol, address, name) = (text(port, "protocol"), text(port, "hostIP"), text(port, "name"));
        if host == 0 && !address.is_empty() {
            said.push(format!(
                "{path}: hostIP set without hostPort: {{Name:{name} HostPort:0 ContainerPort:{own} \
                 Protocol:{protocol} HostIP:{address}}}"
            ));
        }
        if let Some(first) = seen.get(&(own, protocol, host, address)) {
            said.push(format!("{path}: duplicate port definition with {first}"));
        } else {
            seen.insert((own, protocol, host, address), path.clone());
        }
        if let Some(first) = named.get(name) {
            said.push(format!(
                "{path}: duplicate port name {name:?} with {first}, services and probes that select ports by name will \
                 use {first}"
            ));
        } else if !name.is_empty() {
            named.insert(name, path);
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

    /// As Kubernetes 1.36 says it.
    #[test]
    fn ports_of_two_containers_are_compared() {
        let port = json!({"name": "http", "containerPort": 80, "protocol": "TCP"});
        let alone = json!({"containerPort": 81, "protocol": "TCP", "hostIP": "1.2.3.4"});
        let spec = json!({"containers": [{"ports": [port]}, {"ports": [port, alone]}], "imagePullSecrets": [{}],
            "volumes": [{"name": "v", "projected": {"sources": [{}]}}, {"name": "g", "gitRepo": {}}],
            "topologySpreadConstraints": [{"topologyKey": "zone"}]});
        insta::assert_snapshot!(pod_spec(&spec, &Path::new("spec")).join("\n"), @r#"
        spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod
        volume "v" (Projected) has no sources provided
        spec.volumes[1].gitRepo: deprecated in v1.11, and disabled by default in v1.33+
        spec.imagePullSecrets[0].name: invalid empty name ""
        spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]
        spec.containers[1].ports[0]: duplicate port name "http" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]
        spec.containers[1].ports[1]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:81 Protocol:TCP HostIP:1.2.3.4}
        "#);
    }

    #[test]
    fn what_waits_for_a_controller_is_said() {
        let said = |version: &str, kind: &str| unserved(crate::registry::find_kind(version, kind).unwrap());
        assert_eq!(said("v1", "Service"), None);
        insta::assert_snapshot!(said("networking.k8s.io/v1", "Ingress").unwrap(), @"no controller in this sandbox serves Ingress objects: they are kept as data, and no traffic comes by them");
    }
}
