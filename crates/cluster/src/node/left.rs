//! What a node leaves for the next one that is started on the same objects: volumes, logs, and a word that it ended as it
//! should.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{adopt::Before, write::PODS};
use crate::store::Store;

/// Is there when the node ended as it should; beneath the logs' directory, where no uid has such a name.
const ORDERLY: &str = ".ended";

/// How the node before this one ended. What it left of Pods that are no more is removed.
pub fn take_over(store: &Store, volumes: &Path, logs: &Path) -> Before {
    let pods = store.list(PODS, None).1;
    let known: BTreeSet<&str> = pods.iter().filter_map(|pod| pod["metadata"]["uid"].as_str()).collect();
    for orphan in [volumes, logs].into_iter().flat_map(|directory| orphans(directory, &known)) {
        if let Err(error) = fs::remove_dir_all(&orphan) {
            tracing::warn!(path = %orphan.display(), %error, "what a Pod left can't be removed");
        }
    }
    match fs::remove_file(logs.join(ORDERLY)) {
        Ok(()) => Before::Orderly,
        Err(_) => Before::Killed,
    }
}

/// Directories of Pods that are not known. Those that begin with a dot belong to no Pod.
fn orphans(directory: &Path, known: &BTreeSet<&str>) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let of_no_pod = |name: &str| !name.starts_with('.') && !known.contains(name);
    entries.filter(|entry| entry.file_name().to_str().is_some_and(of_no_pod)).map(|entry| entry.path()).collect()
}

/// Tells the next node that this one ended as it should. Where there are no logs there is nothing to be told.
pub fn say_orderly(logs: &Path) {
    let _ = fs::write(logs.join(ORDERLY), "");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Key;

    #[test]
    fn the_next_node_knows_how_the_last_one_ended_and_removes_what_is_nobodys() {
        let directory = tempfile::tempdir().unwrap();
        let (volumes, logs) = (directory.path().join("v"), directory.path().join("l"));
        for path in [volumes.join("here/x"), volumes.join("gone/x"), volumes.join(".claims/x"), logs.join("gone")] {
            fs::create_dir_all(path).unwrap();
        }
        let store = Store::new();
        store.insert(Key::new(PODS, "default", "p"), json!({"metadata": {"uid": "here"}})).unwrap();
        say_orderly(&logs);
        assert_eq!(take_over(&store, &volumes, &logs), Before::Orderly);
        assert_eq!(take_over(&store, &volumes, &logs), Before::Killed);
        let left = |path: &Path| fs::read_dir(path).unwrap().count();
        assert_eq!((left(&volumes), left(&logs)), (2, 0));
    }
}
