//! How fast workloads come up: `cargo bench -p podyard-cluster --bench workloads`.
//!
//! A Deployment of 100 replicas of an image that is there, until all are ready, with real containers; beside it the same on
//! the cluster that `PODYARD_BENCH_KUBECONFIG` names, if it names one (its nodes need room for 100 Pods). Then up to 1,000
//! Pods without containers, and what a sandbox with so many costs while nothing happens.

// A bench prints; and what is not as expected ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/node/cluster.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod cluster;
#[path = "../tests/node/fixture.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod fixture;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    Api, Client, Config,
    api::{DeleteParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    runtime::wait::await_condition,
};
use podyard_cluster::{Cluster, ClusterConfig, clock::SystemClock, node::runtime::scripted::Scripted};
use serde_json::json;

/// So many replicas with containers.
const REPLICAS: i32 = 100;
/// Sizes without, for how the time grows.
const SIZES: [i32; 4] = [125, 250, 500, 1000];
/// How long an idle sandbox is watched.
const IDLE: Duration = Duration::from_secs(10);

fn main() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let ours = with_containers().await;
        if let Some(other) = elsewhere().await {
            println!(
                "  a kubelet takes {:.2} s: {:.0} times as long",
                other.as_secs_f64(),
                other.as_secs_f64() / ours.as_secs_f64()
            );
        }
        without_containers().await;
    });
}

async fn with_containers() -> Duration {
    let sandbox = cluster::TestCluster::start().await;
    // The first Pod starts the node's agent and reads the image.
    until_ready(&sandbox.client, "default", "warm", 1).await;
    let took = until_ready(&sandbox.client, "default", "web", REPLICAS).await;
    println!("{REPLICAS} replicas ready in {:.2} s", took.as_secs_f64());
    sandbox.cluster.shutdown().await;
    took
}

/// The same on somebody's cluster.
async fn elsewhere() -> Option<Duration> {
    let path = std::env::var_os("PODYARD_BENCH_KUBECONFIG")?;
    let kubeconfig = Kubeconfig::read_from(path).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    let client = Client::try_from(config).unwrap();
    until_ready(&client, "default", "podyard-bench-warm", 1).await;
    let took = until_ready(&client, "default", "podyard-bench", REPLICAS).await;
    let deployments: Api<Deployment> = Api::namespaced(client, "default");
    for name in ["podyard-bench-warm", "podyard-bench"] {
        deployments.delete(name, &DeleteParams::default()).await.unwrap();
    }
    Some(took)
}

async fn without_containers() {
    for size in SIZES {
        let sandbox = scripted().await;
        let took = until_ready(&sandbox.client(), "default", "web", size).await;
        let each = took.as_secs_f64() * 1000.0 / f64::from(size);
        println!("{size:>5} Pods without containers ready in {:6.2} s, {each:.2} ms each", took.as_secs_f64());
        if size == SIZES[SIZES.len() - 1] {
            idle(size).await;
        }
        sandbox.shutdown().await;
    }
}

async fn scripted() -> Cluster {
    let runtime = Scripted::new(Arc::new(SystemClock));
    let config = ClusterConfig::new(fixture::images().clone(), Arc::new(runtime));
    Cluster::start(ClusterConfig { max_objects: 100_000, max_pods: 1100, ..config }).await.unwrap()
}

/// What this process uses of a processor while nothing happens.
async fn idle(pods: i32) {
    let before = processor_time();
    tokio::time::sleep(IDLE).await;
    let used = processor_time() - before;
    println!("{pods:>5} Pods at rest: {:.2} % of a processor", used.as_secs_f64() / IDLE.as_secs_f64() * 100.0);
}

fn processor_time() -> Duration {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).unwrap();
    let micros = |time: nix::sys::time::TimeVal| u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap();
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}

/// Makes a Deployment and waits for all of its Pods to be ready.
async fn until_ready(client: &Client, namespace: &str, name: &str, replicas: i32) -> Duration {
    let labels = json!({"bench": name});
    let container = json!({"name": "c", "image": "busybox", "command": ["sleep", "3600"]});
    let deployment: Deployment = serde_json::from_value(json!({
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}},
    }))
    .unwrap();
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let begin = Instant::now();
    deployments.create(&PostParams::default(), &deployment).await.unwrap();
    let ready = move |found: Option<&Deployment>| {
        let status = found.and_then(|found| found.status.as_ref());
        status.is_some_and(|status| status.ready_replicas == Some(replicas))
    };
    await_condition(deployments, name, ready).await.unwrap();
    begin.elapsed()
}
