//! What a Pod asks for and may use, and how its status shows it.

use k8s_openapi::api::core::v1::Container;
use serde_json::{Map, Value, json};

use super::{
    observed::Run,
    pod::{Definition, Pod, Role},
    runtime::Limits,
};
use crate::admission::resources::{Amounts, amounts, pod_limits, pod_requests};

/// The memory limit that a cgroup (version 1) without one has, as the kubelet reads it back (recorded in
/// `pod-completed.json`).
const NO_MEMORY_LIMIT: &str = "9007199254740988Ki";

/// The amounts of one side of a container's `resources`.
pub fn of_container(container: &Container, side: &str) -> Amounts {
    let resources = container.resources.as_ref().map(|resources| json!(resources));
    resources.map(|resources| amounts(&resources[side])).unwrap_or_default()
}

fn to_json(amounts: &Amounts) -> Value {
    amounts.iter().map(|(name, amount)| (name.clone(), json!(amount.to_string()))).collect::<Map<_, _>>().into()
}

/// Sets `status.resources` and `status.allocatedResources` of a Pod; `running` says that its stored phase is Running,
/// from when on the kubelet reads the limits back from the cgroup.
pub fn pod_status(pod: &Pod, running: bool, status: &mut Map<String, Value>) {
    let spec = pod.given_spec();
    let requests = pod_requests(spec);
    let mut limits = pod_limits(spec);
    if running {
        let bounded = pod.having(Role::Main).all(|c| of_container(&c.spec, "limits").contains_key("memory"));
        if !bounded && let Ok(none) = NO_MEMORY_LIMIT.parse() {
            limits.insert("memory".into(), none);
        }
    }
    let mut resources = json!({});
    for (field, side) in [("requests", &requests), ("limits", &limits)] {
        if !side.is_empty() {
            resources[field] = to_json(side);
        }
    }
    status.insert("resources".into(), resources);
    if !requests.is_empty() {
        status.insert("allocatedResources".into(), to_json(&requests));
    }
}

/// Sets `resources` and `allocatedResources` of a container that has run: what it may use, and what the node has given
/// it.
pub fn container_status(definition: &Definition, run: &Run, status: &mut Value) {
    let requests = of_container(&definition.spec, "requests");
    let used = if run.running() { &run.resources } else { &definition.spec.resources };
    status["resources"] = used.as_ref().map_or_else(|| json!({}), |resources| json!(resources));
    if !requests.is_empty() {
        status["allocatedResources"] = to_json(&requests);
    }
}

/// What the runtime is told.
pub fn limits(container: &Container) -> Limits {
    let limits = of_container(container, "limits");
    let positive = |amount: i64| u64::try_from(amount).ok().filter(|amount| *amount > 0);
    Limits {
        memory: limits.get("memory").and_then(|amount| positive(amount.value())),
        cpu_milli: limits.get("cpu").and_then(|amount| positive(amount.milli())),
        pids: None,
    }
}
