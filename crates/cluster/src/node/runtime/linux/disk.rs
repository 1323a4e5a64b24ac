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

/// The container whose own files are the most, when those of `scratch` and `volumes` together are more than `limit`.
pub(super) fn greediest(scratch: &Path, volumes: &Path, limit: u64) -> Option<String> {
    let own = |path: &PathBuf| used(&path.join("upper"));
    let containers: Vec<PathBuf> = fs::read_dir(scratch).ok()?.flatten().map(|entry| entry.path()).collect();
    let total: u64 = containers.iter().map(own).sum::<u64>() + used(volumes);
    let most = containers.iter().filter(|path| path.join("upper").is_dir()).max_by_key(|path| own(path))?;
    (total > limit).then(|| most.file_name()?.to_str().map(str::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_most_is_named_when_it_is_too_much() {
        let directory = tempfile::tempdir().unwrap();
        let (scratch, volumes) = (directory.path().join("c"), directory.path().join("v"));
        for (name, size) in [("small", 10_000), ("big", 100_000)] {
            let upper = scratch.join(name).join("upper/deep");
            fs::create_dir_all(&upper).unwrap();
            fs::write(upper.join("file"), vec![1; size]).unwrap();
        }
        assert_eq!(greediest(&scratch, &volumes, 1 << 20), None);
        assert_eq!(greediest(&scratch, &volumes, 50_000).as_deref(), Some("big"));
    }
}
