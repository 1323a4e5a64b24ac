//! The learner's place in a workshop, on their page's connection.

use futures::{Sink, Stream};
use tokio_tungstenite::tungstenite::{self, Message as Packet};

use super::{Conversation, Step};
use crate::{
    web::protocol::Message,
    workshops::{
        hold::{Asked, Waits},
        seat::SeatRequest,
    },
};

impl<S> Conversation<S>
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin + Send,
{
    /// The learner takes their place, if they are in a workshop.
    pub(super) async fn take_seat(&mut self) -> Step {
        self.seat = self.app.workshops.seat(&self.session, &self.app.catalog()).await;
        self.tell_room();
        self.workshop().await
    }

    /// The learner's place in a workshop, if they are in one.
    pub(super) async fn workshop(&mut self) -> Step {
        let Some(seat) = &mut self.seat else { return Ok(()) };
        let seat = Box::new(seat.view().borrow_and_update().clone());
        self.say(&Message::Workshop { seat }).await
    }

    /// Why a command is refused for now, if it is.
    pub(super) fn has_to_wait(&self, line: &str, file: Option<&str>) -> Option<String> {
        let asked = self.lesson.as_ref().map(|lesson| Asked { lesson, line, file });
        Some(match self.seat.as_ref()?.refuses(asked)? {
            Waits::Paused => self.texts.say("seat.refusedPaused").to_owned(),
            Waits::Held(step) => self.texts.with("seat.refusedHeld", "step", step),
        })
    }

    /// The instructor is told what does not hold yet.
    pub(super) fn tell_room(&self) {
        if let (Some(seat), Some(states)) = (&self.seat, &self.states) {
            seat.stands(&states.now(), &self.session.progress());
        }
    }

    pub(super) async fn say_in_workshop(&mut self, say: SeatRequest) -> Step {
        self.session.touch();
        let Some(seat) = &self.seat else {
            return self.refuse(None, self.texts.say("seat.none").to_owned()).await;
        };
        match seat.act(say).await {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::error!(%error, "a learner's wish can't be stored");
                self.refuse(None, self.texts.say("seat.notStored").to_owned()).await
            }
        }
    }
}
