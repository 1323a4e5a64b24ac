//! Whether there is room: resources, the number of Pods, host ports.

use serde_json::Value;

use super::{decide::Refusal, snapshot::Snapshot};
use crate::{
    admission::{
        quantity::Quantity,
        resources::{amounts, pod_requests},
    },
    json as tree,
};

/// Whether the node has what the Pod asks for beside what it has given away.
pub fn resources(pod: &Value, name: &str, node: &Value, snapshot: &Snapshot) -> Result<(), Refusal> {
    let allocatable = amounts(&node["status"]["allocatable"]);
    let mut reasons = Vec::new();
    let mut resolvable = true;
    let most = allocatable.get("pods").map_or(i64::MAX, |pods| pods.value());
    if i64::try_from(snapshot.pods_on(name).count() + 1).unwrap_or(i64::MAX) > most {
        reasons.push("Too many pods".to_owned());
    }
    for (resource, asked) in pod_requests(&pod["spec"]) {
        if asked.is_zero() || resource == "pods" {
            continue;
        }
        let given = snapshot.pods_on(name).filter_map(|placed| placed.requests.get(&resource));
        let used = given.fold(Quantity::ZERO, |sum, amount| sum + *amount);
        // A resource that the node does not name is one that it has none of, except for disk, which is not counted.
        let has = match allocatable.get(&resource) {
            None if resource == "ephemeral-storage" => continue,
            has => has.copied().unwrap_or(Quantity::ZERO),
        };
        if used + asked > has {
            reasons.push(format!("Insufficient {resource}"));
            resolvable &= asked <= has;
        }
    }
    if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons, resolvable }) }
}

/// Whether the host ports that the Pod wants are free.
pub fn ports(pod: &Value, name: &str, snapshot: &Snapshot) -> Result<(), Refusal> {
    let wanted = host_ports(pod);
    let taken = |port: &HostPort| snapshot.pods_on(name).flat_map(|p| host_ports(&p.object)).any(|p| p.meets(port));
    if wanted.iter().any(taken) {
        return Err(Refusal::for_now("node(s) didn't have free ports for the requested pod ports"));
    }
    Ok(())
}

struct HostPort {
    port: i64,
    protocol: String,
    address: String,
}

impl HostPort {
    fn meets(&self, other: &Self) -> bool {
        let any = |address: &str| address.is_empty() || address == "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address == other.address || any(&self.address) || any(&other.address))
    }
}

fn host_ports(pod: &Value) -> Vec<HostPort> {
    let containers = tree::items(&pod["spec"], "containers").iter();
    let ports = containers.flat_map(|container| tree::items(container, "ports"));
    let host = |port: &Value| {
        let number = tree::int(port, "hostPort").filter(|number| *number > 0)?;
        let protocol = tree::text(port, "protocol");
        Some(HostPort {
            port: number,
            protocol: if protocol.is_empty() { "TCP" } else { protocol }.to_owned(),
            address: tree::text(port, "hostIP").to_owned(),
        })
    };
    ports.filter_map(host).collect()
}
