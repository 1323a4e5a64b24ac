//! How long to wait before trying again: 10 s, doubling to 5 min, forgotten after 10 quiet minutes
//! (recorded in `TIMING.md`, "CrashLoopBackOff"; the same numbers hold for image pulls).

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// The first delay.
pub const INITIAL: SignedDuration = SignedDuration::from_secs(10);
/// The longest delay.
pub const LONGEST: SignedDuration = SignedDuration::from_secs(300);
/// After so long without a further failure the next delay is the first one again.
pub const FORGOTTEN: SignedDuration = SignedDuration::from_secs(600);

#[derive(Debug, Clone, Copy)]
struct Entry {
    delay: SignedDuration,
    updated: Timestamp,
}

/// The delays of one Pod's containers or images, by name.
#[derive(Debug, Default, Clone)]
pub struct Backoff {
    entries: HashMap<String, Entry>,
}

impl Backoff {
    /// The delay and its end, when `key`, which failed at `since`, must still wait at `now`.
    pub fn waits(&self, key: &str, since: Timestamp, now: Timestamp) -> Option<(SignedDuration, Timestamp)> {
        let entry = self.entries.get(key)?;
        let until = since + entry.delay;
        let forgotten = since.duration_since(entry.updated) > FORGOTTEN;
        (!forgotten && now < until).then_some((entry.delay, until))
    }

    /// The delay and its end, counted from the last failure.
    pub fn waits_since_update(&self, key: &str, now: Timestamp) -> Option<(SignedDuration, Timestamp)> {
        let since = self.entries.get(key)?.updated;
        self.waits(key, since, now)
    }

    /// A further failure (or a further try): the delay doubles.
    pub fn next(&mut self, key: &str, since: Timestamp, now: Timestamp) {
        let delay = match self.entries.get(key) {
            Some(entry) if since.duration_since(entry.updated) <= FORGOTTEN => (entry.delay * 2).min(LONGEST),
            _ => INITIAL,
        };
        self.entries.insert(key.to_owned(), Entry { delay, updated: now });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_first_restart_is_immediate_and_delays_double_to_five_minutes() {
        let mut backoff = Backoff::default();
        let mut now = 0;
        let mut seen = Vec::new();
        for _ in 0..8 {
            let delay = backoff.waits("c", at(now), at(now)).map_or(0, |(delay, _)| delay.as_secs());
            seen.push(delay);
            now += delay;
            backoff.next("c", at(now - delay), at(now));
        }
        assert_eq!(seen, [0, 10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn ten_minutes_of_running_start_it_over() {
        let mut backoff = Backoff::default();
        for now in [0, 10, 30] {
            backoff.next("c", at(now), at(now));
        }
        assert_eq!(backoff.waits("c", at(31), at(31)).unwrap().0.as_secs(), 40);
        assert_eq!(backoff.waits("c", at(631), at(631)), None);
        backoff.next("c", at(631), at(631));
        assert_eq!(backoff.waits("c", at(632), at(632)).unwrap().0.as_secs(), 10);
    }

    #[test]
    fn the_wait_ends() {
        let mut backoff = Backoff::default();
        backoff.next("c", at(0), at(0));
        assert_eq!(backoff.waits("c", at(5), at(14)).unwrap().1, at(15));
        assert_eq!(backoff.waits("c", at(5), at(15)), None);
        assert_eq!(backoff.waits_since_update("c", at(9)).unwrap().1, at(10));
    }
}
