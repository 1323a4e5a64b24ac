//! How fast a page may talk: what comes faster waits, nothing is lost.

use std::time::Duration;

use tokio::time::Instant;

/// So many messages at once, and then so many a second: far more than a person types.
const BURST: u32 = 100;
const EVERY: Duration = Duration::from_millis(20);

/// A bucket of allowances.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// When the bucket will be full again.
    full_at: Instant,
}

impl Pace {
    pub fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// When the next message may be taken.
    pub fn next(&self, now: Instant) -> Instant {
        // The bucket is empty as long as filling it takes longer than a whole burst.
        self.full_at.checked_sub(EVERY * (BURST - 1)).map_or(now, |at| at.max(now))
    }

    /// A message has been taken.
    pub fn taken(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + EVERY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_at_a_time() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        for _ in 0..BURST {
            assert_eq!(pace.next(now), now);
            pace.taken(now);
        }
        assert_eq!(pace.next(now), now + EVERY);
        let later = now + Duration::from_secs(10);
        assert_eq!(pace.next(later), later);
    }
}
