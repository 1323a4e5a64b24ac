//! How long it takes to get a container going, in milliseconds: `cargo bench -p podyard-cluster --bench containers`.
//!
//! Prints the median, the least and the 90th percentile of each step. Where `crun` or `runc` is installed, and as root,
//! the same `echo` by them stands beside ours.

// A bench prints; and what is not as expected ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/node/fixture.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod fixture;
mod others;

use std::time::{Duration, Instant};

use podyard_cluster::node::runtime::{Runtime, SandboxId};
use tokio::io::AsyncReadExt;

use self::fixture::{Sandbox, outcome};

const RUNS: usize = 30;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    fixture::images();
    let (cold, pods, firsts, execs) = runtime.block_on(ours());
    report("cold: agent, Pod, first byte", cold);
    report("Pod with its address", pods);
    report("container to first byte", firsts);
    report("exec to first byte", execs);
    report("fork and exec alone", (0..RUNS).map(|_| others::plain()).collect());
    for program in ["crun", "runc"] {
        match others::bundle(program, &fixture::image("busybox")) {
            Ok(run) => report(&format!("{program} run"), (0..RUNS).map(|_| run()).collect()),
            Err(why) => println!("{program:<32} not compared: {why}"),
        }
    }
}

async fn ours() -> (Vec<Duration>, Vec<Duration>, Vec<Duration>, Vec<Duration>) {
    let mut cold = Vec::new();
    for _ in 0..RUNS / 3 {
        let sandbox = Sandbox::new();
        let begin = Instant::now();
        let pod = sandbox.pod("cold", 5).await;
        first_byte(&sandbox, &pod, "c").await;
        cold.push(begin.elapsed());
        sandbox.runtime.shutdown().await;
    }
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("warm", 250).await;
    let (container, _process) = sandbox.sleeper(&pod, "s").await;
    let (mut pods, mut firsts, mut execs) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        let begin = Instant::now();
        let other = sandbox.pod(&format!("p{run}"), 10 + run as u8).await;
        pods.push(begin.elapsed());
        firsts.push(first_byte(&sandbox, &other, "c").await);
        let begin = Instant::now();
        let mut process = sandbox.try_exec(&container, &["echo", "hello"]).await.unwrap();
        process.streams.stdout.read_u8().await.unwrap();
        execs.push(begin.elapsed());
        outcome(process).await;
        sandbox.runtime.remove_sandbox(other).await.unwrap();
    }
    sandbox.runtime.shutdown().await;
    (cold, pods, firsts, execs)
}

async fn first_byte(sandbox: &Sandbox, pod: &SandboxId, name: &str) -> Duration {
    let begin = Instant::now();
    let spec = sandbox.spec(pod, name, &["echo", "hello"]);
    let mut process = sandbox.runtime.start_container(spec).await.unwrap();
    process.streams.stdout.read_u8().await.unwrap();
    let time = begin.elapsed();
    outcome(process).await;
    time
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    println!("{what:<32} median {:6.2}  least {:6.2}  90 % {:6.2} ms", at(50), at(0), at(90));
}
