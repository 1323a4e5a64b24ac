//! Whoever is there: a learner on their page, an instructor who looks at it. Both are gone when they are dropped.

use std::sync::Arc;

use tokio::sync::watch;

use super::{
    Workshops,
    activity::Unmet,
    follow,
    hold::{Asked, Waits},
    line,
    room::Room,
    seat::{SeatRequest, SeatView, Sharing},
};
use crate::{
    sessions::checks::StepState,
    storage::{LearnerId, StepProgress, StorageError},
};

/// Looking at a learner's page; over when it is dropped.
#[derive(Debug)]
pub struct Look {
    pub(super) room: Arc<Room>,
    pub(super) learner: LearnerId,
}

impl Drop for Look {
    fn drop(&mut self) {
        self.room.watch(&self.learner, false);
    }
}

/// A learner's page in a workshop; left when it is dropped.
#[derive(Debug)]
pub struct Seat {
    pub(super) workshops: Workshops,
    pub(super) room: Arc<Room>,
    pub(super) learner: LearnerId,
    pub(super) view: watch::Receiver<SeatView>,
}

impl Seat {
    /// What the page is told, and when that changes.
    pub fn view(&mut self) -> &mut watch::Receiver<SeatView> {
        &mut self.view
    }

    /// Why a command is refused, if it is.
    pub fn refuses(&self, asked: Option<Asked<'_>>) -> Option<Waits> {
        self.room.refuses(asked)
    }

    /// How the steps of the open lesson stand, and what was worked on: an unmet check tells why somebody is stuck.
    pub fn stands(&self, steps: &[StepState], progress: &[StepProgress]) {
        let unmet = Unmet::of(steps, follow::place(progress).as_ref());
        self.room.observe(&self.learner, |activity, _| activity.unmet = unmet);
    }

    /// Does what the page says.
    ///
    /// # Errors
    /// The database.
    pub async fn act(&self, request: SeatRequest) -> Result<(), StorageError> {
        let (storage, workshop) = (&self.workshops.0.storage, self.room.workshop().id);
        let _turn = self.room.turn().await;
        match request {
            SeatRequest::Raise { question } => {
                let question = line(&question).unwrap_or_default();
                let now = self.workshops.now();
                storage.set_hand(&workshop, &self.learner, Some(now), &question).await?;
                self.room.set_hand(&self.learner, Some(now), &question);
            }
            SeatRequest::Lower => {
                storage.set_hand(&workshop, &self.learner, None, "").await?;
                self.room.set_hand(&self.learner, None, "");
            }
            SeatRequest::Share { level } => {
                storage.set_shares(&workshop, &self.learner, level >= Sharing::Look).await?;
                self.room.set_sharing(&self.learner, level);
            }
        }
        Ok(())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.page_closed(&self.learner, self.workshops.now());
    }
}
