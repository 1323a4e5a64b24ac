//! A server that writes without end to a reader that does not read: a command holds no more than its buffers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures::{poll, stream};
use http::{Request, Response};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use super::{POD, world::World};

/// More than the pipe to the reader (64 KiB), a frame and the line it ends, and far less than was offered.
const MOST: usize = 512 << 10;
const FRAME: usize = 16 << 10;

/// A client whose answers to requests with `wanted` in their address never end, and how many bytes were taken of them.
fn flooding(client: kube::Client, wanted: &'static str, line: Bytes) -> (kube::Client, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, line, counter) = (client.clone(), line.clone(), counter.clone());
        async move {
            if !request.uri().to_string().contains(wanted) {
                return Ok(client.send(request).await?.map(|body| body.map_err(tower::BoxError::from).boxed_unsync()));
            }
            let frames = stream::repeat_with(move || {
                let frame = line.repeat(FRAME / line.len() + 1);
                counter.fetch_add(frame.len(), Ordering::Relaxed);
                Ok::<_, tower::BoxError>(Frame::data(Bytes::from(frame)))
            });
            Ok::<_, kube::Error>(Response::new(StreamBody::new(frames).boxed_unsync()))
        }
    });
    (kube::Client::new(service, "default"), taken)
}

#[tokio::test]
async fn a_reader_that_does_not_read_stops_the_server() {
    let world = World::new(&[("pod.yaml", POD)]).await;
    world.run("apply -f pod.yaml").await;
    let long = "x".repeat(3 * FRAME);
    // What is printed is about as long as what was told.
    let said = "a message ".repeat(100);
    let object = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "web"}, "message": said});
    let row = json!({"kind": "Table", "columnDefinitions": [{"name": "Name", "type": "string", "format": "name"}],
        "rows": [{"cells": [said], "object": {"metadata": {"name": "web"}}}]});
    let event = |object: &Value| json!({"type": "MODIFIED", "object": object}).to_string();
    let (object, row) = (event(&object), event(&row));
    for (line, wanted, said) in [
        ("logs -f web", "/log", "a line of a log"),
        ("logs -f web --prefix", "/log", "a line of a log"),
        ("logs -f web --prefix", "/log", long.as_str()),
        ("get pods -w", "watch=true", row.as_str()),
        ("get pod web -w --output-watch-events", "watch=true", row.as_str()),
        ("get pods -w -o yaml", "watch=true", object.as_str()),
        ("events -w", "watch=true", object.as_str()),
    ] {
        let (client, taken) = flooding(world.cluster().client(), wanted, Bytes::from(format!("{said}\n")));
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (env, _out, _err) = world.env(client, &CancellationToken::new());
        let mut running = Box::pin(crate::run(&argv, env));
        let mut before = usize::MAX;
        // The server is always ready: what takes nothing more for so long never will.
        let mut still = 0;
        while still < 50 {
            assert!(poll!(&mut running).is_pending(), "kubectl {line} ended");
            yield_now().await;
            let now = taken.load(Ordering::Relaxed);
            still = if now == before && now > 0 { still + 1 } else { 0 };
            before = now;
            assert!(now <= MOST, "kubectl {line} took {now} bytes that nobody reads");
        }
    }
}
