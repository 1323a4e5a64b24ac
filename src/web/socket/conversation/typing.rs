//! What is typed into terminals: each piece reaches its program once, and the page is told so.

use futures::{Sink, Stream};
use tokio_tungstenite::tungstenite::{self, Message as Packet};

use super::{super::super::protocol::Message, Conversation, Step};
use crate::sessions::keyboards::Pressed;

impl<S> Conversation<S>
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin + Send,
{
    pub(super) async fn input(&mut self, id: String, data: String, seq: u64) -> Step {
        self.session.touch();
        if self.session.keyboards().press(&id, &self.page, seq, data) == Pressed::Lost {
            let text = self.texts.say("socket.typedInVain").to_owned();
            self.refuse(None, text).await?;
        }
        self.say(&Message::Typed { id, seq }).await
    }
}
