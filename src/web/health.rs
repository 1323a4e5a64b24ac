//! `/healthz`, `/readyz`, `/metrics`: for whoever runs the server.

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header};

use super::state::AppState;

/// The three routes.
pub fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get("ok\n")).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

async fn ready(State(app): State<AppState>) -> impl IntoResponse {
    if app.closing.is_cancelled() { (StatusCode::SERVICE_UNAVAILABLE, "closing\n") } else { (StatusCode::OK, "ok\n") }
}

async fn metrics(State(app): State<AppState>) -> impl IntoResponse {
    let text = app.metrics.text(app.sessions.len(), app.sessions.sockets());
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}
