//! Where what outlives a start is kept.

use std::path::{Path, PathBuf};

/// The data directory: images, the database, and learners' sandboxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDirectory(PathBuf);

impl DataDirectory {
    /// Root keeps data in `/var/lib/podyard`, since the users that its containers run as can't pass through `/root`;
    /// anybody else in the XDG data home, which is `~/.local/share` unless `$XDG_DATA_HOME` names another.
    pub fn choose(given: Option<PathBuf>, root: bool, xdg: Option<&Path>, home: Option<&Path>) -> Option<Self> {
        if let Some(path) = given {
            return Some(Self(path));
        }
        if root {
            return Some(Self("/var/lib/podyard".into()));
        }
        let base = xdg.filter(|p| p.is_absolute()).map(Path::to_owned);
        base.or_else(|| home.map(|h| h.join(".local/share"))).map(|b| Self(b.join("podyard")))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where learners are kept, unless PostgreSQL keeps them.
    pub fn database(&self) -> PathBuf {
        self.0.join("podyard.db")
    }

    /// Where `podyard cluster` writes its kubeconfig unless told otherwise.
    pub fn kubeconfig(&self) -> PathBuf {
        self.0.join("kubeconfig")
    }
}
