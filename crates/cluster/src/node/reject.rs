//! Pods that are bound to this node and can't run on it: a kubelet fails them at once, whoever bound them.

use serde_json::Value;

use super::pod::Pod;
use crate::{
    admission::{
        quantity::Quantity,
        resources::{Amounts, amounts, pod_requests},
    },
    json::{flag, has, items, text},
    store::Object,
};

/// The settings of the kernel that are a Pod's own, and so need no permission
/// (kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls).
const SAFE_SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

/// Why a node does not take a Pod: `status.reason`, which is the event's reason too, and the event's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// `NodeAffinity`, `OutOfcpu`, …
    pub reason: String,
    /// In the kubelet's words.
    pub message: String,
}

impl Rejection {
    fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into() }
    }
}

/// Whether a Pod was placed by the scheduler, which has looked at what the node has.
fn was_scheduled(pod: &Pod) -> bool {
    items(&pod.object["status"], "conditions")
        .iter()
        .any(|condition| text(condition, "type") == "PodScheduled" && text(condition, "status") == "True")
}

/// Why this node does not take the Pod, if it does not. `others` gives the Pods of the cluster; it is only asked when it
/// matters.
pub fn rejection(pod: &Pod, node: &Value, others: impl FnOnce() -> Vec<Object>) -> Option<Rejection> {
    if let Some(name) = unsafe_sysctl(&pod.object["spec"]) {
        return Some(Rejection::new("SysctlForbidden", format!("forbidden sysctl: {name:?} not allowlisted")));
    }
    for field in ["hostPID", "hostIPC"] {
        if flag(&pod.object["spec"], field) {
            let message =
                format!("{field} is not possible here: a sandbox's node has no processes of its own to share");
            return Some(Rejection::new("HostNamespace", message));
        }
    }
    if wants_app_armor(&pod.object["spec"]) {
        return Some(Rejection::new("AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host"));
    }
    if was_scheduled(pod) {
        return None;
    }
    if crate::scheduler::affinity::node(&pod.object, node).is_err() {
        let message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        return Some(Rejection::new("NodeAffinity", message));
    }
    lacking(&Demand { uid: pod.uid(), requests: pod_requests(&pod.object["spec"]) }, node, &others())
}

/// What a Pod asks of its node.
pub struct Demand<'a> {
    /// `metadata.uid` of the Pod, which does not count among the others.
    pub uid: &'a str,
    /// What it is to have.
    pub requests: Amounts,
}

/// A resource that a Pod wants more of than the node has altogether: its name, how much is asked, how much there is.
pub fn beyond(demand: &Demand<'_>, node: &Value) -> Option<(&'static str, i64, i64)> {
    let capacity = amounts(&node["status"]["allocatable"]);
    ["memory", "cpu"].into_iter().find_map(|resource| {
        let [asked, all] = [&demand.requests, &capacity].map(|amounts| amounts.get(resource).copied());
        let (asked, all) = (unit(resource, asked?), unit(resource, all.unwrap_or(Quantity::ZERO)));
        (asked > all).then_some((resource, asked, all))
    })
}

/// How the kubelet counts a resource in its messages.
fn unit(resource: &str, amount: Quantity) -> i64 {
    if resource == "cpu" { amount.milli() } else { amount.value() }
}

/// What another Pod has of the node. One that the node has not agreed to resize has what it had before.
fn given(other: &Value) -> Amounts {
    let waiting = items(&other["status"], "conditions").iter().any(|c| text(c, "type") == super::resize::PENDING);
    if waiting { amounts(&other["status"]["allocatedResources"]) } else { pod_requests(&other["spec"]) }
}

fn unsafe_sysctl(spec: &Value) -> Option<&str> {
    let sysctls = items(&spec["securityContext"], "sysctls").iter().map(|sysctl| text(sysctl, "name"));
    sysctls.into_iter().find(|name| !SAFE_SYSCTLS.contains(name))
}

/// Whether a container of the Pod must not run without AppArmor, which no sandbox has.
fn wants_app_armor(spec: &Value) -> bool {
    let wants = |context: &Value| {
        let kind = text(&context["appArmorProfile"], "type");
        (!kind.is_empty()).then_some(kind != "Unconfined")
    };
    let shared = wants(&spec["securityContext"]).unwrap_or(false);
    let mut containers = ["initContainers", "containers"].iter().flat_map(|list| items(spec, list));
    containers.any(|container| wants(&container["securityContext"]).unwrap_or(shared))
}

/// A resource that the node has too little of beside what the other Pods on it asked for.
pub fn lacking(demand: &Demand<'_>, node: &Value, others: &[Object]) -> Option<Rejection> {
    let capacity = amounts(&node["status"]["allocatable"]);
    let name = text(&node["metadata"], "name");
    let ended = |other: &Value| matches!(text(&other["status"], "phase"), "Succeeded" | "Failed");
    let here = others.iter().filter(|other| {
        text(&other["spec"], "nodeName") == name && text(&other["metadata"], "uid") != demand.uid && !ended(other)
    });
    let given: Vec<_> = here.map(|other| given(other)).collect();
    let lacks = |resource: &str, asked: i64, used: i64, capacity: i64| {
        let message = format!(
            "Node didn't have enough resource: {resource}, requested: {asked}, used: {used}, capacity: {capacity}"
        );
        Rejection::new(format!("OutOf{resource}"), message)
    };
    let most = capacity.get("pods").map_or(i64::MAX, |pods| pods.value());
    let count = i64::try_from(given.len()).unwrap_or(i64::MAX);
    if count + 1 > most {
        return Some(lacks("pods", 1, count, most));
    }
    demand.requests.iter().find_map(|(resource, &asked)| {
        let has_amount = capacity.get(resource).copied();
        if asked.is_zero() || (has_amount.is_none() && resource == "ephemeral-storage") {
            return None;
        }
        let has_amount = has_amount.unwrap_or(Quantity::ZERO);
        let used = given.iter().filter_map(|requests| requests.get(resource)).fold(Quantity::ZERO, |sum, a| sum + *a);
        let [asked_units, used_units, all] = [asked, used, has_amount].map(|amount| unit(resource, amount));
        (used + asked > has_amount).then(|| lacks(resource, asked_units, used_units, all))
    })
}

/// The status of a Pod that was rejected: nothing of it ever ran.
pub fn rejected(pod: &Pod, rejection: &Rejection, now: &str) -> Value {
    let mut status = serde_json::json!({
        "observedGeneration": pod.generation(),
        "phase": "Failed",
        "reason": rejection.reason,
        "message": format!("Pod was rejected: {}", rejection.message),
        "startTime": now,
    });
    for field in ["qosClass", "conditions"] {
        if has(&pod.object["status"], field) {
            status[field] = pod.object["status"][field].clone();
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn why(spec: Value, others: &[Value]) -> Option<(String, String)> {
        let mut spec = spec;
        spec["containers"] = json!([{"name": "c", "resources": {"requests": spec["asks"].clone()}}]);
        let pod = json!({"metadata": {"name": "p", "namespace": "default", "uid": "1"}, "spec": spec});
        let node = json!({
            "metadata": {"name": "n", "labels": {"disk": "ssd"}},
            "status": {"allocatable": {"cpu": "2", "memory": "1Gi", "pods": "2"}},
        });
        let others: Vec<Object> = others.iter().cloned().map(Arc::new).collect();
        rejection(&Pod::read(Arc::new(pod)).unwrap(), &node, || others).map(|why| (why.reason, why.message))
    }

    fn other(cpu: &str, phase: &str) -> Value {
        let container = json!({"name": "c", "resources": {"requests": {"cpu": cpu}}});
        json!({"metadata": {"uid": "2"}, "spec": {"nodeName": "n", "containers": [container]}, "status": {"phase": phase}})
    }

    #[test]
    fn a_pod_that_fits_is_taken() {
        assert_eq!(why(json!({"asks": {"cpu": "1"}, "nodeSelector": {"disk": "ssd"}}), &[other("1", "Running")]), None);
        assert_eq!(why(json!({"asks": {"cpu": "2"}}), &[other("1", "Succeeded"), other("1", "Failed")]), None);
        let safe = json!({"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "0"}]}});
        assert_eq!(why(safe, &[]), None);
    }

    #[test]
    fn one_that_does_not_is_told_why_in_the_kubelets_words() {
        let said = |reason: &str, message: &str| Some((reason.to_owned(), message.to_owned()));
        assert_eq!(
            why(json!({"asks": {"cpu": "1500m"}}), &[other("1", "Running")]),
            said("OutOfcpu", "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000")
        );
        assert_eq!(
            why(json!({"asks": {"memory": "2Gi"}}), &[]),
            said(
                "OutOfmemory",
                "Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824"
            )
        );
        assert_eq!(
            why(json!({}), &[other("0", "Running"), other("0", "Pending")]),
            said("OutOfpods", "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2")
        );
        assert_eq!(
            why(json!({"nodeSelector": {"disk": "tape"}}), &[]),
            said("NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
        );
        let sysctl = json!({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}});
        assert_eq!(why(sysctl, &[]), said("SysctlForbidden", "forbidden sysctl: \"kernel.msgmax\" not allowlisted"));
        assert_eq!(why(json!({"hostPID": true}), &[]).unwrap().0, "HostNamespace");
        let profile = |kind: &str| json!({"securityContext": {"appArmorProfile": {"type": kind}}});
        assert_eq!(why(profile("Unconfined"), &[]), None);
        assert_eq!(
            why(profile("RuntimeDefault"), &[]),
            said("AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host")
        );
    }
}
