//! Making room: which Pods of lower priority have to go so that a Pod fits
//! (kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/).

use std::cmp::Reverse;

use serde_json::Value;

use super::{
    decide::filter,
    snapshot::{Placed, Snapshot},
};
use crate::{json as tree, store::Key};

/// A node, and who has to leave it.
#[derive(Debug, PartialEq, Eq)]
pub struct Preemption {
    /// Where there will be room.
    pub node: String,
    /// The Pods that go.
    pub victims: Vec<Key>,
}

/// `spec.priority`; no priority is 0.
pub fn priority(pod: &Value) -> i64 {
    tree::int(&pod["spec"], "priority").unwrap_or(0)
}

/// Why a Pod may not make others go, in the words of `FailedScheduling`.
pub fn ineligible(pod: &Value, snapshot: &Snapshot) -> Option<&'static str> {
    if tree::text(&pod["spec"], "preemptionPolicy") == "Never" {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    waits_for_victims(pod, snapshot).then_some("not eligible due to a terminating pod on the nominated node.")
}

/// Whether Pods are going already so that this one gets their place.
pub fn waits_for_victims(pod: &Value, snapshot: &Snapshot) -> bool {
    let nominated = tree::text(&pod["status"], "nominatedNodeName");
    snapshot.pods_on(nominated).any(|placed| {
        priority(&placed.object) < priority(pod) && tree::has(&placed.object["metadata"], "deletionTimestamp")
    })
}

/// The node on which the least is lost, of those named.
pub fn choose<'a>(pod: &Value, nodes: impl Iterator<Item = &'a str>, snapshot: &Snapshot) -> Option<Preemption> {
    let candidates = nodes.filter_map(|name| Some((name, victims(pod, name, snapshot)?)));
    let (name, victims) = candidates.min_by_key(|(_, victims)| cost(victims))?;
    let victims = victims.iter().map(|placed| super::key_of(&placed.object)).collect();
    Some(Preemption { node: name.to_owned(), victims })
}

/// First the highest priority that is lost, then all of it, then the number of Pods.
fn cost(victims: &[&Placed]) -> (i64, i64, usize) {
    let priorities: Vec<i64> = victims.iter().map(|placed| priority(&placed.object)).collect();
    // Negative priorities count too.
    let sum = priorities.iter().map(|priority| priority - i64::from(i32::MIN)).sum();
    (priorities.iter().copied().max().unwrap_or(i64::MIN), sum, priorities.len())
}

/// Who has to leave a node; nothing when it would not help if all did that can be made to.
fn victims<'s>(pod: &Value, name: &str, snapshot: &'s Snapshot) -> Option<Vec<&'s Placed>> {
    let node = snapshot.node(name)?;
    let mut lower: Vec<&Placed> =
        snapshot.pods().filter(|placed| placed.node == name && priority(&placed.object) < priority(pod)).collect();
    let mut left = snapshot.clone();
    for placed in &lower {
        left.remove_pod(&super::key_of(&placed.object));
    }
    if lower.is_empty() || filter(pod, name, node, &left).is_err() {
        return None;
    }
    // The most important ones, and of these the oldest, are let stay as long as the Pod still fits.
    lower.sort_by_key(|placed| (Reverse(priority(&placed.object)), started(&placed.object).to_owned()));
    lower.retain(|placed| {
        left.put_pod(placed.object.clone());
        let must_go = filter(pod, name, node, &left).is_err();
        if must_go {
            left.remove_pod(&super::key_of(&placed.object));
        }
        must_go
    });
    Some(lower)
}

fn started(pod: &Value) -> &str {
    tree::text(&pod["status"], "startTime")
}
