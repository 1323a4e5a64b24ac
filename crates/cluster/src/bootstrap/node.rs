//! The one node of a new cluster (`wire/node.json`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::NODE_ADDRESS;
use crate::{clock::api_time, version};

/// What the machine says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Machine {
    processors: usize,
    /// KiB.
    memory: u64,
    kernel: String,
    system: String,
}

/// A ready node on this machine.
pub(super) fn node(name: &str, now: Timestamp) -> Value {
    let machine = Machine::read();
    let architecture = version::architecture();
    let resources = |memory: u64| {
        json!({
            "cpu": machine.processors.to_string(), "hugepages-1Gi": "0", "hugepages-2Mi": "0",
            "memory": format!("{memory}Ki"), "pods": "110",
        })
    };
    json!({
        "metadata": {
            "name": name,
            "labels": {
                "beta.kubernetes.io/arch": architecture, "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": architecture, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/control-plane": "",
            },
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
        "spec": {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"]},
        "status": {
            "capacity": resources(machine.memory),
            // The kubelet keeps 100 MiB for evictions.
            "allocatable": resources(machine.memory.saturating_sub(100 * 1024)),
            "conditions": conditions(&api_time(now)),
            "addresses": [{"type": "InternalIP", "address": NODE_ADDRESS}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "",
                "kernelVersion": machine.kernel, "osImage": machine.system,
                "containerRuntimeVersion": "containerd://2.1.0", "kubeletVersion": version::RELEASE,
                "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": architecture,
            },
        },
    })
}

fn conditions(now: &str) -> Value {
    let rows = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ];
    rows.iter()
        .map(|(kind, status, reason, message)| {
            json!({
                "type": kind, "status": status, "lastHeartbeatTime": now, "lastTransitionTime": now,
                "reason": reason, "message": message,
            })
        })
        .collect()
}

impl Machine {
    fn read() -> Self {
        let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory: total_memory(&text("/proc/meminfo")).unwrap_or(0),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            system: system_name(&text("/etc/os-release")).unwrap_or_else(|| "Linux".into()),
        }
    }
}

fn total_memory(meminfo: &str) -> Option<u64> {
    meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.split_whitespace().next()?.parse().ok()
}

fn system_name(os_release: &str) -> Option<String> {
    let value = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_read_from_its_own_files() {
        assert_eq!(total_memory("MemTotal:       24682416 kB\nMemFree: 1 kB\n"), Some(24_682_416));
        assert_eq!(
            system_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n").unwrap(),
            "Debian GNU/Linux 12 (bookworm)"
        );
    }
}
