//! One workshop on several servers: each holds a room of its own, and reads again what the others have stored.
//!
//! What is stored reaches all of them so: who has joined, raised hands, messages, hold, pause, progress. What is only in
//! memory stays where a learner's page is open: whether they are there, what they do at this moment, and their console.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{
    Workshops,
    room::{Room, Stored},
};
use crate::storage::{StorageError, WorkshopState};

/// How often it is read again.
const EVERY: Duration = Duration::from_secs(2);

impl Workshops {
    /// Keeps all rooms in step with what other servers store, for ever. A database in our own data directory has nobody
    /// else: `app/claim.rs` sees to that.
    pub async fn keep_in_step(&self) {
        if !self.0.storage.is_shared() {
            return std::future::pending().await;
        }
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let rooms: Vec<Arc<Room>> = self.0.rooms.lock().await.values().cloned().collect();
            for room in rooms.iter().filter(|room| room.workshop().state != WorkshopState::Ended) {
                if let Err(error) = self.renew(room).await {
                    tracing::error!(%error, "what other servers know of a workshop can't be read");
                }
            }
        }
    }

    /// Reads a room again.
    pub(super) async fn renew(&self, room: &Room) -> Result<(), StorageError> {
        // What this server is about to change is read when it is stored, and told by whoever changes it.
        let _turn = room.turn().await;
        if let Some(stored) = Stored::read(&self.0.storage, &room.workshop().id).await? {
            room.renew(stored);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        storage::{self, KeyHash, LearnerId, Saving, StepProgress},
        workshops::{
            Seat,
            seat::SeatRequest,
            testing,
            tests::{catalog, learner, plan, storage},
        },
    };

    /// Learners and instructor on different servers.
    #[tokio::test]
    async fn what_one_server_stores_reaches_the_rooms_of_the_others() {
        let storage = storage().await;
        let (here, there) = (testing::workshops(storage.clone()), testing::workshops(storage.clone()));
        let workshop = here.create("ada", plan()).await.unwrap();
        let wall = here.owned("ada", &workshop.id, &catalog()).await.unwrap();
        let mira = learner(&storage, "mira").await;
        let room = there.join(&workshop.code, "Mira", &mira, &catalog()).await.unwrap();
        let seat = Seat {
            workshops: there.clone(),
            room: room.clone(),
            learner: mira.clone(),
            view: room.view(&mira).unwrap(),
        };
        seat.act(SeatRequest::Raise { question: "why?".into() }).await.unwrap();
        storage.save(&[worked(&mira)]).await.unwrap();
        here.renew(&wall).await.unwrap();
        let seen = wall.wall(here.now());
        assert_eq!(seen.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["Mira"]);
        assert_eq!(seen.hands.len(), 1);

        here.set_state(&wall, WorkshopState::Paused).await.unwrap();
        here.tell(&wall, None, "A break", "").await.unwrap();
        here.lower(&wall, &mira).await.unwrap();
        let mut view = room.view(&mira).unwrap();
        view.mark_unchanged();
        there.renew(&room).await.unwrap();
        let told = view.borrow_and_update().clone();
        assert_eq!((told.paused, told.hand, told.notes.len()), (true, false, 1));
        // Nothing is told twice.
        let changes = room.changes();
        there.renew(&room).await.unwrap();
        assert!(!view.has_changed().unwrap() && !changes.has_changed().unwrap());

        storage.forget_learner(&mira).await.unwrap();
        here.renew(&wall).await.unwrap();
        assert_eq!(wall.joined(), 0);
    }

    /// Each changes what is stored, not what it last knew.
    #[tokio::test]
    async fn two_servers_change_one_workshop_and_neither_undoes_the_other() {
        let storage = storage().await;
        let (here, there) = (testing::workshops(storage.clone()), testing::workshops(storage.clone()));
        let workshop = here.create("ada", plan()).await.unwrap();
        let mine = here.owned("ada", &workshop.id, &catalog()).await.unwrap();
        let theirs = there.owned("ada", &workshop.id, &catalog()).await.unwrap();
        here.hold(&mine, Some(("one".into(), "go".into()))).await.unwrap();
        there.set_state(&theirs, WorkshopState::Paused).await.unwrap();
        let both = storage.workshop(&workshop.id).await.unwrap().unwrap();
        assert_eq!((both.state, both.hold.is_some()), (WorkshopState::Paused, true));
        assert_eq!(theirs.workshop(), both);
        here.set_state(&mine, WorkshopState::Ended).await.unwrap();
        assert!(there.set_state(&theirs, WorkshopState::Open).await.is_err(), "what is over stays over");
        assert_eq!(theirs.workshop().state, WorkshopState::Ended, "and is known then");
    }

    fn worked(learner: &LearnerId) -> Saving {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let step = StepProgress {
            lesson: "one".into(),
            step: "go".into(),
            opened: at,
            visited: at,
            done: Some(at),
            attempts: 1,
            spent: Duration::ZERO,
        };
        Saving { progress: vec![step], ..storage::testing::saving(learner, at, at) }
    }

    /// A learner who joined at another server finds their seat here.
    #[tokio::test]
    async fn who_joined_elsewhere_is_found() {
        let storage = storage().await;
        let (here, there) = (testing::workshops(storage.clone()), testing::workshops(storage.clone()));
        let workshop = here.create("ada", plan()).await.unwrap();
        let room = here.owned("ada", &workshop.id, &catalog()).await.unwrap();
        let mira = LearnerId::new("mira");
        storage.add_learner(&mira, &KeyHash::of("mira"), here.now()).await.unwrap();
        there.join(&workshop.code, "Mira", &mira, &catalog()).await.unwrap();
        assert!(room.view(&mira).is_none());
        assert!(here.view(&room, &mira).await.is_some());
    }
}
