//! Rules for tests of what uses sessions.

use std::{num::NonZeroU32, time::Duration};

use ring::hmac;

use super::{Rules, commands::Allowance, desk::Capacity, state::Limits};

/// So many places, an hour without doing anything, and a day in all.
pub fn rules(places: usize) -> Rules {
    let limits = Limits { idle: Duration::from_secs(3600), total: Duration::from_secs(24 * 3600) };
    let commands = Allowance { at_once: 8, per_minute: NonZeroU32::new(10_000).unwrap() };
    let (desk, api) = (Capacity::default(), NonZeroU32::new(50).unwrap());
    Rules { limits, places, commands, desk, api, secret: hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]) }
}
