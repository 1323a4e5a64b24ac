//! Workshops: an instructor gives out a code, learners join with it, and the instructor sees where everybody is.
//!
//! `room` is a workshop while it runs; `wall` and `stuck` say what the instructor sees (pure), `seat` what a learner's
//! page is told; `follow` watches the learners' sessions. Everything that changes a workshop goes through
//! [`Workshops`], which stores it first, so that a restart forgets nothing.

pub mod accounts;
pub mod activity;
pub mod audit;
pub mod code;
pub mod estimate;
mod expecting;
pub mod export;
mod follow;
pub mod hold;
#[cfg(feature = "oidc")]
pub mod oidc;
pub mod parts;
mod presence;
pub mod refusal;
mod replicas;
pub mod room;
pub mod seat;
pub mod stuck;
pub mod wall;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use tokio::sync::watch;

use self::{
    accounts::Accounts,
    refusal::{check, line, may_enter},
    room::{Room, Stored},
    seat::{SeatView, Sharing},
};
pub use self::{
    presence::{Look, Seat},
    refusal::{MAX_CAPACITY, MAX_LINE, MAX_TEXT, NoEntry, PlanMistake, Refused},
};
use crate::{
    lessons::Catalog,
    sessions::Session,
    storage::{Deed, LearnerId, Member, Note, Plan, Storage, StorageError, Workshop, WorkshopId, WorkshopState},
};

/// Now.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// All workshops of a server. Clones share them.
#[derive(Clone)]
pub struct Workshops(Arc<Inner>);

struct Inner {
    storage: Storage,
    accounts: Accounts,
    /// Where learners' Pods run.
    sandbox: String,
    clock: Clock,
    /// Workshops that somebody has looked at since the server was started.
    rooms: tokio::sync::Mutex<HashMap<WorkshopId, Arc<Room>>>,
    /// How fast codes are looked up, all learners together: slower than anybody could guess one.
    tries: DefaultDirectRateLimiter,
    /// How fast passwords are looked at: each costs the machine a moment.
    sign_ins: DefaultDirectRateLimiter,
    /// Learners whose sessions are followed.
    followed: Mutex<HashMap<LearnerId, std::sync::Weak<Session>>>,
}

impl fmt::Debug for Workshops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workshops").field("accounts", &self.0.accounts).finish_non_exhaustive()
    }
}

impl Workshops {
    /// The workshops of a database, held by these accounts.
    pub fn new(storage: Storage, accounts: Accounts, sandbox: String, clock: Clock) -> Self {
        let (rooms, followed) = (tokio::sync::Mutex::default(), Mutex::default());
        let limiter = |each: u32, burst: u32| {
            let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
            RateLimiter::direct(Quota::per_second(number(each)).allow_burst(number(burst)))
        };
        let (tries, sign_ins) = (limiter(50, 500), limiter(1, 10));
        Self(Arc::new(Inner { storage, accounts, sandbox, clock, rooms, tries, sign_ins, followed }))
    }

    /// Who may hold workshops.
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// Whether this is an instructor's password. Waits its turn: nobody tries many.
    pub async fn check(&self, name: &str, password: String) -> bool {
        self.0.sign_ins.until_ready().await;
        let (accounts, name) = (self.0.accounts.clone(), name.to_owned());
        // It is made to take long.
        tokio::task::spawn_blocking(move || accounts.check(&name, &password)).await.unwrap_or(false)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Writes down what an instructor did. That it can't be is logged: what was done is done.
    pub async fn record(&self, instructor: &str, workshop: Option<&WorkshopId>, action: &str, about: &str) {
        let deed = Deed {
            at: self.now(),
            instructor: instructor.to_owned(),
            workshop: workshop.cloned(),
            action: action.to_owned(),
            about: about.to_owned(),
        };
        if let Err(error) = self.0.storage.record(&deed).await {
            tracing::error!(%error, action, "an instructor's action could not be written down");
        }
    }

    /// Makes a workshop.
    ///
    /// # Errors
    /// When the plan can't be, or the database does not answer.
    pub async fn create(&self, instructor: &str, plan: Plan) -> Result<Workshop, Refused> {
        check(&plan).map_err(Refused::Plan)?;
        let mut workshop = Workshop {
            id: WorkshopId::random(),
            code: String::new(),
            instructor: instructor.to_owned(),
            plan,
            sandbox: self.0.sandbox.clone(),
            state: WorkshopState::Open,
            hold: None,
            created: self.now(),
        };
        // One that is taken is a wonder already.
        loop {
            workshop.code = code::random(&mut rand::rng());
            if self.0.storage.save_workshop(&workshop).await? {
                self.record(instructor, Some(&workshop.id), "created", &workshop.plan.title).await;
                return Ok(workshop);
            }
        }
    }

    /// An instructor's workshops, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn of(&self, instructor: &str) -> Result<Vec<Workshop>, StorageError> {
        self.0.storage.workshops_of(instructor).await
    }

    /// An instructor's workshop, running.
    ///
    /// # Errors
    /// When they have none with this id.
    pub async fn owned(&self, instructor: &str, id: &WorkshopId, catalog: &Catalog) -> Result<Arc<Room>, Refused> {
        let room = self.room(id, catalog).await?.filter(|room| room.workshop().instructor == instructor);
        room.ok_or(Refused::NotYours)
    }

    /// A workshop, running.
    async fn room(&self, id: &WorkshopId, catalog: &Catalog) -> Result<Option<Arc<Room>>, StorageError> {
        let mut rooms = self.0.rooms.lock().await;
        if let Some(room) = rooms.get(id) {
            return Ok(Some(room.clone()));
        }
        let Some(stored) = Stored::read(&self.0.storage, id).await? else { return Ok(None) };
        let parts = parts::parts(catalog, &stored.workshop.plan.lessons);
        let room = Arc::new(Room::new(parts, stored));
        rooms.insert(id.clone(), room.clone());
        Ok(Some(room))
    }

    /// The workshop that a code leads to, whether or not it can be joined.
    ///
    /// # Errors
    /// When no workshop has it.
    pub async fn by_code(&self, typed: &str) -> Result<Workshop, NoEntry> {
        let code = code::parse(typed).ok_or(NoEntry::NoSuchCode)?;
        self.0.tries.until_ready().await;
        self.0.storage.workshop_by_code(&code).await?.ok_or(NoEntry::NoSuchCode)
    }

    /// Lets a learner in, under this name.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub async fn join(
        &self,
        typed: &str,
        name: &str,
        learner: &LearnerId,
        catalog: &Catalog,
    ) -> Result<Arc<Room>, NoEntry> {
        let name = line(name).ok_or(NoEntry::NoName)?;
        let workshop = self.by_code(typed).await?;
        let now = self.now();
        let members = self.0.storage.members(&workshop.id).await?;
        if !members.iter().any(|member| member.learner == *learner) {
            may_enter(&workshop, now)?;
        }
        let room = self.room(&workshop.id, catalog).await?.ok_or(NoEntry::NoSuchCode)?;
        let turn = room.turn().await;
        if !self.0.storage.join_workshop(&workshop.id, learner, &name, now).await? {
            return Err(NoEntry::Full(workshop.plan.capacity));
        }
        let progress = self.0.storage.progress(learner).await?;
        let (hand, question, shares) = (None, String::new(), false);
        room.join(Member { learner: learner.clone(), name, joined: now, hand, question, shares }, progress);
        drop(turn);
        Ok(room)
    }

    /// The seat of a learner whose page opens, in the newest workshop they are in that is not over.
    pub async fn seat(&self, session: &Arc<Session>, catalog: &Catalog) -> Option<Seat> {
        let learner = session.learner().clone();
        let found = async {
            let all = self.0.storage.workshops_with(&learner).await?;
            match all.into_iter().find(|workshop| workshop.state != WorkshopState::Ended) {
                Some(workshop) => self.room(&workshop.id, catalog).await,
                None => Ok(None),
            }
        };
        let room = found.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a learner's workshop can't be read");
            None
        })?;
        let view = self.view(&room, &learner).await?;
        room.page_opened(&learner, session);
        self.follow(&room, session);
        Some(Seat { workshops: self.clone(), room, learner, view })
    }

    /// What the page of a learner is told; who has joined at another server is looked up.
    async fn view(&self, room: &Room, learner: &LearnerId) -> Option<watch::Receiver<SeatView>> {
        if let Some(view) = room.view(learner) {
            return Some(view);
        }
        if let Err(error) = self.renew(room).await {
            tracing::error!(%error, "a learner's workshop can't be read");
        }
        room.view(learner)
    }

    /// Whether a learner is in a workshop that is not over.
    pub async fn has(&self, learner: &LearnerId) -> bool {
        let all = self.0.storage.workshops_with(learner).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a learner's workshops can't be read");
            Vec::new()
        });
        all.iter().any(|workshop| workshop.state != WorkshopState::Ended)
    }

    /// A learner who has had themselves deleted is gone from the walls too.
    pub async fn forget(&self, learner: &LearnerId) {
        for room in self.0.rooms.lock().await.values() {
            room.forget(learner);
        }
    }

    /// What has been done in a workshop, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn audit(&self, room: &Room) -> Result<Vec<audit::Entry>, StorageError> {
        let deeds = self.0.storage.deeds(&room.workshop().id).await?;
        Ok(audit::entries(&deeds, |learner| room.name(learner)))
    }

    /// Follows a session, once.
    fn follow(&self, room: &Arc<Room>, session: &Arc<Session>) {
        let mut followed = self.0.followed.lock().expect("nothing panics while it holds who is followed");
        followed.retain(|_, session| session.strong_count() > 0);
        let same = |known: &std::sync::Weak<Session>| known.upgrade().is_some_and(|known| Arc::ptr_eq(&known, session));
        if followed.get(session.learner()).is_some_and(same) {
            return;
        }
        followed.insert(session.learner().clone(), Arc::downgrade(session));
        session.spawn(follow::follow(room.clone(), session.clone(), self.0.clock.clone()));
    }

    /// Changes a workshop that is not over: stored first, then told to everybody. What changes is what is stored, not what
    /// this server knows of it: another one may hold the same workshop.
    async fn update(&self, room: &Room, change: impl FnOnce(&mut Workshop)) -> Result<(), Refused> {
        // One after the other, so that everybody is told of the newest last.
        let _turn = room.turn().await;
        let (id, mut over) = (room.workshop().id, false);
        let stored = self.0.storage.change_workshop(&id, |workshop| {
            over = workshop.state == WorkshopState::Ended;
            if !over {
                change(workshop);
            }
        });
        room.set_workshop(stored.await?.ok_or(Refused::NotYours)?);
        if over { Err(Refused::Over) } else { Ok(()) }
    }

    /// Opens it to new learners, closes it, pauses everybody, lets them go on, or ends it.
    ///
    /// # Errors
    /// The database; also when it is over: that stays so.
    pub async fn set_state(&self, room: &Room, state: WorkshopState) -> Result<(), Refused> {
        self.update(room, |workshop| workshop.state = state).await?;
        let Workshop { id, instructor, .. } = room.workshop();
        self.record(&instructor, Some(&id), state.as_str(), "").await;
        Ok(())
    }

    /// Holds everybody at the end of a step, or lets them go.
    ///
    /// # Errors
    /// When there is no such step, it is over, or the database does not answer.
    pub async fn hold(&self, room: &Room, at: Option<(String, String)>) -> Result<(), Refused> {
        let there = |(lesson, step): &(String, String)| {
            let part = room.parts().iter().find(|part| part.id == *lesson);
            part.is_some_and(|part| part.steps.iter().any(|(id, _)| id == step))
        };
        if at.as_ref().is_some_and(|at| !there(at)) {
            return Err(Refused::NoSuchStep);
        }
        let about = at.as_ref().map(|(lesson, step)| format!("{lesson}#{step}")).unwrap_or_default();
        self.update(room, |workshop| workshop.hold = at).await?;
        let Workshop { id, instructor, hold, .. } = room.workshop();
        self.record(&instructor, Some(&id), if hold.is_some() { "held" } else { "released" }, &about).await;
        Ok(())
    }

    /// Tells one learner or everybody something, with a command to run if there is one.
    ///
    /// # Errors
    /// When there is nothing to say, or too much; the database.
    pub async fn tell(
        &self,
        room: &Room,
        learner: Option<LearnerId>,
        text: &str,
        command: &str,
    ) -> Result<(), Refused> {
        let (text, command) = (text.trim(), command.trim());
        if text.is_empty() && command.is_empty() {
            return Err(Refused::NothingSaid);
        }
        if text.chars().count().max(command.chars().count()) > MAX_TEXT {
            return Err(Refused::TooLong);
        }
        if learner.as_ref().is_some_and(|learner| room.name(learner).is_none()) {
            return Err(Refused::Nobody);
        }
        let id = uuid::Uuid::now_v7().to_string();
        let note = Note { id, learner, at: self.now(), text: text.to_owned(), command: command.to_owned() };
        let Workshop { id, instructor, .. } = room.workshop();
        let turn = room.turn().await;
        self.0.storage.add_note(&id, &note).await?;
        room.note(note.clone());
        drop(turn);
        let about = note.learner.as_ref().map_or_else(|| audit::EVERYBODY.to_owned(), ToString::to_string);
        self.record(&instructor, Some(&id), if command.is_empty() { "told" } else { "pushed" }, &about).await;
        Ok(())
    }

    /// A learner's hand goes down.
    ///
    /// # Errors
    /// The database.
    pub async fn lower(&self, room: &Room, learner: &LearnerId) -> Result<(), Refused> {
        let turn = room.turn().await;
        self.0.storage.set_hand(&room.workshop().id, learner, None, "").await?;
        room.set_hand(learner, None, "");
        drop(turn);
        let Workshop { id, instructor, .. } = room.workshop();
        self.record(&instructor, Some(&id), "lowered", learner.as_str()).await;
        Ok(())
    }

    /// Asks a learner to let the instructor look, or type.
    pub async fn ask(&self, room: &Room, learner: &LearnerId, wanted: Sharing) {
        let Workshop { id, instructor, .. } = room.workshop();
        room.ask(learner, wanted);
        let action = if wanted == Sharing::Type { "asked-to-type" } else { "asked-to-look" };
        self.record(&instructor, Some(&id), action, learner.as_str()).await;
    }

    /// Shows a learner what the instructor is typing into their console.
    pub fn type_along(&self, room: &Room, learner: &LearnerId, text: &str) {
        room.set_typing(learner, text.chars().take(MAX_TEXT).collect());
    }

    /// Looks at a learner's page, for as long as what it gives lives.
    ///
    /// # Errors
    /// When the learner has not allowed it.
    pub async fn look(&self, room: &Arc<Room>, learner: &LearnerId) -> Result<Look, Refused> {
        self.allowed(room, learner, Sharing::Look)?;
        let Workshop { id, instructor, .. } = room.workshop();
        self.record(&instructor, Some(&id), "looked", learner.as_str()).await;
        room.watch(learner, true);
        Ok(Look { room: room.clone(), learner: learner.clone() })
    }

    /// The session of a learner who lets the instructor type in their console.
    ///
    /// # Errors
    /// When they have not, or are not here.
    pub async fn hands_on(&self, room: &Room, learner: &LearnerId, line: &str) -> Result<Arc<Session>, Refused> {
        self.allowed(room, learner, Sharing::Type)?;
        let session = room.session(learner).ok_or(Refused::Away)?;
        let Workshop { id, instructor, .. } = room.workshop();
        self.record(&instructor, Some(&id), "typed", &format!("{learner}: {line}")).await;
        room.set_typing(learner, String::new());
        Ok(session)
    }

    fn allowed(&self, room: &Room, learner: &LearnerId, least: Sharing) -> Result<(), Refused> {
        let name = room.name(learner).ok_or(Refused::NotYours)?;
        if room.sharing(learner) >= least { Ok(()) } else { Err(Refused::NotAllowed(name)) }
    }
}
