//! Which of several nodes a Pod would rather have: preferred affinity, and spread that need not hold.

use serde_json::Value;

use super::{affinity, snapshot::Snapshot};
use crate::json as tree;

const WISHES: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// The more, the better.
pub fn score(pod: &Value, node: &Value, snapshot: &Snapshot) -> i64 {
    let affinity = &pod["spec"]["affinity"];
    let weight = |term: &&Value| tree::int(term, "weight").unwrap_or(0);
    let nodes = tree::items(&affinity["nodeAffinity"], WISHES).iter();
    let wanted: i64 =
        nodes.filter(|term| affinity::node_term(&term["preference"], node)).map(|term| weight(&term)).sum();
    let near = |kind: &str| -> i64 {
        let terms = tree::items(&affinity[kind], WISHES).iter();
        terms.map(|term| weight(&term) * affinity::near(pod, &term["podAffinityTerm"], node, snapshot)).sum()
    };
    wanted + near("podAffinity") - near("podAntiAffinity") - affinity::crowd(pod, node, snapshot)
}
