//! Pods: what the learner looks at most. STATUS is not the phase: it is the most telling reason found anywhere in the
//! Pod's status.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AGE, Column, NAME, Row, age, column, metadata_cells, or_none, wide};
use crate::json::{at, flag, has, int, items, text};

pub(super) const COLUMNS: &[Column] = &[
    NAME,
    column("Ready", "string", "The aggregate readiness state of this pod for accepting traffic."),
    column("Status", "string", "The aggregate status of the containers in this pod."),
    column(
        "Restarts",
        "string",
        "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
    ),
    AGE,
    wide("IP", "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated."),
    wide(
        "Node",
        "NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename",
    ),
    wide(
        "Nominated Node",
        "nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.",
    ),
    wide(
        "Readiness Gates",
        "If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to \"True\" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates",
    ),
];

pub(super) fn row(pod: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let seen = observe(pod);
    let restarts = match seen.last_end {
        Some(end) if seen.restarts != 0 => format!("{} ({} ago)", seen.restarts, age::between(end, now)),
        _ => seen.restarts.to_string(),
    };
    let [name, age] = metadata_cells(pod, now);
    let ready = json!(format!("{}/{}", seen.ready, seen.total));
    let ip = items(status, "podIPs").first().map_or("", |ip| text(ip, "ip"));
    let cells = vec![
        name,
        ready,
        json!(seen.reason),
        json!(restarts),
        age,
        or_none(ip),
        or_none(text(spec, "nodeName")),
        or_none(text(status, "nominatedNodeName")),
        readiness_gates(spec, status),
    ];
    Row { cells, conditions: ended(text(status, "phase")) }
}

/// The condition that tells clients a row is of a Pod that has ended.
fn ended(phase: &str) -> Vec<Value> {
    let (reason, message) = match phase {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return Vec::new(),
    };
    vec![json!({"type": "Completed", "status": "True", "reason": reason, "message": message})]
}

/// What the containers of a Pod show together.
#[derive(Debug, Default)]
struct Seen {
    reason: String,
    ready: usize,
    total: usize,
    restarts: i64,
    /// When the last run that was followed by a restart ended.
    last_end: Option<Timestamp>,
}

impl Seen {
    fn count_restarts(&mut self, container: &Value) {
        self.restarts += int(container, "restartCount").unwrap_or(0);
        let end = age::parse(at(container, &["lastState", "terminated", "finishedAt"]));
        self.last_end = self.last_end.max(end);
    }
}

fn observe(pod: &Value) -> Seen {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let sidecars = items(spec, "initContainers").iter().filter(|c| is_sidecar(c)).count();
    let mut seen =
        Seen { reason: phase_reason(status), total: items(spec, "containers").len() + sidecars, ..Seen::default() };
    let (initializing, sidecars) = init_containers(spec, status, &mut seen);
    if !initializing || condition(status, "Initialized").is_some_and(|c| text(c, "status") == "True") {
        seen.restarts = sidecars.restarts;
        seen.last_end = sidecars.last_end;
        containers(status, &mut seen);
    }
    let terminal = matches!(text(status, "phase"), "Succeeded" | "Failed");
    if has(&pod["metadata"], "deletionTimestamp") {
        if text(status, "reason") == "NodeLost" {
            seen.reason = "Unknown".to_owned();
        } else if !terminal {
            seen.reason = "Terminating".to_owned();
        }
    }
    seen
}

fn phase_reason(status: &Value) -> String {
    let gated = |c: &&Value| text(c, "type") == "PodScheduled" && text(c, "reason") == "SchedulingGated";
    if items(status, "conditions").iter().any(|c| gated(&c)) {
        return "SchedulingGated".to_owned();
    }
    let reason = text(status, "reason");
    if reason.is_empty() { text(status, "phase").to_owned() } else { reason.to_owned() }
}

fn is_sidecar(container: &Value) -> bool {
    text(container, "restartPolicy") == "Always"
}

fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    items(status, "conditions").iter().find(|condition| text(condition, "type") == kind)
}

/// Walks the init containers up to the first one that is not done. Gives whether there is one, and what the sidecars
/// alone count.
fn init_containers(spec: &Value, status: &Value, seen: &mut Seen) -> (bool, Seen) {
    let declared = items(spec, "initContainers");
    let mut sidecars = Seen::default();
    for (index, container) in items(status, "initContainerStatuses").iter().enumerate() {
        seen.count_restarts(container);
        let sidecar = declared.iter().any(|c| text(c, "name") == text(container, "name") && is_sidecar(c));
        if sidecar {
            sidecars.count_restarts(container);
        }
        let state = &container["state"];
        let exit = has(state, "terminated").then(|| int(&state["terminated"], "exitCode").unwrap_or(0));
        if exit == Some(0) {
            continue;
        }
        if sidecar && flag(container, "started") {
            seen.ready += usize::from(flag(container, "ready"));
            continue;
        }
        let waiting = text(at(state, &["waiting"]), "reason");
        seen.reason = match exit {
            Some(_) => format!("Init:{}", end_reason(&state["terminated"])),
            None if !waiting.is_empty() && waiting != "PodInitializing" => format!("Init:{waiting}"),
            None => format!("Init:{index}/{}", declared.len()),
        };
        return (true, sidecars);
    }
    (false, sidecars)
}

fn end_reason(terminated: &Value) -> String {
    let reason = text(terminated, "reason");
    match int(terminated, "signal") {
        _ if !reason.is_empty() => reason.to_owned(),
        Some(signal) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", int(terminated, "exitCode").unwrap_or(0)),
    }
}

/// The reason of the first container that has one wins, so they are walked from the last.
fn containers(status: &Value, seen: &mut Seen) {
    let mut running = false;
    let mut error = None;
    for container in items(status, "containerStatuses").iter().rev() {
        seen.count_restarts(container);
        let state = &container["state"];
        let waiting = text(at(state, &["waiting"]), "reason");
        if !waiting.is_empty() {
            seen.reason = waiting.to_owned();
        } else if has(state, "terminated") {
            seen.reason = end_reason(&state["terminated"]);
            if int(&state["terminated"], "exitCode").unwrap_or(0) != 0 {
                error = Some(seen.reason.clone());
            }
        } else if flag(container, "ready") && has(state, "running") {
            running = true;
            seen.ready += 1;
        }
    }
    if seen.reason == "Completed" {
        let ready = condition(status, "Ready").is_some_and(|c| text(c, "status") == "True");
        match error {
            _ if running && ready => seen.reason = "Running".to_owned(),
            Some(error) => seen.reason = error,
            None if running => seen.reason = "NotReady".to_owned(),
            None => {}
        }
    }
}

fn readiness_gates(spec: &Value, status: &Value) -> Value {
    let gates = items(spec, "readinessGates");
    if gates.is_empty() {
        return json!("<none>");
    }
    let met = |gate: &&Value| {
        condition(status, text(gate, "conditionType")).is_some_and(|condition| text(condition, "status") == "True")
    };
    json!(format!("{}/{}", gates.iter().filter(met).count(), gates.len()))
}

#[cfg(test)]
mod tests;
