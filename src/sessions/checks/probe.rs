//! Looks that no watch gives: a container's log, and what a Pod's port answers.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::LogParams};

use crate::lessons::check::{Answer, Ask, LogOf};

/// How much of a log is looked at.
const LINES: i64 = 1000;
const BYTES: i64 = 256 * 1024;
/// How much of an answer is looked at.
const BODY: usize = 64 * 1024;
/// How long a port may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub logs: Vec<(LogOf, String)>,
    pub answers: Vec<(Ask, Answer)>,
}

/// Reads logs and asks ports, all at once. A log that is not there is empty.
pub(super) async fn look(client: Client, logs: Vec<LogOf>, asks: Vec<Ask>) -> Found {
    let logs = join_all(logs.into_iter().map(|of| async {
        let text = read(&client, &of).await.unwrap_or_default();
        (of, text)
    }));
    let answers = join_all(asks.into_iter().map(|ask| async {
        let answer = tokio::time::timeout(PATIENCE, get(&client, &ask)).await;
        let answer = answer.unwrap_or_else(|_| Err("no answer in 3 seconds".into()));
        (ask, answer.unwrap_or_else(|why| Answer::None(why.to_string())))
    }));
    let (logs, answers) = tokio::join!(logs, answers);
    Found { logs, answers }
}

async fn read(client: &Client, of: &LogOf) -> kube::Result<String> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &of.namespace);
    let wish = LogParams {
        container: of.container.clone(),
        previous: of.previous,
        tail_lines: Some(LINES),
        limit_bytes: Some(BYTES),
        ..LogParams::default()
    };
    pods.logs(&of.pod, &wish).await
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn get(client: &Client, ask: &Ask) -> Result<Answer, Failure> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &ask.namespace);
    let mut forward = pods.portforward(&ask.pod, &[ask.port]).await?;
    let stream = forward.take_stream(ask.port).ok_or("the port can't be forwarded")?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(&ask.path)
        .header(header::HOST, format!("localhost:{}", ask.port))
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())?;
    let talk = async move {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), BODY).collect().await;
        // More than is looked at is as good as an answer without a body.
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok(Answer::Http { status, body: String::from_utf8_lossy(&body).into_owned() })
    };
    // Both to their end: a server that closes right behind its answer has answered.
    let (answer, ended) = tokio::join!(talk, connection);
    match (answer, ended) {
        (Err(_), Err(ended)) => Err(ended.into()),
        (answer, _) => answer,
    }
}
