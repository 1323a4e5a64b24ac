//! Taking up SPDY/3.1 from a request, as kubectl before 1.30 asks for it, and serving it on the connection's bytes.

use std::future::Future;

use axum::{body::Body, extract::Request, response::Response};
use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};
use tokio_util::io::ReaderStream;

use super::{Opened, QUEUE, serve};
use crate::api::failure::Failure;

const SPDY: &str = "SPDY/3.1";
const PROTOCOL: HeaderName = HeaderName::from_static("x-stream-protocol-version");

/// An offer of SPDY that has been checked, but not yet answered.
pub(in crate::api::pod) struct Offer {
    protocol: &'static str,
    upgrade: OnUpgrade,
}

impl Offer {
    /// Whether a request offers SPDY at all.
    pub fn is_in(headers: &HeaderMap) -> bool {
        headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(SPDY.as_bytes()))
    }

    /// Reads the request's offer and picks the first of `protocols` that the client knows.
    ///
    /// # Errors
    /// 403 when it knows none of them.
    pub fn read(mut request: Request, protocols: &[&'static str]) -> Result<Self, Failure> {
        let values = request.headers().get_all(PROTOCOL).iter().filter_map(|value| value.to_str().ok());
        let offered: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        let Some(protocol) = protocols.iter().copied().find(|known| offered.contains(known)) else {
            let why =
                format!("unable to negotiate protocol: client supports {offered:?}, server accepts {protocols:?}");
            return Err(Failure::new(403, "Forbidden", why));
        };
        Ok(Self { protocol, upgrade: hyper::upgrade::on(&mut request) })
    }

    /// The answer, and the connection once the answer has been sent.
    pub fn accept(self) -> (Response, impl Future<Output = Result<TokioIo<Upgraded>, hyper::Error>> + Send) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static(SPDY));
        headers.insert(PROTOCOL, HeaderValue::from_static(self.protocol));
        (response, async move { Ok(TokioIo::new(self.upgrade.await?)) })
    }
}

/// Serves a connection until the client leaves or `until` is over; what has been sent by then still goes out.
pub(in crate::api::pod) async fn converse(
    connection: impl AsyncRead + AsyncWrite,
    opened: impl FnMut(Opened),
    until: impl Future<Output = ()>,
) {
    let (source, mut sink) = tokio::io::split(connection);
    let (frames, mut queue) = mpsc::channel::<bytes::Bytes>(QUEUE);
    let writer = async move {
        while let Some(frame) = queue.recv().await {
            if sink.write_all(&frame).await.is_err() || sink.flush().await.is_err() {
                return;
            }
        }
        // Whoever hung up needs no goodbye.
        let _ = sink.shutdown().await;
    };
    let reader = async move {
        let mut chunks = ReaderStream::new(source);
        tokio::select! {
            served = serve(&mut chunks, frames, opened) => {
                if let Err(error) = served {
                    tracing::debug!(%error, "a SPDY connection ended");
                }
            }
            () = until => {}
        }
        // A socket that is closed with something unread takes what was written with it.
        while let Some(Ok(_)) = chunks.next().await {}
    };
    tokio::join!(writer, reader);
}
