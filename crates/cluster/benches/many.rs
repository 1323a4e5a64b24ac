//! What many cost: `cargo bench -p podyard-cluster --bench many -- 500`. So many sandboxes with a Pod each, then so many
//! Pods in one sandbox.
//!
//! Prints the time to start and to end them all, how quick a list of Pods is meanwhile, what the server has open, what
//! all of them take of a processor while nothing happens, and the memory of each process as the kernel shares it out
//! (PSS).

// A bench prints; and what is not as expected ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/node/cluster.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod cluster;
#[path = "../tests/node/fixture.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod fixture;
#[path = "processes.rs"]
mod processes;

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ListParams};
use serde_json::{Value, json};

use self::{
    cluster::{TestCluster, ready},
    processes::{Processes, open_files, threads},
};

/// How long it is looked what they take while nothing happens.
const IDLE: Duration = Duration::from_secs(10);
/// How many are started or ended at once.
const AT_ONCE: usize = 8;

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(50);
    fixture::images();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        sandboxes(count).await;
        pods(count).await;
    });
}

fn sleeper() -> Value {
    json!({"terminationGracePeriodSeconds": 0, "containers": [{"name": "c", "image": "busybox", "command": ["sleep", "1000000"]}]})
}

async fn running_pod(test: &TestCluster) {
    let name = test.start_pod(sleeper()).await.metadata.name.unwrap();
    test.pod_when(&name, ready).await;
}

async fn sandboxes(count: usize) {
    let begin = Instant::now();
    let all: Vec<_> = stream::iter(0..count)
        .map(|_| async {
            let test = TestCluster::start().await;
            running_pod(&test).await;
            test
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    println!("{count} sandboxes with a Pod each: started in {:.1} s", begin.elapsed().as_secs_f64());
    look(&all[0].pods).await;
    let begin = Instant::now();
    stream::iter(&all).for_each_concurrent(AT_ONCE, |test| test.cluster.shutdown()).await;
    println!("  ended in {:.1} s", begin.elapsed().as_secs_f64());
}

async fn pods(count: usize) {
    let test = TestCluster::with_room(u16::try_from(count).unwrap(), 20 * count + 1000).await;
    let begin = Instant::now();
    stream::iter(0..count).for_each_concurrent(AT_ONCE, |_| running_pod(&test)).await;
    println!("{count} Pods in one sandbox: started in {:.1} s", begin.elapsed().as_secs_f64());
    look(&test.pods).await;
    let begin = Instant::now();
    test.cluster.shutdown().await;
    println!("  ended in {:.1} s", begin.elapsed().as_secs_f64());
}

/// What they take.
async fn look(pods: &Api<Pod>) {
    println!("  the server has {} files open and {} threads", open_files(), threads());
    let begin = Instant::now();
    let listed = pods.list(&ListParams::default()).await.unwrap().items.len();
    println!("  a list of {listed} Pods takes {:.1} ms", begin.elapsed().as_secs_f64() * 1000.0);
    let before = Processes::now().processor_time;
    tokio::time::sleep(IDLE).await;
    let all = Processes::now();
    let used = (all.processor_time - before).as_secs_f64() / IDLE.as_secs_f64();
    println!("  while nothing happens they take {:.1} % of a processor", used * 100.0);
    print!("{all}");
}
