//! Commands that go on, dropped or cancelled at any point: nothing of them is left at the server.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::poll;
use http::Request;
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use super::{POD, world::World};

const HELD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: held, finalizers: [example.com/stay]}\nspec:\n  containers:\n  - {name: held, image: busybox}\n";
const SLOW: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: slow}\nspec:\n  selector: {matchLabels: {app: slow}}\n  template:\n    metadata: {labels: {app: slow}}\n    spec: {schedulerName: nobody, containers: [{name: slow, image: busybox}]}\n";

const STREAMING: &[&str] = &[
    "logs -f web",
    "logs -f web --prefix",
    "logs -f -l app --all-containers",
    "get pods -w",
    "get pods -w -o name",
    "get pod web --watch-only -o yaml",
    "events -w",
    "events --for pod/web -w -o json",
    "rollout status deploy/slow",
    "wait --for=condition=Never pod/web",
    "wait --for=jsonpath={.status.phase}=Never pods --all",
    "wait --for=delete pod/web",
    "wait --for=create pod/never",
    "port-forward pod/web 8080:80",
    "attach web",
    "attach -i web",
    "exec web -- sleep 1000",
    "exec -i web -- sh",
    "run -i shell --image=busybox",
    "run once --image=busybox --rm -i --restart=Never",
    "debug web --image=busybox -i",
    "delete pod held",
    "replace --force -f held.yaml",
    "apply -f held.yaml --force",
    "drain kind-control-plane --force --ignore-daemonsets --pod-selector=none=none",
    "drain kind-control-plane --force --ignore-daemonsets --delete-emptydir-data",
];

/// Counts itself for as long as it lives.
struct One(Arc<AtomicUsize>);

impl One {
    fn of(all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(all.clone())
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A client and how many of its requests and answers are open.
fn counted(client: kube::Client) -> (kube::Client, Arc<AtomicUsize>) {
    let open = Arc::new(AtomicUsize::new(0));
    let all = open.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, one) = (client.clone(), One::of(&all));
        async move {
            let answer = client.send(request).await?;
            Ok::<_, kube::Error>(answer.map(|body| {
                body.map_frame(move |frame| {
                    let _held = &one;
                    frame
                })
            }))
        }
    });
    (kube::Client::new(service, "default"), open)
}

async fn world() -> World {
    let world = World::new(&[("pod.yaml", POD), ("held.yaml", HELD), ("slow.yaml", SLOW)]).await;
    for file in ["pod.yaml", "held.yaml", "slow.yaml"] {
        world.run(&format!("apply -f {file}")).await;
    }
    world.run("wait --for=condition=Ready pod/web pod/held").await;
    world
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

#[tokio::test]
async fn a_command_may_be_dropped_at_any_point() {
    let world = world().await;
    let (client, open) = counted(world.cluster().client());
    for line in STREAMING {
        for polls in [0, 1, 2, 3, 5, 8, 13, 21, 55, 144] {
            let argv = words(line);
            let (env, _out, _err) = world.env(client.clone(), &CancellationToken::new());
            let mut running = Box::pin(crate::run(&argv, env));
            for _ in 0..polls {
                if poll!(&mut running).is_ready() {
                    break;
                }
                yield_now().await;
            }
            drop(running);
            assert_eq!(open.load(Ordering::Relaxed), 0, "kubectl {line}, dropped after {polls} polls");
        }
    }
}

#[tokio::test]
async fn a_command_that_is_cancelled_ends_and_leaves_nothing() {
    let world = world().await;
    let (client, open) = counted(world.cluster().client());
    for line in STREAMING {
        let (argv, cancel) = (words(line), CancellationToken::new());
        let (env, _out, _err) = world.env(client.clone(), &cancel);
        let mut running = Box::pin(crate::run(&argv, env));
        let mut code = None;
        for _ in 0..100 {
            match poll!(&mut running) {
                std::task::Poll::Ready(ended) => code = Some(ended),
                std::task::Poll::Pending => yield_now().await,
            }
            if code.is_some() {
                break;
            }
        }
        if code.is_none() {
            cancel.cancel();
            assert_eq!(running.await, crate::INTERRUPTED, "kubectl {line}");
        }
        assert_eq!(open.load(Ordering::Relaxed), 0, "kubectl {line}");
    }
}
