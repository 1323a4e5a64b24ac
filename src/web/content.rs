//! Images that lie beside the lessons: `/content/<path>`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};

use super::errors::PageError;
use crate::lessons::Catalog;

/// The largest image that is sent.
const LARGEST: u64 = 10 * 1024 * 1024;

/// `/content/<path>`
pub fn routes<S>() -> Router<S>
where
    Arc<Catalog>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/content/{*path}", get(image))
}

async fn image(State(catalog): State<Arc<Catalog>>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = catalog.image(&path) else { return PageError::NotFound.into_response() };
    let Ok(about) = tokio::fs::metadata(&file).await else { return PageError::NotFound.into_response() };
    if about.len() > LARGEST {
        return PageError::NotFound.into_response();
    }
    let changed = about.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let etag = format!("\"{:x}-{:x}\"", about.len(), changed.unwrap_or_default().as_nanos());
    if headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    let Ok(bytes) = tokio::fs::read(&file).await else { return PageError::NotFound.into_response() };
    let kind = kind(&path);
    let fresh = "no-cache".to_owned();
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::ETAG, etag), (header::CACHE_CONTROL, fresh)], bytes)
        .into_response()
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default().to_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn images_are_sent_once_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.md"), "# A\n").unwrap();
        std::fs::write(folder.path().join("a.svg"), "<svg/>").unwrap();
        let catalog = Arc::new(Catalog::load(folder.path()).unwrap());
        let ask = |path: &str, tag: &str| {
            let request = Request::get(path).header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
            routes::<Arc<Catalog>>().with_state(catalog.clone()).oneshot(request)
        };
        let first = ask("/content/a.svg", "").await.unwrap();
        assert_eq!(first.headers()[header::CONTENT_TYPE], "image/svg+xml");
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(ask("/content/a.svg", &tag).await.unwrap().status(), StatusCode::NOT_MODIFIED);
        for path in ["/content/a.md", "/content/b.svg", "/content/../a.svg"] {
            assert_eq!(ask(path, "").await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
