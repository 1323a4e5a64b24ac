//! What is known of each cluster on disk, so that the next start finds its way whatever ended the last one:
//!
//! ```text
//! kind/lock                    held by the server that uses this folder
//! kind/instance                the mark in the clusters' names
//! kind/images.tar              the lessons' images
//! kind/clusters/NAME/          there before the cluster is, and gone after it is
//!   kubeconfig                 kind's own; nobody else's is touched
//!   ready                      written when it is complete
//!   session                    whose it is
//! ```

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The folder, held as long as a clone lives.
#[derive(Debug, Clone)]
pub(super) struct Records {
    folder: PathBuf,
    _lock: Arc<File>,
}

/// What is known of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub name: String,
    /// Whether it was complete.
    pub ready: bool,
    /// Whose it is.
    pub session: Option<String>,
}

impl Records {
    /// The folder beneath this data directory.
    ///
    /// # Errors
    /// `WouldBlock` when another server uses it: the two would end each other's clusters.
    pub(super) fn open(data: &Path) -> io::Result<Self> {
        let folder = std::path::absolute(data)?.join("kind");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join("clusters"))?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock().map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))?;
        Ok(Self { folder, _lock: Arc::new(lock) })
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the lessons' images are.
    pub(super) fn images(&self) -> PathBuf {
        self.folder.join("images.tar")
    }

    fn of(&self, name: &str) -> PathBuf {
        self.folder.join("clusters").join(name)
    }

    /// A cluster's own kubeconfig.
    pub(super) fn kubeconfig(&self, name: &str) -> PathBuf {
        self.of(name).join("kubeconfig")
    }

    /// A cluster is about to be made. What an attempt before left is removed: kind's lock file would stop it.
    pub(super) fn begin(&self, name: &str) -> io::Result<()> {
        let folder = self.of(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::DirBuilder::new().mode(0o700).create(folder)
    }

    /// It is complete.
    pub(super) fn ready(&self, name: &str) -> io::Result<()> {
        fs::write(self.of(name).join("ready"), "")
    }

    /// It is this session's from now on.
    pub(super) fn give(&self, name: &str, session: &str) -> io::Result<()> {
        fs::write(self.of(name).join("session"), session)
    }

    /// Replaces its kubeconfig.
    pub(super) fn write_kubeconfig(&self, name: &str, text: &str) -> io::Result<()> {
        use std::io::Write as _;
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(self.kubeconfig(name))?;
        file.write_all(text.as_bytes())
    }

    /// It is gone.
    pub(super) fn forget(&self, name: &str) {
        if let Err(error) = fs::remove_dir_all(self.of(name))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(cluster = name, %error, "its record can't be removed");
        }
    }

    /// All there are.
    pub(super) fn all(&self) -> Vec<Record> {
        let entries = fs::read_dir(self.folder.join("clusters")).into_iter().flatten().flatten();
        let mut all: Vec<Record> = entries
            .filter_map(|entry| {
                let (path, name) = (entry.path(), entry.file_name().into_string().ok()?);
                let session = fs::read_to_string(path.join("session")).ok().filter(|session| !session.is_empty());
                Some(Record { name, ready: path.join("ready").is_file(), session })
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_on_record_from_before_it_is_until_after_it_is_gone() {
        let data = tempfile::tempdir().unwrap();
        let records = Records::open(data.path()).unwrap();
        records.begin("a").unwrap();
        fs::write(records.of("a").join("kubeconfig.lock"), "").unwrap();
        records.begin("a").unwrap();
        assert!(!records.of("a").join("kubeconfig.lock").exists(), "kind would stumble over it");
        assert_eq!(records.all(), [Record { name: "a".into(), ready: false, session: None }]);
        records.ready("a").unwrap();
        records.give("a", "ada").unwrap();
        assert_eq!(records.all(), [Record { name: "a".into(), ready: true, session: Some("ada".into()) }]);
        records.forget("a");
        assert_eq!(records.all(), []);
    }

    #[test]
    fn two_servers_do_not_share_a_folder() {
        let data = tempfile::tempdir().unwrap();
        let first = Records::open(data.path()).unwrap();
        assert_eq!(Records::open(data.path()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(first);
        assert!(Records::open(data.path()).is_ok());
    }
}
