//! What the API costs: `cargo bench -p podyard-cluster --bench api`, and `make bench-table` for the README.
//!
//! Each request goes through a `kube::Client`, to a sandbox and, if `PODYARD_BENCH_KUBECONFIG` names a kubeconfig, to that
//! cluster too: the same requests in a namespace of their own.

// A bench prints; and what is not as expected ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod counting;
mod images;
mod memory;

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use futures::{StreamExt, future::join_all};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::{
    Api, Client, Config,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use podyard_cluster::{Cluster, ClusterConfig, clock::SystemClock, node::runtime::scripted::Scripted};
use serde_json::json;
use tokio::runtime::Runtime;

use self::images::NoImages;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// How many watch one change.
const WATCHERS: usize = 100;

async fn sandbox() -> Cluster {
    let config = ClusterConfig::new(Arc::new(NoImages), Arc::new(Scripted::new(Arc::new(SystemClock))));
    Cluster::start(ClusterConfig { max_objects: 100_000, ..config }).await.unwrap()
}

/// A cluster to measure, and the namespace to do it in.
struct Place {
    name: &'static str,
    client: Client,
    namespace: String,
    _sandbox: Option<Cluster>,
}

impl Place {
    fn objects<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}

/// The sandbox, and the other cluster if there is one.
async fn places() -> Vec<Place> {
    let cluster = sandbox().await;
    let client = cluster.client();
    let mut places = vec![Place { name: "sandbox", client, namespace: "default".into(), _sandbox: Some(cluster) }];
    if let Ok(path) = std::env::var("PODYARD_BENCH_KUBECONFIG") {
        let kubeconfig = Kubeconfig::read_from(path).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        let client = Client::try_from(config).unwrap();
        let namespace: Namespace =
            serde_json::from_value(json!({"metadata": {"generateName": "podyard-bench-"}})).unwrap();
        let namespace = Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
        let namespace = namespace.metadata.name.unwrap();
        places.push(Place { name: "cluster", client, namespace, _sandbox: None });
    }
    places
}

fn config_map(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"color": "blue"}})).unwrap()
}

/// A Pod that no scheduler looks at.
fn pod(number: usize) -> Pod {
    serde_json::from_value(json!({
        "metadata": {"name": format!("pod-{number}"), "labels": {"app": "web"}},
        "spec": {"schedulerName": "nobody", "containers": [{"name": "web", "image": "nginx:1.27"}]},
    }))
    .unwrap()
}

/// An empty sandbox, from nothing to ready, and what it takes.
fn start(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(memory::measure());
    criterion.bench_function("start/sandbox", |bencher| {
        bencher.to_async(&runtime).iter_batched(|| (), |()| sandbox(), BatchSize::PerIteration);
    });
}

fn requests(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for place in runtime.block_on(places()) {
        let (maps, pods): (Api<ConfigMap>, Api<Pod>) = (place.objects(), place.objects());
        runtime.block_on(async {
            maps.create(&PostParams::default(), &config_map("known")).await.unwrap();
            for number in 0..100 {
                pods.create(&PostParams::default(), &pod(number)).await.unwrap();
            }
        });
        let name = |what: &str| format!("{what}/{}", place.name);
        criterion.bench_function(&name("create"), |bencher| {
            bencher.to_async(&runtime).iter(|| async {
                let made = maps.create(&PostParams::default(), &config_map("new")).await.unwrap();
                maps.delete("new", &DeleteParams::default()).await.unwrap();
                black_box(made)
            });
        });
        criterion.bench_function(&name("get"), |bencher| {
            bencher.to_async(&runtime).iter(|| async { black_box(maps.get("known").await.unwrap()) });
        });
        criterion.bench_function(&name("list-100-pods"), |bencher| {
            bencher.to_async(&runtime).iter(|| async { black_box(pods.list(&ListParams::default()).await.unwrap()) });
        });
        let mut number = 0_u64;
        criterion.bench_function(&name("patch"), |bencher| {
            bencher.iter(|| {
                number += 1;
                let patch = Patch::Merge(json!({"data": {"number": number.to_string()}}));
                runtime.block_on(maps.patch("known", &PatchParams::default(), &patch)).unwrap()
            });
        });
        criterion.bench_function(&name("fan-out-100"), |bencher| {
            bencher.iter_custom(|times| runtime.block_on(fan_out(&maps, WATCHERS, times)));
        });
        if place.name != "sandbox" {
            let namespaces: Api<Namespace> = Api::all(place.client.clone());
            runtime.block_on(namespaces.delete(&place.namespace, &DeleteParams::default())).unwrap();
        }
    }
}

/// How long it takes until everybody who watches has heard of a change, so many times.
async fn fan_out(maps: &Api<ConfigMap>, watchers: usize, times: u64) -> Duration {
    let now = maps.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let params = WatchParams::default();
    let opened = join_all((0..watchers).map(|_| maps.watch(&params, &now))).await;
    let mut open: Vec<_> = opened.into_iter().map(|watch| Box::pin(watch.unwrap())).collect();
    let begin = std::time::Instant::now();
    for number in 0..times {
        let patch = Patch::Merge(json!({"data": {"heard": format!("{number} of {times}, {:?}", begin)}}));
        maps.patch("known", &PatchParams::default(), &patch).await.unwrap();
        join_all(open.iter_mut().map(|watch| watch.next())).await;
    }
    begin.elapsed()
}

/// How the costs grow with what there is: a list and a change in a sandbox of so many objects, a change for so many
/// watchers.
fn growth(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for count in [10, 100, 1_000, 10_000] {
        // Clients are made within a runtime.
        let (_cluster, maps) = runtime.block_on(async {
            let cluster = sandbox().await;
            let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
            maps.create(&PostParams::default(), &config_map("known")).await.unwrap();
            for number in 1..count {
                maps.create(&PostParams::default(), &config_map(&format!("map-{number}"))).await.unwrap();
            }
            (cluster, maps)
        });
        criterion.bench_function(&format!("list/{count}"), |bencher| {
            bencher.to_async(&runtime).iter(|| async { black_box(maps.list(&ListParams::default()).await.unwrap()) });
        });
        criterion.bench_function(&format!("get-among/{count}"), |bencher| {
            bencher.to_async(&runtime).iter(|| async { black_box(maps.get("known").await.unwrap()) });
        });
        criterion.bench_function(&format!("fan-out/{count}"), |bencher| {
            bencher.iter_custom(|times| runtime.block_on(fan_out(&maps, count, times)));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = start, requests, growth
}
criterion_main!(benches);
