//! The bound on a sandbox's files. No file system that is everywhere has one for a directory, so it is looked after: as
//! the kubelet does with local storage, who has the most is ended when it is too much.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::node::disk::used;

/// How often it is looked (the kubelet's eviction manager: every 10 s; a sandbox has less to fill).
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Bytes of all files together.
    pub total: u64,
    /// The container whose own files are the most.
    pub greediest: Option<String>,
}

/// Looks at the containers' own files and at the volumes; `None` when they have gone.
pub(super) fn look(scratch: &Path, volumes: &Path) -> Option<Look> {
    let containers = fs::read_dir(scratch).ok()?.flatten().map(|entry| entry.path());
    let own: Vec<(PathBuf, u64)> = containers.map(|path| (path.clone(), used(&path.join("upper")))).collect();
    let total = own.iter().map(|(_, bytes)| bytes).sum::<u64>() + used(volumes);
    let most = own.into_iter().filter(|(path, _)| path.join("upper").is_dir()).max_by_key(|(_, bytes)| *bytes);
    let name = most.and_then(|(path, _)| path.file_name()?.to_str().map(str::to_owned));
    Some(Look { total, greediest: name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_most_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let (scratch, volumes) = (directory.path().join("c"), directory.path().join("v"));
        for (name, size) in [("small", 10_000), ("big", 100_000)] {
            let upper = scratch.join(name).join("upper/deep");
            fs::create_dir_all(&upper).unwrap();
            fs::write(upper.join("file"), vec![1; size]).unwrap();
        }
        let found = look(&scratch, &volumes).unwrap();
        assert!((110_000..1 << 20).contains(&found.total), "{found:?}");
        assert_eq!(found.greediest.as_deref(), Some("big"));
        assert_eq!(look(&directory.path().join("gone"), &volumes), None);
    }
}
