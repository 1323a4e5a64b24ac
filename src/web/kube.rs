//! A learner's sandbox for their own programs: `/kubeconfig`, and the API under `/kube/<token>/`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{HeaderMap, HeaderValue, Uri, header, uri::PathAndQuery};
use tower::ServiceExt as _;
use tower_http::csrf::CsrfLayer;

use super::{errors::PageError, preview::NOT_PASSED_BACK, state::AppState};
use crate::{
    sandbox::gateway,
    sessions::{Session, ids::Token},
};

/// Both.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/kubeconfig", get(kubeconfig).post(renew).layer(CsrfLayer::new()))
        .route("/kube/{token}", any(api))
        .route("/kube/{token}/", any(api))
        .route("/kube/{token}/{*path}", any(api))
}

async fn kubeconfig(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PageError> {
    let session = session(&app, &headers).await?;
    written(&app, &headers, &session)
}

/// Another address: the one before no longer leads to the sandbox, whoever has it.
async fn renew(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PageError> {
    let session = session(&app, &headers).await?;
    app.sessions.renew_kube_token(&session).await.map_err(|error| {
        tracing::error!(%error, "an address can't be renewed");
        PageError::NoStorage
    })?;
    written(&app, &headers, &session)
}

async fn session(app: &AppState, headers: &HeaderMap) -> Result<Arc<Session>, PageError> {
    let cookie = app.site.session(headers).ok_or(PageError::NoSession)?;
    app.sessions.get(&cookie).await.ok_or(PageError::NoSession)
}

fn written(app: &AppState, headers: &HeaderMap, session: &Session) -> Result<Response, PageError> {
    let base = app.site.base(headers).ok_or(PageError::NoSession)?;
    let server = format!("{base}/kube/{}", session.kube_token().as_str());
    let text = session.kubeconfig(&server).ok_or(PageError::NotReady)?;
    let headers = [
        (header::CONTENT_TYPE, "application/yaml"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"podyard-kubeconfig.yaml\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

/// Passes a request on to the sandbox's API, upgrades included.
async fn api(
    State(app): State<AppState>,
    Path(parts): Path<Vec<(String, String)>>,
    mut request: Request,
) -> Result<Response, Response> {
    let plain = |error: PageError| error.plain();
    let token = parts.first().and_then(|(_, token)| Token::parse(token)).ok_or_else(|| plain(PageError::NotFound))?;
    let session = app.sessions.by_kube_token(&token).ok_or_else(gateway::unauthorized)?;
    session.touch();
    let hold = session.status().borrow().hold.clone().ok_or_else(|| plain(PageError::NotReady))?;
    *request.uri_mut() = inner_uri(request.uri(), &token).ok_or_else(|| plain(PageError::NotFound))?;
    // What is ours stays here.
    request.headers_mut().remove(header::COOKIE);
    match hold.gateway.oneshot(request).await {
        Ok(response) => Ok(harmless(response)),
        Err(never) => match never {},
    }
}

/// Through `…/proxy/` a learner's Pod answers under our address: a browser that is led there must not take its page for
/// ours, nor keep what it sets.
fn harmless(mut response: Response) -> Response {
    for name in NOT_PASSED_BACK {
        response.headers_mut().remove(*name);
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    response
}

/// The address without `/kube/<token>`, its percent signs as they came.
fn inner_uri(uri: &Uri, token: &Token) -> Option<Uri> {
    let whole = uri.path_and_query()?.as_str();
    let inner = whole.strip_prefix("/kube/")?.strip_prefix(token.as_str())?;
    let inner = if inner.starts_with('/') { inner.to_owned() } else { format!("/{inner}") };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(inner.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_address_keeps_what_was_written() {
        let token = Token::random();
        let inner = |rest: &str| {
            let uri: Uri = format!("/kube/{}{rest}", token.as_str()).parse().unwrap();
            inner_uri(&uri, &token).unwrap().to_string()
        };
        assert_eq!(inner("/api/v1/pods?labelSelector=a%3Db"), "/api/v1/pods?labelSelector=a%3Db");
        assert_eq!(
            inner("/api/v1/namespaces/default/services/http:web:80/proxy/a%2Fb"),
            "/api/v1/namespaces/default/services/http:web:80/proxy/a%2Fb"
        );
        assert_eq!(inner(""), "/");
        assert_eq!(inner("?timeout=32s"), "/?timeout=32s");
    }
}
