//! How fast a page may talk: what comes faster waits, nothing is lost.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

/// What passes at once, in seconds of what passes steadily: far more than a person types.
const BURST: u32 = 2;

/// A bucket of allowances.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// When the bucket will be full again.
    full_at: Instant,
    every: Duration,
    burst: u32,
}

impl Pace {
    /// So many messages a second.
    pub fn new(now: Instant, each: NonZeroU32) -> Self {
        let (every, burst) = (Duration::from_secs(1) / each.get(), each.get().saturating_mul(BURST));
        Self { full_at: now, every, burst }
    }

    /// When the next message may be taken.
    pub fn next(&self, now: Instant) -> Instant {
        // The bucket is empty as long as filling it takes longer than a whole burst.
        self.full_at.checked_sub(self.every * (self.burst - 1)).map_or(now, |at| at.max(now))
    }

    /// A message has been taken.
    pub fn taken(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.every;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_at_a_time() {
        let now = Instant::now();
        let mut pace = Pace::new(now, NonZeroU32::new(50).unwrap());
        for _ in 0..100 {
            assert_eq!(pace.next(now), now);
            pace.taken(now);
        }
        assert_eq!(pace.next(now), now + Duration::from_millis(20));
        let later = now + Duration::from_secs(10);
        assert_eq!(pace.next(later), later);
    }
}
