//! Resizing containers in place (kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/): what the
//! node agrees to, why it does not, and how it tells. Pure.
//!
//! A Pod has what its manifest asks for only once the node has *allocated* it, and a running container only once that was
//! *actuated*. Until then the status shows what is, and conditions why.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, ResourceRequirements};
use serde_json::{Value, json};

use super::{
    pod::{Definition, Pod, Role},
    reject::{self, Demand},
};
use crate::{
    admission::resources::pod_requests,
    clock::api_time,
    json::{items, text},
    store::Object,
};

/// The condition of a Pod whose resize the node has not agreed to.
pub const PENDING: &str = "PodResizePending";
/// The condition of a Pod whose containers do not have yet what the node has agreed to.
pub const IN_PROGRESS: &str = "PodResizeInProgress";

/// One of the two conditions while it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `Deferred`, `Infeasible`, `Error`; empty while a resize goes well.
    pub reason: &'static str,
    /// In the kubelet's words.
    pub message: String,
    /// The generation of the Pod that it is about.
    pub generation: i64,
    /// Since when the reason is this one.
    pub since: Timestamp,
    /// When it was told last.
    pub probed: Timestamp,
}

impl Told {
    /// As `status.conditions[]` has it.
    pub fn condition(&self, kind: &str) -> Value {
        let mut value = json!({
            "type": kind,
            "observedGeneration": self.generation,
            "status": "True",
            "lastProbeTime": api_time(self.probed),
            "lastTransitionTime": api_time(self.since),
        });
        for (field, text) in [("reason", self.reason), ("message", &self.message)] {
            if !text.is_empty() {
                value[field] = json!(text);
            }
        }
        value
    }
}

/// Where a Pod's resize is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resize {
    /// The node has not agreed.
    pub pending: Option<Told>,
    /// Containers are to be brought to what was agreed.
    pub in_progress: Option<Told>,
}

impl Resize {
    /// The conditions that hold, in the kubelet's order.
    pub fn conditions(&self) -> impl Iterator<Item = Value> {
        let pending = self.pending.as_ref().map(|told| told.condition(PENDING));
        pending.into_iter().chain(self.in_progress.as_ref().map(|told| told.condition(IN_PROGRESS)))
    }
}

/// Why the node does not agree to a resize.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `Deferred` or `Infeasible`.
    pub reason: &'static str,
    /// In the kubelet's words.
    pub message: String,
}

/// The `resources` of a Pod that can be resized.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Allocation {
    /// Those of the Pod as a whole, as its manifest writes them; null when it has none.
    pub whole: Value,
    /// Those of its containers, by name.
    pub containers: BTreeMap<String, Option<ResourceRequirements>>,
}

/// What the Pod's manifest asks for.
pub fn wanted(pod: &Pod) -> Allocation {
    let resizable = pod.containers.iter().filter(|c| matches!(c.role, Role::Main | Role::Sidecar));
    let containers = resizable.map(|definition| (definition.name().to_owned(), definition.spec.resources.clone()));
    Allocation { whole: pod.object["spec"]["resources"].clone(), containers: containers.collect() }
}

/// What a Pod had been given when the node before this one ended: what its status shows if a resize was waiting.
pub fn given_before(pod: &Pod) -> Allocation {
    let mut allocation = wanted(pod);
    let status = &pod.object["status"];
    if !items(status, "conditions").iter().any(|condition| text(condition, "type") == PENDING) {
        return allocation;
    }
    if !allocation.whole.is_null() {
        allocation.whole = status["resources"].clone();
    }
    for shown in ["containerStatuses", "initContainerStatuses"].iter().flat_map(|list| items(status, list)) {
        if let Some(given) = allocation.containers.get_mut(text(shown, "name")) {
            *given = serde_json::from_value(shown["resources"].clone()).ok();
        }
    }
    allocation
}

/// Why the node can't give the Pod what it asks for now; `others` are the Pods of the cluster.
pub fn refusal(pod: &Pod, node: &Value, others: &[Object]) -> Option<Refusal> {
    let demand = Demand { uid: pod.uid(), requests: pod_requests(&pod.object["spec"]) };
    if let Some((resource, asked, all)) = reject::beyond(&demand, node) {
        let message = format!("Node didn't have enough capacity: {resource}, requested: {asked}, capacity: {all}");
        return Some(Refusal { reason: "Infeasible", message });
    }
    reject::lacking(&demand, node, others).map(|why| Refusal { reason: "Deferred", message: why.message })
}

/// Whether a running container that has `given` can be brought to what its definition says only by a restart
/// (`resizePolicy`).
pub fn needs_restart(container: &Container, given: Option<&ResourceRequirements>) -> bool {
    container.resize_policy.iter().flatten().any(|policy| {
        policy.restart_policy == "RestartContainer"
            && amounts_of(container.resources.as_ref(), &policy.resource_name)
                != amounts_of(given, &policy.resource_name)
    })
}

/// Request and limit of one resource.
fn amounts_of<'a>(resources: Option<&'a ResourceRequirements>, name: &str) -> [Option<&'a str>; 2] {
    let side = |list: Option<&'a BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>>| {
        list.and_then(|list| list.get(name)).map(|quantity| quantity.0.as_str())
    };
    [side(resources.and_then(|r| r.requests.as_ref())), side(resources.and_then(|r| r.limits.as_ref()))]
}

/// The text of an event: what was said, the resources it is about, and an error.
pub fn event(said: &str, pod: &Pod, generation: i64, error: Option<&str>) -> String {
    let list = |init: bool| {
        let of_list = |c: &&Definition| match c.role {
            Role::Main => !init,
            Role::Init | Role::Sidecar => init,
            Role::Ephemeral => false,
        };
        let resources = |c: &Definition| c.spec.resources.as_ref().map_or_else(|| json!({}), |r| json!(r));
        let entry = |c: &Definition| json!({"name": c.name(), "resources": resources(c)});
        Value::Array(pod.containers.iter().filter(of_list).map(entry).collect())
    };
    // In Go's order of the fields, which is not the alphabet's.
    let mut fields = Vec::new();
    for (name, init) in [("initContainers", true), ("containers", false)] {
        let list = list(init);
        if list != json!([]) {
            fields.push(format!("{}:{list}", json!(name)));
        }
    }
    fields.push(format!("\"generation\":{generation}"));
    fields.extend(error.map(|error| format!("\"error\":{}", json!(error))));
    format!("Pod resize {said}: {{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn pod(cpu: &str, policy: &str) -> Pod {
        let container = json!({
            "name": "c", "image": "i",
            "resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu, "memory": "64Mi"}},
            "resizePolicy": [{"resourceName": "cpu", "restartPolicy": policy}],
        });
        let sidecar = json!({"name": "s", "image": "i", "restartPolicy": "Always"});
        let spec = json!({"nodeName": "n", "containers": [container], "initContainers": [sidecar]});
        Pod::read(Arc::new(json!({"metadata": {"name": "p", "uid": "1"}, "spec": spec}))).unwrap()
    }

    #[test]
    fn events_tell_the_resources_as_the_kubelet_writes_them() {
        insta::assert_snapshot!(
            event("Deferred", &pod("500m", "NotRequired"), 3, Some("no \"room\"")),
            @r#"Pod resize Deferred: {"initContainers":[{"name":"s","resources":{}}],"containers":[{"name":"c","resources":{"limits":{"cpu":"500m","memory":"64Mi"},"requests":{"cpu":"500m"}}}],"generation":3,"error":"no \"room\""}"#
        );
    }

    #[test]
    fn more_than_the_node_has_is_infeasible_and_more_than_is_free_is_deferred() {
        let node =
            json!({"metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "2", "memory": "1Gi", "pods": "10"}}});
        let other = json!({"metadata": {"uid": "2"}, "spec": {"nodeName": "n", "containers": [
            {"name": "c", "resources": {"requests": {"cpu": "1"}}}]}, "status": {"phase": "Running"}});
        let others = [Arc::new(other)];
        let why = |cpu: &str| refusal(&pod(cpu, "NotRequired"), &node, &others).map(|why| (why.reason, why.message));
        assert_eq!(why("1"), None);
        assert_eq!(
            why("1500m"),
            Some((
                "Deferred",
                "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000".to_owned()
            ))
        );
        assert_eq!(
            why("3"),
            Some(("Infeasible", "Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000".to_owned()))
        );
    }

    #[test]
    fn only_the_resource_whose_policy_says_so_restarts_a_container() {
        let (small, big) = (pod("1", "RestartContainer"), pod("2", "RestartContainer"));
        let of = |pod: &Pod| pod.container("c").unwrap().spec.clone();
        let given = of(&small).resources;
        assert!(needs_restart(&of(&big), given.as_ref()));
        assert!(!needs_restart(&of(&small), given.as_ref()));
        assert!(!needs_restart(&of(&pod("2", "NotRequired")), given.as_ref()));
        let mut more_memory = of(&small);
        let limits = more_memory.resources.as_mut().unwrap().limits.as_mut().unwrap();
        limits.get_mut("memory").unwrap().0 = "128Mi".to_owned();
        assert!(!needs_restart(&more_memory, given.as_ref()));
    }
}
