//! How a conversation ends that could not begin, and how any of them says goodbye.

use std::time::Duration;

use futures::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    self, Message as Packet,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::put;
use crate::web::protocol::{Message, SandboxState};

/// So long a farewell may take.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);

/// Says why there is no session, and leaves.
pub(in crate::web::socket) async fn refuse<S>(mut socket: S, why: &str)
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin,
{
    refuse_on(&mut socket, why).await;
}

/// The same on a socket that is lent.
pub(in crate::web::socket) async fn refuse_on<S>(socket: &mut S, why: &str)
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin,
{
    let message = Message::Sandbox { state: SandboxState::Failed, text: why.to_owned() };
    let text = serde_json::to_string(&message).expect("messages hold strings and numbers only");
    let _ = put(socket, Packet::text(text)).await;
    farewell(socket, CloseCode::Again, "no place").await;
}

/// Says goodbye and waits a moment for the answer.
pub(in crate::web::socket) async fn farewell<S>(socket: &mut S, code: CloseCode, word: &'static str)
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin,
{
    let goodbye = async {
        let frame = CloseFrame { code, reason: word.into() };
        if socket.send(Packet::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    let _ = timeout(FAREWELL_WITHIN, goodbye).await;
}
