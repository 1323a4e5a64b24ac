//! What outlives an embedded sandbox: a folder for each, whose lock its one user holds.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// How long a sandbox may take to end before the next one of the same session gives up waiting for it.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(5);

/// The place of one session's sandbox.
#[derive(Debug)]
pub(super) struct Drawer(PathBuf);

/// An open one. Its lock is free again when it is dropped.
#[derive(Debug)]
pub(super) struct Kept {
    folder: PathBuf,
    _lock: File,
}

impl Drawer {
    /// Of the session of this name, beneath `all`.
    pub fn new(all: &Path, session: &str) -> Self {
        // Names are ours and plain; whatever else comes stays in its folder.
        let name: String = session.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        Self(all.join(name))
    }

    /// Opens it, once whoever uses it has ended.
    pub async fn open(self) -> io::Result<Kept> {
        let began = Instant::now();
        loop {
            // Made anew each time: whoever had it may have removed it.
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
            let path = self.0.join("lock");
            let lock = File::create(&path)?;
            match lock.try_lock() {
                Ok(()) if same(&lock, &path) => return Ok(Kept { folder: self.0, _lock: lock }),
                Ok(()) | Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => sleep(LOOK).await,
                Err(TryLockError::Error(error)) => return Err(error),
                _ => return Err(io::Error::other("another server, or an earlier sandbox, still uses it")),
            }
        }
    }
}

/// Whether what was locked is what lies there now.
fn same(lock: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(ours), Ok(theirs)) = (lock.metadata(), fs::metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())
}

impl Kept {
    /// All of it; Pods' volumes and logs are in folders of their own there.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file with the sandbox's objects.
    pub fn journal(&self) -> PathBuf {
        self.folder.join("objects")
    }

    /// Removes all of it.
    pub fn erase(self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), %error, "what is kept of a sandbox can't be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_uses_it_at_a_time_and_nothing_is_left_of_what_was_erased() {
        let all = tempfile::tempdir().unwrap();
        let first = Drawer::new(all.path(), "ada").open().await.unwrap();
        fs::write(first.journal(), "x").unwrap();
        let second = tokio::spawn(Drawer::new(all.path(), "ada").open());
        Drawer::new(all.path(), "bob").open().await.unwrap();
        assert!(!second.is_finished());
        first.erase();
        let second = second.await.unwrap().unwrap();
        assert!(!second.journal().exists());
        fs::write(second.journal(), "y").unwrap();
        drop(second);
        assert!(Drawer::new(all.path(), "ada").open().await.unwrap().journal().exists());
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        assert_eq!(Drawer::new(Path::new("/data"), "../../etc").0, Path::new("/data/etc"));
    }
}
