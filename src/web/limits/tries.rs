//! Wrong tries: of codes, of passwords. Only what was wrong counts, so that a class behind one address can come in at
//! once.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use crate::web::address::Address;

const MINUTE: Duration = Duration::from_secs(60);

/// Who was wrong how often.
#[derive(Debug)]
pub struct Tries {
    /// So many a minute.
    allowed: NonZeroU32,
    /// When each address has all its tries again.
    rested: Mutex<HashMap<Address, Instant>>,
}

impl Tries {
    /// Nobody was wrong yet.
    pub fn new(allowed: NonZeroU32) -> Self {
        Self { allowed, rested: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Address, Instant>> {
        self.rested.lock().expect("nothing panics while it holds who was wrong")
    }

    /// Whether an address has a try left.
    pub fn may(&self, address: Address, now: Instant) -> bool {
        let one = MINUTE / self.allowed.get();
        self.lock().get(&address).is_none_or(|rested| rested.saturating_duration_since(now) + one <= MINUTE)
    }

    /// It was wrong.
    pub fn wrong(&self, address: Address, now: Instant) {
        let one = MINUTE / self.allowed.get();
        let mut all = self.lock();
        all.retain(|_, rested| *rested > now);
        let rested = all.entry(address).or_insert(now);
        *rested += one;
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn after_so_many_wrong_tries_one_waits() {
        let tries = Tries::new(NonZeroU32::new(3).unwrap());
        let (here, there) = (IpAddr::from([203, 0, 113, 7]).into(), IpAddr::from([203, 0, 113, 8]).into());
        let now = Instant::now();
        for _ in 0..3 {
            assert!(tries.may(here, now));
            tries.wrong(here, now);
        }
        assert!(!tries.may(here, now) && tries.may(there, now));
        assert!(!tries.may(here, now + Duration::from_secs(19)));
        assert!(tries.may(here, now + Duration::from_secs(20)));
        tries.wrong(there, now + MINUTE);
        assert_eq!(tries.lock().len(), 1, "who has rested is forgotten");
    }
}
