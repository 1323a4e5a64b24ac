//! What containers use, and how fast: the kernel counts processor time since a container's start, people ask for a rate.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::runtime::{ContainerId, Usage};

/// Two counts closer than this say little; the one before is kept then.
const APART: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// A count and when it was taken.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Timestamp,
    cpu_nanos: u64,
    /// What was said then.
    rate: u64,
}

/// The counts taken last, by container.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<ContainerId, Sample>>);

impl Rates {
    /// Nanoseconds of processor time per second, since the count before; of a container that is new here, since it
    /// started.
    pub fn rate(&self, id: &ContainerId, started_at: Timestamp, usage: Usage, now: Timestamp) -> u64 {
        let mut samples = self.samples();
        let before = samples.get(id).copied();
        if let Some(before) = before.filter(|before| now.duration_since(before.at) < APART) {
            return before.rate;
        }
        let (since, counted) = before.map_or((started_at, 0), |before| (before.at, before.cpu_nanos));
        let nanos = u128::from(usage.cpu_nanos.saturating_sub(counted));
        let millis = now.duration_since(since).as_millis().max(1).unsigned_abs();
        let rate = u64::try_from(nanos * 1000 / millis).unwrap_or(u64::MAX);
        samples.insert(id.clone(), Sample { at: now, cpu_nanos: usage.cpu_nanos, rate });
        rate
    }

    /// Forgets containers that are not among these.
    pub fn keep(&self, running: impl Fn(&ContainerId) -> bool) {
        self.samples().retain(|id, _| running(id));
    }

    fn samples(&self) -> MutexGuard<'_, HashMap<ContainerId, Sample>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_counted_from_the_question_before() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let used = |seconds: u64| Usage { memory: 0, cpu_nanos: seconds * 1_000_000_000 };
        let (rates, id) = (Rates::default(), ContainerId("c".to_owned()));
        assert_eq!(rates.rate(&id, at(0), used(5), at(10)), 500_000_000);
        assert_eq!(rates.rate(&id, at(0), used(9), at(10)), 500_000_000, "too soon to say anything new");
        assert_eq!(rates.rate(&id, at(0), used(6), at(20)), 100_000_000);
        rates.keep(|_| false);
        assert_eq!(rates.rate(&id, at(0), used(6), at(60)), 100_000_000);
    }
}
