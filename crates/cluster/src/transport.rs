//! `kube::Client` without sockets: its requests go straight into the router.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Router, body::Body};
use http::{Request, Response, header};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tower::{Service, ServiceExt};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How much of an upgraded connection may be on its way in each direction.
const PIPE: usize = 64 * 1024;

/// What makes a client of a router.
#[derive(Debug, Clone)]
pub(crate) struct InProcess {
    router: Router,
}

impl InProcess {
    /// A transport into this router.
    pub fn new(router: Router) -> Self {
        Self { router }
    }
}

impl Service<Request<kube::client::Body>> for InProcess {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<kube::client::Body>) -> Self::Future {
        let router = self.router.clone();
        if request.headers().contains_key(header::UPGRADE) {
            return Box::pin(upgraded(router, request));
        }
        Box::pin(async move { Ok(router.oneshot(request.map(Body::new)).await?) })
    }
}

/// An upgrade needs a connection to be upgraded: a pipe with HTTP/1.1 at both ends.
async fn upgraded(router: Router, request: Request<kube::client::Body>) -> Result<Response<Body>, BoxError> {
    let (near, far) = tokio::io::duplex(PIPE);
    tokio::spawn(async move {
        let server = hyper::server::conn::http1::Builder::new();
        // The pipe ends when either side drops it; there is nobody left to tell.
        let _ = server.serve_connection(TokioIo::new(far), TowerToHyperService::new(router)).with_upgrades().await;
    });
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await?;
    tokio::spawn(async move {
        let _ = connection.with_upgrades().await;
    });
    Ok(sender.send_request(request).await?.map(Body::new))
}
