//! Which node a Pod gets, or why none: the filters in the real scheduler's order, and its text.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::Value;

use super::{
    affinity, fit,
    preempt::{self, Preemption},
    score::score,
    snapshot::Snapshot,
    taints,
};
use crate::{
    controllers::{CLASSES, waits_for_pod},
    json as tree,
    store::{Key, Store},
};

/// What is to be done with a Pod that has no node.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// It has scheduling gates.
    Gated,
    /// It gets this node.
    Bind(String),
    /// No node will take it; the text of `FailedScheduling`.
    Refuse(String),
    /// No node takes it yet, but one will when some Pods have gone.
    Preempt(Preemption, String),
}

/// Why a node won't take a Pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One or more reasons.
    pub reasons: Vec<String>,
    /// Whether fewer Pods on the node would help.
    pub resolvable: bool,
}

impl Refusal {
    /// Nothing that happens on the node will change it.
    pub fn for_good(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], resolvable: false }
    }

    /// It depends on the Pods that are there.
    pub fn for_now(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], resolvable: true }
    }
}

/// Decides on a Pod.
pub fn decide(pod: &Value, snapshot: &Snapshot, store: &Store) -> Decision {
    if !tree::items(&pod["spec"], "schedulingGates").is_empty() {
        return Decision::Gated;
    }
    let count = snapshot.nodes().count();
    if count == 0 {
        return Decision::Refuse("no nodes available to schedule pods".to_owned());
    }
    if let Err(reason) = claims(pod, store) {
        // What no node could change is not asked of the nodes; nor is whether Pods could make room.
        return Decision::Refuse(format!("0/{count} nodes are available: {reason}. not found"));
    }
    let named = affinity::named_nodes(pod);
    let mut fitting = Vec::new();
    let mut refusals = Vec::new();
    for (name, node) in snapshot.nodes() {
        if named.as_ref().is_some_and(|named| !named.contains(name)) {
            refusals.push((name, Refusal::for_good("node(s) didn't satisfy plugin(s) [NodeAffinity]")));
            continue;
        }
        match filter(pod, name, node, snapshot) {
            Ok(()) => fitting.push((name, node)),
            Err(refusal) => refusals.push((name, refusal)),
        }
    }
    // The node that is wanted most, and of those the emptiest.
    let best = fitting
        .into_iter()
        .min_by_key(|(name, node)| (Reverse(score(pod, node, snapshot)), snapshot.pods_on(name).count()));
    match best {
        Some((name, _)) => Decision::Bind(name.to_owned()),
        None => make_room(pod, count, &refusals, snapshot),
    }
}

/// What is to be done when no node takes the Pod as things are.
fn make_room(pod: &Value, count: usize, refusals: &[(&str, Refusal)], snapshot: &Snapshot) -> Decision {
    let why = reasons(refusals);
    if let Some(text) = preempt::ineligible(pod, snapshot) {
        return Decision::Refuse(format!(
            "0/{count} nodes are available: {why}. no new claims to deallocate, preemption: {text}"
        ));
    }
    let resolvable = refusals.iter().filter(|(_, refusal)| refusal.resolvable).map(|(name, _)| *name);
    match preempt::choose(pod, resolvable.clone(), snapshot) {
        Some(preemption) => Decision::Preempt(preemption, format!("0/{count} nodes are available: {why}.")),
        None => {
            let resolvable = resolvable.count();
            Decision::Refuse(text(count, &why, count - resolvable, resolvable))
        }
    }
}

/// Whether a node takes a Pod; the first filter that says no gives the reason.
pub fn filter(pod: &Value, name: &str, node: &Value, snapshot: &Snapshot) -> Result<(), Refusal> {
    taints::schedulable(pod, node)?;
    taints::tolerated(pod, node)?;
    affinity::node(pod, node)?;
    fit::ports(pod, name, snapshot)?;
    fit::resources(pod, name, node, snapshot)?;
    affinity::spread(pod, node, snapshot)?;
    affinity::pods(pod, node, snapshot)
}

/// The claims that a Pod mounts must be there, and have a volume, unless the volume waits for the Pod.
fn claims(pod: &Value, store: &Store) -> Result<(), String> {
    let namespace = tree::text(&pod["metadata"], "namespace");
    let mut unbound = false;
    for volume in tree::items(&pod["spec"], "volumes") {
        let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() else { continue };
        let key = Key::new(super::CLAIMS, namespace, claim);
        match store.get(&key) {
            None => return Err(format!("persistentvolumeclaim {claim:?} not found")),
            Some(found) if tree::has(&found["metadata"], "deletionTimestamp") => {
                return Err(format!("persistentvolumeclaim {claim:?} is being deleted"));
            }
            Some(found) => unbound |= tree::text(&found["spec"], "volumeName").is_empty() && !waits(&found, store),
        }
    }
    if unbound { Err("pod has unbound immediate PersistentVolumeClaims".to_owned()) } else { Ok(()) }
}

/// Whether the volume of a claim is made only when a Pod needs it.
fn waits(claim: &Value, store: &Store) -> bool {
    let class = tree::text(&claim["spec"], "storageClassName");
    store.get(&Key::new(CLASSES, "", class)).is_some_and(|class| waits_for_pod(&class))
}

/// How many nodes have each reason.
fn reasons(refusals: &[(&str, Refusal)]) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in refusals.iter().flat_map(|(_, refusal)| &refusal.reasons) {
        *reasons.entry(reason).or_default() += 1;
    }
    let mut lines: Vec<String> = reasons.into_iter().map(|(reason, times)| format!("{times} {reason}")).collect();
    lines.sort();
    lines.join(", ")
}

/// The whole text (recorded in `lifecycle/unschedulable.yaml`); the last part is about preemption.
fn text(count: usize, why: &str, helpless: usize, no_victims: usize) -> String {
    let mut preemption = Vec::new();
    if no_victims > 0 {
        preemption.push(format!("{no_victims} No preemption victims found for incoming pod"));
    }
    if helpless > 0 {
        preemption.push(format!("{helpless} Preemption is not helpful for scheduling"));
    }
    preemption.sort();
    format!(
        "0/{count} nodes are available: {why}. no new claims to deallocate, preemption: 0/{count} nodes are available: \
         {}.",
        preemption.join(", ")
    )
}
