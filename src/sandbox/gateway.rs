//! A sandbox's API for the learner's own programs: what comes in is passed on as the sandbox's client would send it.
//!
//! Everything goes to the one API that the client was made for, with the client's credentials, whatever the request says
//! of itself; answers stream through, and upgrades (exec, attach, port-forward, by websocket or SPDY) become pipes.

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::json;

/// Requests of one sandbox: k9s and `kubectl` with a cold cache ask some fifty at once.
const A_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("it is not 0");
const AT_ONCE: NonZeroU32 = NonZeroU32::new(300).expect("it is not 0");

/// The most an API server takes (k8s.io/apiserver: MaxRequestBodyBytes); streams into a Pod are upgrades and have no end.
const LARGEST: usize = 3 << 20;

/// What concerns one connection alone (RFC 9110, 7.6.1), and what is ours or says who asks.
const NOT_PASSED_ON: [HeaderName; 8] = [
    header::HOST,
    header::COOKIE,
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    HeaderName::from_static("keep-alive"),
];

/// Passes requests on to the API that this client is for.
pub(super) fn to(client: kube::Client) -> Router {
    Router::new().fallback(pass_on).with_state(client)
}

/// The same API, asked no more often than a person's programs ask.
pub(super) fn limited(api: Router) -> Router {
    let limiter = Arc::new(RateLimiter::direct(Quota::per_second(A_SECOND).allow_burst(AT_ONCE)));
    api.layer(from_fn_with_state(limiter, in_measure))
}

async fn in_measure(State(limiter): State<Arc<DefaultDirectRateLimiter>>, request: Request, next: Next) -> Response {
    if limiter.check().is_ok() {
        return next.run(request).await;
    }
    let text = "this sandbox is asked too often, please try again in a moment";
    let mut response = status(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", text);
    // kubectl and client-go wait so long and ask again.
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

async fn pass_on(State(client): State<kube::Client>, mut request: Request) -> Response {
    let upgrade = request.extensions_mut().remove::<OnUpgrade>().filter(|_| asks_for_upgrade(request.headers()));
    let (mut parts, body) = request.into_parts();
    strip(&mut parts.headers, upgrade.is_some());
    parts.extensions.clear();
    parts.version = http::Version::HTTP_11;
    // Relative: the client puts its own server before it.
    let Some(path) = parts.uri.path_and_query().cloned() else { return StatusCode::BAD_REQUEST.into_response() };
    parts.uri = path.into();
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "the request is too large");
    };
    let request = http::Request::from_parts(parts, body.into());
    match client.send(request).await {
        Ok(response) => answer(response, upgrade),
        Err(error) => {
            tracing::debug!(%error, "a sandbox's API does not answer");
            let text = "the sandbox's API does not answer at the moment";
            status(StatusCode::BAD_GATEWAY, "ServiceUnavailable", text)
        }
    }
}

fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    let connection = headers.get_all(header::CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
    let mut words = connection.flat_map(|value| value.split(','));
    headers.contains_key(header::UPGRADE) && words.any(|word| word.trim().eq_ignore_ascii_case("upgrade"))
}

/// Leaves out what is not the API's business; of an upgrade, its two headers stay.
fn strip(headers: &mut HeaderMap, upgrade: bool) {
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    if !upgrade {
        headers.remove(header::CONNECTION);
        headers.remove(header::UPGRADE);
    }
}

/// What the API answers, as it comes; an upgrade becomes a pipe between the two connections.
fn answer(mut response: http::Response<kube::client::Body>, upgrade: Option<OnUpgrade>) -> Response {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(near) = upgrade
    {
        let far = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            if let (Ok(near), Ok(far)) = tokio::join!(near, far) {
                // Either side may leave whenever it likes.
                let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(near), &mut TokioIo::new(far)).await;
            }
        });
    } else {
        response.headers_mut().remove(header::CONNECTION);
    }
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    response.map(Body::new)
}

/// An error as an API server tells it.
fn status(code: StatusCode, reason: &str, message: &str) -> Response {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code.as_u16(),
    });
    (code, axum::Json(body)).into_response()
}

/// A kubeconfig for clients that reach the gateway at `server`: the address is all they need to know.
pub(super) fn kubeconfig(server: &str, namespace: &str) -> String {
    let (server, namespace) = (serde_json::Value::from(server), serde_json::Value::from(namespace));
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: podyard\n  cluster:\n    server: {server}\ncontexts:\n\
         - name: podyard\n  context:\n    cluster: podyard\n    namespace: {namespace}\n    user: podyard\n\
         current-context: podyard\npreferences: {{}}\nusers:\n- name: podyard\n  user: {{}}\n"
    )
}
