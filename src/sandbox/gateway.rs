//! A sandbox's API for the learner's own programs: what comes in is passed on as the sandbox's client would send it.
//!
//! Everything goes to the one API that the client was made for, with the client's credentials, whatever the request says
//! of itself; answers stream through, and upgrades (exec, attach, port-forward, by websocket or SPDY) become pipes.

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// What passes at once, in seconds of what passes steadily: k9s and `kubectl` with a cold cache ask some fifty at once.
const BURST: NonZeroU32 = NonZeroU32::new(6).expect("it is not 0");

/// The most an API server takes (k8s.io/apiserver: MaxRequestBodyBytes); streams into a Pod are upgrades and have no end.
const LARGEST: usize = 3 << 20;

/// What concerns one connection alone (RFC 9110, 7.6.1), and what is ours or says who asks.
const NOT_PASSED_ON: [HeaderName; 7] = [
    header::HOST,
    header::COOKIE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    HeaderName::from_static("keep-alive"),
];

/// The way to one API.
#[derive(Clone)]
pub(super) struct Way {
    /// Sends what is passed on.
    pub client: kube::Client,
    /// Whether requests may say whom they act as; elsewhere they act as the client.
    pub names_itself: bool,
    /// Cancelled when nobody may pass any more.
    pub shut: CancellationToken,
}

/// Passes requests on to the API that this client is for.
pub(super) fn to(way: Way) -> Router {
    Router::new().fallback(pass_on).with_state(way)
}

/// An API as strangers to the server reach it: asked no more often than a person's programs ask, and only as long as the
/// way is not shut.
pub(super) fn guarded(api: Router, each: NonZeroU32, way: Way) -> Router {
    let quota = Quota::per_second(each).allow_burst(each.saturating_mul(BURST));
    let limiter = Arc::new(RateLimiter::direct(quota));
    api.layer(from_fn_with_state((limiter, way), guard))
}

type Guard = (Arc<DefaultDirectRateLimiter>, Way);

async fn guard(State((limiter, way)): State<Guard>, request: Request, next: Next) -> Response {
    if limiter.check().is_err() {
        let text = "this sandbox is asked too often, please try again in a moment";
        let mut response = status(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", text);
        // kubectl and client-go wait so long and ask again.
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    }
    if way.shut.is_cancelled() {
        return unauthorized();
    }
    // What an upgrade becomes is in our hands only if it passes through them.
    if asks_for_upgrade(request.headers()) {
        return pass_on(State(way), request).await;
    }
    next.run(request).await.map(|body| until_shut(body, way.shut))
}

/// What a token that no longer holds gets, in an API server's words.
pub fn unauthorized() -> Response {
    status(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
}

/// A body that may go on for ever (a watch, a log that is followed) ends when the way is shut.
fn until_shut(body: Body, shut: CancellationToken) -> Body {
    if body.size_hint().exact().is_some() {
        return body;
    }
    Body::from_stream(body.into_data_stream().take_until(shut.cancelled_owned()))
}

async fn pass_on(State(way): State<Way>, mut request: Request) -> Response {
    let Way { client, names_itself, shut } = way;
    let upgrade = request.extensions_mut().remove::<OnUpgrade>().filter(|_| asks_for_upgrade(request.headers()));
    let (mut parts, body) = request.into_parts();
    strip(&mut parts.headers, upgrade.is_some());
    if !names_itself {
        parts.headers.remove(header::AUTHORIZATION);
    }
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
        Ok(response) => answer(response, upgrade, shut),
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
fn answer(
    mut response: http::Response<kube::client::Body>,
    upgrade: Option<OnUpgrade>,
    shut: CancellationToken,
) -> Response {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(near) = upgrade
    {
        let far = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            if let (Ok(near), Ok(far)) = tokio::join!(near, far) {
                let (mut near, mut far) = (TokioIo::new(near), TokioIo::new(far));
                // Either side may leave whenever it likes.
                let _ = shut.run_until_cancelled(tokio::io::copy_bidirectional(&mut near, &mut far)).await;
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

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::sandbox::idle;

    const EACH: NonZeroU32 = NonZeroU32::new(50).unwrap();

    async fn way() -> Way {
        let client = idle::cluster().await.unwrap().client();
        Way { client, names_itself: true, shut: CancellationToken::new() }
    }

    async fn ask(api: &Router) -> Response {
        api.clone().oneshot(Request::get("/version").body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn who_asks_too_often_is_told_when_to_ask_again() {
        let api = guarded(Router::new().fallback(get(|| async { "yes" })), EACH, way().await);
        // However slow a machine is, this is more than fifty a second.
        for _ in 0..100_000 {
            let response = ask(&api).await;
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                assert_eq!(response.headers()[header::RETRY_AFTER], "1");
                return;
            }
        }
        panic!("there is no limit");
    }

    #[tokio::test]
    async fn a_way_that_is_shut_lets_nobody_pass() {
        let way = way().await;
        let api = guarded(Router::new().fallback(get(|| async { "yes" })), EACH, way.clone());
        assert_eq!(ask(&api).await.status(), StatusCode::OK);
        way.shut.cancel();
        assert_eq!(ask(&api).await.status(), StatusCode::UNAUTHORIZED);
    }
}
