//! Exec and attach over SPDY (`v4.channel.k8s.io`): a stream each for errors, input, output, complaints and the
//! terminal's size, told apart by their `streamType`.

use std::collections::HashMap;

use bytes::Bytes;
use futures::future::pending;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

use crate::{
    api::{
        pod::{
            remote::{self, Ending},
            spdy::{self, Opened, Output},
        },
        query::Query,
    },
    node::{
        endpoint::EndpointError,
        runtime::{Process, Streams},
    },
};

/// How much of the output goes into one frame at most.
const CHUNK: usize = 32 * 1024;

/// The streams that a client opens, by what it asks for.
pub(super) fn wanted(query: &Query) -> Vec<&'static str> {
    let tty = query.flag("tty");
    let all = [
        ("error", true),
        ("stdin", query.flag("stdin")),
        ("stdout", query.flag("stdout")),
        ("stderr", query.flag("stderr") && !tty),
        ("resize", tty),
    ];
    all.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect()
}

/// Carries a process's streams until it ends or the client goes.
pub(super) async fn carry(
    connection: impl AsyncRead + AsyncWrite,
    started: Result<Process, EndpointError>,
    ending: Ending,
    wanted: Vec<&'static str>,
) {
    let (send, mut arriving) = mpsc::channel(wanted.len());
    // A stream beyond those announced is nobody's.
    let opened = |stream: Opened| drop(send.try_send(stream));
    let conversation = async move {
        let mut streams = HashMap::new();
        while streams.len() < wanted.len() {
            let Some(stream) = arriving.recv().await else { return };
            if let Some(name) = wanted.iter().find(|name| stream.headers.get("streamtype").is_some_and(|t| t == *name))
            {
                streams.insert(*name, stream);
            }
        }
        join(streams, started, ending).await;
    };
    spdy::converse(connection, opened, conversation).await;
}

/// Joins the client's streams to the process's.
async fn join(mut client: HashMap<&str, Opened>, started: Result<Process, EndpointError>, ending: Ending) {
    let Some(error) = client.remove("error") else { return };
    let process = match started {
        Ok(process) => process,
        Err(why) => return finish(&error.output, &remote::internal(&why.message).to_string()).await,
    };
    let Process { streams: Streams { stdout, stderr, stdin, resize }, exit, .. } = process;
    let (to_out, to_err) = (client.remove("stdout"), client.remove("stderr"));
    let (from_in, sizes) = (client.remove("stdin"), client.remove("resize"));
    let output = async {
        tokio::join!(
            send(Some(stdout), to_out.as_ref().map(|stream| &stream.output)),
            send(stderr, to_err.as_ref().map(|stream| &stream.output))
        );
        finish(&error.output, &remote::status(exit.await.ok(), ending).to_string()).await;
    };
    let input = async {
        let resized = async {
            if let (Some(mut sizes), Some(resize)) = (sizes, resize) {
                while let Some(size) = sizes.input.recv().await {
                    if let Some((columns, rows)) = remote::size(&size) {
                        resize(columns, rows);
                    }
                }
            }
        };
        tokio::join!(receive(from_in.map(|stream| stream.input), stdin), resized);
        pending::<()>().await;
    };
    tokio::select! {
        () = output => {}
        () = input => {}
    }
}

async fn finish(error: &Output, status: &str) {
    error.send(status.as_bytes()).await;
    error.finish().await;
}

/// One of the process's outputs, to its end. What nobody wants is read all the same, so that the process goes on.
async fn send(from: Option<Box<dyn AsyncRead + Send + Unpin>>, to: Option<&Output>) {
    let mut buffer = vec![0; CHUNK];
    if let Some(mut from) = from {
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            if let Some(to) = to
                && !to.send(&buffer[..count]).await
            {
                return;
            }
        }
    }
    if let Some(to) = to {
        to.finish().await;
    }
}

async fn receive(from: Option<mpsc::Receiver<Bytes>>, to: Option<Box<dyn AsyncWrite + Send + Unpin>>) {
    let (Some(mut from), Some(mut to)) = (from, to) else { return };
    while let Some(data) = from.recv().await {
        if to.write_all(&data).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
    // A process that closed its input already does not mind.
    let _ = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_one_output_and_a_size() {
        let of = |text: &str| wanted(&Query::parse(text)).join(" ");
        assert_eq!(of("stdin=true&stdout=true&tty=true&stderr=true"), "error stdin stdout resize");
        assert_eq!(of("stdout=1&stderr=true"), "error stdout stderr");
    }
}
