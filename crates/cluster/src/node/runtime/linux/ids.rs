//! User and group ids: a range for each sandbox, when this server is root.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Ids per sandbox: as many as user names in an image can need (16 bits).
pub(super) const COUNT: u32 = 1 << 16;
/// The first range; what is below may belong to users, systemd's containers and subuid(5) (systemd's UIDS-GIDS page).
const FIRST: u32 = 0x7000_0000;
/// How many ranges there are before ids would be negative for programs that take them as signed.
const RANGES: u32 = 0x0ffe;

/// A range that no other sandbox of this server has, until it is dropped.
#[derive(Debug)]
pub(super) struct Ids(u32);

static TAKEN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

impl Ids {
    /// A free range, or `None` when all are taken.
    pub(super) fn take() -> Option<Self> {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        // Servers beside each other begin at different places.
        let start = std::process::id().wrapping_mul(0x9e37) % RANGES;
        let range = (0..RANGES).map(|step| (start + step) % RANGES).find(|range| !taken.contains(range))?;
        taken.insert(range);
        Some(Self(range))
    }

    /// The first id.
    pub(super) fn first(&self) -> u32 {
        FIRST + self.0 * COUNT
    }
}

impl Drop for Ids {
    fn drop(&mut self) {
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sandboxes_never_share_ids() {
        let (a, b) = (Ids::take().unwrap(), Ids::take().unwrap());
        assert!(a.first().abs_diff(b.first()) >= COUNT);
        assert!(FIRST.checked_add(RANGES * COUNT).is_some_and(|end| end < i32::MAX as u32));
    }
}
