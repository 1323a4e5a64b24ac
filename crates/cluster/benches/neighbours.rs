//! How long `kubectl get pods` takes in one sandbox while another one is at its worst:
//! `cargo bench -p podyard-cluster --bench neighbours`. The goal is at most twice the usual time.

// A bench prints; and what is not as expected ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/node/attacks.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod attacks;
#[path = "../tests/node/cluster.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod cluster;
#[path = "../tests/node/fixture.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod fixture;

use std::time::{Duration, Instant};

use http::Request;

use self::cluster::{TestCluster, ready};

const RUNS: usize = 200;

fn main() {
    fixture::images();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (attacked, neighbour) = (TestCluster::start().await, TestCluster::start().await);
        for _ in 0..5 {
            let pod =
                serde_json::json!({"containers": [{"name": "c", "image": "busybox", "command": ["sleep", "100000"]}]});
            let name = neighbour.start_pod(pod).await.metadata.name.unwrap();
            neighbour.pod_when(&name, ready).await;
        }
        let usual = median(&neighbour).await;
        println!("{:<32} {:7.3} ms", "nothing", usual.as_secs_f64() * 1000.0);
        for attack in attacks::attacks() {
            let name = attack.begin(&attacked).await;
            let time = median(&neighbour).await;
            let ratio = time.as_secs_f64() / usual.as_secs_f64();
            println!("{:<32} {:7.3} ms  {ratio:.1} times the usual", attack.what, time.as_secs_f64() * 1000.0);
            attacked.pods.delete(&name, &Default::default()).await.unwrap();
            attacked.pod_gone(&name).await;
        }
        attacked.cluster.shutdown().await;
        neighbour.cluster.shutdown().await;
    });
}

/// Of asking for the rows that `kubectl get pods` shows.
async fn median(test: &TestCluster) -> Duration {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let request = Request::get("/api/v1/namespaces/default/pods?limit=500")
            .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
            .body(Vec::new())
            .unwrap();
        let begin = Instant::now();
        let text = test.client.request_text(request).await.unwrap();
        times.push(begin.elapsed());
        assert!(text.contains("Running"), "{text}");
    }
    times.sort();
    times[RUNS / 2]
}
