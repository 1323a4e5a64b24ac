//! What Pods have beside themselves: logs, commands, streams, ports.

pub(super) mod attach;
mod container;
pub(super) mod logs;
mod portforward;
mod remote;
mod spdy;
mod websocket;

use std::sync::Arc;

use axum::{extract::Request, response::Response};

use super::{Api, call::Call, failure::Failure};
use crate::node::endpoint::EndpointError;

/// Answers what streams: `log`, `exec`, `attach`, `portforward`. Anything else is handed back.
pub(super) async fn stream(
    api: &Arc<Api>,
    call: &Call,
    request: Request,
) -> Result<Result<Response, Failure>, Request> {
    let Some(part) = &call.part else { return Err(request) };
    Ok(match part.row.name {
        "log" => logs::logs(api, call).await,
        "exec" | "attach" => attach::attach(api, call, request).await,
        "portforward" => portforward::forward(api, call, request).await,
        _ => return Err(request),
    })
}

/// The node's refusal as the API server passes it on.
fn passed_on(call: &Call, error: &EndpointError) -> Failure {
    match error.code {
        400 => Failure::bad_request(&error.message),
        404 => Failure::new(404, "NotFound", &error.message),
        _ => {
            tracing::debug!(pod = call.name, %error, "the node could not do it");
            Failure::internal(&error.message)
        }
    }
}
