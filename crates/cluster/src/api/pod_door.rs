//! How Pods come to the API: by TLS at the `kubernetes` Service, with the token of their service account or as nobody.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use axum::{body::Body, extract::Request, response::Response};
use futures::{FutureExt, future::BoxFuture};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{ServerConfig, server::Acceptor};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::{Api, Credential, failure::Failure, respond, serve};
use crate::node::runtime::{Connection, network::ApiServer};

/// How long a client may take to agree on keys, and to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Go's server says to who speaks no TLS where it is expected.
const PLAIN: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// The API as Pods reach it. It does not keep the API alive: what has no other holders ends, and its Pods with it.
pub(crate) struct PodDoor {
    tls: Arc<ServerConfig>,
    api: OnceLock<Weak<Api>>,
}

impl PodDoor {
    /// A door that is opened later: the runtime must know it before the API does its work.
    pub fn new(tls: Arc<ServerConfig>) -> Self {
        Self { tls, api: OnceLock::new() }
    }

    /// Says which API is behind it, once.
    pub fn open(&self, api: &Arc<Api>) {
        self.api.get_or_init(|| Arc::downgrade(api));
    }
}

impl ApiServer for PodDoor {
    fn serve(&self, connection: Box<dyn Connection>) -> BoxFuture<'static, ()> {
        let (tls, api) = (self.tls.clone(), self.api.get().cloned().unwrap_or_default());
        async move {
            match tokio::time::timeout(PATIENCE, greet(connection, tls)).await {
                Ok(Some(stream)) => answer(stream, api).await,
                Ok(None) => {}
                Err(_) => tracing::debug!("a Pod has connected to the API and said nothing"),
            }
        }
        .boxed()
    }
}

/// Agrees on keys; whoever speaks plain HTTP is told.
async fn greet<S: AsyncRead + AsyncWrite + Unpin>(connection: S, tls: Arc<ServerConfig>) -> Option<TlsStream<S>> {
    let acceptor = LazyConfigAcceptor::new(Acceptor::default(), connection);
    tokio::pin!(acceptor);
    match acceptor.as_mut().await {
        Ok(hello) => hello.into_stream(tls).await.ok(),
        Err(_) => {
            // Whoever has gone already need not be told.
            if let Some(mut connection) = acceptor.take_io() {
                let _ = connection.write_all(PLAIN).await;
                let _ = connection.shutdown().await;
            }
            None
        }
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, api: Weak<Api>) {
    let service = service_fn(move |request| admit(api.upgrade(), request));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // Clients go when they like.
    let _ = server.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

async fn admit(api: Option<Arc<Api>>, request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(Credential::Nothing);
    Ok(match api {
        Some(api) => serve::serve(api, request).await,
        None => respond::refuse(&Failure::new(503, "ServiceUnavailable", "the cluster is being shut down"), false),
    })
}
