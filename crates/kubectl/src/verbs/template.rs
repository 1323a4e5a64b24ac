//! The Pod template inside of an object: a Pod itself, or what a workload makes Pods of.

use serde_json::{Map, Value, json};

/// Where the spec of the Pods is, by kind; `None` for kinds without.
pub fn spec_path(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some("/spec"),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicationController" => {
            Some("/spec/template/spec")
        }
        "CronJob" => Some("/spec/jobTemplate/spec/template/spec"),
        "PodTemplate" => Some("/template/spec"),
        _ => None,
    }
}

/// The spec of the Pods, to be changed.
pub fn spec_mut(object: &mut Value) -> Option<&mut Map<String, Value>> {
    let kind = object.get("kind")?.as_str()?.to_owned();
    object.pointer_mut(spec_path(&kind)?)?.as_object_mut()
}

/// Gives an object of a file the empty parts that Go's types have: kubectl reads it into them and prints them again.
pub fn fill(object: &mut Value) {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(path) = spec_path(&kind) else { return };
    let parts: &[(&str, Value)] = &match kind.as_str() {
        "Deployment" => [("/spec/strategy", json!({})), ("/status", json!({}))],
        "StatefulSet" => [("/spec/updateStrategy", json!({})), ("/status", json!({"replicas": 0}))],
        "DaemonSet" => [
            ("/spec/updateStrategy", json!({})),
            (
                "/status",
                json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0}),
            ),
        ],
        "ReplicaSet" | "ReplicationController" => [("/metadata", json!({})), ("/status", json!({"replicas": 0}))],
        "CronJob" => [("/spec/jobTemplate/metadata", json!({})), ("/status", json!({}))],
        "PodTemplate" => [("/metadata", json!({})), ("/template/metadata", json!({}))],
        _ => [("/metadata", json!({})), ("/status", json!({}))],
    };
    for (place, empty) in parts {
        add(object, place, empty);
    }
    if let Some(template) = path.strip_suffix("/spec").filter(|template| !template.is_empty()) {
        add(object, &format!("{template}/metadata"), &json!({}));
    }
    for container in spec_mut(object).map(containers_mut).unwrap_or_default() {
        container.entry("resources").or_insert_with(|| json!({}));
    }
}

/// Adds a field where its holder is there and it is not.
fn add(object: &mut Value, pointer: &str, value: &Value) {
    let Some((holder, name)) = pointer.rsplit_once('/') else { return };
    if let Some(map) = object.pointer_mut(holder).and_then(Value::as_object_mut) {
        map.entry(name).or_insert_with(|| value.clone());
    }
}

/// The containers of both lists, to be changed; those that run for long first.
pub fn containers_mut(spec: &mut Map<String, Value>) -> Vec<&mut Map<String, Value>> {
    let (mut long, mut init) = (Vec::new(), Vec::new());
    for (name, value) in spec.iter_mut() {
        let Some(list) = value.as_array_mut() else { continue };
        match name.as_str() {
            "containers" => long.extend(list.iter_mut().filter_map(Value::as_object_mut)),
            "initContainers" => init.extend(list.iter_mut().filter_map(Value::as_object_mut)),
            _ => {}
        }
    }
    // kubectl goes through the init containers first.
    init.extend(long);
    init
}

/// A container's name.
pub fn name(container: &Map<String, Value>) -> &str {
    container.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// Whether a name fits a pattern in which `*` stands for anything.
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_prints_of_an_empty_part() {
        let mut object = json!({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}});
        fill(&mut object);
        assert_eq!(
            object,
            json!({"kind": "Deployment", "status": {}, "spec": {
                "strategy": {}, "template": {"metadata": {}, "spec": {"containers": [{"name": "a", "resources": {}}]}}}})
        );
    }

    #[test]
    fn patterns() {
        assert!(fits("*", "web") && fits("w*b", "web") && fits("web", "web") && fits("*e*", "web"));
        assert!(!fits("web", "webs") && !fits("a*", "web") && !fits("w*a", "web"));
    }
}
