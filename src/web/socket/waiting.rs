//! A page for whose learner there is no place yet: it is told where it stands, and keeps its place in the line as long as
//! its socket is open.

use std::sync::Arc;

use futures::{Sink, Stream, StreamExt as _};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{self, Message as Packet, protocol::frame::coding::CloseCode};

use super::{
    super::{protocol::Message, state::AppState, texts::Texts},
    conversation::{PING_EVERY, farewell, put, refuse_on},
    words,
};
use crate::{
    sessions::{NoSession, Session, line::Ticket},
    storage::LearnerId,
};

/// How many messages a page may send while it waits: its hello, and what the learner did meanwhile.
const MAX_SAID: usize = 16;

/// Waits for a place. Gives the session and what the page has said meanwhile; nothing when it has gone.
pub(super) async fn wait<S>(
    socket: &mut S,
    app: &AppState,
    learner: &LearnerId,
    texts: &Texts,
) -> Option<(Arc<Session>, Vec<Packet>)>
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin,
{
    let mut ticket = app.sessions.stand_in_line();
    let (mut said, mut told) = (Vec::new(), None);
    let mut ping = Instant::now() + PING_EVERY;
    loop {
        match app.sessions.session_of(learner, Some(&ticket)).await {
            Ok(session) => return Some((session, said)),
            Err(NoSession::Full(places)) => tell(socket, &ticket, places, &mut told).await?,
            Err(refusal) => {
                refuse_on(socket, &words::no_session(texts, &refusal)).await;
                return None;
            }
        }
        tokio::select! {
            () = ticket.moved() => {}
            packet = socket.next() => match packet {
                Some(Ok(packet @ Packet::Text(_))) if said.len() < MAX_SAID => said.push(packet),
                Some(Ok(Packet::Ping(_) | Packet::Pong(_))) => {}
                _ => return None,
            },
            () = sleep_until(ping) => {
                ping = Instant::now() + PING_EVERY;
                put(socket, Packet::Ping(Default::default())).await.ok()?;
            }
            () = app.closing.cancelled() => {
                farewell(socket, CloseCode::Away, "going away").await;
                return None;
            }
        }
    }
}

/// Tells a page where it stands, if it does not know.
async fn tell<S>(socket: &mut S, ticket: &Ticket, places: usize, told: &mut Option<usize>) -> Option<()>
where
    S: Sink<Packet, Error = tungstenite::Error> + Unpin,
{
    let before = ticket.before();
    if told.replace(before) == Some(before) {
        return Some(());
    }
    let message = Message::Queue { before, places };
    let text = serde_json::to_string(&message).expect("messages hold strings and numbers only");
    put(socket, Packet::text(text)).await.ok()
}
