//! Limits by control groups, version 1 or 2, where this machine lets us.
//!
//! A [`Group`] is one group in all the hierarchies that matter: one directory per controller in version 1, one in all
//! in version 2.

mod alarm;
mod find;
mod settings;
mod sweep;

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use self::settings::Controller;
pub(super) use self::{alarm::Alarm, find::Found};
use crate::node::runtime::{Limits, Usage};

/// One control group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group(Vec<(Controller, PathBuf)>);

/// A group that goes when nobody needs it any more.
#[derive(Debug)]
pub(super) struct Passing(Group);

impl Passing {
    pub(super) fn new(group: Group) -> Self {
        Self(group)
    }

    pub(super) fn group(&self) -> &Group {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// Where this server may make groups; looked for once.
pub(super) fn found() -> &'static Found {
    static FOUND: OnceLock<Found> = OnceLock::new();
    FOUND.get_or_init(|| {
        let found = find::find();
        if let Found::Group(parent) = &found {
            sweep::sweep(&parent.0);
        }
        found
    })
}

impl Group {
    /// A new group beneath this one.
    pub(super) fn child(&self, name: &str) -> io::Result<Self> {
        let child = Self(self.0.iter().map(|(controller, path)| (*controller, path.join(name))).collect());
        for (controller, path) in &child.0 {
            if let Err(error) = fs::create_dir(path).and_then(|()| controller.prepare(path)) {
                child.remove();
                return Err(error);
            }
        }
        Ok(child)
    }

    /// Lets groups beneath this one have limits of their own.
    pub(super) fn open_to_children(&self) -> io::Result<()> {
        self.0.iter().try_for_each(|(controller, path)| controller.open_to_children(path))
    }

    /// Sets the limits that are given; the others stay.
    pub(super) fn limit(&self, limits: &Limits) -> io::Result<()> {
        for (controller, path) in &self.0 {
            let mut settings = controller.settings(limits);
            // Version 1 refuses a memory limit above the one with swap: it goes up the other way round than down.
            let refused =
                settings.extract_if(.., |(file, value)| write(path, file, value).is_err()).collect::<Vec<_>>();
            refused.iter().rev().try_for_each(|(file, value)| write(path, file, value))?;
        }
        Ok(())
    }

    /// The files through which a process joins.
    pub(super) fn joins(&self) -> io::Result<Vec<OwnedFd>> {
        let open = |path: &Path| fs::File::options().write(true).open(path.join("cgroup.procs")).map(OwnedFd::from);
        self.0.iter().map(|(_, path)| open(path)).collect()
    }

    /// How many of its processes the kernel has ended for want of memory.
    pub(super) fn oom_kills(&self) -> u64 {
        let count = |(controller, path): &(Controller, PathBuf)| {
            let file = controller.oom_file()?;
            settings::keyed(&fs::read_to_string(path.join(file)).ok()?, "oom_kill")
        };
        self.0.iter().find_map(count).unwrap_or(0)
    }

    /// What its processes use.
    pub(super) fn usage(&self) -> Usage {
        let read = |path: &Path, file: &str| fs::read_to_string(path.join(file)).unwrap_or_default();
        self.0
            .iter()
            .fold(Usage::default(), |usage, (controller, path)| controller.usage(usage, |file| read(path, file)))
    }

    /// Its directories, for whoever removes them.
    pub(super) fn paths(&self) -> Vec<String> {
        self.0.iter().map(|(_, path)| path.display().to_string()).collect()
    }

    /// Removes it; while processes are in it, it stays.
    pub(super) fn remove(&self) {
        for (_, path) in &self.0 {
            let _ = fs::remove_dir(path);
        }
    }
}

fn write(group: &Path, file: &str, value: &str) -> io::Result<()> {
    match fs::write(group.join(file), value) {
        // Not every kernel counts swap.
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.contains("sw") => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_2_group_gets_its_limits_and_tells_its_use() {
        let directory = tempfile::tempdir().unwrap();
        let group = Group(vec![(Controller::Unified, directory.path().to_owned())]);
        let limits = Limits { memory: Some(64 << 20), cpu_milli: Some(250), cpu_shares: Some(102), pids: Some(10) };
        group.limit(&limits).unwrap();
        let read = |file: &str| fs::read_to_string(directory.path().join(file)).unwrap();
        assert_eq!(read("memory.max"), "67108864");
        assert_eq!(read("memory.swap.max"), "0");
        assert_eq!(read("cpu.max"), "25000 100000");
        assert_eq!(read("cpu.weight"), "4");
        assert_eq!(read("pids.max"), "10");
        fs::write(directory.path().join("memory.events"), "low 0\noom 3\noom_kill 2\n").unwrap();
        fs::write(directory.path().join("memory.current"), "4096\n").unwrap();
        fs::write(directory.path().join("memory.stat"), "anon 1\ninactive_file 1024\n").unwrap();
        fs::write(directory.path().join("cpu.stat"), "usage_usec 5\nuser_usec 4\n").unwrap();
        assert_eq!(group.oom_kills(), 2);
        assert_eq!(group.usage(), Usage { memory: 3072, cpu_nanos: 5000 });
    }

    /// What a node writes for a sandbox, a Pod in it and a container, in a hierarchy that is only directories.
    #[test]
    fn version_2_groups_are_nested_and_only_containers_end_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let root = Group(vec![(Controller::Unified, directory.path().to_owned())]);
        let sandbox = root.child("podyard-1-0").unwrap();
        sandbox.open_to_children().unwrap();
        let pod = sandbox.child("pod-p").unwrap();
        pod.open_to_children().unwrap();
        pod.limit(&Limits { memory: Some(1 << 20), ..Limits::default() }).unwrap();
        let container = pod.child("c").unwrap();
        let read = |file: &str| fs::read_to_string(directory.path().join("podyard-1-0").join(file)).unwrap();
        for group in ["", "pod-p/"] {
            assert_eq!(read(&format!("{group}cgroup.subtree_control")), "+memory +pids +cpu");
            assert_eq!(read(&format!("{group}memory.oom.group")), "0");
        }
        assert_eq!(read("pod-p/c/memory.oom.group"), "1");
        assert_eq!(read("pod-p/memory.max"), "1048576");
        assert!(!directory.path().join("podyard-1-0/pod-p/memory.high").exists(), "nothing else is written");
        assert_eq!(container.paths(), [directory.path().join("podyard-1-0/pod-p/c").display().to_string()]);
        // The kernel gives every group the file through which processes join; it is not made here.
        assert!(container.joins().is_err());
        fs::write(directory.path().join("podyard-1-0/pod-p/c/cgroup.procs"), "").unwrap();
        assert_eq!(container.joins().unwrap().len(), 1);
        assert!(container.alarm().unwrap().is_none(), "the kernel ends all of it by itself");
    }

    #[test]
    fn a_passing_group_goes_with_the_last_who_needs_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pod-p");
        fs::create_dir(&path).unwrap();
        let group = std::sync::Arc::new(Passing::new(Group(vec![(Controller::Pids, path.clone())])));
        drop(group.clone());
        assert!(path.exists());
        drop(group);
        assert!(!path.exists());
    }
}
