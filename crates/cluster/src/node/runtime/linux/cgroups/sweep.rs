//! Groups that were left behind: by a server that was killed together with its janitors.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::settings::Controller;

/// A group that is younger may be one that is being filled.
const YOUNG: Duration = Duration::from_secs(60);

/// Removes the empty groups of servers that are no more. The kernel keeps groups with processes.
pub(super) fn sweep(parents: &[(Controller, PathBuf)]) {
    for (_, parent) in parents {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let server = name.to_str().and_then(server_of);
            let old = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            let old = old.and_then(|time| time.elapsed().ok()).is_some_and(|age| age > YOUNG);
            if old && server.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
                remove(&entry.path());
            }
        }
    }
}

/// The process id in a group's name, `podyard-<pid>-<number>`.
fn server_of(name: &str) -> Option<u32> {
    let (pid, number) = name.strip_prefix("podyard-")?.split_once('-')?;
    number.parse::<u64>().ok()?;
    pid.parse().ok()
}

fn remove(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_are_ours() {
        assert_eq!(server_of("podyard-12-3"), Some(12));
        for name in ["podyard-12-probe", "podyard-x-1", "user.slice", "podyard-server"] {
            assert_eq!(server_of(name), None, "{name}");
        }
    }

    #[test]
    fn what_a_living_server_has_stays() {
        let directory = tempfile::tempdir().unwrap();
        let long_ago = std::time::SystemTime::now() - YOUNG * 2;
        let dead = u32::MAX;
        for name in [format!("podyard-{dead}-0/c"), format!("podyard-{}-0/c", std::process::id())] {
            fs::create_dir_all(directory.path().join(name)).unwrap();
        }
        for entry in fs::read_dir(directory.path()).unwrap() {
            fs::File::open(entry.unwrap().path()).unwrap().set_modified(long_ago).unwrap();
        }
        fs::create_dir(directory.path().join(format!("podyard-{dead}-1"))).unwrap();
        sweep(&[(Controller::Pids, directory.path().to_owned())]);
        let mut left: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let mut expected = [format!("podyard-{}-0", std::process::id()), format!("podyard-{dead}-1")];
        expected.sort();
        assert_eq!(left, expected.map(std::ffi::OsString::from));
    }
}
