//! How fast output may flow: a program that prints without end must not keep a processor and a network busy.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// What passes at once, and what passes in a second from then on; both far more than anybody can read.
const BURST: f64 = 1024.0 * 1024.0;
const BYTES_PER_SECOND: f64 = 2.0 * 1024.0 * 1024.0;

/// One flow of text.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// When what has passed so far would have passed at the steady rate.
    due: Instant,
}

impl Flow {
    /// A flow in which nothing has passed yet.
    pub fn new() -> Self {
        Self { due: Instant::now() }
    }

    /// Lets so many bytes pass, and waits when that was too fast.
    pub async fn pass(&mut self, bytes: usize) {
        let now = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "a piece of text has far fewer bytes than 2^52")]
        let took = Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND);
        self.due = self.due.max(now) + took;
        let lead = Duration::from_secs_f64(BURST / BYTES_PER_SECOND);
        if self.due > now + lead {
            sleep_until(self.due - lead).await;
        }
    }
}

impl Default for Flow {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_at_once_and_a_flood_at_the_steady_rate() {
        let (mut flow, began) = (Flow::new(), Instant::now());
        flow.pass(1024 * 1024).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        for _ in 0..10 {
            flow.pass(1024 * 1024).await;
        }
        assert_eq!(began.elapsed().as_secs(), 5);
    }
}
