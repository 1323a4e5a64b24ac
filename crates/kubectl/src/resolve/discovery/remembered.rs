//! What servers' answers were read as: most commands follow others to the same server, or to one of the same version.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

use super::Discovery;

/// So many servers that differ are remembered.
const MOST: usize = 8;

static SERVERS: Mutex<Servers> = Mutex::new(Servers(VecDeque::new()));

/// Answers and what they were read as, last used first.
struct Servers(VecDeque<([Bytes; 2], Discovery)>);

/// What these very answers were read as.
pub(super) fn of(answers: &[Bytes; 2]) -> Option<Discovery> {
    SERVERS.lock().unwrap_or_else(PoisonError::into_inner).of(answers)
}

/// Remembers what answers were read as; what was not asked for in the longest time goes.
pub(super) fn keep(answers: [Bytes; 2], discovery: Discovery) {
    SERVERS.lock().unwrap_or_else(PoisonError::into_inner).keep(answers, discovery);
}

impl Servers {
    fn of(&mut self, answers: &[Bytes; 2]) -> Option<Discovery> {
        let at = self.0.iter().position(|(read, _)| read == answers)?;
        let found = self.0.remove(at)?;
        let discovery = found.1.clone();
        self.0.push_front(found);
        Some(discovery)
    }

    fn keep(&mut self, answers: [Bytes; 2], discovery: Discovery) {
        self.0.push_front((answers, discovery));
        self.0.truncate(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_answers_are_known_again() {
        let mut servers = Servers(VecDeque::new());
        let answers = |number: usize| [Bytes::from_static(b"core"), Bytes::from(format!("groups of {number}"))];
        let versions = |known: Option<Discovery>| known.map(|known| known.versions.to_vec());
        for number in 0..=MOST {
            let read = Discovery { versions: [number.to_string()].into(), ..Discovery::default() };
            servers.keep(answers(number), read);
            assert_eq!(versions(servers.of(&answers(1))).is_some(), number > 0, "what is used stays");
        }
        assert_eq!(versions(servers.of(&answers(MOST))), Some(vec![MOST.to_string()]));
        assert!(servers.of(&answers(0)).is_none(), "the oldest is forgotten");
        assert!(servers.of(&answers(MOST + 1)).is_none());
    }
}
