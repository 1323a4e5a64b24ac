//! One server, one data directory: two would take up each other's sessions and migrate one database at the same time.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
    thread,
    time::Duration,
};

/// A server that was killed while it was starting a program leaves the lock to that program's process until it has
/// become the program: so often it is tried again, with this pause.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Holds the data directory until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Claim(#[expect(dead_code, reason = "what counts is that it is open")] File);

impl Claim {
    /// The claim on this directory, which is made when it is missing; nothing when another server holds it.
    pub(super) fn take(data: &Path) -> io::Result<Option<Self>> {
        fs::create_dir_all(data)?;
        let lock = File::create(data.join("serving"))?;
        for _ in 0..TRIES {
            match lock.try_lock() {
                Ok(()) => return Ok(Some(Self(lock))),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_by_one_until_it_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new");
        let first = Claim::take(&data).unwrap();
        assert!(first.is_some() && Claim::take(&data).unwrap().is_none());
        drop(first);
        assert!(Claim::take(&data).unwrap().is_some());
    }
}
