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

/// What the processes in a mount namespace use. Pages that several share count for each.
pub(super) fn used(namespace: u64) -> Used {
    of(namespace).fold(Used::default(), |used, pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let one = used_by(&stat);
        Used { memory: used.memory + one.memory, cpu_nanos: used.cpu_nanos + one.cpu_nanos }
    })
}

/// Fields 14 (user time), 15 (system time), both in hundredths of a second, and 24 (resident pages) of proc_pid_stat(5).
fn used_by(stat: &str) -> Used {
    const PAGE: u64 = 4096;
    const TICK_NANOS: u64 = 10_000_000;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // What follows the name begins with field 3.
    let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    Used { memory: field(24) * PAGE, cpu_nanos: (field(14) + field(15)) * TICK_NANOS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_confuse() {
        let stat = "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 99 1000 25 0";
        assert_eq!(used_by(stat), Used { memory: 25 * 4096, cpu_nanos: 70_000_000 });
    }

    #[test]
    fn this_process_is_in_its_namespace() {
        let own = Pid::from_raw(std::process::id() as i32);
        assert!(of(own_namespace().unwrap()).any(|pid| pid == own));
    }
}
