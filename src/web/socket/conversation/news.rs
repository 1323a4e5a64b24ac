//! What a page is told: all of it after its hello, and then what changes.

use std::sync::Arc;

use futures::{Sink, Stream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{self, Message as Packet};
use tokio_util::task::AbortOnDropHandle;

use super::{
    super::{super::protocol::Message, wire},
    Conversation, FRAMES_AT_ONCE, LOG_PIECES, Open, Step,
};
use crate::{
    lessons::model::Lesson,
    sessions::{desk::Desk, live::logs, progress::Outline, session::Status},
};

impl<S> Conversation<S>
where
    S: Stream<Item = Result<Packet, tungstenite::Error>> + Sink<Packet, Error = tungstenite::Error> + Unpin + Send,
{
    /// The page gets the state of everything, and the console from where it stopped.
    pub(super) async fn hello(&mut self, lesson: &str, language: Option<&str>, after: u64) -> Step {
        let catalog = self.app.catalog.borrow_and_update().clone();
        let known = catalog.get_in(lesson, language);
        let desk = self.desk(known);
        if let Some(lesson) = known {
            self.session.open_lesson(Outline::of(lesson));
        }
        let mut changes = desk.changes();
        let seen = *changes.borrow_and_update();
        let files = wire::files(desk.sheets());
        let missed = self.session.frames_after(after, 1);
        let seq = *self.newest.borrow();
        // A page that has seen what we have not is from before a restart: it begins anew, from what there is.
        self.sent = if missed.gap { 0 } else { after };
        self.open = Some(Open { desk, changes, seen });
        self.lesson = known.cloned();
        self.states = known.map(|lesson| self.session.checks(lesson));
        self.say(&Message::Welcome { seq, resumed: !missed.gap, files }).await?;
        self.newest.mark_changed();
        self.frames_from_start(missed.gap).await?;
        self.status().await?;
        self.checks().await?;
        self.ports().await?;
        self.edits().await?;
        if self.warning.borrow().is_some() {
            self.warning.mark_changed();
        }
        self.progress().await?;
        self.take_seat().await
    }

    /// Which steps of the open lesson are done.
    pub(super) async fn progress(&mut self) -> Step {
        self.progressed.borrow_and_update();
        let Some(open) = &self.open else { return Ok(()) };
        let done = self.session.done_steps(open.desk.lesson());
        self.tell_room();
        self.say(&Message::Progress { done }).await
    }

    /// After a gap that the page has been told of, none is told again.
    async fn frames_from_start(&mut self, gap: bool) -> Step {
        if gap && let Some(first) = self.session.frames_after(0, 1).frames.first() {
            self.sent = first.seq - 1;
        }
        self.frames().await
    }

    pub(super) async fn frames(&mut self) -> Step {
        self.newest.borrow_and_update();
        let missed = self.session.frames_after(self.sent, FRAMES_AT_ONCE);
        if missed.gap
            && let Some(first) = missed.frames.first()
        {
            self.say(&wire::gap(first, self.texts)).await?;
        }
        if missed.frames.len() == FRAMES_AT_ONCE {
            self.newest.mark_changed();
        }
        for frame in &missed.frames {
            self.say(&wire::frame(frame)).await?;
            self.sent = frame.seq;
        }
        Ok(())
    }

    /// The sandbox has changed: what is looked at is looked at in the new one.
    pub(super) async fn status(&mut self) -> Step {
        let Status { sandbox, hold } = self.status.borrow_and_update().clone();
        self.say(&wire::sandbox(&sandbox, &self.app.caveats, self.texts)).await?;
        self.views = hold.as_ref().map(|hold| hold.views.clone());
        self.log = hold.map(|hold| {
            let (send, receive) = mpsc::channel(LOG_PIECES);
            let follow = logs::follow(hold.client, hold.namespace, hold.views.pods, self.choice.subscribe(), send);
            (receive, AbortOnDropHandle::new(tokio::spawn(follow)))
        });
        if let Some(views) = &mut self.views {
            views.pods.mark_changed();
            views.events.mark_changed();
        }
        Ok(())
    }

    pub(super) async fn ports(&mut self) -> Step {
        let message = wire::forwards(&self.forwards.borrow_and_update());
        self.say(&message).await
    }

    /// What commands wait for in the editor.
    pub(super) async fn edits(&mut self) -> Step {
        let message = wire::edits(&self.edits.borrow_and_update());
        self.say(&message).await
    }

    pub(super) async fn files(&mut self) -> Step {
        let Some(open) = &mut self.open else { return Ok(()) };
        let now = *open.changes.borrow_and_update();
        let news = open.desk.changed_since(open.seen, self.author);
        open.seen = now;
        for sheet in news {
            self.say(&wire::file(sheet)).await?;
        }
        Ok(())
    }

    /// The learner's files for a lesson.
    fn desk(&self, lesson: Option<&Lesson>) -> Arc<Desk> {
        let originals = lesson.iter().flat_map(|l| &l.files).map(|f| (f.name.as_str(), f.text.as_str()));
        self.session.desk(lesson.map_or("", |l| l.id.as_str()), originals)
    }

    /// How the steps of the lesson stand.
    pub(super) async fn checks(&mut self) -> Step {
        let Some(states) = &mut self.states else { return Ok(()) };
        let steps = states.changes().borrow_and_update().clone();
        self.tell_room();
        self.say(&wire::checks(&steps)).await
    }

    /// The lessons have been read again: a page whose lesson is another now loads it.
    pub(super) async fn lessons(&mut self) -> Step {
        let catalog = self.app.catalog.borrow_and_update().clone();
        let Some(before) = &self.lesson else { return Ok(()) };
        let now = catalog.get_in(&before.id, [before.language.as_str()]);
        if now == Some(before) {
            return Ok(());
        }
        self.lesson = now.cloned();
        if let Some(lesson) = now {
            self.desk(Some(lesson));
            self.session.open_lesson(Outline::of(lesson));
            self.states = Some(self.session.checks(lesson));
        }
        self.say(&Message::LessonChanged).await
    }
}
