//! Whether this machine has room for another cluster: looked at before, since kind finds out after a minute.
//!
//! What one cluster takes was measured with kind 0.33 and Kubernetes 1.36 (one node): 27 inotify instances, 420 MiB of
//! memory, 0.7 GB of disk, a tenth of a core.

use std::{fs, path::Path};

/// Inotify instances of one cluster, with some to spare.
const INSTANCES: u64 = 30;
/// Memory of one cluster with a learner's Pods in it.
const MEMORY: u64 = 700 << 20;
/// Memory that is left alone.
const RESERVE: u64 = 1 << 30;
/// Disk of one cluster with the images that a learner pulls.
const DISK: u64 = 2 << 30;
/// Clusters that a core carries well.
const PER_CORE: u64 = 4;
/// How many clusters there may be where nothing is known of the machine.
const UNKNOWN: usize = 4;

/// What the machine has to give. What could not be found out is `None` and stops nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Host {
    /// Inotify instances that the engine's user may still open.
    pub instances: Option<u64>,
    /// Bytes.
    pub memory: Option<u64>,
    /// Bytes, where the engine keeps its files.
    pub disk: Option<u64>,
    /// Cores.
    pub cores: u64,
}

impl Host {
    /// Looks. `files` is where the engine keeps its files, if that is on this machine.
    pub(super) fn look(files: Option<&Path>) -> Self {
        Self {
            instances: instances(),
            memory: memory(),
            disk: files.and_then(free),
            cores: std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
        }
    }

    /// What stands in the way of another cluster, as a sentence that says what to do.
    pub(super) fn shortage(&self) -> Option<String> {
        let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
        if let Some(left) = self.instances.filter(|left| *left < INSTANCES) {
            return Some(format!(
                "{left} inotify instances are left and a cluster takes {INSTANCES}: sysctl \
                 fs.inotify.max_user_instances=1024 allows more"
            ));
        }
        if let Some(left) = self.memory.filter(|left| *left < MEMORY) {
            return Some(format!("{} of memory are left and a cluster takes {}", mib(left), mib(MEMORY)));
        }
        let left = self.disk.filter(|left| *left < DISK)?;
        Some(format!(
            "{} of disk are left where the engine keeps its files and a cluster takes {}",
            mib(left),
            mib(DISK)
        ))
    }

    /// How many clusters the machine carries beside what runs on it now.
    pub(super) fn carries(&self) -> usize {
        let by_memory = self.memory.map(|memory| memory.saturating_sub(RESERVE) / MEMORY);
        let by_instances = self.instances.map(|instances| instances / INSTANCES);
        let by_disk = self.disk.map(|disk| disk / DISK);
        let least = [by_memory, by_instances, by_disk].into_iter().flatten().min();
        let least = least.map(|least| least.min(self.cores * PER_CORE)).and_then(|least| usize::try_from(least).ok());
        least.unwrap_or(UNKNOWN).max(1)
    }
}

/// The limit of root, as whom engines run, less what root has open; where that can't be counted, the limit.
fn instances() -> Option<u64> {
    let limit: u64 = fs::read_to_string("/proc/sys/fs/inotify/max_user_instances").ok()?.trim().parse().ok()?;
    Some(limit.saturating_sub(open_instances()))
}

/// Inotify instances of all processes that we may look into.
fn open_instances() -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let open = processes.flat_map(|process| fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten());
    open.filter(|file| fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == "anon_inode:inotify")).count() as u64
}

fn memory() -> Option<u64> {
    available(&fs::read_to_string("/proc/meminfo").ok()?)
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

fn free(path: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(path).ok()?;
    Some(found.blocks_available() * found.fragment_size())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMY: Host = Host { instances: Some(900), memory: Some(20 << 30), disk: Some(80 << 30), cores: 2 };

    #[test]
    fn what_is_short_is_said_with_its_cure() {
        assert_eq!(ROOMY.shortage(), None);
        assert_eq!(Host::default().shortage(), None, "what can't be known stops nobody");
        insta::assert_snapshot!(Host { instances: Some(7), ..ROOMY }.shortage().unwrap(), @"7 inotify instances are left and a cluster takes 30: sysctl fs.inotify.max_user_instances=1024 allows more");
        insta::assert_snapshot!(Host { memory: Some(300 << 20), ..ROOMY }.shortage().unwrap(), @"300 MiB of memory are left and a cluster takes 700 MiB");
        assert!(Host { disk: Some(1 << 30), ..ROOMY }.shortage().unwrap().contains("of disk"));
    }

    /// As measured: two cores carry about eight; with 128 instances the fifth fails.
    #[test]
    fn the_number_that_fits_is_set_by_what_is_scarcest() {
        assert_eq!(ROOMY.carries(), 8);
        assert_eq!(Host { instances: Some(128), ..ROOMY }.carries(), 4);
        assert_eq!(Host { memory: Some(3 << 30), ..ROOMY }.carries(), 2);
        assert_eq!(Host { memory: Some(0), ..ROOMY }.carries(), 1);
        assert_eq!(Host { cores: 2, ..Host::default() }.carries(), UNKNOWN);
    }

    #[test]
    fn available_memory_is_read() {
        assert_eq!(available("MemTotal:  100 kB\nMemAvailable:    2048 kB\n"), Some(2 << 20));
        assert_eq!(available(""), None);
    }
}
