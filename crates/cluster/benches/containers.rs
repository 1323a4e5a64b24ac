//! How long it takes to get a container going, in milliseconds: `cargo bench -p podyard-cluster --bench containers`.
//!
//! Prints the median, the least and the 90th percentile of each step: by the agent alone, then through a whole cluster
//! (goal: apply to first log byte at most three times the agent's container to first byte). Where `crun` or `runc` is
//! installed, and as root, the same `echo` by them stands beside ours; with `PODYARD_BENCH_KUBECONFIG`, the same Pod on
//! that cluster. Then what memory a sandbox's processes take (goals: the agent under 3 MiB, a sleeping Pod under 1 MiB).

// A bench prints; and what is not as expected ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/node/cluster.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod cluster;
#[path = "../tests/node/fixture.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod fixture;
mod others;
#[path = "processes.rs"]
#[allow(dead_code, reason = "another bench uses more of it")]
mod processes;

use std::time::{Duration, Instant};

use futures::AsyncReadExt as Logs;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    api::{DeleteParams, LogParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    runtime::wait::await_condition,
};
use podyard_cluster::node::runtime::{Runtime, SandboxId};
use serde_json::json;
use tokio::io::AsyncReadExt;

use self::{
    cluster::TestCluster,
    fixture::{Sandbox, outcome},
    processes::Processes,
};

const RUNS: usize = 30;
/// So many Pods sleep while memory is counted: what programs share is shared by all, as it is in use.
const SLEEPERS: usize = 20;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    fixture::images();
    let (cold, pods, firsts, execs) = runtime.block_on(ours());
    report("cold: agent, Pod, first byte", cold);
    report("Pod with its address", pods);
    report("container to first byte", firsts);
    report("exec to first byte", execs);
    runtime.block_on(whole());
    report("fork and exec alone", (0..RUNS).map(|_| others::plain()).collect());
    for program in ["crun", "runc"] {
        let bundle = others::bundle(program, &fixture::image("busybox"));
        match bundle.and_then(|run| (0..RUNS).map(|_| run()).collect()) {
            Ok(times) => report(&format!("{program} run"), times),
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

/// Through the API: a Pod is created, scheduled, started, and its log read.
async fn whole() {
    let test = TestCluster::start().await;
    report("apply to first log byte", applied(&test.pods).await);
    for number in 0..SLEEPERS {
        let name = format!("sleeper-{number}");
        let sleeper = json!({"metadata": {"name": name}, "spec": {"terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "image": "busybox", "command": ["sleep", "100000"]}]}});
        test.pods.create(&PostParams::default(), &serde_json::from_value(sleeper).unwrap()).await.unwrap();
        test.pod_when(&name, cluster::ready).await;
    }
    println!("memory of a sandbox with {SLEEPERS} sleeping Pods (PSS; a Pod is a pause and a sleep):");
    print!("{}", Processes::now());
    test.cluster.shutdown().await;
    let Ok(path) = std::env::var("PODYARD_BENCH_KUBECONFIG") else {
        return println!("{:<32} not compared: PODYARD_BENCH_KUBECONFIG names no cluster", "a real kubelet");
    };
    let kubeconfig = Kubeconfig::read_from(path).unwrap();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    let pods = Api::default_namespaced(Client::try_from(config).unwrap());
    report("the same by a real kubelet", applied(&pods).await);
}

async fn applied(pods: &Api<Pod>) -> Vec<Duration> {
    let mut times = Vec::new();
    for run in 0..RUNS {
        let name = format!("podyard-bench-{run}");
        let pod = json!({"metadata": {"name": name}, "spec": {"restartPolicy": "Never",
            "containers": [{"name": "c", "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["echo", "hello"]}]}});
        let begin = Instant::now();
        pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
        await_condition(pods.clone(), &name, started).await.unwrap();
        let params = LogParams { follow: true, ..LogParams::default() };
        let mut log = pods.log_stream(&name, &params).await.unwrap();
        Logs::read_exact(&mut log, &mut [0]).await.unwrap();
        times.push(begin.elapsed());
        pods.delete(&name, &DeleteParams::default().grace_period(0)).await.unwrap();
    }
    times
}

fn started(pod: Option<&Pod>) -> bool {
    let status = pod.and_then(|pod| pod.status.as_ref()).and_then(|status| status.container_statuses.as_ref());
    let states = status.into_iter().flatten().filter_map(|container| container.state.as_ref());
    states.into_iter().any(|state| state.running.is_some() || state.terminated.is_some())
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
