//! User and group ids: a range for each sandbox, when this server is root.

use std::{
    collections::BTreeSet,
    io,
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

/// Whether this server has ranges to give: it is root, and not one whom a user namespace leaves only a few ids.
pub(super) fn has_ranges() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    nix::unistd::geteuid().is_root() && maps_all(&map)
}

/// Whether a map of user ids (user_namespaces(7)) has all ranges.
fn maps_all(map: &str) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map_while(|number| number.parse::<u64>().ok());
        let (Some(first), _, Some(count)) = (numbers.next(), numbers.next(), numbers.next()) else { return false };
        first <= u64::from(FIRST) && first + count >= u64::from(FIRST + RANGES * COUNT)
    })
}

impl Ids {
    /// A free range; `None` for a server that has none to give.
    ///
    /// # Errors
    /// When all are taken. A sandbox without a range would have the server's own ids.
    pub(super) fn of_server() -> io::Result<Option<Self>> {
        if !has_ranges() {
            return Ok(None);
        }
        Self::take().map(Some).ok_or_else(|| io::Error::other("all ranges of user ids are taken by other sandboxes"))
    }

    /// A free range, or `None` when all are taken.
    fn take() -> Option<Self> {
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
    fn only_a_whole_map_has_ranges() {
        assert!(maps_all("         0          0 4294967295\n"));
        assert!(!maps_all("         0       1000          1\n         1     100000      65536\n"));
        assert!(!maps_all(""));
    }

    #[test]
    fn two_sandboxes_never_share_ids() {
        let (a, b) = (Ids::take().unwrap(), Ids::take().unwrap());
        assert!(a.first().abs_diff(b.first()) >= COUNT);
        assert!(FIRST.checked_add(RANGES * COUNT).is_some_and(|end| end < i32::MAX as u32));
    }
}
