//! All routes, and what every request passes through.

use std::time::Instant;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Extension, MatchedPath, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use http::HeaderName;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate as _,
        predicate::{NotForContentType, SizeAbove},
    },
    csrf::CsrfLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
};
use tracing::Instrument as _;

use super::{
    assets, content, errors::PageError, headers, health, kube, limits, pages, preview, progress, questions, socket,
    state::AppState, texts, workshops,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The server's routes.
pub fn router(state: AppState) -> Router {
    let own_pages = pages::routes::<AppState>()
        .layer(from_fn_with_state(state.clone(), progress::standing))
        .merge(progress::routes())
        .merge(texts::routes())
        .merge(workshops::pages())
        .layer(Extension(state.sessions.capabilities()))
        .layer(from_fn_with_state(state.clone(), headers::session_cookie));
    // Streams and what comes from learners' programs pass as they are.
    let compression = CompressionLayer::new().compress_when(SizeAbove::new(1024).and(NotForContentType::IMAGES));
    let ours = own_pages
        .merge(assets::routes())
        .merge(content::routes())
        .merge(questions::routes())
        .merge(health::routes())
        .fallback(headers::nowhere)
        .layer(compression)
        .layer(CsrfLayer::new());
    let routes = ours
        .route("/socket", any(socket::connect))
        .route("/socket/events", get(socket::fallback::listen))
        .route("/socket/{line}", post(socket::fallback::speak))
        .merge(workshops::streams())
        .layer(DefaultBodyLimit::max(state.limits.allowed.body))
        .layer(from_fn_with_state(state.clone(), limits::measure))
        // The sandbox's API and the previews answer to programs, and to pages that are not ours; what they may ask is
        // measured by the sandbox.
        .merge(kube::routes())
        .merge(preview::routes());
    let passes = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(from_fn_with_state(state.clone(), observe))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(CatchPanicLayer::custom(broken))
        .layer(from_fn(headers::secure))
        .layer(from_fn_with_state(state.clone(), headers::own_host));
    routes.layer(passes).with_state(state)
}

/// Logs and counts a request. The route is logged, not the address: addresses carry tokens.
async fn observe(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok().map(str::to_owned));
    let span = tracing::info_span!("request", method = %request.method(), route, id = id.unwrap_or_default());
    let began = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), millis = took.as_millis(), "answered"));
    app.metrics.answered(response.status(), took);
    response
}

/// What is answered when a handler panics: it is in the log, the others go on.
fn broken(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("?"), "a handler panicked");
    PageError::Broken.into_response()
}
