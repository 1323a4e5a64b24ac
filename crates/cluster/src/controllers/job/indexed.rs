//! Indexed Jobs: each Pod has a number.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    controllers::name_of,
    json::{at, child, each, items, put, text},
};

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The number of a Pod.
pub(super) fn of(pod: &Value) -> Option<i64> {
    text(at(pod, &["metadata", "annotations"]), INDEX).parse().ok()
}

/// The Pod with a number: in its name, host name, labels, annotations and the environment of its containers.
pub(super) fn pod(job: &Value, mut pod: Value, index: i64) -> Value {
    let name = format!("{}-{index}", name_of(job));
    let metadata = child(&mut pod, "metadata");
    put(metadata, "generateName", format!("{name}-"));
    put(child(metadata, "annotations"), INDEX, index.to_string());
    put(child(metadata, "labels"), INDEX, index.to_string());
    let spec = child(&mut pod, "spec");
    put(spec, "hostname", name);
    for list in ["initContainers", "containers"] {
        each(spec, list, |container| {
            if items(container, "env").iter().any(|entry| text(entry, "name") == "JOB_COMPLETION_INDEX") {
                return;
            }
            let mut env = items(container, "env").to_vec();
            let source = json!({"fieldRef": {"apiVersion": "v1", "fieldPath": format!("metadata.labels['{INDEX}']")}});
            env.push(json!({"name": "JOB_COMPLETION_INDEX", "valueFrom": source}));
            put(container, "env", env);
        });
    }
    pod
}

/// `0-2,5`
pub(super) fn ranges(indexes: &BTreeSet<i64>) -> String {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for index in indexes {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == *index => *end = *index,
            _ => ranges.push((*index, *index)),
        }
    }
    let shown = |(start, end): &(i64, i64)| if start == end { start.to_string() } else { format!("{start}-{end}") };
    ranges.iter().map(shown).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn runs_of_indexes_are_joined() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8].into()), "0-2,5,7-8");
    }
}
