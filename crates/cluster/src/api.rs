//! The HTTP surface: what the Kubernetes API server answers, as an axum router.
//!
//! A request's path names a [`path::Target`]; discovery and the like are answered at once, and what is about objects
//! becomes a [`call::Call`] for one of `read`, `create`, `update`, `patch`, `delete`, `watch` and the subresources.

mod access;
mod account_secret;
mod account_token;
mod call;
mod caller;
mod create;
mod decode;
mod delete;
mod discovery;
mod encoding;
mod eviction;
mod failure;
mod json_syntax;
mod metrics;
mod negotiate;
mod openapi;
mod parts;
mod patch;
mod path;
mod pod;
mod pod_door;
mod proxy;
mod query;
mod read;
mod respond;
mod reviews;
mod scale;
mod selector;
mod serve;
mod shape;
mod update;
mod versioning;
mod versions;
mod watch;
mod write_options;

use std::sync::Arc;

pub use self::caller::Credential;
pub(crate) use self::pod_door::PodDoor;

use axum::{Router, extract::State, response::Response};
use tokio_util::sync::{CancellationToken, DropGuard};

use serde_json::Value;

use crate::{
    clock::SharedClock, custom::Definitions, node::endpoint::NodeEndpoint, registry::Resource, store::Store,
    tokens::Signer,
};

pub(crate) use self::encoding::is_base64 as from_base64;

/// What the API server works with.
pub(crate) struct Api {
    /// The objects.
    pub store: Store,
    /// The kinds that this cluster has beside those of every cluster.
    pub definitions: Definitions,
    /// Now, and new ids.
    pub clock: SharedClock,
    /// The node behind log, exec, attach and port-forward.
    pub node: Arc<dyn NodeEndpoint>,
    /// Makes and checks service account tokens.
    pub signer: Signer,
    /// Whether `metrics.k8s.io` is served, as where somebody has installed metrics-server.
    pub metrics: bool,
    /// How many objects a sandbox may hold.
    pub max_objects: usize,
    /// Ends watches, and what runs beside the API, when the cluster ends or nobody can reach it any more.
    pub closing: DropGuard,
}

impl Api {
    /// Tells when the cluster ends.
    pub fn closing(&self) -> &CancellationToken {
        self.closing.token()
    }

    /// The router that serves all paths.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(answer).with_state(self)
    }
}

async fn answer(State(api): State<Arc<Api>>, request: axum::extract::Request) -> Response {
    serve::serve(api, request).await
}

/// An object in the form its kind is stored in, whatever of it is wrong.
pub(crate) fn conformed(resource: &Resource, object: Value) -> Value {
    decode::finish(resource, object.clone(), Vec::new(), decode::FieldValidation::Ignore)
        .map_or(object, |decoded| decoded.object)
}
