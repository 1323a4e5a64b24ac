//! Requests to the API server: paths and JSON in, JSON or a refusal out.

use std::future::Future;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use kube::client::Body as Sent;
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Duration, Instant, error::Elapsed, timeout_at},
};

use crate::{
    failure::{Failure, Outcome},
    status::Status,
};

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, kube::Error>;

/// What objects are asked for as.
pub const JSON: &str = "application/json";
/// What `get` asks for: rows that the server has laid out.
pub const TABLE: &str =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

/// How a PATCH body is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchType {
    /// Lists merge by key.
    Strategic,
    /// RFC 7386.
    Merge,
    /// RFC 6902.
    Json,
    /// Server-side apply.
    Apply,
}

impl PatchType {
    /// Its media type.
    pub fn media(self) -> &'static str {
        match self {
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Json => "application/json-patch+json",
            Self::Apply => "application/apply-patch+yaml",
        }
    }
}

/// What is told beside an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A warning of the server.
    Warning(String),
    /// A request that was answered, for kubectl's log.
    Request(String),
}

/// The API server as a command sees it.
#[derive(Clone)]
pub struct Server {
    client: kube::Client,
    notices: mpsc::UnboundedSender<Notice>,
    /// Whether requests are told of (`-v=6`).
    logs: bool,
    impersonate: HeaderMap,
    timeout: Outcome<Option<Duration>>,
    /// Its address, for messages.
    address: String,
}

impl Server {
    /// A server whose notices go to `notices`.
    pub fn new(client: kube::Client, address: String, notices: mpsc::UnboundedSender<Notice>) -> Self {
        Self { client, notices, logs: false, impersonate: HeaderMap::new(), timeout: Ok(None), address }
    }

    /// Acts as someone else (`--as`, `--as-group`, `--as-uid`).
    pub fn impersonating(mut self, headers: HeaderMap) -> Self {
        self.impersonate = headers;
        self
    }

    /// Tells of each request that was answered.
    pub fn logging(mut self, on: bool) -> Self {
        self.logs = on;
        self
    }

    /// Gives up a request after that long (`--request-timeout`); what is wrong with the flag is told at the first one.
    pub fn giving_up_after(mut self, timeout: Outcome<Option<Duration>>) -> Self {
        self.timeout = timeout;
        self
    }

    /// The client underneath, for streams that are upgraded.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// An answer whose body is still to come. Refusals have been read.
    pub async fn open(&self, path: &str, accept: &str) -> Outcome<Response<Body>> {
        self.exchange(Method::GET, path, accept, None).await
    }

    /// GET.
    pub async fn get(&self, path: &str, accept: &str) -> Outcome<Value> {
        named(path)?;
        json(self.open(path, accept).await?).await
    }

    /// GET of a text.
    pub async fn text(&self, path: &str) -> Outcome<Bytes> {
        collect(self.open(path, "application/json, */*").await?).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        json(self.exchange(Method::POST, path, JSON, Some((JSON, body.to_string()))).await?).await
    }

    /// POST of a body as it stands (`--raw`).
    pub async fn post_bytes(&self, path: &str, body: Vec<u8>) -> Outcome<Bytes> {
        let text = String::from_utf8_lossy(&body).into_owned();
        collect(self.exchange(Method::POST, path, JSON, Some((JSON, text))).await?).await
    }

    /// PUT of a body as it stands (`--raw`).
    pub async fn put_bytes(&self, path: &str, body: Vec<u8>) -> Outcome<Bytes> {
        let text = String::from_utf8_lossy(&body).into_owned();
        collect(self.exchange(Method::PUT, path, JSON, Some((JSON, text))).await?).await
    }

    /// DELETE whose answer is given as it stands (`--raw`).
    pub async fn delete_bytes(&self, path: &str) -> Outcome<Bytes> {
        collect(self.exchange(Method::DELETE, path, JSON, None).await?).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Outcome<Value> {
        named(path)?;
        json(self.exchange(Method::PUT, path, JSON, Some((JSON, body.to_string()))).await?).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, kind: PatchType, body: &str) -> Outcome<Value> {
        named(path)?;
        json(self.exchange(Method::PATCH, path, JSON, Some((kind.media(), body.to_owned()))).await?).await
    }

    /// DELETE with options.
    pub async fn delete(&self, path: &str, options: &Value) -> Outcome<Value> {
        named(path)?;
        json(self.exchange(Method::DELETE, path, JSON, Some((JSON, options.to_string()))).await?).await
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, String)>,
    ) -> Outcome<Response<Body>> {
        let mut request = Request::builder()
            .method(&method)
            .uri(path)
            .header("accept", accept)
            .header("user-agent", "kubectl/v1.36.2 (podyard)");
        for (name, value) in &self.impersonate {
            request = request.header(name, value);
        }
        let request = match body {
            Some((media, text)) => request.header("content-type", media).body(Sent::from(text.into_bytes())),
            None => request.body(Sent::empty()),
        };
        let request = request.map_err(|error| Failure::said(error.to_string()))?;
        let began = Instant::now();
        let end = self.timeout.clone()?.map(|timeout| Instant::now() + timeout);
        let sent = before(end, self.client.send(request)).await.map_err(|_| Failure::Bare(LATE.to_owned()))?;
        let answer =
            sent.map_err(|error| self.unreachable(&error, format!("{} \"{}{path}\"", in_go(&method), self.address)))?;
        if self.logs {
            let (url, took) = (format!("{}{path}", self.address), began.elapsed().as_millis());
            self.tell(Notice::Request(format!(
                "\"Response\" verb=\"{method}\" url={url:?} status=\"{}\" milliseconds={took}",
                answer.status()
            )));
        }
        self.warn(answer.headers());
        if answer.status().is_success() {
            return Ok(answer.map(|body| ending_at(end, body)));
        }
        Err(refusal(answer.map(|body| ending_at(end, body))).await)
    }

    fn unreachable(&self, error: &kube::Error, request: String) -> Failure {
        let text = root_cause(error);
        if text.to_ascii_lowercase().contains("connection refused") {
            return Failure::Refused { address: self.address.clone(), request };
        }
        Failure::Bare(format!("Unable to connect to the server: {text}"))
    }

    /// Its address, for messages.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where notices go, for those that are not the server's own.
    pub fn notices(&self) -> mpsc::UnboundedSender<Notice> {
        self.notices.clone()
    }

    fn warn(&self, headers: &HeaderMap) {
        for value in headers.get_all("warning") {
            if let Some(text) = value.to_str().ok().and_then(warning) {
                self.tell(Notice::Warning(text));
            }
        }
    }

    fn tell(&self, notice: Notice) {
        // Nobody listens any more only when the command has ended.
        let _ = self.notices.send(notice);
    }
}

/// Refuses the path of an object without a name, which would be that of all objects of its kind.
fn named(path: &str) -> Outcome {
    let place = path.split('?').next().unwrap_or_default();
    if place.split('/').skip(1).any(str::is_empty) {
        return Err(Failure::said("resource name may not be empty"));
    }
    Ok(())
}

/// A method as Go's errors name it: `Get`.
fn in_go(method: &Method) -> String {
    let (first, rest) = method.as_str().split_at(1);
    format!("{first}{}", rest.to_lowercase())
}

/// What is said when a request took too long.
const LATE: &str = "Unable to connect to the server: context deadline exceeded";

async fn before<T>(end: Option<Instant>, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    match end {
        Some(end) => timeout_at(end, work).await,
        None => Ok(work.await),
    }
}

/// The same body, cut off at `end`.
fn ending_at(end: Option<Instant>, body: Sent) -> Body {
    let Some(end) = end else { return body.boxed_unsync() };
    let frames = futures::stream::unfold(body, move |mut body| async move {
        match timeout_at(end, body.frame()).await {
            Ok(Some(frame)) => Some((frame, body)),
            Ok(None) | Err(_) => None,
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Reads a whole answer.
pub async fn collect(answer: Response<Body>) -> Outcome<Bytes> {
    let body = answer.into_body().collect().await.map_err(|error| Failure::said(error.to_string()))?;
    Ok(body.to_bytes())
}

async fn json(answer: Response<Body>) -> Outcome<Value> {
    parse(&collect(answer).await?)
}

/// Reads an answer's JSON.
pub fn parse(bytes: &[u8]) -> Outcome<Value> {
    serde_json::from_slice(bytes).map_err(|error| Failure::said(error.to_string()))
}

/// What a refused request says.
pub async fn refusal(answer: Response<Body>) -> Failure {
    let code = answer.status().as_u16();
    let bytes = collect(answer).await.unwrap_or_default();
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(value) if value.get("kind").and_then(Value::as_str) == Some("Status") => Status::read(&value, code).into(),
        _ => Status::of_code(code, &String::from_utf8_lossy(&bytes)).into(),
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// The text of a `Warning: 299 - "text"` header (RFC 7234, section 5.5).
fn warning(value: &str) -> Option<String> {
    let rest = value.strip_prefix("299 ")?;
    let text = &rest[rest.find('"')? + 1..rest.rfind('"')?];
    Some(text.replace("\\\"", "\"").replace("\\\\", "\\"))
}

/// A query string from pairs; empty without any.
pub fn query(pairs: &[(&str, String)]) -> String {
    let encoded: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
    if encoded.is_empty() { String::new() } else { format!("?{}", encoded.join("&")) }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded() {
        assert_eq!(query(&[]), "");
        assert_eq!(query(&[("labelSelector", "a=b,c in (d)".into())]), "?labelSelector=a%3Db%2Cc%20in%20%28d%29");
    }

    #[test]
    fn an_object_has_a_name() {
        assert!(named("/api/v1/namespaces/default/pods/web?a=b//c").is_ok() && named("/version").is_ok());
        for nameless in ["/api/v1/namespaces/default/pods/", "/api/v1/pods/?dryRun=All", "/api/v1/pods//scale"] {
            assert!(matches!(named(nameless), Err(Failure::Said(_))), "{nameless}");
        }
    }

    #[test]
    fn warnings_are_unquoted() {
        assert_eq!(warning(r#"299 - "unknown field \"a\"""#).as_deref(), Some("unknown field \"a\""));
        assert_eq!(warning("112 - \"x\""), None);
    }
}
