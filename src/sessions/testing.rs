//! Rules for tests of what uses sessions.

use std::time::Duration;

use ring::hmac;

use super::{Rules, state::Limits};

/// So many places, an hour without doing anything, and a day in all.
pub fn rules(places: usize) -> Rules {
    let limits = Limits { idle: Duration::from_secs(3600), total: Duration::from_secs(24 * 3600) };
    Rules { limits, places, secret: hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]) }
}
