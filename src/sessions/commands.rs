//! Which commands of a session run, and which have been seen: each id runs once, however often it arrives.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    num::NonZeroU32,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use tokio_util::sync::CancellationToken;

/// How many ids are remembered: many more than a page can have unanswered.
const MAX_SEEN: usize = 2000;
/// The longest id.
pub const MAX_ID: usize = 64;

/// Why a command does not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    /// The id has come before; it is running or has run.
    #[error("this command has been run already")]
    Seen,
    /// There are enough of them.
    #[error("{0} commands are running already: end one with Ctrl-C first")]
    TooMany(usize),
    /// They come faster than anybody types.
    #[error("these are more than {0} commands in a minute: wait a moment, then go on")]
    TooFast(NonZeroU32),
    /// The id is none.
    #[error("a command's id has 1 to {MAX_ID} characters")]
    BadId,
}

/// How many commands a session may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At the same time.
    pub at_once: usize,
    /// In a minute.
    pub per_minute: NonZeroU32,
}

/// The commands of one session.
#[derive(Debug)]
pub struct Commands {
    allowed: Allowance,
    pace: DefaultDirectRateLimiter,
    seen: HashSet<String>,
    order: VecDeque<String>,
    running: BTreeMap<String, CancellationToken>,
}

impl Commands {
    /// Commands that ran before a restart: none runs, and none of these ids runs again.
    pub fn restored<'a>(allowed: Allowance, ids: impl IntoIterator<Item = &'a str>) -> Self {
        let pace = RateLimiter::direct(Quota::per_minute(allowed.per_minute));
        let (seen, order, running) = (HashSet::new(), VecDeque::new(), BTreeMap::new());
        let mut commands = Self { allowed, pace, seen, order, running };
        for id in ids {
            commands.remember(id);
        }
        commands
    }

    fn remember(&mut self, id: &str) {
        if !self.seen.insert(id.to_owned()) {
            return;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > MAX_SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
    }

    /// Begins a command; the token is its Ctrl-C, a child of `parent`.
    pub fn begin(&mut self, id: &str, parent: &CancellationToken) -> Result<CancellationToken, NotBegun> {
        if id.is_empty() || id.len() > MAX_ID {
            return Err(NotBegun::BadId);
        }
        if self.seen.contains(id) {
            return Err(NotBegun::Seen);
        }
        // Refused ids are not remembered: the page may try the same one again.
        if self.running.len() >= self.allowed.at_once {
            return Err(NotBegun::TooMany(self.allowed.at_once));
        }
        if self.pace.check().is_err() {
            return Err(NotBegun::TooFast(self.allowed.per_minute));
        }
        self.remember(id);
        let token = parent.child_token();
        self.running.insert(id.to_owned(), token.clone());
        Ok(token)
    }

    /// Whether an id has come before.
    pub fn has_seen(&self, id: &str) -> bool {
        self.seen.contains(id)
    }

    /// A command has ended.
    pub fn end(&mut self, id: &str) {
        self.running.remove(id);
    }

    /// Ctrl-C for one command; one that has ended is no error.
    pub fn cancel(&self, id: &str) {
        if let Some(token) = self.running.get(id) {
            token.cancel();
        }
    }

    /// How many run.
    pub fn running(&self) -> usize {
        self.running.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many at once, and as many a minute as no test asks for.
    fn commands(at_once: usize) -> Commands {
        let per_minute = NonZeroU32::new(1_000_000).unwrap();
        Commands::restored(Allowance { at_once, per_minute }, [])
    }

    #[test]
    fn who_is_faster_than_anybody_types_is_told() {
        let session = CancellationToken::new();
        let per_minute = NonZeroU32::new(2).unwrap();
        let mut commands = Commands::restored(Allowance { at_once: 8, per_minute }, []);
        assert!(commands.begin("a", &session).is_ok() && commands.begin("b", &session).is_ok());
        let refused = commands.begin("c", &session).unwrap_err();
        assert_eq!(refused.to_string(), "these are more than 2 commands in a minute: wait a moment, then go on");
    }

    #[test]
    fn an_id_runs_once() {
        let (mut commands, session) = (commands(8), CancellationToken::new());
        assert!(commands.begin("a", &session).is_ok());
        assert_eq!(commands.begin("a", &session).unwrap_err(), NotBegun::Seen);
        commands.end("a");
        assert_eq!(commands.begin("a", &session).unwrap_err(), NotBegun::Seen);
        assert_eq!(commands.begin("", &session).unwrap_err(), NotBegun::BadId);
    }

    #[test]
    fn so_many_at_once_and_a_refused_id_may_come_again() {
        let (mut commands, session) = (commands(8), CancellationToken::new());
        for n in 0..8 {
            commands.begin(&n.to_string(), &session).unwrap();
        }
        assert_eq!(commands.begin("x", &session).unwrap_err(), NotBegun::TooMany(8));
        commands.end("0");
        assert!(commands.begin("x", &session).is_ok());
    }

    #[test]
    fn ctrl_c_reaches_one_and_the_end_of_the_session_all() {
        let (mut commands, session) = (commands(8), CancellationToken::new());
        let (a, b) = (commands.begin("a", &session).unwrap(), commands.begin("b", &session).unwrap());
        commands.cancel("a");
        assert!(a.is_cancelled() && !b.is_cancelled());
        session.cancel();
        assert!(b.is_cancelled());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut commands, session) = (commands(8), CancellationToken::new());
        for n in 0..3 * MAX_SEEN {
            commands.begin(&n.to_string(), &session).unwrap();
            commands.end(&n.to_string());
        }
        assert!(commands.seen.len() <= MAX_SEEN && commands.order.len() <= MAX_SEEN);
    }
}
