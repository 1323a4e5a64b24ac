//! A Pod's status from what the node observed (`wire/pod-running.json`, `wire/pod-completed.json`).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    conditions::conditions,
    container_status::{ContainerView, ready},
    observed::Observed,
    phase::{Phase, phase},
    pod::{Pod, Role},
    resources,
};
use crate::clock::api_time;

/// The fields of `status` that are the node's; all others are kept.
const OURS: [&str; 16] = [
    "observedGeneration",
    "phase",
    "conditions",
    "reason",
    "message",
    "hostIP",
    "hostIPs",
    "podIP",
    "podIPs",
    "startTime",
    "initContainerStatuses",
    "containerStatuses",
    "ephemeralContainerStatuses",
    "resources",
    "allocatedResources",
    "qosClass",
];

/// What the node says about a Pod at `now`: `old` is the status that is stored, `host` the node's own address.
pub fn status(pod: &Pod, old: &Value, observed: &Observed, host: &str, now: Timestamp) -> Value {
    let phase = phase(pod, observed, pod.deleting() && observed.finished);
    let mut status = kept(old);
    let told = told_phase(old, observed, phase);
    status.insert("phase".into(), json!(told));
    status.insert("observedGeneration".into(), json!(pod.generation()));
    let view = ContainerView { pod, observed, now };
    let ready = |definition: &_| ready(definition, observed);
    status.insert("conditions".into(), Value::Array(conditions(pod, old, observed, phase, &ready, now)));
    addresses(&mut status, observed, host);
    status.insert("startTime".into(), json!(api_time(observed.start_time)));
    reasons(&mut status, observed, told, old);
    for (field, roles) in [
        ("initContainerStatuses", &[Role::Init, Role::Sidecar][..]),
        ("containerStatuses", &[Role::Main]),
        ("ephemeralContainerStatuses", &[Role::Ephemeral]),
    ] {
        let list = view.statuses(roles);
        if !list.is_empty() {
            status.insert(field.into(), Value::Array(list));
        }
    }
    if let Some(class) = old.get("qosClass") {
        status.insert("qosClass".into(), class.clone());
    }
    resources::pod_status(pod, old["phase"] == "Running", &mut status);
    Value::Object(status)
}

fn kept(old: &Value) -> Map<String, Value> {
    let fields = old.as_object().into_iter().flatten();
    fields.filter(|(key, _)| !OURS.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// A final phase is told only when nothing runs any more, and then it stays.
fn told_phase(old: &Value, observed: &Observed, phase: Phase) -> &'static str {
    match old["phase"].as_str().unwrap_or("") {
        "Succeeded" => Phase::Succeeded.as_str(),
        "Failed" => Phase::Failed.as_str(),
        _ if observed.closed && !phase.ended() => Phase::Failed.as_str(),
        "Running" if phase.ended() && !observed.finished => Phase::Running.as_str(),
        _ if phase.ended() && !observed.finished => Phase::Pending.as_str(),
        _ => phase.as_str(),
    }
}

fn addresses(status: &mut Map<String, Value>, observed: &Observed, host: &str) {
    status.insert("hostIP".into(), json!(host));
    status.insert("hostIPs".into(), json!([{"ip": host}]));
    if let Some(address) = observed.address {
        status.insert("podIP".into(), json!(address.to_string()));
        status.insert("podIPs".into(), json!([{"ip": address.to_string()}]));
    }
}

fn reasons(status: &mut Map<String, Value>, observed: &Observed, told: &str, old: &Value) {
    if let (Some(failure), "Failed") = (&observed.failure, told) {
        status.insert("reason".into(), json!(failure.reason));
        status.insert("message".into(), json!(failure.message));
    } else if old["phase"] == told {
        for field in ["reason", "message"] {
            if let Some(text) = old.get(field) {
                status.insert(field.into(), text.clone());
            }
        }
    }
}
