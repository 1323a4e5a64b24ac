//! Taking up a websocket from a request (RFC 6455, 4.2).

use std::future::Future;

use axum::{body::Body, extract::Request, response::Response};
use http::{HeaderValue, StatusCode, header};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};

use crate::api::failure::Failure;

/// A websocket on an upgraded connection.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// An offer of a websocket that has been checked, but not yet answered.
pub(super) struct Offer {
    key: HeaderValue,
    /// The subprotocol that both sides know.
    pub protocol: &'static str,
    upgrade: hyper::upgrade::OnUpgrade,
}

impl Offer {
    /// Reads the request's offer and picks the first of `protocols` that the client knows.
    ///
    /// # Errors
    /// 400 when the request offers no websocket, or none of these protocols.
    pub fn read(mut request: Request, protocols: &[&'static str]) -> Result<Self, Failure> {
        let headers = request.headers();
        let offered = header_words(headers, &header::SEC_WEBSOCKET_PROTOCOL);
        let wants = header_words(headers, &header::UPGRADE).iter().any(|word| word.eq_ignore_ascii_case("websocket"));
        let key = headers.get(header::SEC_WEBSOCKET_KEY).cloned();
        let Some(key) = key.filter(|_| wants) else {
            return Err(Failure::bad_request("Upgrade request required"));
        };
        let protocol = protocols.iter().copied().find(|known| offered.iter().any(|word| word == known));
        let Some(protocol) = protocol else {
            let why =
                format!("unable to negotiate protocol: client supports {offered:?}, server accepts {protocols:?}");
            return Err(Failure::new(403, "Forbidden", why));
        };
        Ok(Self { key, protocol, upgrade: hyper::upgrade::on(&mut request) })
    }

    /// The answer, and the socket once the answer has been sent.
    pub fn accept(self) -> (Response, impl Future<Output = Result<Socket, hyper::Error>> + Send) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let answer = derive_accept_key(self.key.as_bytes());
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(
            header::SEC_WEBSOCKET_ACCEPT,
            HeaderValue::from_str(&answer).expect("base64 digits fit into a header"),
        );
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(self.protocol));
        let upgrade = self.upgrade;
        let socket = async move {
            let stream = TokioIo::new(upgrade.await?);
            Ok(WebSocketStream::from_raw_socket(stream, Role::Server, None).await)
        };
        (response, socket)
    }
}

fn header_words(headers: &http::HeaderMap, name: &header::HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}
