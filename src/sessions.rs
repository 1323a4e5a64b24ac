//! Learners' sessions: who has one, what it holds, and when it ends.
//!
//! `state` decides (pure), `session` does it; the rest is what a session holds: `scrollback` (what the console shows),
//! `commands` (each id runs once), `desk` (files), `edits` (texts that commands wait for), `forwards` (ports), `live` (tables and logs), `checks` (of lessons),
//! `progress` (steps). `storing` and `keeping` have it all outlive the server; `line` is who waits for a place.

mod account;
pub mod checks;
pub mod commands;
pub mod desk;
pub mod edits;
mod flow;
pub mod forwards;
pub mod ids;
mod keeping;
pub mod keyboards;
pub mod line;
pub mod live;
pub mod progress;
pub mod record;
pub mod run;
pub mod scrollback;
pub mod session;
pub mod state;
mod storing;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    io,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use tokio_util::task::TaskTracker;

pub use self::session::Session;
use self::{
    commands::Allowance,
    desk::Capacity,
    ids::Token,
    line::{Line, Ticket},
    session::{Clock, Surroundings},
    state::Limits,
    storing::Restored,
};
use crate::{
    sandbox::{Capabilities, Provider},
    storage::{KeyHash, LearnerId, Storage, StorageError},
};

/// How many cookies may be given out to pages that have not connected yet.
const MAX_ISSUED: usize = 10_000;
/// How often idle sessions are looked for.
const TICK: Duration = Duration::from_secs(1);
/// How many learners may be taken up at the same time without waiting for each other by chance.
const GATES: usize = 64;

/// All sessions of a server. Clones share them.
#[derive(Debug, Clone)]
pub struct Sessions(Arc<Inner>);

/// What holds for all sessions of a server.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How long sessions may last.
    pub limits: Limits,
    /// How many live at once.
    pub places: usize,
    /// How many commands each may run.
    pub commands: Allowance,
    /// How much each lesson's files may hold.
    pub desk: Capacity,
    /// How many requests a second a learner's own programs may send to their sandbox.
    pub api: NonZeroU32,
    /// The server's secret: what names are derived from that must stay the same and not be guessed.
    pub secret: hmac::Key,
}

#[derive(Debug)]
struct Inner {
    around: Arc<Surroundings>,
    places: usize,
    secret: hmac::Key,
    book: Mutex<Book>,
    line: Line,
    /// Whoever opens a session holds one of them, so that nobody is taken up twice.
    gates: Vec<tokio::sync::Mutex<()>>,
    /// Held while sessions are stored.
    storing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Book {
    live: HashMap<LearnerId, Arc<Session>>,
    /// Sessions that have ended and are not stored yet.
    leaving: HashMap<LearnerId, Arc<Session>>,
    by_kube: HashMap<Token, LearnerId>,
    /// Whose cookies these are, as far as they were asked about.
    devices: HashMap<Token, LearnerId>,
    /// Cookies of pages that may connect, oldest first.
    issued: HashSet<Token>,
    order: VecDeque<Token>,
    closed: bool,
}

/// Why there is no session; a sentence for the learner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    /// All places are taken.
    #[error("All {0} places are taken.")]
    Full(usize),
    /// The server ends.
    #[error("The server is being stopped.")]
    Closing,
    /// The database does not answer.
    #[error("Your work can't be read at the moment. It is not lost; try again in a minute.")]
    Storage,
}

impl From<StorageError> for NoSession {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "a session can't be read");
        Self::Storage
    }
}

/// A session, and whether the page has to be told its cookie.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Arc<Session>,
    /// The cookie to set, if the page has none that holds.
    pub cookie: Option<Token>,
}

/// A learner, and the cookie that their device has to be told, if it has none that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Who.
    pub learner: LearnerId,
    /// The cookie to set.
    pub cookie: Option<Token>,
}

impl Sessions {
    /// An empty book.
    pub fn new(provider: Provider, storage: Storage, rules: Rules, tasks: TaskTracker) -> Self {
        Self::with_clock(provider, storage, rules, tasks, Arc::new(Timestamp::now))
    }

    fn with_clock(provider: Provider, storage: Storage, rules: Rules, tasks: TaskTracker, clock: Clock) -> Self {
        let Rules { limits, places, commands, desk, api, secret } = rules;
        let around = Arc::new(Surroundings { provider, storage, limits, commands, desk, api, tasks, clock });
        Self(Arc::new(Inner {
            around,
            places,
            secret,
            book: Mutex::default(),
            line: Line::default(),
            gates: (0..GATES).map(|_| tokio::sync::Mutex::default()).collect(),
            storing: tokio::sync::Mutex::default(),
        }))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().expect("nothing panics while it holds the book of sessions")
    }

    /// Keeps two who ask about the same name from being answered at the same time.
    async fn gate(&self, name: &str) -> tokio::sync::MutexGuard<'_, ()> {
        let number = BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
        self.0.gates[usize::try_from(number % GATES as u64).unwrap_or(0)].lock().await
    }

    /// What the sandboxes can do.
    pub fn capabilities(&self) -> Capabilities {
        self.0.around.provider.capabilities()
    }

    /// Which of these images sandboxes would have to fetch first, where that can be known.
    pub fn lacking_images(&self, images: &[String]) -> Option<Vec<String>> {
        self.0.around.provider.lacks(images)
    }

    /// The database.
    pub fn storage(&self) -> &Storage {
        &self.0.around.storage
    }

    fn now(&self) -> Timestamp {
        (self.0.around.clock)()
    }

    /// A cookie for a page that has none: the session itself begins when the page connects.
    pub fn issue(&self) -> Token {
        let token = Token::random();
        let mut book = self.book();
        book.issued.insert(token.clone());
        book.order.push_back(token.clone());
        if book.order.len() > MAX_ISSUED
            && let Some(oldest) = book.order.pop_front()
        {
            book.issued.remove(&oldest);
        }
        token
    }

    /// Whether a cookie names a learner, or may begin one.
    pub async fn knows(&self, cookie: &Token) -> bool {
        if self.book().issued.contains(cookie) {
            return true;
        }
        // While the database does not answer nobody is given another cookie, which would cost them their work.
        self.learner(cookie).await.map_or(true, |learner| learner.is_some())
    }

    /// Whose cookie this is.
    ///
    /// # Errors
    /// The database.
    pub async fn learner(&self, cookie: &Token) -> Result<Option<LearnerId>, StorageError> {
        if let Some(known) = self.book().devices.get(cookie) {
            return Ok(Some(known.clone()));
        }
        let found = self.storage().learner_of_device(&KeyHash::of(cookie.as_str())).await?;
        if let Some(learner) = &found {
            self.book().devices.insert(cookie.clone(), learner.id.clone());
        }
        Ok(found.map(|learner| learner.id))
    }

    /// Who has this cookie: somebody known, or somebody who comes for the first time and is known from now on. A cookie
    /// that we did not give out names nobody: they get one of ours.
    ///
    /// # Errors
    /// The database.
    pub async fn visitor(&self, cookie: Option<Token>) -> Result<Visitor, StorageError> {
        let _gate = match &cookie {
            Some(cookie) => Some(self.gate(cookie.as_str()).await),
            None => None,
        };
        if let Some(cookie) = &cookie
            && let Some(learner) = self.learner(cookie).await?
        {
            return Ok(Visitor { learner, cookie: None });
        }
        let ours = cookie.filter(|cookie| {
            let mut book = self.book();
            book.order.retain(|other| other != cookie);
            book.issued.remove(cookie)
        });
        let device = ours.clone().unwrap_or_else(Token::random);
        let learner = LearnerId::random();
        self.storage().add_learner(&learner, &KeyHash::of(device.as_str()), self.now()).await?;
        self.book().devices.insert(device.clone(), learner.clone());
        Ok(Visitor { learner, cookie: ours.is_none().then_some(device) })
    }

    /// The session of a cookie: the one that lives, or the learner's last one taken up again, or a new one.
    ///
    /// # Errors
    /// [`NoSession`]; when all places are taken, [`Sessions::stand_in_line`] is the way to one.
    pub async fn open(&self, cookie: Option<Token>) -> Result<Opened, NoSession> {
        let Visitor { learner, cookie } = self.visitor(cookie).await?;
        Ok(Opened { session: self.session_of(&learner, None).await?, cookie })
    }

    /// The session of a learner. Somebody who has waited shows their ticket.
    ///
    /// # Errors
    /// [`NoSession`].
    pub async fn session_of(&self, learner: &LearnerId, ticket: Option<&Ticket>) -> Result<Arc<Session>, NoSession> {
        let _gate = self.gate(learner.as_str()).await;
        if let Some(session) = self.live(learner) {
            return Ok(session);
        }
        self.check_place(ticket)?;
        if self.book().leaving.contains_key(learner) {
            self.put_away().await;
            // Whatever of it still runs would write over what comes now.
            self.book().leaving.remove(learner);
        }
        let restored = Restored::load(self.storage(), learner).await?;
        let kube = self.kube_token(learner, &self.storage().kube_salt(learner).await?);
        let session = Session::new(learner.clone(), kube, self.0.around.clone(), restored);
        // From now on pages see frames: that it is not put away must be known before the first.
        if let Some((saving, marks)) = session.unsaved(false) {
            self.storage().save(std::slice::from_ref(&saving)).await?;
            session.saved(&saving, marks);
        }
        self.check_place(ticket)?;
        let mut book = self.book();
        book.by_kube.insert(session.kube_token(), learner.clone());
        book.live.insert(learner.clone(), session.clone());
        tracing::info!(%learner, sessions = book.live.len(), "a session begins");
        Ok(session)
    }

    /// The name under which a learner's API is served: the same after a restart and on every replica, until it is renewed.
    fn kube_token(&self, learner: &LearnerId, salt: &str) -> Token {
        let name = if salt.is_empty() { learner.as_str().to_owned() } else { format!("{}/{salt}", learner.as_str()) };
        Token::derived(&self.0.secret, &name)
    }

    /// Serves a learner's API under another name. Nothing gets through under the one before, and what was open there is
    /// cut off.
    ///
    /// # Errors
    /// The database.
    pub async fn renew_kube_token(&self, session: &Session) -> Result<(), StorageError> {
        let (learner, salt) = (session.learner(), Token::random());
        self.storage().set_kube_salt(learner, salt.as_str()).await?;
        let token = self.kube_token(learner, salt.as_str());
        let mut book = self.book();
        book.by_kube.retain(|_, other| other != learner);
        book.by_kube.insert(token.clone(), learner.clone());
        session.set_kube_token(token);
        Ok(())
    }

    /// Tells the provider whose sandboxes of an earlier start are still wanted: those of learners who have not been idle
    /// for longer than sessions may. All others end.
    ///
    /// # Errors
    /// The database.
    pub async fn settle_sandboxes(&self) -> Result<(), StorageError> {
        self.0.around.provider.only_living(self.living_sandboxes().await?);
        Ok(())
    }

    async fn living_sandboxes(&self) -> Result<HashSet<String>, StorageError> {
        let idle = SignedDuration::try_from(self.0.around.limits.idle).unwrap_or(SignedDuration::MAX);
        let since = self.now().checked_sub(idle.saturating_add(storing::ACTIVITY)).unwrap_or(Timestamp::MIN);
        let living = self.storage().active_since(since).await?;
        Ok(living.iter().map(session::sandbox_name).collect())
    }

    fn live(&self, learner: &LearnerId) -> Option<Arc<Session>> {
        self.book().live.get(learner).filter(|session| !session.over().is_cancelled()).cloned()
    }

    /// Whether there is a place for somebody new who has this ticket, or none.
    fn check_place(&self, ticket: Option<&Ticket>) -> Result<(), NoSession> {
        let book = self.book();
        if book.closed {
            return Err(NoSession::Closing);
        }
        let free = self.0.places.saturating_sub(book.live.len());
        let before = ticket.map_or_else(|| self.0.line.len(), Ticket::before);
        if free > before { Ok(()) } else { Err(NoSession::Full(self.0.places)) }
    }

    /// A ticket for whoever found all places taken.
    pub fn stand_in_line(&self) -> Ticket {
        self.0.line.stand()
    }

    /// How many places there are, and how many are free.
    pub fn places(&self) -> (usize, usize) {
        (self.0.places, self.0.places.saturating_sub(self.len()))
    }

    /// The live session of a cookie.
    pub async fn get(&self, cookie: &Token) -> Option<Arc<Session>> {
        let learner = self.learner(cookie).await.ok().flatten()?;
        self.live(&learner)
    }

    /// The live session of a learner.
    pub fn of_learner(&self, learner: &LearnerId) -> Option<Arc<Session>> {
        self.live(learner)
    }

    /// The session whose API is served under this token.
    pub fn by_kube_token(&self, token: &Token) -> Option<Arc<Session>> {
        let book = self.book();
        book.by_kube.get(token).and_then(|id| book.live.get(id)).cloned()
    }

    /// A connection to a forwarded port by its preview's token.
    pub fn connect_preview(&self, token: &str) -> io::Result<tokio::io::DuplexStream> {
        let sessions: Vec<Arc<Session>> = self.book().live.values().cloned().collect();
        let mut found = sessions.iter().filter_map(|s| s.forwards().connect_preview(token).ok());
        found.next().ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
    }

    /// How many live.
    pub fn len(&self) -> usize {
        self.book().live.len()
    }

    /// Whether none lives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many pages are connected.
    pub fn sockets(&self) -> usize {
        self.book().live.values().map(|s| s.sockets()).sum()
    }

    /// Ends sessions that have been idle for too long, for ever.
    pub async fn keep_time(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tick();
        }
    }

    fn tick(&self) {
        let sessions: Vec<Arc<Session>> = self.book().live.values().cloned().collect();
        for session in &sessions {
            session.tick();
        }
        if !self.0.line.is_empty() && self.places().1 == 0 {
            // The one that nobody has looked at for the longest goes first.
            let longest = sessions.iter().filter(|s| s.sockets() == 0).min_by_key(|s| s.active());
            longest.inspect(|session| session.wanted());
        }
        if sessions.iter().any(|s| s.over().is_cancelled()) {
            self.forget_ended();
        }
    }

    /// Takes sessions that have ended from those that live; they are kept until they are stored.
    fn forget_ended(&self) {
        let mut book = self.book();
        let ended: Vec<_> = book.live.extract_if(|_, session| session.over().is_cancelled()).collect();
        for (learner, session) in ended {
            tracing::info!(%learner, "a session ends");
            book.leaving.insert(learner, session);
        }
        let Book { live, by_kube, devices, .. } = &mut *book;
        by_kube.retain(|_, learner| live.contains_key(learner));
        devices.retain(|_, learner| live.contains_key(learner));
        drop(book);
        self.0.line.moves();
    }

    /// Ends all sessions and lets no new one begin. Their sandboxes are given back by the server's tasks.
    pub fn close(&self) {
        let sessions: Vec<Arc<Session>> = {
            let mut book = self.book();
            book.closed = true;
            book.live.values().cloned().collect()
        };
        for session in sessions {
            session.close();
        }
        self.forget_ended();
    }
}
