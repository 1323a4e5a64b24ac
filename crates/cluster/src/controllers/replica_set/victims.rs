//! Which Pods go when there are too many: those that would be missed least.

use std::{cmp::Reverse, collections::HashMap};

use serde_json::Value;

use crate::{
    controllers::pods::{ready_since, restarts},
    json::{at, text},
    printers::age,
    store::Object,
};

/// The first `count` Pods to go: without a node before with one, pending before running, not ready before ready, cheap
/// ones first, crowded nodes first, then those that were ready for a shorter time, restarted more, or are newer.
pub(super) fn choose(pods: &[Object], count: usize) -> Vec<&Object> {
    let mut crowd: HashMap<&str, usize> = HashMap::new();
    for pod in pods.iter().filter(|pod| ready_since(pod).is_some()) {
        *crowd.entry(text(&pod["spec"], "nodeName")).or_default() += 1;
    }
    let mut ranked: Vec<&Object> = pods.iter().collect();
    ranked.sort_by_cached_key(|pod| {
        let node = text(&pod["spec"], "nodeName");
        let ready = ready_since(pod);
        let crowded = crowd.get(node).copied().unwrap_or(0);
        let newest = Reverse(age::parse(&pod["metadata"]["creationTimestamp"]));
        let worth = (!node.is_empty(), phase(pod), ready.is_some(), deletion_cost(pod), Reverse(crowded));
        (worth, Reverse(ready), Reverse(restarts(pod)), newest)
    });
    ranked.truncate(count);
    ranked
}

fn phase(pod: &Value) -> u8 {
    match text(&pod["status"], "phase") {
        "Pending" | "" => 0,
        "Unknown" => 1,
        _ => 2,
    }
}

/// The wish of whoever set `controller.kubernetes.io/pod-deletion-cost`.
fn deletion_cost(pod: &Value) -> i32 {
    let annotations = at(pod, &["metadata", "annotations"]);
    text(annotations, "controller.kubernetes.io/pod-deletion-cost").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn pod(name: &str, node: &str, phase: &str, ready: Option<&str>, cost: &str) -> Object {
        let conditions =
            ready.map_or(json!([]), |time| json!([{"type": "Ready", "status": "True", "lastTransitionTime": time}]));
        Arc::new(json!({
            "metadata": {"name": name, "annotations": {"controller.kubernetes.io/pod-deletion-cost": cost}},
            "spec": {"nodeName": node},
            "status": {"phase": phase, "conditions": conditions},
        }))
    }

    #[test]
    fn the_least_useful_go_first() {
        let pods = [
            pod("old", "n", "Running", Some("2026-11-23T07:00:00Z"), "0"),
            pod("dear", "n", "Running", Some("2026-11-23T08:00:00Z"), "9"),
            pod("young", "n", "Running", Some("2026-11-23T08:00:00Z"), "0"),
            pod("unready", "n", "Running", None, "0"),
            pod("pending", "n", "Pending", None, "0"),
            pod("nowhere", "", "Pending", None, "0"),
        ];
        let names: Vec<&str> = choose(&pods, 6).iter().map(|pod| text(&pod["metadata"], "name")).collect();
        assert_eq!(names, ["nowhere", "pending", "unready", "young", "old", "dear"]);
        assert_eq!(choose(&pods, 1).len(), 1);
    }
}
