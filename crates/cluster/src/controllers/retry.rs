//! How long to wait before what failed is tried again.

use std::{collections::HashMap, time::Duration};

use crate::store::Key;

const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(1000);

/// Counts failures per object: 5 ms, doubled each time, up to 1000 s, as the controller manager's queues do.
#[derive(Debug, Default)]
pub(super) struct Retries(HashMap<Key, u32>);

impl Retries {
    /// It failed again.
    pub(super) fn failed(&mut self, key: &Key) -> Duration {
        let count = self.0.entry(key.clone()).or_default();
        let delay = FIRST.saturating_mul(1 << (*count).min(20)).min(LONGEST);
        *count += 1;
        delay
    }

    /// It worked.
    pub(super) fn worked(&mut self, key: &Key) {
        self.0.remove(key);
    }
}
