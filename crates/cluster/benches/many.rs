//! What many sandboxes cost: `cargo bench -p podyard-cluster --bench many -- 500`. Each has a Pod with a sleeping container.
//!
//! Prints the time to start and to end them all, and the memory of each process as the kernel shares it out (PSS).

// A bench prints; and what is not as expected ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/node/fixture.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod fixture;

use std::{collections::BTreeMap, fs, time::Instant};

use futures::{StreamExt, stream};
use podyard_cluster::node::runtime::Runtime;

use self::fixture::Sandbox;

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(50);
    fixture::images();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let begin = Instant::now();
        let sandboxes: Vec<_> = stream::iter(0..count)
            .map(|_| async {
                let sandbox = Sandbox::new();
                let pod = sandbox.pod("p", 5).await;
                let sleeper = sandbox.sleeper(&pod, "c").await;
                (sandbox, sleeper)
            })
            .buffer_unordered(8)
            .collect()
            .await;
        println!("{count} sandboxes with a Pod each in {:.1} s", begin.elapsed().as_secs_f64());
        for (name, (number, pss)) in memory() {
            println!("  {number:>5} × {name:<16} {:>7.0} KiB each", pss as f64 / number as f64);
        }
        let begin = Instant::now();
        stream::iter(&sandboxes).for_each_concurrent(8, |(sandbox, _)| sandbox.runtime.shutdown()).await;
        println!("ended in {:.1} s", begin.elapsed().as_secs_f64());
    });
}

/// Number and PSS in KiB of this process's descendants, by name.
fn memory() -> BTreeMap<String, (u64, u64)> {
    let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut open = vec![std::process::id()];
    while let Some(pid) = open.pop() {
        for thread in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            open.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned();
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let pss =
            rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let entry = found.entry(name).or_default();
        *entry = (entry.0 + 1, entry.1 + pss.unwrap_or(0));
    }
    found
}
