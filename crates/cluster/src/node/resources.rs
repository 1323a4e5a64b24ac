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
        let whole = amounts(&spec["resources"]["limits"]).contains_key("memory");
        let bounded = whole || pod.having(Role::Main).all(|c| of_container(&c.spec, "limits").contains_key("memory"));
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

/// What the runtime is told of a container. Without a limit of its own it has the whole Pod's.
pub fn limits(pod: &Pod, container: &Container) -> Limits {
    let mut limits = amounts(&pod.given_spec()["resources"]["limits"]);
    limits.extend(of_container(container, "limits"));
    told(&limits, &of_container(container, "requests"))
}

/// What the runtime is told of a Pod: what its `resources` say, else what its containers have together, where each of them
/// has a limit (the kubelet's `ResourceConfigForPod`).
pub fn of_pod(pod: &Pod) -> Limits {
    let spec = pod.given_spec();
    let own = amounts(&spec["resources"]["limits"]);
    let containers = || pod.containers.iter().filter(|definition| definition.role != Role::Ephemeral);
    let mut limits = pod_limits(spec);
    limits.retain(|name, _| {
        own.contains_key(name) || containers().all(|c| of_container(&c.spec, "limits").contains_key(name))
    });
    told(&limits, &pod_requests(spec))
}

fn told(limits: &Amounts, requests: &Amounts) -> Limits {
    /// The shares of a whole processor, and of who asks for nothing.
    const WHOLE: i64 = 1024;
    const LEAST: i64 = 2;
    let positive = |amount: i64| u64::try_from(amount).ok().filter(|amount| *amount > 0);
    let shares = requests.get("cpu").map_or(0, |amount| amount.milli()) * WHOLE / 1000;
    Limits {
        memory: limits.get("memory").and_then(|amount| positive(amount.value())),
        cpu_milli: limits.get("cpu").and_then(|amount| positive(amount.milli())),
        cpu_shares: positive(shares.max(LEAST)),
        pids: None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn pod(spec: Value) -> Pod {
        Pod::read(Arc::new(json!({"metadata": {"name": "p", "uid": "1"}, "spec": spec}))).unwrap()
    }

    fn with(limits: Value) -> Value {
        json!({"name": "c", "image": "i", "resources": {"limits": limits, "requests": {"cpu": "250m"}}})
    }

    #[test]
    fn a_pods_own_limits_hold_for_its_containers_together_and_for_those_that_have_none() {
        let limits_of = |own: Value, container: Value| {
            let pod =
                pod(json!({"resources": {"limits": own}, "containers": [container, with(json!({"memory": "2Mi"}))]}));
            (of_pod(&pod), limits(&pod, &pod.containers[0].spec))
        };
        let (whole, one) = limits_of(json!({"memory": "8Mi", "cpu": "1"}), with(json!({"cpu": "500m"})));
        assert_eq!((whole.memory, whole.cpu_milli, whole.cpu_shares), (Some(8 << 20), Some(1000), Some(512)));
        assert_eq!((one.memory, one.cpu_milli, one.cpu_shares), (Some(8 << 20), Some(500), Some(256)));
        let (whole, one) = limits_of(json!({}), with(json!({"memory": "1Mi"})));
        assert_eq!((whole.memory, whole.cpu_milli, one.memory), (Some(3 << 20), None, Some(1 << 20)));
        let (whole, _) = limits_of(json!({}), with(json!({})));
        assert_eq!(whole.memory, None, "one container has no limit");
    }
}
