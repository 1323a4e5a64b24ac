//! `httpGet` for probes and hooks.

mod tls;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Response, body::Incoming, header};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::HTTPGetAction;

use super::{Outcome, Target};

/// So much of an answer is read (the kubelet's `maxRespBodyLength`).
const BODY_BYTES: usize = 10 * 1024;
/// So many redirections to the same host are followed.
const REDIRECTIONS: usize = 10;

pub(super) async fn get(target: &Target, action: &HTTPGetAction, port: u16, agent: &str, timeout: Duration) -> Outcome {
    let host = target.to(action.host.as_deref(), port);
    let scheme = action.scheme.as_deref().unwrap_or("HTTP").to_lowercase();
    let mut path = action.path.clone().unwrap_or_default();
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    let url = format!("{scheme}://{host}{path}");
    let asked = tokio::time::timeout(timeout, follow(target, action, port, agent, path)).await;
    match asked {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(why)) => Outcome::Failure(format!("Get {url:?}: {why}")),
        Err(_) => Outcome::Failure(format!(
            "Get {url:?}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        )),
    }
}

async fn follow(
    target: &Target,
    action: &HTTPGetAction,
    port: u16,
    agent: &str,
    mut path: String,
) -> Result<Outcome, String> {
    for _ in 0..REDIRECTIONS {
        let response = ask(target, action, port, agent, &path).await?;
        let code = response.status();
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        if code.is_redirection()
            && let Some(next) = location.and_then(|location| same_host(target, action, port, location))
        {
            path = next;
            continue;
        }
        let body = Limited::new(response.into_body(), BODY_BYTES).collect().await;
        let body = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
        return Ok(match code.as_u16() {
            200..300 => Outcome::Success(body),
            300..400 => Outcome::Warning(format!("Probe terminated redirects, Response body: {body}")),
            code => Outcome::Failure(format!("HTTP probe failed with statuscode: {code}")),
        });
    }
    Err(format!("stopped after {REDIRECTIONS} redirects"))
}

fn is_secure(action: &HTTPGetAction) -> bool {
    action.scheme.as_deref() == Some("HTTPS")
}

/// The path of a redirection that stays on the host.
fn same_host(target: &Target, action: &HTTPGetAction, port: u16, location: &str) -> Option<String> {
    if location.starts_with('/') {
        return Some(location.to_owned());
    }
    let host = target.to(action.host.as_deref(), port).to_string();
    let rest = location.strip_prefix(if is_secure(action) { "https://" } else { "http://" })?.strip_prefix(&host)?;
    Some(if rest.is_empty() { "/".to_owned() } else { rest.to_owned() })
}

async fn ask(
    target: &Target,
    action: &HTTPGetAction,
    port: u16,
    agent: &str,
    path: &str,
) -> Result<Response<Incoming>, String> {
    let host = target.to(action.host.as_deref(), port);
    let request = request(action, &host.to_string(), agent, path).map_err(|error| error.to_string())?;
    // The caller's time-out is the shorter one.
    let mut connection = target.connect(action.host.as_deref(), port, Duration::MAX).await?;
    if is_secure(action) {
        connection = tls::over(connection, host).await?;
    }
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(connection)).await.map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        // How the connection ends is told by the answer.
        let _ = connection.await;
    });
    sender
        .send_request(request)
        .await
        .map_err(|error| if error.is_incomplete_message() { "EOF".to_owned() } else { error.to_string() })
}

fn request(action: &HTTPGetAction, host: &str, agent: &str, path: &str) -> Result<Request<Empty<Bytes>>, http::Error> {
    let own = action.http_headers.as_deref().unwrap_or(&[]);
    let set = |name: &str| own.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    let mut request = Request::get(path).header(header::CONNECTION, "close");
    for (name, value) in [("host", host), ("user-agent", agent), ("accept", "*/*")] {
        if !set(name) {
            request = request.header(name, value);
        }
    }
    for header in own {
        request = request.header(&header.name, &header.value);
    }
    request.body(Empty::new())
}
