//! The Node object: what this machine has, and that it is well (`wire/node.json`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{context::Context, downward::Allocatable, health, images::Image, lease, members::Member};
use crate::{
    clock::api_time,
    store::{Key, Next},
};

/// The store's name for Nodes.
pub const NODES: &str = "nodes";
/// What a kubelet keeps for itself by default before it evicts: `memory.available<100Mi`.
const RESERVED_MEMORY: i64 = 100 * 1024 * 1024;
/// The kubelet's default `nodeStatusMaxImages`.
const MOST_IMAGES: usize = 50;
/// How many names of an image a kubelet tells (its `MaxNamesPerImageInNodeStatus`).
const MOST_NAMES: usize = 5;
/// The label of the control plane's node, and the key of its taint.
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";
/// The version that everything recorded comes from.
const VERSION: &str = "v1.36.2";

/// What the machine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    processors: usize,
    memory: i64,
    kernel: String,
    os: String,
    machine_id: String,
    boot_id: String,
}

impl Machine {
    /// Reads it from `/proc` and `/etc`; what can't be read has a plain default.
    pub fn read() -> Self {
        let file = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
        let os_release = file("/etc/os-release");
        let os = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("Linux");
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory(&file("/proc/meminfo")).unwrap_or(1 << 30),
            kernel: file("/proc/sys/kernel/osrelease"),
            os: os.trim_matches('"').to_owned(),
            machine_id: file("/etc/machine-id"),
            boot_id: file("/proc/sys/kernel/random/boot_id"),
        }
    }

    /// What Pods may have of it.
    pub fn allocatable(&self) -> Allocatable {
        let cpu_milli = i64::try_from(self.processors).unwrap_or(1) * 1000;
        Allocatable { cpu_milli, memory: self.memory - RESERVED_MEMORY }
    }

    fn resources(&self, memory: i64, pods: u16) -> Value {
        json!({
            "cpu": self.processors.to_string(),
            "hugepages-1Gi": "0",
            "hugepages-2Mi": "0",
            "memory": format!("{}Ki", memory / 1024),
            "pods": pods.to_string(),
        })
    }
}

/// `MemTotal`, in bytes.
fn memory(meminfo: &str) -> Option<i64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<i64>().ok().map(|kib| kib * 1024)
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Stores the Node object, or brings the status of the one that is there up to date.
pub fn register(context: &Context, machine: &Machine, member: &Member) {
    let key = Key::new(NODES, "", &*context.node_name);
    let now = context.now();
    if context.store.insert(key.clone(), object(context, machine, member, now)).is_err() {
        let _ = context.store.modify(&key, |node| {
            let mut node = node.clone();
            node["status"] = status(context, machine, &node["status"]);
            Ok::<_, std::convert::Infallible>(Next::Put(node))
        });
    }
    if let Some(node) = context.store.get(&key) {
        lease::store(&context.store, &node, &context.clock.uid(), now);
    }
}

fn object(context: &Context, machine: &Machine, member: &Member, now: Timestamp) -> Value {
    let name = &context.node_name;
    let pods = context.addresses.range().to_string();
    let mut node = json!({
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "uid": context.clock.uid(),
            "creationTimestamp": api_time(now),
            "labels": {
                "beta.kubernetes.io/arch": architecture(),
                "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": architecture(),
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            },
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
            "managedFields": [managed(now)],
        },
        "spec": {"podCIDR": pods, "podCIDRs": [pods]},
        "status": status(context, machine, &Value::Null),
    });
    if member.control_plane {
        node["metadata"]["labels"][CONTROL_PLANE] = "".into();
    }
    if member.tainted {
        node["spec"]["taints"] = json!([{"key": CONTROL_PLANE, "effect": "NoSchedule"}]);
    }
    node
}

fn managed(now: Timestamp) -> Value {
    json!({
        "manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": api_time(now),
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {
            "f:annotations": {".": {}, "f:volumes.kubernetes.io/controller-managed-attach-detach": {}},
            "f:labels": {
                ".": {}, "f:beta.kubernetes.io/arch": {}, "f:beta.kubernetes.io/os": {}, "f:kubernetes.io/arch": {},
                "f:kubernetes.io/hostname": {}, "f:kubernetes.io/os": {},
            },
        }},
    })
}

/// The images as a kubelet tells them: each once with all its names, the biggest first, and no more than it tells.
pub fn images(all: Vec<Image>) -> Value {
    let mut by_id: BTreeMap<String, (u64, BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for image in all {
        let (size, digests, tags) = by_id.entry(image.id).or_default();
        *size = image.size;
        digests.extend(image.repo_digest);
        if !image.name.contains('@') {
            tags.insert(image.name);
        }
    }
    let mut all: Vec<_> = by_id.into_values().collect();
    all.sort_by_key(|(size, ..)| std::cmp::Reverse(*size));
    let shown = all.into_iter().take(MOST_IMAGES).map(|(size, digests, tags)| {
        let names: Vec<String> = digests.into_iter().chain(tags).take(MOST_NAMES).collect();
        json!({"names": names, "sizeBytes": size})
    });
    shown.collect()
}

fn status(context: &Context, machine: &Machine, before: &Value) -> Value {
    let handler =
        |name: &str| json!({"name": name, "features": {"recursiveReadOnlyMounts": true, "userNamespaces": false}});
    json!({
        "capacity": machine.resources(machine.memory, context.max_pods),
        "allocatable": machine.resources(machine.memory - RESERVED_MEMORY, context.max_pods),
        "conditions": health::now(context, before),
        "addresses": [
            {"type": "InternalIP", "address": context.host.to_string()},
            {"type": "Hostname", "address": context.node_name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": {
            "machineID": machine.machine_id,
            "systemUUID": machine.machine_id,
            "bootID": machine.boot_id,
            "kernelVersion": machine.kernel,
            "osImage": machine.os,
            "containerRuntimeVersion": context.runtime.version(),
            "kubeletVersion": VERSION,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": architecture(),
        },
        "images": images(context.images.all()),
        "runtimeHandlers": [handler(""), handler("runc")],
        "features": {"supplementalGroupsPolicy": true},
    })
}
