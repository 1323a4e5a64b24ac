//! What is known of an image that was pulled or loaded, on disk: `images/<64 digits>`, a file for each name. The last
//! change of the file is when the image was used last.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{digest, hex};

/// How coarse a file system's times are at most (FAT's two seconds).
const COARSEST: Duration = Duration::from_secs(2);

/// Where an image came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    /// Made here, in place of the one that a registry has.
    Seeded,
    /// Made here, and in no registry: pulling it fails.
    Local,
    /// From an archive.
    Loaded,
    /// From a registry.
    Pulled,
}

/// An image by its name. What it runs and its layers are in its configuration, a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The full name.
    pub name: String,
    /// Digest of its configuration.
    pub config: String,
    /// Digest of its manifest.
    pub manifest: String,
    /// `docker.io/library/busybox@sha256:…`
    pub repo_digest: Option<String>,
    /// Bytes, compressed.
    pub size: u64,
    /// Where it came from.
    pub origin: Origin,
    /// Fetched with somebody's credentials: others must show theirs.
    pub private: bool,
    /// Fingerprints of the credentials that it was fetched with.
    #[serde(default)]
    pub readers: Vec<String>,
}

/// The directory of all records.
#[derive(Debug)]
pub(super) struct Records(PathBuf);

impl Records {
    /// Those of the store in this directory.
    pub(super) fn of(root: &Path) -> Self {
        Self(root.join("images"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(hex(&digest(name.as_bytes())))
    }

    /// When a record was made or removed last; `None` when that was so short a time ago that the next one might bear the
    /// same time.
    pub(super) fn changed(&self) -> Option<SystemTime> {
        let changed = fs::metadata(&self.0).and_then(|directory| directory.modified()).ok()?;
        changed.elapsed().is_ok_and(|age| age > COARSEST).then_some(changed)
    }

    /// All records, with the time of their last use; files that are none are passed over.
    pub(super) fn all(&self) -> Vec<(Record, SystemTime)> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let read = |entry: fs::DirEntry| {
            let record = serde_json::from_slice(&fs::read(entry.path()).ok()?).ok()?;
            Some((record, entry.metadata().ok()?.modified().ok()?))
        };
        entries.filter_map(read).collect()
    }

    /// Writes a record, by way of an unfinished file on the same file system.
    pub(super) fn write(&self, record: &Record, unfinished: &Path) -> io::Result<()> {
        let mut file = File::create(unfinished)?;
        io::Write::write_all(&mut file, &serde_json::to_vec(record)?)?;
        // A name that is there must not be empty after a power failure.
        file.sync_all()?;
        fs::rename(unfinished, self.path(&record.name))
    }

    /// The image has been used now.
    pub(super) fn used(&self, name: &str) {
        // Seeded images have no record.
        let _ = File::open(self.path(name)).and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// Forgets an image.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }
}
