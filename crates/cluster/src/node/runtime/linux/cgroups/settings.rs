//! What is written to and read from a controller's files (kernel documentation: admin-guide/cgroup-v1, cgroup-v2).

use std::{fs, io, path::Path};

use crate::node::runtime::{Limits, Usage};

/// The period that CPU quotas are counted in, as the kubelet sets it (100 ms).
const PERIOD: u64 = 100_000;
/// The least quota the kernel takes (1 ms).
const LEAST_QUOTA: u64 = 1_000;

/// The kernel's bounds of `cpu.shares`.
const LEAST_SHARES: u64 = 2;
/// See [`LEAST_SHARES`].
const MOST_SHARES: u64 = 262_144;

/// Version 2's weight (1 to 10,000) for version 1's shares, as KEP-2254 has it.
fn weight(shares: u64) -> u64 {
    1 + (shares - LEAST_SHARES) * 9_999 / (MOST_SHARES - LEAST_SHARES)
}

/// One controller's hierarchy, or all in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Controller {
    /// Version 1.
    Memory,
    /// Version 1.
    Pids,
    /// Version 1.
    Cpu,
    /// Version 1, when it is mounted apart from [`Controller::Cpu`].
    CpuAccounting,
    /// Version 2.
    Unified,
}

impl Controller {
    /// What a new group needs.
    pub(super) fn prepare(self, path: &Path) -> io::Result<()> {
        if self == Self::Unified {
            // One process that runs out of memory ends the container, as on a real node with version 2.
            let _ = fs::write(path.join("memory.oom.group"), "1");
        }
        Ok(())
    }

    /// Version 2 wants to be told that groups beneath have controllers of their own.
    pub(super) fn open_to_children(self, path: &Path) -> io::Result<()> {
        if self != Self::Unified {
            return Ok(());
        }
        // Memory, as the controller of a whole sandbox, must end one container and not all.
        let _ = fs::write(path.join("memory.oom.group"), "0");
        fs::write(path.join("cgroup.subtree_control"), "+memory +pids +cpu")
    }

    /// Files and what to write to them, in order.
    pub(super) fn settings(self, limits: &Limits) -> Vec<(&'static str, String)> {
        let memory = limits.memory.map(|bytes| bytes.to_string());
        let pids = limits.pids.map(|count| count.to_string());
        let quota = limits.cpu_milli.map(|milli| (milli * PERIOD / 1000).max(LEAST_QUOTA));
        let shares = limits.cpu_shares.map(|shares| shares.clamp(LEAST_SHARES, MOST_SHARES));
        let settings: [Option<(&'static str, String)>; 5] = match self {
            Self::Memory => [
                memory.clone().map(|bytes| ("memory.limit_in_bytes", bytes)),
                memory.map(|bytes| ("memory.memsw.limit_in_bytes", bytes)),
                None,
                None,
                None,
            ],
            Self::Pids => [pids.map(|count| ("pids.max", count)), None, None, None, None],
            Self::Cpu => [
                shares.map(|shares| ("cpu.shares", shares.to_string())),
                quota.map(|_| ("cpu.cfs_period_us", PERIOD.to_string())),
                quota.map(|quota| ("cpu.cfs_quota_us", quota.to_string())),
                None,
                None,
            ],
            Self::CpuAccounting => [const { None }; 5],
            Self::Unified => [
                memory.clone().map(|_| ("memory.swap.max", "0".to_owned())),
                memory.map(|bytes| ("memory.max", bytes)),
                pids.map(|count| ("pids.max", count)),
                shares.map(|shares| ("cpu.weight", weight(shares).to_string())),
                quota.map(|quota| ("cpu.max", format!("{quota} {PERIOD}"))),
            ],
        };
        settings.into_iter().flatten().collect()
    }

    /// Where the kernel counts processes it ended for want of memory, as `oom_kill`.
    pub(super) fn oom_file(self) -> Option<&'static str> {
        match self {
            Self::Memory => Some("memory.oom_control"),
            Self::Unified => Some("memory.events"),
            _ => None,
        }
    }

    /// Adds what this controller knows. Memory is the working set, as the kubelet counts it: without what the kernel
    /// can drop at once.
    pub(super) fn usage(self, usage: Usage, read: impl Fn(&str) -> String) -> Usage {
        let number = |text: String| text.trim().parse::<u64>().unwrap_or(0);
        let working_set =
            |total: u64, inactive: &str| total.saturating_sub(keyed(&read("memory.stat"), inactive).unwrap_or(0));
        match self {
            Self::Memory => {
                Usage { memory: working_set(number(read("memory.usage_in_bytes")), "total_inactive_file"), ..usage }
            }
            // Either of the two, when both are mounted together.
            Self::Cpu | Self::CpuAccounting => {
                Usage { cpu_nanos: usage.cpu_nanos.max(number(read("cpuacct.usage"))), ..usage }
            }
            Self::Pids => usage,
            Self::Unified => Usage {
                memory: working_set(number(read("memory.current")), "inactive_file"),
                cpu_nanos: keyed(&read("cpu.stat"), "usage_usec").unwrap_or(0) * 1000,
            },
        }
    }
}

/// The number after `key` in a file of `key number` lines.
pub(super) fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_1_group_is_limited_in_each_hierarchy() {
        let limits = Limits { memory: Some(1000), cpu_milli: Some(1), cpu_shares: Some(1), pids: None };
        assert_eq!(
            Controller::Memory.settings(&limits),
            [("memory.limit_in_bytes", "1000".to_owned()), ("memory.memsw.limit_in_bytes", "1000".to_owned())]
        );
        assert_eq!(
            Controller::Cpu.settings(&limits),
            [
                ("cpu.shares", "2".to_owned()),
                ("cpu.cfs_period_us", "100000".to_owned()),
                ("cpu.cfs_quota_us", "1000".to_owned())
            ]
        );
        assert_eq!(Controller::Pids.settings(&limits), []);
    }

    #[test]
    fn shares_are_weights_in_version_2() {
        assert_eq!([2, 102, 1024, MOST_SHARES].map(weight), [1, 4, 39, 10_000]);
    }

    #[test]
    fn a_key_is_a_whole_word() {
        assert_eq!(keyed("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n", "oom_kill"), Some(4));
    }
}
