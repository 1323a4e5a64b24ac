//! Where this server may make control groups.

use std::{fs, path::PathBuf};

use super::{Group, settings::Controller};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Found {
    /// Groups can be made beneath this one.
    Group(Group),
    /// None can; why, and what to do.
    Nothing(String),
}

/// A mounted hierarchy, from /proc/self/mountinfo.
#[derive(Debug, PartialEq, Eq)]
struct Hierarchy {
    mounted_at: PathBuf,
    /// The group that is shown there.
    root: String,
    unified: bool,
    /// Version 1: its controllers.
    controllers: Vec<String>,
}

pub(super) fn find() -> Found {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let hierarchies = hierarchies(&mounts);
    version_1(&hierarchies, &own).or_else(|| version_2(&hierarchies, &own)).map_or_else(
        || {
            Found::Nothing(
                "no control groups can be made: limits are only kept approximately. Run podyard as root, or with \
                 systemd-run --user --scope -p Delegate=yes"
                    .to_owned(),
            )
        },
        Found::Group,
    )
}

fn hierarchies(mountinfo: &str) -> Vec<Hierarchy> {
    mountinfo.lines().filter_map(hierarchy).collect()
}

/// A line of proc_pid_mountinfo(5): `id parent dev root mount-point options … - type source super-options`.
fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let (root, mounted_at) = (before.next()?, before.next()?);
    let mut after = after.split(' ');
    let unified = match after.next()? {
        "cgroup" => false,
        "cgroup2" => true,
        _ => return None,
    };
    let controllers = after.nth(1)?.split(',').map(str::to_owned).collect();
    Some(Hierarchy { mounted_at: mounted_at.into(), root: root.to_owned(), unified, controllers })
}

impl Hierarchy {
    /// The directory of a group by its path from /proc/self/cgroup.
    fn directory(&self, group: &str) -> PathBuf {
        let shown = group.strip_prefix(&self.root).unwrap_or(group);
        self.mounted_at.join(shown.trim_start_matches('/'))
    }
}

/// This process's group in a version 1 controller's hierarchy, or in version 2 (`""`), from /proc/self/cgroup.
fn own_group<'a>(cgroup: &'a str, controller: &str) -> Option<&'a str> {
    cgroup.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let controllers = fields.next()?;
        controllers.split(',').any(|name| name == controller).then(|| fields.next())?
    })
}

fn version_1(hierarchies: &[Hierarchy], own: &str) -> Option<Group> {
    let wanted = [
        ("memory", Controller::Memory),
        ("pids", Controller::Pids),
        ("cpu", Controller::Cpu),
        ("cpuacct", Controller::CpuAccounting),
    ];
    let mut group: Vec<(Controller, PathBuf)> = Vec::new();
    for (name, controller) in wanted {
        let hierarchy = hierarchies.iter().find(|h| !h.unified && h.controllers.iter().any(|c| c == name))?;
        let directory = hierarchy.directory(own_group(own, name)?);
        if !group.iter().any(|(_, known)| *known == directory) {
            group.push((controller, directory));
        }
    }
    let group = Group(group);
    writable(&group).then_some(group)
}

/// Version 2: beneath the hierarchy's root, where that is allowed and there are no processes to be in the way, else
/// beneath this process's own group, which it leaves for a leaf.
fn version_2(hierarchies: &[Hierarchy], own: &str) -> Option<Group> {
    let hierarchy = hierarchies.iter().find(|hierarchy| hierarchy.unified)?;
    let own = hierarchy.directory(own_group(own, "")?);
    [hierarchy.mounted_at.clone(), own].into_iter().find_map(|directory| {
        let group = Group(vec![(Controller::Unified, directory.clone())]);
        let opened = group.open_to_children().is_ok() || (leave(&directory) && group.open_to_children().is_ok());
        (opened && writable(&group)).then_some(group)
    })
}

/// Moves this process from a group to a leaf beneath it, as a group with processes can't have limited children.
fn leave(directory: &std::path::Path) -> bool {
    let leaf = directory.join("podyard-server");
    let _ = fs::create_dir(&leaf);
    fs::write(leaf.join("cgroup.procs"), "0").is_ok()
}

fn writable(group: &Group) -> bool {
    let name = format!("podyard-{}-probe", std::process::id());
    let child = group.child(&name);
    child.as_ref().is_ok_and(|child| {
        let joined = child.joins().is_ok();
        child.remove();
        joined
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTINFO: &str = "\
30 25 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:1 - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 /docker/x /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn hierarchies_are_read_from_mountinfo() {
        let found = hierarchies(MOUNTINFO);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].controllers, ["rw", "cpu", "cpuacct"]);
        assert!(found[2].unified);
    }

    #[test]
    fn a_groups_directory_is_where_its_hierarchy_shows_it() {
        let found = hierarchies(MOUNTINFO);
        assert_eq!(found[0].directory("/user/1"), PathBuf::from("/sys/fs/cgroup/cpu,cpuacct/user/1"));
        assert_eq!(found[1].directory("/docker/x/y"), PathBuf::from("/sys/fs/cgroup/memory/y"));
    }

    #[test]
    fn the_own_group_is_read_per_controller() {
        let own = "4:memory:/docker/x\n1:cpu,cpuacct:/user\n0::/init.scope\n";
        assert_eq!(own_group(own, "cpuacct"), Some("/user"));
        assert_eq!(own_group(own, ""), Some("/init.scope"));
        assert_eq!(own_group(own, "pids"), None);
    }
}
