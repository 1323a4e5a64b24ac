//! Time, ids and randomness, handed in so that tests decide them.

use std::sync::Arc;

use jiff::Timestamp;

/// Where "now" and unique ids come from.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;
    /// A new object uid (RFC 9562 version 4, as the API server makes them).
    fn uid(&self) -> String;
    /// `length` characters of the alphabet Kubernetes uses for generated names: no vowels, no look-alikes.
    fn suffix(&self, length: usize) -> String;
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock and random numbers.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

/// The alphabet of generated names (seen in every recorded `pod-template-hash` and name suffix).
pub const SUFFIX_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn uid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn suffix(&self, length: usize) -> String {
        (0..length).map(|_| SUFFIX_ALPHABET[rand::random_range(0..SUFFIX_ALPHABET.len())] as char).collect()
    }
}

/// Now, as the API writes times: RFC 3339 in UTC with whole seconds (`2026-11-23T07:32:40Z`).
pub fn api_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The form of `eventTime` and `renewTime`: microseconds (`2026-11-23T07:32:40.000123Z`).
pub fn micro_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
