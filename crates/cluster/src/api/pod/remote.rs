//! The channel protocol of exec and attach (`v5.channel.k8s.io`, `v4.channel.k8s.io`): each binary frame starts with the
//! number of its channel.

use bytes::{BufMut, Bytes, BytesMut};
use futures::{Sink, SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::node::runtime::{Exit, Process, Streams};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// In v5, the client says which channel it will write no more.
const CLOSE: u8 = 255;

/// How much of the output goes into one frame at most.
const CHUNK: usize = 32 * 1024;

/// What the client hears when the process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its exit code (exec).
    ExitCode,
    /// That the stream is over (attach).
    Success,
}

/// The last word about a process.
pub(super) fn status(exit: Option<Exit>, ending: Ending) -> Value {
    match exit {
        None => internal("error executing command in container: the container's runtime is gone"),
        Some(exit) if exit.code != 0 && ending == Ending::ExitCode => {
            let code = exit.code;
            json!({
                "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                "message": format!("command terminated with non-zero exit code: command terminated with exit code {code}"),
                "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
            })
        }
        Some(_) => json!({"metadata": {}, "status": "Success"}),
    }
}

/// The last word about a process that could not be started.
pub(super) fn internal(why: &str) -> Value {
    json!({
        "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
        "message": format!("Internal error occurred: Internal error occurred: {why}"),
        "details": {"causes": [{"message": format!("Internal error occurred: {why}")}]},
    })
}

/// Only the last word: for what could not be started.
pub(super) async fn refuse<S>(mut socket: S, status: &Value)
where
    S: Sink<Message> + Unpin,
{
    // Whoever hung up needs no last word.
    let _ = socket.send(frame(STDOUT, &[])).await;
    finish(&mut socket, status).await;
}

/// Carries a process's streams over a websocket until it ends or the client goes.
pub(super) async fn carry<S, E>(socket: S, process: Process, ending: Ending)
where
    S: Sink<Message> + Stream<Item = Result<Message, E>> + Unpin,
{
    let (mut sink, source) = socket.split();
    let Process { streams: Streams { stdout, stderr, stdin, resize }, exit, .. } = process;
    if sink.send(frame(STDOUT, &[])).await.is_err() {
        return;
    }
    let input = receive(source, stdin, resize);
    let output = async {
        send(&mut sink, stdout, stderr).await?;
        finish(&mut sink, &status(exit.await.ok(), ending)).await;
        Some(())
    };
    tokio::pin!(input, output);
    // A client that only stopped sending still wants the rest of the output.
    tokio::select! {
        _ = &mut output => {}
        gone = &mut input => {
            if !gone {
                output.await;
            }
        }
    }
}

async fn finish<S: Sink<Message> + Unpin>(sink: &mut S, status: &Value) {
    let close = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    // Whoever hung up needs no last word.
    let _ = sink.send(frame(ERROR, status.to_string().as_bytes())).await;
    let _ = sink.send(Message::Close(Some(close))).await;
    let _ = sink.close().await;
}

fn frame(channel: u8, bytes: &[u8]) -> Message {
    let mut whole = BytesMut::with_capacity(1 + bytes.len());
    whole.put_u8(channel);
    whole.put_slice(bytes);
    Message::Binary(whole.freeze())
}

type Output = Box<dyn AsyncRead + Send + Unpin>;

/// Both outputs until both have ended; `None` when the client is gone.
async fn send<S: Sink<Message> + Unpin>(sink: &mut S, mut stdout: Output, stderr: Option<Output>) -> Option<()> {
    let (mut out, mut err) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut out_open = true;
    let (mut err_open, mut stderr) = (stderr.is_some(), stderr.unwrap_or_else(|| Box::new(tokio::io::empty())));
    while out_open || err_open {
        let (channel, bytes) = tokio::select! {
            read = stdout.read(&mut out), if out_open => {
                let count = read.unwrap_or(0);
                out_open = count > 0;
                (STDOUT, &out[..count])
            }
            read = stderr.read(&mut err), if err_open => {
                let count = read.unwrap_or(0);
                err_open = count > 0;
                (STDERR, &err[..count])
            }
        };
        if !bytes.is_empty() {
            sink.send(frame(channel, bytes)).await.ok()?;
        }
    }
    Some(())
}

type Input = Box<dyn AsyncWrite + Send + Unpin>;
type Resize = Box<dyn Fn(u16, u16) + Send + Sync>;

/// What the client sends. Gives whether it is gone.
async fn receive<S, E>(mut source: S, mut stdin: Option<Input>, resize: Option<Resize>) -> bool
where
    S: Stream<Item = Result<Message, E>> + Unpin,
{
    while let Some(message) = source.next().await {
        let bytes: Bytes = match message {
            Ok(Message::Binary(bytes)) => bytes,
            Ok(Message::Text(text)) => Bytes::copy_from_slice(text.as_bytes()),
            Ok(Message::Close(_)) | Err(_) => return true,
            Ok(_) => continue,
        };
        match bytes.split_first() {
            Some((&STDIN, data)) => {
                if let Some(input) = &mut stdin
                    && write(input, data).await.is_err()
                {
                    stdin = None;
                }
            }
            Some((&RESIZE, data)) => {
                if let (Some(resize), Some((columns, rows))) = (&resize, size(data)) {
                    resize(columns, rows);
                }
            }
            Some((&CLOSE, [STDIN])) => {
                if let Some(mut input) = stdin.take() {
                    // A process that closed its input already does not mind.
                    let _ = input.shutdown().await;
                }
            }
            _ => {}
        }
    }
    true
}

async fn write(input: &mut Input, data: &[u8]) -> std::io::Result<()> {
    input.write_all(data).await?;
    input.flush().await
}

/// `{"Width":80,"Height":24}`
pub(super) fn size(data: &[u8]) -> Option<(u16, u16)> {
    let size: Value = serde_json::from_slice(data).ok()?;
    let number = |key: &str| size[key].as_u64().and_then(|number| u16::try_from(number).ok());
    number("Width").zip(number("Height"))
}
