//! Which commands of a session run, and which have been seen: each id runs once, however often it arrives.

use std::collections::{BTreeMap, HashSet, VecDeque};

use tokio_util::sync::CancellationToken;

/// How many ids are remembered: many more than a page can have unanswered.
const MAX_SEEN: usize = 2000;
/// How many commands may run at once in one session.
pub const MAX_RUNNING: usize = 8;
/// The longest id.
const MAX_ID: usize = 64;

/// Why a command does not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    /// The id has come before; it is running or has run.
    #[error("this command has been run already")]
    Seen,
    /// There are enough of them.
    #[error("{MAX_RUNNING} commands are running already: end one with Ctrl-C first")]
    TooMany,
    /// The id is none.
    #[error("a command's id has 1 to {MAX_ID} characters")]
    BadId,
}

/// The commands of one session.
#[derive(Debug, Default)]
pub struct Commands {
    seen: HashSet<String>,
    order: VecDeque<String>,
    running: BTreeMap<String, CancellationToken>,
}

impl Commands {
    /// Commands that ran before a restart: none runs, and none of these ids runs again.
    pub fn restored<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut commands = Self::default();
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
        if self.running.len() >= MAX_RUNNING {
            return Err(NotBegun::TooMany);
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

    #[test]
    fn an_id_runs_once() {
        let (mut commands, session) = (Commands::default(), CancellationToken::new());
        assert!(commands.begin("a", &session).is_ok());
        assert_eq!(commands.begin("a", &session).unwrap_err(), NotBegun::Seen);
        commands.end("a");
        assert_eq!(commands.begin("a", &session).unwrap_err(), NotBegun::Seen);
        assert_eq!(commands.begin("", &session).unwrap_err(), NotBegun::BadId);
    }

    #[test]
    fn so_many_at_once_and_a_refused_id_may_come_again() {
        let (mut commands, session) = (Commands::default(), CancellationToken::new());
        for n in 0..MAX_RUNNING {
            commands.begin(&n.to_string(), &session).unwrap();
        }
        assert_eq!(commands.begin("x", &session).unwrap_err(), NotBegun::TooMany);
        commands.end("0");
        assert!(commands.begin("x", &session).is_ok());
    }

    #[test]
    fn ctrl_c_reaches_one_and_the_end_of_the_session_all() {
        let (mut commands, session) = (Commands::default(), CancellationToken::new());
        let (a, b) = (commands.begin("a", &session).unwrap(), commands.begin("b", &session).unwrap());
        commands.cancel("a");
        assert!(a.is_cancelled() && !b.is_cancelled());
        session.cancel();
        assert!(b.is_cancelled());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut commands, session) = (Commands::default(), CancellationToken::new());
        for n in 0..3 * MAX_SEEN {
            commands.begin(&n.to_string(), &session).unwrap();
            commands.end(&n.to_string());
        }
        assert!(commands.seen.len() <= MAX_SEEN && commands.order.len() <= MAX_SEEN);
    }
}
