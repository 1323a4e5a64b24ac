//! Learners' sessions: who has one, what it holds, and when it ends.
//!
//! `state` decides (pure), `session` does it; the rest is what a session holds: `scrollback` (what the console shows),
//! `commands` (each id runs once), `desk` (files), `forwards` (ports), `live` (tables and logs), `checks` (of lessons).

pub mod checks;
pub mod commands;
pub mod desk;
mod flow;
pub mod forwards;
pub mod ids;
pub mod keyboards;
pub mod live;
mod run;
pub mod scrollback;
pub mod session;
pub mod state;

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;

pub use self::session::Session;
use self::{
    checks::{StepDone, board::NEWS},
    ids::Token,
    session::{Clock, Surroundings},
};
use crate::sandbox::Provider;

/// How many cookies may be given out to pages that have not connected yet.
const MAX_ISSUED: usize = 10_000;
/// How often idle sessions are looked for.
const TICK: Duration = Duration::from_secs(1);

/// All sessions of a server. Clones share them.
#[derive(Debug, Clone)]
pub struct Sessions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    around: Arc<Surroundings>,
    max: usize,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    live: HashMap<Token, Arc<Session>>,
    by_kube: HashMap<Token, Token>,
    /// Cookies of pages that may connect, oldest first.
    issued: HashSet<Token>,
    order: VecDeque<Token>,
    closed: bool,
}

/// Why there is no session; a sentence for the learner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    /// All places are taken.
    #[error(
        "All {0} places are taken. One becomes free when somebody's session has been idle for {1}; try again later."
    )]
    Full(usize, String),
    /// The server ends.
    #[error("The server is being stopped.")]
    Closing,
}

/// A session, and whether the page has to be told its cookie.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Arc<Session>,
    /// The cookie to set, if the page has none that holds.
    pub cookie: Option<Token>,
}

impl Sessions {
    /// An empty book. Sessions that lie idle for `idle` end; at most `max` live at once.
    pub fn new(provider: Provider, idle: Duration, max: usize, tasks: TaskTracker) -> Self {
        Self::with_clock(provider, idle, max, tasks, Arc::new(Timestamp::now))
    }

    fn with_clock(provider: Provider, idle: Duration, max: usize, tasks: TaskTracker, clock: Clock) -> Self {
        let around = Arc::new(Surroundings { provider, idle, tasks, clock, news: broadcast::Sender::new(NEWS) });
        Self(Arc::new(Inner { around, max, book: Mutex::default() }))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().expect("nothing panics while it holds the book of sessions")
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

    /// Whether a cookie names a session, or may begin one.
    pub fn knows(&self, cookie: &Token) -> bool {
        let book = self.book();
        book.live.contains_key(cookie) || book.issued.contains(cookie)
    }

    /// The session of a cookie. A cookie that we did not give out begins none: the session then gets one of ours.
    pub fn open(&self, cookie: Option<Token>) -> Result<Opened, NoSession> {
        let mut book = self.book();
        if let Some(session) = cookie.as_ref().and_then(|c| book.live.get(c)).filter(|s| !s.over().is_cancelled()) {
            return Ok(Opened { session: session.clone(), cookie: None });
        }
        if book.closed {
            return Err(NoSession::Closing);
        }
        if book.live.len() >= self.0.max {
            return Err(NoSession::Full(self.0.max, humantime::format_duration(self.0.around.idle).to_string()));
        }
        let ours = cookie.filter(|c| book.issued.remove(c));
        book.order.retain(|c| Some(c) != ours.as_ref());
        let id = ours.clone().unwrap_or_else(Token::random);
        let session = Session::new(id.clone(), self.0.around.clone());
        book.by_kube.insert(session.kube_token().clone(), id.clone());
        book.live.insert(id.clone(), session.clone());
        tracing::info!(session = id.short(), sessions = book.live.len(), "a session begins");
        Ok(Opened { session, cookie: ours.is_none().then_some(id) })
    }

    /// The live session of a cookie.
    pub fn get(&self, cookie: &Token) -> Option<Arc<Session>> {
        self.book().live.get(cookie).cloned()
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

    /// Tells of every step that is done from now on, in any session.
    pub fn steps_done(&self) -> broadcast::Receiver<StepDone> {
        self.0.around.news.subscribe()
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
        if sessions.iter().any(|s| s.over().is_cancelled()) {
            self.forget_ended();
        }
    }

    fn forget_ended(&self) {
        let mut book = self.book();
        book.live.retain(|id, session| {
            let over = session.over().is_cancelled();
            if over {
                tracing::info!(session = id.short(), "a session ends");
            }
            !over
        });
        let Book { live, by_kube, .. } = &mut *book;
        by_kube.retain(|_, id| live.contains_key(id));
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
