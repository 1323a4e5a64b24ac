//! Port-forward as kubectl does it: per connection a stream for errors and one for data, told together by `requestID`.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
};

use axum::response::Response;
use bytes::Bytes;
use futures::{
    SinkExt, StreamExt,
    future::{pending, ready},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf},
    sync::mpsc,
};
use tokio_tungstenite::tungstenite::Message;

use super::{CHUNK, QUEUE, failed, inside};
use crate::{
    api::{
        Api,
        call::Call,
        pod::{
            spdy::{self, Opened, Output},
            websocket::{Offer, Socket},
        },
    },
    node::runtime::Connection,
};

/// Error streams that wait for their data streams, by `requestID`.
type Waiting = Arc<Mutex<HashMap<String, Output>>>;

/// Answers the offer and serves the client until it leaves.
pub(super) fn accept(api: &Arc<Api>, call: &Call, offer: Offer) -> Response {
    let (response, socket) = offer.accept();
    let (api, call) = (api.clone(), call.clone());
    tokio::spawn(async move {
        let closing = api.closing().clone();
        let Ok(socket) = socket.await else { return };
        closing.run_until_cancelled(carry(api, call, socket)).await;
    });
    response
}

/// The same for who speaks SPDY on the connection itself.
pub(super) fn accept_spdy(api: &Arc<Api>, call: &Call, offer: spdy::Offer) -> Response {
    let (response, connection) = offer.accept();
    let (api, call, waiting) = (api.clone(), call.clone(), Waiting::default());
    tokio::spawn(async move {
        let closing = api.closing().clone();
        let Ok(connection) = connection.await else { return };
        let serving = spdy::converse(connection, |stream| begin(&api, &call, &waiting, stream), pending());
        closing.run_until_cancelled(serving).await;
    });
    response
}

async fn carry(api: Arc<Api>, call: Call, socket: Socket) {
    let (mut sink, source) = socket.split();
    let (frames, mut queue) = mpsc::channel::<Bytes>(QUEUE);
    let writer = async move {
        while let Some(frame) = queue.recv().await {
            if sink.send(Message::Binary(frame)).await.is_err() {
                return;
            }
        }
        // Whoever hung up needs no goodbye.
        let _ = sink.close().await;
    };
    let source = source.filter_map(|message| {
        ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(_) => None,
            Err(error) => Some(Err(io::Error::other(error))),
        })
    });
    let waiting = Waiting::default();
    let name = call.name.clone();
    let reader = async move {
        let served = spdy::serve(source, frames, |stream| begin(&api, &call, &waiting, stream)).await;
        if let Err(error) = served {
            tracing::debug!(pod = name, %error, "a port-forward ended");
        }
    };
    tokio::join!(writer, reader);
}

/// Takes note of an error stream; with a data stream the connection begins.
fn begin(api: &Arc<Api>, call: &Call, waiting: &Waiting, stream: Opened) {
    let header = |name: &str| stream.headers.get(name).cloned().unwrap_or_default();
    let id = header("requestid");
    let mut errors = waiting.lock().expect("nothing panics while it holds the streams that wait");
    if header("streamtype") == "error" {
        errors.insert(id, stream.output);
        return;
    }
    let (error, port) = (errors.remove(&id), header("port").parse().unwrap_or(0));
    tokio::spawn(connect(api.clone(), call.clone(), port, stream, error));
}

async fn connect(api: Arc<Api>, call: Call, port: u16, stream: Opened, error: Option<Output>) {
    let Opened { input, output, .. } = stream;
    match api.node.connect(call.namespace(), &call.name, inside(port)).await {
        Ok(connection) => copy(connection, input, &output).await,
        Err(cause) => {
            if let Some(error) = &error {
                error.send(failed(&call, port, &cause).as_bytes()).await;
            }
            output.finish().await;
        }
    }
    if let Some(error) = error {
        error.finish().await;
    }
}

/// Both ways until the Pod's side has ended. The client may end its own earlier; kubectl before 1.30 ends it only when it
/// has heard that this is the end.
async fn copy(connection: Box<dyn Connection>, mut input: mpsc::Receiver<Bytes>, output: &Output) {
    let (from_pod, mut to_pod) = tokio::io::split(connection);
    let there = async move {
        while let Some(data) = input.recv().await {
            if to_pod.write_all(&data).await.is_err() || to_pod.flush().await.is_err() {
                break;
            }
        }
        // A Pod that closed its side already does not mind.
        let _ = to_pod.shutdown().await;
        pending::<()>().await;
    };
    tokio::select! {
        () = there => {}
        () = back(from_pod, output) => {}
    }
}

async fn back(mut from_pod: ReadHalf<Box<dyn Connection>>, output: &Output) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(count) = from_pod.read(&mut buffer).await {
        if count == 0 || !output.send(&buffer[..count]).await {
            break;
        }
    }
    output.finish().await;
}
