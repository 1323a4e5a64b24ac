//! `/socket`: the one websocket of a page.
//!
//! The handshake is here; `conversation` is what follows, over any sink and stream; `fallback` is
//! the way around blocked websockets; `wire` turns what the session says
//! into the protocol's messages.

mod conversation;
pub mod fallback;
mod pace;
mod waiting;
pub(super) mod wire;
pub(super) mod words;

#[cfg(test)]
mod tests;

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use futures::{Sink, Stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message as Packet,
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use self::conversation::Conversation;
use super::{
    address::Address,
    errors::PageError,
    limits,
    state::AppState,
    texts::{self, Texts},
};
use crate::{sessions::NoSession, storage::LearnerId};

/// Takes a page's handshake.
pub async fn connect(
    State(app): State<AppState>,
    address: Address,
    mut request: Request,
) -> Result<Response, Response> {
    let accept = accept_key(request.headers()).ok_or_else(|| PageError::NotAWebsocket.into_response())?;
    if !app.site.is_same_origin(request.headers()) {
        return Err(PageError::ForeignOrigin.plain());
    }
    let cookie = app.site.session(request.headers());
    let visitor = app.sessions.visitor(cookie).await.map_err(NoSession::from);
    let set_cookie = visitor.as_ref().ok().and_then(|v| v.cookie.as_ref()).map(|c| app.site.set_cookie(c));
    let texts = texts::of(request.headers());
    let upgrade = hyper::upgrade::on(&mut request);
    app.tasks.clone().spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        // A manifest comes escaped as JSON, in one message.
        let most = Some(app.limits.allowed.body);
        let limits = WebSocketConfig::default().max_message_size(most).max_frame_size(most);
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(limits)).await;
        match visitor {
            Ok(visitor) => talk(socket, app, Reader { address, texts }, &visitor.learner).await,
            Err(refusal) => conversation::refuse(socket, &words::no_session(texts, &refusal)).await,
        }
    });
    Ok(switching(&accept, set_cookie.as_deref()))
}

/// Whoever reads a page.
#[derive(Debug, Clone, Copy)]
struct Reader {
    address: Address,
    /// In their language.
    texts: &'static Texts,
}

/// Talks with a page, once there is a place for its learner.
async fn talk<S>(mut socket: S, app: AppState, reader: Reader, learner: &LearnerId)
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin + Send,
{
    if let Some(why) = limits::too_many_here(&app, reader.address, learner, reader.texts).await {
        return conversation::refuse(socket, &why).await;
    }
    let (session, said) = match app.sessions.session_of(learner, None).await {
        Ok(session) => (session, Vec::new()),
        Err(NoSession::Full(_)) => match waiting::wait(&mut socket, &app, learner, reader.texts).await {
            Some(found) => found,
            None => return,
        },
        Err(refusal) => return conversation::refuse(socket, &words::no_session(reader.texts, &refusal)).await,
    };
    Conversation::new(socket, app, session, reader.texts).with(said).run().await;
}

/// The answer to the handshake's key, if it is a handshake (RFC 6455, 4.2.1).
fn accept_key(headers: &HeaderMap) -> Option<String> {
    let has = |name: header::HeaderName, word: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|v| v.to_str().ok());
        values.flat_map(|v| v.split(',')).any(|w| w.trim().eq_ignore_ascii_case(word))
    };
    let handshake = has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| handshake)?;
    Some(derive_accept_key(key.as_bytes()))
}

fn switching(accept: &str, set_cookie: Option<&str>) -> Response {
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONNECTION, "Upgrade");
    set(header::UPGRADE, "websocket");
    set(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(cookie) = set_cookie {
        set(header::SET_COOKIE, cookie);
    }
    response
}
