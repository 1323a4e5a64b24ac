//! Nodes, with what runs on them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Subject, events,
    page::{Page, ago, at, date, list, on, or_none, plain},
    quantity::Quantity,
    requests::{self, Seen},
};

/// A Node.
pub fn describe(subject: &Subject<'_>) -> String {
    let node = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(node, "/metadata/name"));
    page.field(0, "Roles", or_none(roles(node).join(",")));
    page.labels("Labels", node.pointer("/metadata/labels"));
    page.annotations(node.pointer("/metadata/annotations"));
    page.field(0, "CreationTimestamp", date(&at(node, "/metadata/creationTimestamp")));
    page.several("", "Taints", &taints(node));
    page.field(0, "Unschedulable", on(node, "/spec/unschedulable"));
    lease(&mut page, subject);
    conditions(&mut page, node);
    page.line(0, "Addresses:");
    list(node, "/status/addresses")
        .iter()
        .for_each(|address| page.field(1, &at(address, "/type"), at(address, "/address")));
    for (title, pointer) in [("Capacity", "/status/capacity"), ("Allocatable", "/status/allocatable")] {
        let Some(map) = node.pointer(pointer).and_then(Value::as_object).filter(|map| !map.is_empty()) else {
            continue;
        };
        page.line(0, format!("{title}:"));
        map.iter().for_each(|(name, amount)| page.field(1, name, plain(amount)));
    }
    slices(&mut page, subject);
    system(&mut page, node);
    pods(&mut page, subject);
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

fn roles(node: &Value) -> Vec<String> {
    let labels = node.pointer("/metadata/labels").and_then(Value::as_object);
    let mut roles: Vec<String> = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, _)| {
            key.strip_prefix("node-role.kubernetes.io/").filter(|role| !role.is_empty()).map(str::to_owned)
        })
        .collect();
    roles.sort();
    roles
}

fn taints(node: &Value) -> Vec<String> {
    let mut sorted: Vec<&Value> = list(node, "/spec/taints").iter().collect();
    sorted.sort_by_key(|taint| format!("{},{}", at(taint, "/effect"), at(taint, "/key")));
    let show = |taint: &Value| {
        let (key, value, effect) = (at(taint, "/key"), at(taint, "/value"), at(taint, "/effect"));
        match (value.is_empty(), effect.is_empty()) {
            (true, true) => key,
            (true, false) => format!("{key}:{effect}"),
            (false, true) => format!("{key}={value}:"),
            (false, false) => format!("{key}={value}:{effect}"),
        }
    };
    sorted.into_iter().map(show).collect()
}

fn lease(page: &mut Page, subject: &Subject<'_>) {
    let Some(lease) = subject.related.iter().find(|other| at(other, "/kind") == "Lease") else {
        let name = at(subject.object, "/metadata/name");
        return page.field(0, "Lease", format!("Failed to get lease: leases.coordination.k8s.io {name:?} not found"));
    };
    let or_unset =
        |text: String, show: fn(&str) -> String| if text.is_empty() { "<unset>".to_owned() } else { show(&text) };
    page.line(0, "Lease:");
    page.field(1, "HolderIdentity", or_unset(at(lease, "/spec/holderIdentity"), str::to_owned));
    page.field(1, "AcquireTime", or_unset(at(lease, "/spec/acquireTime"), date));
    page.field(1, "RenewTime", or_unset(at(lease, "/spec/renewTime"), date));
}

fn conditions(page: &mut Page, node: &Value) {
    let conditions = list(node, "/status/conditions");
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for condition in conditions {
        let text = |pointer: &str| at(condition, pointer);
        let (beat, turn) = (date(&text("/lastHeartbeatTime")), date(&text("/lastTransitionTime")));
        page.line(
            1,
            format!(
                "{} \t{} \t{beat} \t{turn} \t{} \t{}",
                text("/type"),
                text("/status"),
                text("/reason"),
                text("/message")
            ),
        );
    }
}

/// So many pools of devices are shown.
const MOST_POOLS: usize = 10;

/// The devices of the node alone, by driver and pool.
fn slices(page: &mut Page, subject: &Subject<'_>) {
    let mut pools: BTreeMap<String, (String, String, usize, usize)> = BTreeMap::new();
    for slice in subject.related.iter().filter(|other| at(other, "/kind") == "ResourceSlice") {
        let (driver, pool) = (at(slice, "/spec/driver"), at(slice, "/spec/pool/name"));
        let (_, _, slices, devices) = pools.entry(format!("{driver}/{pool}")).or_insert((driver, pool, 0, 0));
        *slices += 1;
        *devices += list(slice, "/spec/devices").len();
    }
    if pools.is_empty() {
        return;
    }
    page.line(0, "Node-Local ResourceSlices:\n  Driver\tPool\tSlices\tDevices");
    page.line(1, "------\t----\t------\t-------");
    for (driver, pool, slices, devices) in pools.values().take(MOST_POOLS) {
        page.line(1, format!("{driver}\t{pool}\t{slices}\t{devices}"));
    }
    if pools.len() > MOST_POOLS {
        page.line(1, format!("...and {} more pools", pools.len() - MOST_POOLS));
    }
}

fn system(page: &mut Page, node: &Value) {
    page.line(0, "System Info:");
    for (name, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        page.field(1, name, at(node, &format!("/status/nodeInfo/{field}")));
    }
    for (name, value) in [
        ("PodCIDR", at(node, "/spec/podCIDR")),
        ("PodCIDRs", list(node, "/spec/podCIDRs").iter().map(plain).collect::<Vec<_>>().join(",")),
        ("ProviderID", at(node, "/spec/providerID")),
    ] {
        if !value.is_empty() {
            page.field(0, name, value);
        }
    }
}

fn percent(part: i128, whole: i128) -> i128 {
    if whole == 0 { 0 } else { part * 100 / whole }
}

fn pods(page: &mut Page, subject: &Subject<'_>) {
    let running: Vec<&Value> = subject
        .related
        .iter()
        .filter(|other| {
            at(other, "/kind") == "Pod" && !matches!(at(other, "/status/phase").as_str(), "Succeeded" | "Failed")
        })
        .collect();
    page.field(0, "Non-terminated Pods", format!("({} in total)", running.len()));
    page.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    page.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    for pod in &running {
        let cell = |which: &str, resource: &str| {
            share(requests::of(pod, which, resource, Seen::Status), whole(subject.object, resource))
        };
        page.line(
            1,
            format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
                at(pod, "/metadata/namespace"),
                at(pod, "/metadata/name"),
                cell("requests", "cpu"),
                cell("limits", "cpu"),
                cell("requests", "memory"),
                cell("limits", "memory"),
                ago(&at(pod, "/metadata/creationTimestamp"), subject.now)
            ),
        );
    }
    allocated(page, subject.object, &running);
}

/// `100m (5%)`.
fn share(amount: Quantity, whole: Quantity) -> String {
    format!("{amount} ({}%)", percent(amount.milli(), whole.milli()))
}

/// How much of a resource Pods may have on the node.
fn whole(node: &Value, resource: &str) -> Quantity {
    amounts(node).get(resource).and_then(|amount| Quantity::parse(&plain(amount))).unwrap_or_default()
}

fn amounts(node: &Value) -> Map<String, Value> {
    let map = |pointer: &str| node.pointer(pointer).and_then(Value::as_object).filter(|map| !map.is_empty());
    map("/status/allocatable").or_else(|| map("/status/capacity")).cloned().unwrap_or_default()
}

fn allocated(page: &mut Page, node: &Value, running: &[&Value]) {
    page.line(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)");
    page.line(1, "Resource\tRequests\tLimits");
    page.line(1, "--------\t--------\t------");
    let sum = |which: &str, resource: &str| -> Quantity {
        running.iter().map(|pod| requests::of(pod, which, resource, Seen::Spec)).sum()
    };
    let all = amounts(node);
    let huge = all.keys().filter(|name| name.starts_with("hugepages-")).map(String::as_str);
    for resource in ["cpu", "memory", "ephemeral-storage"].into_iter().chain(huge) {
        let cell = |which: &str| share(sum(which, resource), whole(node, resource));
        page.line(1, format!("{resource}\t{}\t{}", cell("requests"), cell("limits")));
    }
    let usual = |name: &str| matches!(name, "cpu" | "memory" | "ephemeral-storage" | "pods");
    for resource in all.keys().filter(|name| !usual(name) && !name.starts_with("hugepages-")) {
        page.line(1, format!("{resource}\t{}\t{}", sum("requests", resource), sum("limits", resource)));
    }
}
