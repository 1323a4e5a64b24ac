//! Styles, scripts and icons: from `static/` while developing, from the binary in a release.
//!
//! Addresses carry the content's hash (`?v=…`), so a browser keeps what it has until it changes. What the bundler has
//! compressed beforehand is sent so; the rest is compressed on the way out.

use std::fmt::Write;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

/// What is written by hand: `static/site/`.
#[derive(RustEmbed)]
#[folder = "static/site/"]
struct Site;

/// What `make assets` builds: `static/vendor/`. May be missing: pages then work without scripts.
#[derive(RustEmbed)]
#[folder = "static/vendor/"]
#[allow_missing = true]
struct Vendor;

/// A year, in the words of RFC 8246: what has the hash in its address never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// `/static/…`
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/static/{*path}", get(serve))
}

/// The address of an asset with its content's hash: `site/podyard.css` → `/static/site/podyard.css?v=…`. One that is
/// not there keeps its plain address.
pub fn url(path: &str) -> String {
    match find(path) {
        Some(file) => format!("/static/{path}?v={}", short(&file)),
        None => format!("/static/{path}"),
    }
}

/// An asset's text, for what a page carries in itself; empty when it is not there.
pub fn text(path: &str) -> String {
    find(path).map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default()
}

fn find(path: &str) -> Option<EmbeddedFile> {
    match path.split_once('/')? {
        // The bundler has made them smaller, once it has run.
        ("site", name) => Vendor::get(path).or_else(|| Site::get(name)),
        ("vendor", name) => Vendor::get(name),
        _ => None,
    }
}

/// What the bundler has made of a file for browsers that take this encoding.
fn compressed(path: &str, headers: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let name = path.strip_prefix("vendor/").unwrap_or(path);
    let wanted = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |encoding: &str| {
        let mut offers = wanted.split(',').map(|offer| offer.split_once(';').unwrap_or((offer, "")));
        offers.any(|(name, weight)| name.trim() == encoding && !matches!(weight.trim(), "q=0" | "q=0.0"))
    };
    let named = [("br", "br"), ("gzip", "gz")].into_iter().filter(|(encoding, _)| takes(encoding));
    named.filter_map(|(encoding, ending)| Some((encoding, Vendor::get(&format!("{name}.{ending}"))?))).next()
}

fn short(file: &EmbeddedFile) -> String {
    let mut hex = String::new();
    for byte in &file.metadata.sha256_hash()[..8] {
        write!(hex, "{byte:02x}").expect("writing to a string does not fail");
    }
    hex
}

async fn serve(Path(path): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response<Body> {
    let Some(file) = find(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let hash = short(&file);
    // The same content, however it is packed.
    let etag = format!("W/\"{hash}\"");
    // The bundler puts the hash into the names of its chunks.
    let fixed = path.starts_with("vendor/chunks/") || query.as_deref() == Some(&format!("v={hash}"));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|seen| matches(seen, &etag));
    let response = Response::builder()
        .header(header::ETAG, &etag)
        .header(header::CACHE_CONTROL, if fixed { FOR_EVER } else { ASK_AGAIN });
    let response = response.header(header::VARY, header::ACCEPT_ENCODING.as_str());
    let answer = match compressed(&path, &headers) {
        _ if known => response.status(StatusCode::NOT_MODIFIED).body(Body::empty()),
        Some((encoding, packed)) => response
            .header(header::CONTENT_TYPE, content_type(&file))
            .header(header::CONTENT_ENCODING, encoding)
            .body(Body::from(packed.data.into_owned())),
        None => response.header(header::CONTENT_TYPE, content_type(&file)).body(Body::from(file.data.into_owned())),
    };
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Whether `If-None-Match` names a tag; a compressing proxy makes it weak.
fn matches(seen: &HeaderValue, etag: &str) -> bool {
    let seen = seen.to_str().unwrap_or_default();
    seen.split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag.trim_start_matches("W/") || tag == "*")
}

fn content_type(file: &EmbeddedFile) -> String {
    let kind = file.metadata.mimetype();
    if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn ask(path: &str, tag: Option<&str>) -> Response<Body> {
        let mut request = Request::builder().uri(path);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let request = request.body(Body::empty()).expect("a request");
        routes::<()>().with_state(()).oneshot(request).await.expect("an answer")
    }

    fn header_of(response: &Response<Body>, name: header::HeaderName) -> String {
        response.headers().get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_hashed_address_is_kept_for_ever_and_a_plain_one_asked_for_again() {
        let hashed = ask(&url("site/podyard.css"), None).await;
        assert_eq!(hashed.status(), StatusCode::OK);
        assert_eq!(header_of(&hashed, header::CONTENT_TYPE), "text/css; charset=utf-8");
        assert_eq!(header_of(&hashed, header::CACHE_CONTROL), FOR_EVER);
        let plain = ask("/static/site/podyard.css", None).await;
        assert_eq!(header_of(&plain, header::CACHE_CONTROL), ASK_AGAIN);
        assert_eq!(header_of(&plain, header::ETAG), header_of(&hashed, header::ETAG));
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        let first = ask("/static/site/podyard.css", None).await;
        let tag = header_of(&first, header::ETAG);
        assert_eq!(ask("/static/site/podyard.css", Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
        let strong = format!("\"other\", {}", tag.trim_start_matches("W/"));
        assert_eq!(ask("/static/site/podyard.css", Some(&strong)).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("/static/site/podyard.css", Some("\"other\"")).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        for path in ["/static/site/none.css", "/static/site/../../Cargo.toml", "/static/src/main.ts", "/static/x"] {
            assert_eq!(ask(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
