//! `/preview/<token>/…`: what a Pod's program serves, through a port that the learner forwards.
//!
//! The page it shows is the learner's own making, so it must not act as one of ours: the policy `sandbox` gives it an
//! origin of its own, and neither side sees the other's cookies.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Redirect, Response},
    routing::{any, get},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::{errors::PageError, state::AppState};

/// How long a Pod's program may take to begin its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// What the page in the preview may do: nothing in our name.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox allow-scripts allow-forms; frame-ancestors 'self'");

/// Headers that are between two neighbours only (RFC 9110, 7.6.1).
const HOP_BY_HOP: &[HeaderName] = &[
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What a response must not do to our address.
pub(super) const NOT_PASSED_BACK: &[&str] = &[
    "set-cookie",
    "clear-site-data",
    "strict-transport-security",
    "service-worker-allowed",
    "content-security-policy",
    "x-frame-options",
    "access-control-allow-origin",
    "alt-svc",
];

/// The routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/preview/{token}", get(with_slash))
        .route("/preview/{token}/", any(preview))
        .route("/preview/{token}/{*path}", any(preview))
}

/// Relative addresses of the page only work below the folder.
async fn with_slash(Path(token): Path<String>) -> Redirect {
    Redirect::permanent(&format!("/preview/{token}/"))
}

async fn preview(State(app): State<AppState>, Path(parts): Path<Vec<(String, String)>>, request: Request) -> Response {
    let token = parts.first().map(|(_, token)| token.clone()).unwrap_or_default();
    let mut response = match forward(&app, &token, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

async fn forward(app: &AppState, token: &str, mut request: Request) -> Result<Response, PageError> {
    let stream = app.sessions.connect_preview(token).map_err(|_| PageError::NoForward)?;
    let prefix = format!("/preview/{token}");
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let inner: Uri = path.strip_prefix(&prefix).unwrap_or(path).parse().map_err(|_| PageError::NotFound)?;
    *request.uri_mut() = inner;
    let websocket = is_websocket(request.headers());
    clean_request(request.headers_mut(), &prefix);
    if websocket {
        ask_for_websocket(request.headers_mut());
    }
    let ours = hyper::upgrade::on(&mut request);
    let no_answer = |error: hyper::Error| {
        tracing::debug!(%error, "a preview did not answer");
        PageError::NoAnswer
    };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Body>(TokioIo::new(stream)).await.map_err(no_answer)?;
    app.tasks.spawn({
        let closing = app.closing.clone();
        async move { closing.run_until_cancelled(connection.with_upgrades()).await.map_or((), drop) }
    });
    let answer = tokio::time::timeout(ANSWER_WITHIN, sender.send_request(request)).await;
    let response = answer.map_err(|_| PageError::NoAnswer)?.map_err(no_answer)?;
    let mut response = response.map(Body::new);
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        join(app, ours, hyper::upgrade::on(&mut response));
        return Ok(response);
    }
    clean_response(response.headers_mut(), &prefix);
    Ok(response)
}

/// Whether a request asks for a websocket.
fn is_websocket(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn ask_for_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// Passes bytes between the page and the Pod's program until one of them or the server ends.
fn join(app: &AppState, page: OnUpgrade, program: OnUpgrade) {
    let closing = app.closing.clone();
    app.tasks.spawn(async move {
        let copying = async {
            let (Ok(page), Ok(program)) = tokio::join!(page, program) else { return };
            let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(page), &mut TokioIo::new(program)).await;
        };
        closing.run_until_cancelled(copying).await;
    });
}

fn clean_request(headers: &mut HeaderMap, prefix: &str) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    for name in [header::COOKIE, header::AUTHORIZATION, header::REFERER, header::ORIGIN] {
        headers.remove(name);
    }
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    if let Ok(prefix) = HeaderValue::from_str(prefix) {
        headers.insert("x-forwarded-prefix", prefix);
    }
}

fn clean_response(headers: &mut HeaderMap, prefix: &str) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    for name in NOT_PASSED_BACK {
        headers.remove(*name);
    }
    // The page's origin is opaque, so its own requests come back to it only if anybody may read the answers. Whoever
    // knows the token may.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let location = headers.get(header::LOCATION).and_then(|l| l.to_str().ok()).and_then(|l| moved(l, prefix));
    if let Some(location) = location.and_then(|l| HeaderValue::from_str(&l).ok()) {
        headers.insert(header::LOCATION, location);
    }
}

/// A redirection to the program's own root, below our address.
fn moved(location: &str, prefix: &str) -> Option<String> {
    let path = ["http://localhost", "http://127.0.0.1"].iter().find_map(|start| location.strip_prefix(start));
    let path = path.map_or(location, |rest| rest.find('/').map_or("/", |at| &rest[at..]));
    (path.starts_with('/') && !path.starts_with("//")).then(|| format!("{prefix}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_side_sees_the_others_cookies() {
        let mut asked: HeaderMap = [(header::COOKIE, "podyard=secret"), (header::ACCEPT, "text/html")]
            .map(|(n, v)| (n, HeaderValue::from_static(v)))
            .into_iter()
            .collect();
        clean_request(&mut asked, "/preview/t");
        assert!(!asked.contains_key(header::COOKIE) && asked.contains_key(header::ACCEPT));
        let mut answered = HeaderMap::new();
        answered.insert(header::SET_COOKIE, HeaderValue::from_static("podyard=mine"));
        answered.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        clean_response(&mut answered, "/preview/t");
        assert!(!answered.contains_key(header::SET_COOKIE) && answered.contains_key(header::CONTENT_TYPE));
    }

    #[test]
    fn redirections_stay_below_the_preview() {
        assert_eq!(moved("/login?x=1", "/preview/t").as_deref(), Some("/preview/t/login?x=1"));
        assert_eq!(moved("http://localhost:5000/a", "/preview/t").as_deref(), Some("/preview/t/a"));
        assert_eq!(moved("http://127.0.0.1", "/preview/t").as_deref(), Some("/preview/t/"));
        assert_eq!(moved("https://example.org/", "/preview/t"), None);
        assert_eq!(moved("next", "/preview/t"), None);
    }
}
