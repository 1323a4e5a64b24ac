//! Indexed Jobs: each Pod has a number.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::counting::Trials;
use crate::{
    controllers::name_of,
    json::{at, child, each, items, put, text},
};

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The number of a Pod.
pub(super) fn of(pod: &Value) -> Option<i64> {
    text(at(pod, &["metadata", "annotations"]), INDEX).parse().ok()
}

const FAILED: &str = "batch.kubernetes.io/job-index-failure-count";
const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// Failures of a Pod's index before it: those that counted, and those that did not.
pub(super) fn trials_before(pod: &Value) -> (i64, i64) {
    let count = |key: &str| text(at(pod, &["metadata", "annotations"]), key).parse().unwrap_or(0);
    (count(FAILED), count(IGNORED))
}

/// Writes on a Pod how often its index has failed.
pub(super) fn note_trials(pod: &mut Value, trials: Option<&Trials>) {
    let annotations = child(child(pod, "metadata"), "annotations");
    let (failed, ignored) = trials.map_or((0, 0), |trials| (trials.failed, trials.ignored));
    put(annotations, FAILED, failed.to_string());
    if ignored > 0 {
        put(annotations, IGNORED, ignored.to_string());
    }
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
    let shown = |(start, end): &(i64, i64)| match end - start {
        0 => start.to_string(),
        1 => format!("{start},{end}"),
        _ => format!("{start}-{end}"),
    };
    ranges.iter().map(shown).collect::<Vec<_>>().join(",")
}

/// The indexes that `0-2,5` names; what is no number names none.
pub(super) fn parse(ranges: &str) -> BTreeSet<i64> {
    let range = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<i64>().ok()?..=last.parse::<i64>().ok()?)
    };
    ranges.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::{parse, ranges};

    #[test]
    fn runs_of_indexes_are_joined() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8].into()), "0-2,5,7,8");
        assert_eq!(parse("0-2,5,7-8"), [0, 1, 2, 5, 7, 8].into());
        assert!(parse("").is_empty());
    }
}
