//! Where embedded sandboxes keep what they need on disk, and what a crash leaves behind.
//!
//! Every running server has a folder of its own beneath the data directory, and holds its lock: a folder whose lock is
//! free is left over and is removed at the next start.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A server's own folder. Removed when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Workplace(Arc<Place>);

#[derive(Debug)]
struct Place {
    images: PathBuf,
    kept: PathBuf,
    own: PathBuf,
    /// Held as long as this lives.
    _lock: File,
    sandboxes: AtomicU64,
}

impl Workplace {
    /// Makes one beneath the data directory, after removing what crashes left there.
    pub fn open(data: &Path) -> io::Result<Self> {
        let data = std::path::absolute(data)?;
        let (run, images, kept) = (data.join("run"), data.join("images"), data.join("sandboxes"));
        passable(&data)?;
        passable(&run)?;
        // Two servers that start at once must not take each other's new folder for a left-over one.
        let gate = File::create(run.join("gate"))?;
        gate.lock()?;
        sweep(&run);
        let own = run.join(format!("{}-{:08x}", std::process::id(), rand::random::<u32>()));
        passable(&own)?;
        let lock = File::create(own.join("lock"))?;
        lock.lock()?;
        Ok(Self(Arc::new(Place { images, kept, own, _lock: lock, sandboxes: AtomicU64::new(0) })))
    }

    /// Where the image store is, which all servers share.
    pub fn images(&self) -> &Path {
        &self.0.images
    }

    /// Where the objects of sandboxes are kept, whichever server made them.
    pub fn kept(&self) -> &Path {
        &self.0.kept
    }

    /// A name for a new sandbox's folder; the runtime makes and removes the folder.
    pub fn new_sandbox(&self) -> PathBuf {
        let number = self.0.sandboxes.fetch_add(1, Ordering::Relaxed);
        self.0.own.join(number.to_string())
    }

    /// The folder itself, for what is tried in it.
    pub fn path(&self) -> &Path {
        &self.0.own
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        remove(&self.own);
    }
}

/// Makes a folder that containers' users may pass through but not list.
fn passable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o711).create(path)
}

/// Removes the folders of servers that have ended without doing so.
fn sweep(run: &Path) {
    let folders = fs::read_dir(run).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in folders.filter(|path| path.is_dir()) {
        let free = File::open(folder.join("lock")).map_or(true, |lock| lock.try_lock().is_ok());
        if free {
            tracing::info!(folder = %folder.display(), "removing what an earlier server left behind");
            remove(&folder);
        }
    }
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "can't be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_is_removed_and_what_is_in_use_is_not() {
        let data = tempfile::tempdir().unwrap();
        let left = data.path().join("run/1-dead/0/volumes");
        fs::create_dir_all(&left).unwrap();
        let first = Workplace::open(data.path()).unwrap();
        assert!(!left.exists());
        let second = Workplace::open(data.path()).unwrap();
        assert!(first.path().exists() && second.path() != first.path());
        assert_ne!(first.new_sandbox(), first.new_sandbox());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists() && second.path().exists());
    }
}
