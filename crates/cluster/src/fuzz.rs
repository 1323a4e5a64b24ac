//! Looking for what breaks the API: a few hundred cases in `make test`, and for as long as `PODYARD_FUZZ_SECONDS` says
//! in `make fuzz`.

use std::time::{Duration, Instant};

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseResult, TestRunner},
};

/// Cases between two looks at the clock.
const CASES: u32 = 192;

/// Checks as many values as there is time for.
pub(crate) fn explore<S: Strategy>(strategy: S, check: impl Fn(S::Value) -> TestCaseResult) {
    let seconds = std::env::var("PODYARD_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    loop {
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        if let Err(error) = TestRunner::new(config).run(&strategy, &check) {
            panic!("{error}");
        }
        if Instant::now() >= until {
            return;
        }
    }
}

/// Bytes that were something once: one of these, with some of them changed, doubled or gone.
pub(crate) fn damaged(whole: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let cut = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (prop::sample::select(whole), prop::collection::vec(cut, 0..4)).prop_map(|(mut bytes, cuts)| {
        for (at, byte, how) in cuts {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}
