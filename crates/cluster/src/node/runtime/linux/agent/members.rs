//! The processes of a container: those in its mount namespace, which execs join and nothing leaves.

use std::{fs, io, os::unix::fs::MetadataExt};

use nix::unistd::Pid;

/// What processes use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Used {
    /// Bytes of memory that is there now.
    pub memory: u64,
    /// Of those that have not ended.
    pub cpu_nanos: u64,
}

/// The inode of this process's mount namespace.
pub(super) fn own_namespace() -> io::Result<u64> {
    Ok(fs::metadata("/proc/self/ns/mnt")?.ino())
}

/// The processes in a mount namespace.
pub(super) fn of(namespace: u64) -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(move |pid: &i32| fs::metadata(format!("/proc/{pid}/ns/mnt")).is_ok_and(|link| link.ino() == namespace))
        .map(Pid::from_raw)
}

/// What the processes in a mount namespace use.
pub(super) fn used(namespace: u64) -> Used {
    let read = |pid: Pid, file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    of(namespace).fold(Used::default(), |used, pid| Used {
        memory: used.memory + memory_in(&read(pid, "smaps_rollup")),
        cpu_nanos: used.cpu_nanos + time_in(&read(pid, "stat")),
    })
}

/// A process's part of the memory it shares, and all of its own (proc_pid_smaps(5)). The counts in `/proc/PID/stat` are
/// rough: for a small process they can be 0.
fn memory_in(rollup: &str) -> u64 {
    let kib = |line: &str| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok();
    rollup.lines().find_map(kib).unwrap_or(0) * 1024
}

/// Fields 14 (user time) and 15 (system time) of proc_pid_stat(5), both in hundredths of a second.
fn time_in(stat: &str) -> u64 {
    const TICK_NANOS: u64 = 10_000_000;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    // What follows the name begins with field 3.
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|text| text.parse::<u64>().ok()).sum::<u64>() * TICK_NANOS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_confuse() {
        assert_eq!(time_in("7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 99 1000 25 0"), 70_000_000);
    }

    #[test]
    fn memory_is_the_processs_part() {
        assert_eq!(
            memory_in("00-ff ---p 00 00:00 0 [rollup]\nRss:  900 kB\nPss:  12 kB\nPss_Dirty: 4 kB\n"),
            12 * 1024
        );
    }

    #[test]
    fn this_process_is_in_its_namespace() {
        let own = Pid::from_raw(std::process::id() as i32);
        assert!(of(own_namespace().unwrap()).any(|pid| pid == own));
    }
}
