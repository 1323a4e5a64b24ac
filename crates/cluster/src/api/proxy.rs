//! `pods/x/proxy` and `services/x/proxy`: a request passed on to a port of a Pod, and its answer passed back. What is
//! meant for a node is answered by [`kubelet`].

mod kubelet;
mod target;

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{OriginalUri, Request},
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use hyper::{client::conn::http1, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;

use self::target::Target;
use super::{Api, call::Call, failure::Failure};

/// What concerns one connection alone (RFC 9110, 7.6.1), and what tells who asks the API.
const NOT_PASSED_ON: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    HeaderName::from_static("keep-alive"),
];

/// Passes a request on.
///
/// # Errors
/// 400 and 404 when nothing like this can be reached, 503 when it does not answer.
pub(super) async fn proxy(api: &Arc<Api>, call: &Call, mut request: Request) -> Result<Response, Failure> {
    let (prefix, rest) = around_proxy(request.uri().path(), if call.resource().namespaced { 8 } else { 6 });
    if call.resource().kind == "Node" {
        return kubelet::answer(api, call, &rest).await;
    }
    let target = target::find(api, call)?;
    let asked = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
    // What stands before the API's own paths, for clients that reach it through somebody else.
    let before = asked.path().strip_suffix(request.uri().path()).unwrap_or_default();
    let prefix = format!("{before}{prefix}");
    let upgrade = takes_upgrade(&mut request);
    if rest.is_empty() && upgrade.is_none() && matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(moved(&format!("{prefix}/"), request.uri().query()));
    }
    let forwarded = format!("{prefix}{rest}");
    let request = outgoing(request, rest, &forwarded, upgrade.is_some())?;
    let mut response = send(api, &target, request).await?;
    let headers = response.headers_mut();
    let location = headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
    if let Some(place) = location.filter(|place| place.starts_with('/') && !place.starts_with("//"))
        && let Ok(place) = HeaderValue::from_str(&format!("{prefix}{place}"))
    {
        headers.insert(header::LOCATION, place);
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(near) = upgrade
    {
        join(near, hyper::upgrade::on(&mut response));
    } else {
        response.headers_mut().remove(header::CONNECTION);
    }
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    Ok(response.map(Body::new))
}

/// A path up to `proxy`, which is so many words from the start (`/api/v1/nodes/NAME/proxy`: one before the first slash,
/// and five), and what follows it with its slash.
fn around_proxy(path: &str, words: usize) -> (String, String) {
    let mut segments = path.split('/');
    let head: Vec<&str> = segments.by_ref().take(words).collect();
    let rest: Vec<&str> = segments.collect();
    let rest = if rest.is_empty() { String::new() } else { format!("/{}", rest.join("/")) };
    (head.join("/"), rest)
}

/// The client's connection, if it wants to speak something else on it.
fn takes_upgrade(request: &mut Request) -> Option<OnUpgrade> {
    let words = request.headers().get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let asks = words.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("upgrade"));
    (asks && request.headers().contains_key(header::UPGRADE)).then(|| hyper::upgrade::on(request))
}

fn moved(place: &str, query: Option<&str>) -> Response {
    let place = query.map_or_else(|| place.to_owned(), |query| format!("{place}?{query}"));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// The request as the Pod gets it.
fn outgoing(request: Request, rest: String, forwarded: &str, upgrade: bool) -> Result<Request, Failure> {
    let (mut parts, body) = request.into_parts();
    let path = if rest.is_empty() { "/".to_owned() } else { rest };
    let whole = parts.uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    parts.uri = whole.parse::<Uri>().map_err(|error| Failure::bad_request(error.to_string()))?;
    parts.version = http::Version::HTTP_11;
    parts.extensions.clear();
    strip(&mut parts.headers, upgrade);
    let host = parts.headers.get(header::HOST).cloned();
    let told = [
        ("x-forwarded-host", host),
        ("x-forwarded-proto", Some(HeaderValue::from_static("https"))),
        ("x-forwarded-uri", HeaderValue::from_str(forwarded).ok()),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            parts.headers.insert(HeaderName::from_static(name), value);
        }
    }
    Ok(Request::from_parts(parts, body))
}

fn strip(headers: &mut HeaderMap, upgrade: bool) {
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    if !upgrade {
        headers.remove(header::CONNECTION);
        headers.remove(header::UPGRADE);
    }
}

async fn send(
    api: &Api,
    target: &Target,
    mut request: Request,
) -> Result<http::Response<hyper::body::Incoming>, Failure> {
    let address = target.address;
    if !request.headers().contains_key(header::HOST) {
        let host = HeaderValue::from_str(&address.to_string()).expect("an address fits into a header");
        request.headers_mut().insert(header::HOST, host);
    }
    let connected = api.node.connect(&target.namespace, &target.pod, address).await;
    let connection = connected.map_err(|error| target::unreachable(&format!("dial tcp {address}: {error}")))?;
    let broken = |error: hyper::Error| target::unreachable(&error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(connection)).await.map_err(broken)?;
    tokio::spawn(connection.with_upgrades());
    sender.send_request(request).await.map_err(broken)
}

/// Two upgraded connections become one.
fn join(near: OnUpgrade, far: OnUpgrade) {
    tokio::spawn(async move {
        if let (Ok(near), Ok(far)) = tokio::join!(near, far) {
            // Either side may leave whenever it likes.
            let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(near), &mut TokioIo::new(far)).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_path_keeps_its_slashes() {
        let of = |rest: &str| around_proxy(&format!("/api/v1/namespaces/default/pods/web:80/proxy{rest}"), 8);
        assert_eq!(of(""), ("/api/v1/namespaces/default/pods/web:80/proxy".into(), String::new()));
        assert_eq!(of("/").1, "/");
        assert_eq!(of("/a%20b//c/").1, "/a%20b//c/");
        assert_eq!(around_proxy("/api/v1/nodes/n/proxy/pods/", 6), ("/api/v1/nodes/n/proxy".into(), "/pods/".into()));
    }
}
