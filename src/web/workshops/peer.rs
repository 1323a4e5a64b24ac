//! A learner's page as the instructor sees it, once the learner allows it: files, console, Pods.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{Path, State},
    response::{Response, sse::Event},
};
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    instructor::Owned,
    stream::{spawn, sse},
};
use crate::{
    sessions::{Session, desk::Desk},
    storage::LearnerId,
    web::{protocol::Message, socket::wire, state::AppState},
    workshops::{
        Workshops,
        room::Room,
        seat::{SeatView, Sharing},
    },
};

/// How many console frames are sent at once, and how far back an instructor sees.
const FRAMES: usize = 200;
/// How many events may wait for a slow page.
const WAITING: usize = 64;

/// The session of a learner who is here.
fn present(room: &Room, learner: &LearnerId) -> Option<Arc<Session>> {
    room.session(learner).filter(|session| !session.over().is_cancelled())
}

/// Waits until a learner has another session than this, such as their first.
async fn arrival(room: &Room, learner: &LearnerId, known: Option<&Arc<Session>>) {
    let mut changes = room.changes();
    while present(room, learner).as_ref().map(Arc::as_ptr) == known.map(Arc::as_ptr) && changes.changed().await.is_ok()
    {
    }
}

/// Waits until a learner shares something else.
async fn other(view: &mut watch::Receiver<SeatView>, shares: Sharing) {
    // The sender is in the room, which the feed holds.
    let _ = view.wait_for(|now| now.shares != shares).await;
}

/// What a stream begins with, and says again when it changes.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "camelCase")]
enum Standing {
    Standing { shares: Sharing, lesson: String, here: bool },
}

/// `/workshops/<id>/learners/<learner>/live`
pub(super) async fn live(
    State(app): State<AppState>,
    Owned { room, .. }: Owned,
    Path((_, learner)): Path<(String, String)>,
) -> Response {
    let (events, received) = mpsc::channel(WAITING);
    let feed = Feed { workshops: app.workshops.clone(), room, learner: LearnerId::new(learner), events };
    spawn(&app, feed.run());
    sse(ReceiverStream::new(received))
}

type Gone = mpsc::error::SendError<Result<Event, Infallible>>;

struct Feed {
    workshops: Workshops,
    room: Arc<Room>,
    learner: LearnerId,
    events: mpsc::Sender<Result<Event, Infallible>>,
}

impl Feed {
    /// Until the instructor looks away. What the learner does not allow is not shown.
    async fn run(self) {
        let Some(mut view) = self.room.view(&self.learner) else { return };
        loop {
            let shares = view.borrow_and_update().shares;
            let session = present(&self.room, &self.learner);
            let standing = Standing::Standing {
                shares,
                lesson: session.as_ref().map(|session| session.lesson()).unwrap_or_default(),
                here: session.is_some(),
            };
            if self.say(&standing).await.is_err() {
                return;
            }
            let known = session.clone();
            tokio::select! {
                ended = self.show_if_allowed(session) => if ended.is_err() { return },
                () = other(&mut view, shares) => {}
                () = arrival(&self.room, &self.learner, known.as_ref()) => {}
                () = self.events.closed() => return,
            }
        }
    }

    /// Shows a session for as long as the learner allows it.
    async fn show_if_allowed(&self, session: Option<Arc<Session>>) -> Result<(), Gone> {
        match (session, self.workshops.look(&self.room, &self.learner).await) {
            (Some(session), Ok(_look)) => self.show(&session).await,
            _ => std::future::pending().await,
        }
    }

    async fn say(&self, what: &impl Serialize) -> Result<(), Gone> {
        let event = Event::default().json_data(what).unwrap_or_default();
        self.events.send(Ok(event)).await
    }

    /// Shows a session until it is over.
    async fn show(&self, session: &Arc<Session>) -> Result<(), Gone> {
        let mut status = session.status();
        let over = session.over().clone();
        let desk = session.open_desk();
        let console = self.console(session);
        let files = self.files(desk);
        let pods = async {
            loop {
                let views = status.borrow_and_update().hold.as_ref().map(|hold| hold.views.clone());
                if let Some(mut views) = views {
                    tokio::select! {
                        ended = self.table(&mut views.pods) => ended?,
                        changed = status.changed() => if changed.is_err() { return Ok(()) },
                    }
                } else if status.changed().await.is_err() {
                    return Ok(());
                }
            }
        };
        tokio::select! {
            ended = console => ended,
            ended = files => ended,
            ended = pods => ended,
            () = over.cancelled() => Ok(()),
        }
    }

    async fn console(&self, session: &Session) -> Result<(), Gone> {
        let mut newest = session.newest();
        let mut seen = newest.borrow_and_update().saturating_sub(FRAMES as u64);
        loop {
            let missed = session.frames_after(seen, FRAMES);
            for frame in &missed.frames {
                self.say(&wire::frame(frame)).await?;
                seen = frame.seq;
            }
            if missed.frames.is_empty() && newest.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    async fn files(&self, desk: Option<Arc<Desk>>) -> Result<(), Gone> {
        let Some(desk) = desk else { return std::future::pending().await };
        let mut changes = desk.changes();
        loop {
            changes.borrow_and_update();
            for file in wire::files(desk.sheets()) {
                self.say(&Message::File(file)).await?;
            }
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    async fn table(&self, pods: &mut watch::Receiver<Arc<crate::sessions::live::table::Table>>) -> Result<(), Gone> {
        loop {
            let table = pods.borrow_and_update().clone();
            if !table.columns.is_empty() {
                self.say(&wire::pods(&table)).await?;
            }
            if pods.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{storage::Plan, web::testing};

    #[tokio::test]
    async fn who_comes_after_the_instructor_has_looked_for_them_is_noticed() {
        let app = testing::state(testing::scripted(), 1).await;
        let (title, lessons, language) = ("Pods".to_owned(), vec!["one".to_owned()], "en".to_owned());
        let plan = Plan { title, lessons, language, capacity: 1, prewarm: 0, starts: None, ends: None };
        let code = app.workshops.create("ada", plan).await.unwrap().code;
        let mira = app.sessions.visitor(None).await.unwrap().learner;
        let room = app.workshops.join(&code, "Mira", &mira, &app.catalog()).await.unwrap();
        let mut coming = std::pin::pin!(arrival(&room, &mira, None));
        assert!(futures::poll!(coming.as_mut()).is_pending(), "nobody is there");
        let session = app.sessions.session_of(&mira, None).await.unwrap();
        let _seat = app.workshops.seat(&session, &app.catalog()).await.unwrap();
        coming.await;
        assert!(present(&room, &mira).is_some());
    }
}
