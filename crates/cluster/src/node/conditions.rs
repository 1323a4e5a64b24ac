//! A Pod's conditions (kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions), worded as recorded.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    observed::{Observed, Restarting},
    phase::{Phase, main_started, started},
    pod::{Definition, Pod, Role},
    resize,
};
use crate::clock::api_time;

/// The conditions that are the node's to say; all others are kept as they are.
const OURS: [&str; 9] = [
    DISRUPTED,
    RESTARTING,
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
    resize::PENDING,
    resize::IN_PROGRESS,
];

/// Tells that the node has evicted the Pod
/// (kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions).
const DISRUPTED: &str = "DisruptionTarget";
/// Tells that all containers are started anew (`restartPolicyRules`, action `RestartAllContainers`).
const RESTARTING: &str = "AllContainersRestarting";

/// One condition before it is stamped.
struct Condition {
    kind: &'static str,
    holds: bool,
    reason: &'static str,
    message: String,
}

impl Condition {
    fn bare(kind: &'static str, holds: bool) -> Self {
        Self { kind, holds, reason: "", message: String::new() }
    }

    fn because(kind: &'static str, holds: bool, reason: &'static str, message: String) -> Self {
        Self { kind, holds, reason, message }
    }
}

/// Which containers count as ready (for init containers: are through).
pub trait Readiness {
    /// Whether the container is ready.
    fn ready(&self, definition: &Definition) -> bool;
}

impl<F: Fn(&Definition) -> bool> Readiness for F {
    fn ready(&self, definition: &Definition) -> bool {
        self(definition)
    }
}

/// All conditions in the kubelet's order, others' first; times are kept where the status is the same as before.
pub fn conditions(
    pod: &Pod,
    old: &Value,
    observed: &Observed,
    phase: Phase,
    ready: &dyn Readiness,
    now: Timestamp,
) -> Vec<Value> {
    let before: Vec<&Value> = old["conditions"].as_array().into_iter().flatten().collect();
    let others = before.iter().filter(|c| !OURS.contains(&c["type"].as_str().unwrap_or(""))).copied();
    let mut all: Vec<Value> = others.cloned().chain(observed.resize.conditions()).collect();
    let containers_ready = containers_ready(pod, phase, ready);
    let ours = [
        Condition::bare("PodReadyToStartContainers", observed.sandbox),
        initialized(pod, observed, phase, ready),
        pod_ready(pod, &containers_ready, &all),
        containers_ready,
        Condition::bare("PodScheduled", true),
    ];
    let restarting = pod.could_restart_all().then(|| restarting(observed, phase));
    let disrupted =
        observed.disrupted.clone().map(|message| Condition::because(DISRUPTED, true, "TerminationByKubelet", message));
    for condition in disrupted.into_iter().chain(ours).chain(restarting) {
        let old = before.iter().find(|c| c["type"] == condition.kind).copied();
        all.push(stamp(condition, old, pod.generation(), now));
    }
    all
}

fn restarting(observed: &Observed, phase: Phase) -> Condition {
    let message = || "container exited with restart policy rule".to_owned();
    match (phase, observed.restarting) {
        (Phase::Succeeded, _) => Condition::because(RESTARTING, false, "PodCompleted", String::new()),
        (Phase::Failed, _) => Condition::because(RESTARTING, false, "PodFailed", String::new()),
        (_, Some(Restarting::Now)) => Condition::because(RESTARTING, true, "RestartAllContainersStarted", message()),
        _ => Condition::bare(RESTARTING, false),
    }
}

fn stamp(condition: Condition, old: Option<&Value>, generation: i64, now: Timestamp) -> Value {
    let status = if condition.holds { "True" } else { "False" };
    let since = old.filter(|old| old["status"] == status).and_then(|old| old["lastTransitionTime"].as_str());
    let mut value = json!({
        "type": condition.kind,
        "observedGeneration": generation,
        "status": status,
        "lastProbeTime": null,
        "lastTransitionTime": since.map_or_else(|| api_time(now), str::to_owned),
    });
    if condition.kind == RESTARTING {
        // The one condition that a kubelet does not stamp with it.
        value.as_object_mut().map(|fields| fields.remove("observedGeneration"));
    }
    for (field, text) in [("reason", condition.reason), ("message", &condition.message)] {
        if !text.is_empty() {
            value[field] = json!(text);
        }
    }
    value
}

fn names<'a>(containers: impl Iterator<Item = &'a Definition>) -> Vec<&'a str> {
    containers.map(Definition::name).collect()
}

fn initialized(pod: &Pod, observed: &Observed, phase: Phase, ready: &dyn Readiness) -> Condition {
    const KIND: &str = "Initialized";
    if phase == Phase::Succeeded {
        return Condition::because(KIND, true, "PodCompleted", String::new());
    }
    let through = |c: &&Definition| match c.role {
        Role::Sidecar => observed.container(c.name()).is_some_and(|state| started(c, state)),
        _ => ready.ready(c),
    };
    let inits = pod.containers.iter().filter(|c| matches!(c.role, Role::Init | Role::Sidecar));
    let incomplete = names(inits.filter(|c| !through(c)));
    if incomplete.is_empty() || main_started(pod, observed) || observed.restarting.is_some() {
        return Condition::bare(KIND, true);
    }
    let message = format!("containers with incomplete status: [{}]", incomplete.join(" "));
    Condition::because(KIND, false, "ContainersNotInitialized", message)
}

fn containers_ready(pod: &Pod, phase: Phase, ready: &dyn Readiness) -> Condition {
    const KIND: &str = "ContainersReady";
    match phase {
        Phase::Succeeded => return Condition::because(KIND, false, "PodCompleted", String::new()),
        Phase::Failed => return Condition::because(KIND, false, "PodFailed", String::new()),
        Phase::Pending | Phase::Running => {}
    }
    let counted = pod.having(Role::Sidecar).chain(pod.having(Role::Main));
    let unready = names(counted.filter(|c| !ready.ready(c)));
    if unready.is_empty() {
        return Condition::bare(KIND, true);
    }
    let message = format!("containers with unready status: [{}]", unready.join(" "));
    Condition::because(KIND, false, "ContainersNotReady", message)
}

fn pod_ready(pod: &Pod, containers: &Condition, others: &[Value]) -> Condition {
    const KIND: &str = "Ready";
    if !containers.holds {
        return Condition::because(KIND, false, containers.reason, containers.message.clone());
    }
    let missing = |gate: &str| match others.iter().find(|c| c["type"] == gate) {
        None => Some(format!("corresponding condition of pod readiness gate {gate:?} does not exist.")),
        Some(c) if c["status"] == "True" => None,
        Some(c) => {
            let status = c["status"].as_str().unwrap_or("");
            Some(format!("the status of pod readiness gate {gate:?} is not \"True\", but {status}"))
        }
    };
    let gates = pod.spec.readiness_gates.iter().flatten();
    let unready: Vec<String> = gates.filter_map(|gate| missing(&gate.condition_type)).collect();
    if unready.is_empty() {
        return Condition::bare(KIND, true);
    }
    Condition::because(KIND, false, "ReadinessGatesNotReady", unready.join(", "))
}
