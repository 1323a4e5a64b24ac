//! The Pod template inside of an object: a Pod itself, or what a workload makes Pods of.

use serde_json::{Map, Value};

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
    use super::fits;

    #[test]
    fn patterns() {
        assert!(fits("*", "web") && fits("w*b", "web") && fits("web", "web") && fits("*e*", "web"));
        assert!(!fits("web", "webs") && !fits("a*", "web") && !fits("w*a", "web"));
    }
}
