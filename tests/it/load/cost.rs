//! What the server and everything that it started take of the machine, as the kernel counts it.

use std::{collections::HashMap, fs};

/// What a tree of processes takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// MiB; what several share is counted once.
    pub memory: f64,
    /// Seconds of processors since they were started, those of ended children included.
    pub processor: f64,
}

/// Of this process and all beneath it. What ends while it is looked at is left out.
pub fn of(pid: u32) -> Cost {
    let all: HashMap<u32, (u32, f64)> = pids().filter_map(|pid| Some((pid, stat(pid)?))).collect();
    let beneath = |mut pid: u32, top: u32| {
        while pid != top {
            match all.get(&pid) {
                Some((parent, _)) if *parent != 0 => pid = *parent,
                _ => return false,
            }
        }
        true
    };
    let tree = all.iter().filter(|(own, _)| beneath(**own, pid));
    tree.fold(Cost::default(), |cost, (pid, (_, processor))| Cost {
        memory: cost.memory + memory(*pid).unwrap_or(0.0),
        processor: cost.processor + processor,
    })
}

fn pids() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The parent, and the seconds of processors: its own and those of children that it has waited for.
fn stat(pid: u32) -> Option<(u32, f64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; fields are counted behind it (proc_pid_stat(5)): 4 is the parent, 14 to 17
    // are times in hundredths of seconds.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let times: f64 = fields.get(11..15)?.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, times / 100.0))
}

fn memory(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok()? / 1024.0)
}
