//! `get pods` of 20 Pods through the engine and by starting the real kubectl, on the same cluster in the same run: what
//! each takes of a processor. Then what a command that goes on takes of the heap.
//!
//! The engine's time has the cluster's own in it, which answers in this process; the real one's has not.

// A bench prints; and what is not as expected ends it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../../cluster/benches/api/counting.rs"]
mod counting;
#[path = "../src/tests/world.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod world;

use std::{fs, future::Future, path::Path, process::Command, time::Duration};

use futures::poll;
use podyard_kubectl::{env, run};
use tokio::{net::TcpListener, task::yield_now};
use tokio_util::sync::CancellationToken;
use world::World;

#[global_allocator]
static HEAP: counting::Counting = counting::Counting;

const PODS: usize = 20;
/// So often each is run.
const RUNS: u32 = 40;
/// So many commands go on at once.
const WATCHES: usize = 100;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::new(&[]).await;
        for pod in 0..PODS {
            world.run(&format!("run pod-{pod} --image=busybox --restart=Never")).await;
        }
        world.run("wait pods --all --for=condition=Ready").await;
        time(&world).await;
        memory(&world).await;
    });
}

async fn time(world: &World) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let kubeconfig = home.path().join("config");
    let address = format!("http://{}", listener.local_addr().unwrap());
    fs::write(&kubeconfig, world.cluster().kubeconfig(&address)).unwrap();
    let router = world.cluster().router();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let kubectl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/kubectl");
    assert!(kubectl.exists(), "{} is missing: run tools/setup test", kubectl.display());
    let real = || {
        let mut command = Command::new(&kubectl);
        command.args(["get", "pods"]).env("KUBECONFIG", &kubeconfig).env("HOME", home.path());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    // The first one fills its cache of what the server has; the engine keeps none.
    let said = tokio::task::block_in_place(real);
    assert_eq!(said.lines().count(), PODS + 1, "{said}");
    let before = processor().children;
    tokio::task::block_in_place(|| (0..RUNS).for_each(|_| drop(real())));
    let theirs = (processor().children - before) / RUNS;
    let before = processor().own;
    for _ in 0..10 * RUNS {
        assert_eq!(world.run("get pods").await.lines().count(), PODS + 1);
    }
    let ours = (processor().own - before) / (10 * RUNS);
    server.abort();
    let times = theirs.as_secs_f64() / ours.as_secs_f64().max(f64::EPSILON);
    println!("get pods/kubectl        {theirs:?} of a processor");
    println!("get pods/engine         {ours:?} of a processor, {times:.0} times less");
}

/// What processes took of processors.
struct Processor {
    own: Duration,
    children: Duration,
}

/// Of this process, and of its children that have ended; the kernel counts in hundredths of a second.
fn processor() -> Processor {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<u64> =
        stat.rsplit(')').next().unwrap().split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect();
    let of = |at: usize| Duration::from_millis(10 * (fields[at] + fields[at + 1]));
    Processor { own: of(10), children: of(12) }
}

async fn memory(world: &World) {
    let client = world.cluster().client();
    let watch = || async {
        let argv = ["get", "pods", "-w"].map(str::to_owned);
        let (held, out, err) = world.env(client.clone(), &CancellationToken::new());
        run(&argv, held).await;
        drop((out, err));
    };
    let mut running: Vec<_> = (0..=WATCHES).map(|_| Box::pin(watch())).collect();
    let last = running.split_off(1);
    // What the first of them makes is shared.
    settle(&mut running).await;
    let before = counting::live();
    let mut running = last;
    settle(&mut running).await;
    let each = (counting::live().saturating_sub(before)) / running.len();
    println!("memory/get pods -w      {} KiB each of {WATCHES}, with the server's part", each / 1024);
}

/// Polls all until each has written its rows and waits for what changes.
async fn settle<F: Future<Output = ()>>(running: &mut [std::pin::Pin<Box<F>>]) {
    for _ in 0..500 {
        for one in &mut *running {
            assert!(poll!(one.as_mut()).is_pending(), "a watch goes on");
        }
        yield_now().await;
    }
}
