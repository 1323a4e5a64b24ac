//! Streams to a container over one WebSocket: `v5.channel.k8s.io`, the first byte of a message is its channel.

use bytes::Bytes;
use futures::{SinkExt, StreamExt, stream::SplitSink};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::client::generate_key, protocol::Role},
};

use crate::{
    failure::{Failure, Outcome, text_at},
    server,
    session::Session,
};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// In v5 this byte and a channel's number close that channel.
const CLOSE: u8 = 255;
/// How much of standard input is sent in one message.
const CHUNK: usize = 32 << 10;

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;
type Sink = SplitSink<Socket, Message>;

/// What is connected.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Standard input.
    pub stdin: bool,
    /// A terminal: one stream for both outputs, and its size.
    pub tty: bool,
}

impl Wanted {
    /// The query of the request; `command` for exec.
    pub fn query(self, container: &str, command: &[String]) -> String {
        let mut pairs: Vec<(&str, String)> = command.iter().map(|word| ("command", word.clone())).collect();
        pairs.push(("container", container.to_owned()));
        let mut on = |name: &'static str, wanted: bool| {
            if wanted {
                pairs.push((name, "true".to_owned()));
            }
        };
        on("stderr", !self.tty);
        on("stdin", self.stdin);
        on("stdout", true);
        on("tty", self.tty);
        server::query(&pairs)
    }
}

/// What a command in a container came to.
#[derive(Debug, Default)]
pub struct Captured {
    /// Everything written to standard output.
    pub stdout: Vec<u8>,
    /// Everything written to standard error.
    pub stderr: Vec<u8>,
    /// Its exit code.
    pub code: i32,
}

/// Connects, copies both ways and ends as the process did.
pub async fn run(session: &Session, path: &str, wanted: Wanted) -> Outcome {
    let (mut sink, mut stream) = open(session, path).await?.split();
    let stdin = if wanted.stdin { session.take_stdin().await } else { None };
    let mut output = std::pin::pin!(receive(session, &mut stream));
    let mut input = std::pin::pin!(send(session, &mut sink, stdin, wanted.tty));
    tokio::select! {
        outcome = &mut output => outcome,
        outcome = &mut input => match outcome {
            Ok(()) => output.await,
            Err(failure) => Err(failure),
        },
    }
}

/// The same with given input, keeping what is written, at most `most` bytes.
pub async fn capture(session: &Session, path: &str, input: Option<&[u8]>, most: usize) -> Outcome<Captured> {
    let (mut sink, mut stream) = open(session, path).await?.split();
    if let Some(input) = input {
        for chunk in input.chunks(CHUNK) {
            post(&mut sink, STDIN, chunk).await?;
        }
        close_stdin(&mut sink).await?;
    }
    let mut captured = Captured::default();
    while let Some(message) = stream.next().await {
        let Some((channel, data)) = taken(message)? else { continue };
        match channel {
            STDOUT | STDERR if captured.stdout.len() + captured.stderr.len() + data.len() > most => {
                return Err(Failure::Said(format!("more than {most} bytes")));
            }
            STDOUT => captured.stdout.extend_from_slice(&data),
            STDERR => captured.stderr.extend_from_slice(&data),
            ERROR => match ended(&data) {
                Ok(()) => break,
                Err(Failure::Remote(code)) => {
                    captured.code = code;
                    break;
                }
                Err(failure) => return Err(failure),
            },
            _ => {}
        }
    }
    Ok(captured)
}

async fn open(session: &Session, path: &str) -> Outcome<Socket> {
    let request = Request::get(path)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key())
        .header("sec-websocket-protocol", "v5.channel.k8s.io")
        .body(Body::empty())
        .map_err(|error| Failure::Said(error.to_string()))?;
    let answer = session.server.client().send(request).await.map_err(|error| Failure::Said(error.to_string()))?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refused(server::refusal(answer.map(|body| body.boxed_unsync())).await));
    }
    check(answer.headers())?;
    let upgraded = hyper::upgrade::on(answer).await.map_err(|error| Failure::Said(error.to_string()))?;
    Ok(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await)
}

fn check(headers: &HeaderMap) -> Outcome {
    match headers.get("sec-websocket-protocol").and_then(|value| value.to_str().ok()) {
        Some("v5.channel.k8s.io") => Ok(()),
        other => Err(Failure::Said(format!(
            "unable to upgrade connection: the server speaks {}",
            other.unwrap_or("no known protocol")
        ))),
    }
}

/// kubectl says of a refused upgrade only what the server's message is.
fn refused(failure: Failure) -> Failure {
    match &failure {
        Failure::Server(status) if !matches!(status.code, 401 | 403) => {
            Failure::Said(format!("unable to upgrade connection: {}", status.message))
        }
        _ => failure,
    }
}

async fn receive<S>(session: &Session, stream: &mut S) -> Outcome
where
    S: futures::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    while let Some(message) = stream.next().await {
        let Some((channel, data)) = taken(message)? else { continue };
        match channel {
            STDOUT => session.out_bytes(&data).await?,
            STDERR => session.err_bytes(&data).await?,
            ERROR => return ended(&data),
            _ => {}
        }
    }
    Ok(())
}

/// The channel and content of a message; `None` for those without.
fn taken(message: Result<Message, tokio_tungstenite::tungstenite::Error>) -> Outcome<Option<(u8, Bytes)>> {
    match message {
        Ok(Message::Binary(mut data)) if !data.is_empty() => {
            let channel = data.split_to(1)[0];
            Ok(Some((channel, data)))
        }
        Ok(_) => Ok(None),
        Err(error) => Err(Failure::Said(format!("error reading from error stream: {error}"))),
    }
}

/// What the last message says about the process.
fn ended(data: &[u8]) -> Outcome {
    let status: Value = serde_json::from_slice(data).map_err(|error| {
        Failure::Said(format!("error stream protocol error: {error} in {:?}", String::from_utf8_lossy(data)))
    })?;
    if status["status"] == "Success" {
        return Ok(());
    }
    if status["reason"] != "NonZeroExitCode" {
        return Err(Failure::Said(text_at(&status, "/message").to_owned()));
    }
    let causes = status.pointer("/details/causes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let code = causes
        .iter()
        .find(|cause| cause["reason"] == "ExitCode")
        .and_then(|cause| cause["message"].as_str()?.parse().ok());
    Err(code.map_or_else(|| Failure::said("error stream protocol error: no ExitCode cause given"), Failure::Remote))
}

async fn send(
    session: &Session,
    sink: &mut Sink,
    stdin: Option<Box<dyn tokio::io::AsyncRead + Send + Unpin>>,
    tty: bool,
) -> Outcome {
    let terminal = session.terminal.clone().filter(|_| tty);
    let _raw = terminal.as_ref().filter(|_| stdin.is_some()).map(|terminal| (terminal.raw)());
    let mut size = terminal.map(|terminal| terminal.size);
    if let Some(size) = &mut size {
        let now = *size.borrow_and_update();
        post(sink, RESIZE, resize(now).as_bytes()).await?;
    }
    let mut stdin = stdin;
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = async {
            match &mut stdin {
                Some(stdin) => stdin.read(&mut buffer).await,
                None => std::future::pending().await,
            }
        };
        let resized = async {
            if let Some(size) = &mut size
                && size.changed().await.is_ok()
            {
                return *size.borrow_and_update();
            }
            std::future::pending().await
        };
        tokio::select! {
            read = read => match read? {
                0 => {
                    close_stdin(sink).await?;
                    stdin = None;
                }
                read => post(sink, STDIN, &buffer[..read]).await?,
            },
            now = resized => post(sink, RESIZE, resize(now).as_bytes()).await?,
        }
    }
}

fn resize((columns, rows): (u16, u16)) -> String {
    json!({"Width": columns, "Height": rows}).to_string()
}

async fn close_stdin(sink: &mut Sink) -> Outcome {
    sink.send(Message::Binary(Bytes::from_static(&[CLOSE, STDIN]))).await.map_err(broken)
}

async fn post(sink: &mut Sink, channel: u8, data: &[u8]) -> Outcome {
    let mut message = Vec::with_capacity(data.len() + 1);
    message.push(channel);
    message.extend_from_slice(data);
    sink.send(Message::Binary(message.into())).await.map_err(broken)
}

fn broken(error: tokio_tungstenite::tungstenite::Error) -> Failure {
    Failure::Said(format!("error sending to the container: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        assert_eq!(ended(br#"{"status":"Success"}"#), Ok(()));
        let exit = br#"{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"4"}]}}"#;
        assert_eq!(ended(exit), Err(Failure::Remote(4)));
        assert_eq!(ended(br#"{"status":"Failure","reason":"InternalError","message":"no"}"#), Err(Failure::said("no")));
    }

    #[test]
    fn queries() {
        let command = ["echo".to_owned(), "a b".to_owned()];
        assert_eq!(
            Wanted::default().query("c", &command),
            "?command=echo&command=a%20b&container=c&stderr=true&stdout=true"
        );
        assert_eq!(Wanted { stdin: true, tty: true }.query("c", &[]), "?container=c&stdin=true&stdout=true&tty=true");
    }
}
