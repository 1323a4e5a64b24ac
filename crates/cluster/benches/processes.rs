//! This process and its descendants, as /proc shows them.

use std::{collections::BTreeMap, fmt, fs, time::Duration};

/// All of them together.
#[derive(Default)]
pub struct Processes {
    /// Number and PSS in KiB, by name.
    pub memory: BTreeMap<String, (u64, u64)>,
    /// What they have had of the processors.
    pub processor_time: Duration,
}

impl Processes {
    /// As they are now.
    pub fn now() -> Self {
        let mut all = Self::default();
        let mut open = vec![std::process::id()];
        while let Some(pid) = open.pop() {
            for thread in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
                let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
                open.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
            }
            all.processor_time += processor_time(pid);
            let entry = all.memory.entry(name(pid)).or_default();
            *entry = (entry.0 + 1, entry.1 + pss(pid));
        }
        all
    }
}

impl fmt::Display for Processes {
    /// A line for each name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, (number, pss)) in &self.memory {
            writeln!(f, "  {number:>5} × {name:<16} {:>7.0} KiB each", *pss as f64 / *number as f64)?;
        }
        Ok(())
    }
}

fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

/// The kernel's share of memory for a process, in KiB: what it has alone, and its part of what it shares.
fn pss(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}

/// `utime` and `stime` of proc_pid_stat(5).
fn processor_time(pid: u32) -> Duration {
    /// Ticks of a hundredth of a second on every Linux.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: u32 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    TICK * ticks
}

/// How many files this process has open.
pub fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").into_iter().flatten().count()
}

/// How many threads this process has.
pub fn threads() -> usize {
    fs::read_dir("/proc/self/task").into_iter().flatten().count()
}
