//! The agent's parent: it stays outside, with the server's own rights, and cleans up when the agent has ended.
//!
//! The agent is process 1 of its own PID namespace. Whatever ends it (an order, the server's death, a crash) makes the
//! kernel end everything in it, and then this process takes away what the kernel does not: cgroups and files.

use std::{
    fs, io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    process::Command,
};

use nix::{
    sys::{
        socket::{AddressFamily, SockFlag, SockType, socketpair},
        wait::waitpid,
    },
    unistd::{Gid, Pid, Uid},
};
use serde::{Deserialize, Serialize};

use super::{failure::Trying, jail, serve, sys};
use crate::node::runtime::linux::wire::{self, Failure, Report, Setup};

/// All the namespaces that the agent has for itself.
const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// What the janitor tells the new agent when its ids are mapped. Comes with the directories' mounts, images first, when
/// they could be made to show their owners as the agent's own ids.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Go;

/// Starts the agent, waits for its end, cleans up.
pub(super) fn run(server: BorrowedFd<'_>) -> Result<(), Failure> {
    let Some((setup, joins)) = wire::receive::<Setup>(server).trying("read the setup")? else { return Ok(()) };
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
        .trying("make a socket pair")?;
    let agent =
        sys::fork(NAMESPACES, || agent(server, &theirs, &setup, &joins)).map_err(|error| no_namespaces(&error))?;
    drop((theirs, joins));
    sys::set_name(c"podyard-janitor");
    let started = map_ids(agent, setup.ids).and_then(|()| {
        let shared = setup.ids.is_some() && !setup.always_copies;
        let mounts = if shared { shown_as_own(agent, &setup) } else { Vec::new() };
        wire::send(ours.as_fd(), &Go, &wire::borrowed(&mounts)).trying("start the agent")
    });
    drop(ours);
    // The server's end must be the only one that keeps the agent waiting.
    let _ = waitpid(agent, None);
    clean_up(&setup);
    started
}

/// The child: becomes the agent.
fn agent(server: BorrowedFd<'_>, janitor: &OwnedFd, setup: &Setup, joins: &[OwnedFd]) -> i32 {
    match prepared(janitor, setup, joins).and_then(|copies| Ok((serve::Agent::new()?, copies))) {
        Ok((mut agent, copies)) => agent.serve(server, copies),
        Err(failure) => {
            // When the server has gone too, nobody is left to tell.
            let _ = wire::send(server, &Report::Broken(failure.to_string()), &[]);
            1
        }
    }
}

/// Moves this process to where it works; true when it has copies of its own of the images' layers.
fn prepared(janitor: &OwnedFd, setup: &Setup, joins: &[OwnedFd]) -> Result<bool, Failure> {
    for join in joins {
        nix::unistd::write(join, b"0").trying("join the sandbox's cgroup")?;
    }
    let (Go, mounts) = wire::receive(janitor.as_fd())
        .trying("wait for the janitor")?
        .ok_or_else(|| Failure::Init("the janitor could not map user ids".to_owned()))?;
    let copies = setup.ids.is_some() && mounts.is_empty();
    let kept = jail::open(setup, &mounts, copies)?;
    let (gid, uid) = (Gid::from_raw(0), Uid::from_raw(0));
    nix::unistd::setresgid(gid, gid, gid).trying("become group 0")?;
    nix::unistd::setresuid(uid, uid, uid).trying("become user 0")?;
    // Changing the user takes this away; and closes /proc/self to this process's own user.
    sys::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong).trying("end with the janitor")?;
    sys::prctl(libc::PR_SET_DUMPABLE, 1).trying("open /proc/self")?;
    sys::set_name(c"podyard-node");
    jail::enter(kept)?;
    Ok(copies)
}

/// A refusal in words that say what to do.
fn no_namespaces(error: &io::Error) -> Failure {
    let advice = match error.raw_os_error() {
        Some(libc::EPERM) => {
            "this system does not allow user namespaces: in a container, run it privileged; elsewhere set \
             kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0 with sysctl, or run \
             podyard as root"
        }
        Some(libc::ENOSPC | libc::EUSERS) => {
            "user namespaces are used up or off: raise user.max_user_namespaces with sysctl"
        }
        Some(libc::EINVAL) => "this kernel was built without one of the namespaces that containers need",
        _ => "the kernel refused",
    };
    Failure::Init(format!("make namespaces: {} ({advice})", super::failure::reason(error)))
}

/// Gives the agent's user namespace its ids: a range of the sandbox's own, or only the caller's.
fn map_ids(agent: Pid, ids: Option<(u32, u32)>) -> Result<(), Failure> {
    let (uid, gid) = (nix::unistd::getuid(), nix::unistd::getgid());
    if let Some((first, count)) = ids {
        let map = format!("0 {first} {count}\n");
        write_maps(agent, &map, &map).trying("map user ids")
    } else if let Some((uids, gids)) = subordinate_maps(uid, gid) {
        let mapped = with_helper("newuidmap", agent, &uids) && with_helper("newgidmap", agent, &gids);
        if mapped { Ok(()) } else { map_only(agent, uid, gid) }
    } else {
        map_only(agent, uid, gid)
    }
}

/// The kernel lets an ordinary user map itself, once setgroups(2) is given up.
fn map_only(agent: Pid, uid: Uid, gid: Gid) -> Result<(), Failure> {
    fs::write(format!("/proc/{agent}/setgroups"), "deny").trying("give setgroups up")?;
    write_maps(agent, &format!("0 {uid} 1\n"), &format!("0 {gid} 1\n")).trying(
        "map user ids (on Ubuntu, kernel.apparmor_restrict_unprivileged_userns=1 forbids it: set it to 0 with sysctl)",
    )
}

fn write_maps(agent: Pid, uids: &str, gids: &str) -> io::Result<()> {
    fs::write(format!("/proc/{agent}/gid_map"), gids)?;
    fs::write(format!("/proc/{agent}/uid_map"), uids)
}

/// The arguments of newuidmap and newgidmap when this user has 65535 subordinate ids in /etc/subuid and /etc/subgid.
fn subordinate_maps(uid: Uid, gid: Gid) -> Option<(Vec<String>, Vec<String>)> {
    let user = nix::unistd::User::from_uid(uid).ok()??;
    let uids = subordinate(&fs::read_to_string("/etc/subuid").ok()?, &user.name, uid.as_raw())?;
    let gids = subordinate(&fs::read_to_string("/etc/subgid").ok()?, &user.name, uid.as_raw())?;
    let map = |own: u32, first: u32| {
        ["0", &own.to_string(), "1", "1", &first.to_string(), "65535"].map(str::to_owned).to_vec()
    };
    Some((map(uid.as_raw(), uids), map(gid.as_raw(), gids)))
}

/// The first of a user's subordinate ids, by subuid(5): `name or uid:first:count`.
fn subordinate(table: &str, name: &str, uid: u32) -> Option<u32> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.trim().parse::<u32>().ok()?);
        ((owner == name || owner == uid.to_string()) && count >= 65535).then_some(first)
    })
}

fn with_helper(program: &str, agent: Pid, map: &[String]) -> bool {
    Command::new(program)
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .arg(agent.to_string())
        .args(map)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The images' and the volumes' directories as mounts that show each owner as the same id of the agent's namespace, so
/// that one set of files serves sandboxes with different ids. Empty where kernel or file system can't (Linux 5.19).
fn shown_as_own(agent: Pid, setup: &Setup) -> Vec<OwnedFd> {
    let mapped = || -> io::Result<Vec<OwnedFd>> {
        let owners = fs::File::open(format!("/proc/{agent}/ns/user"))?;
        [&setup.images, &setup.volumes]
            .into_iter()
            .map(|path| {
                let mount = sys::open_tree(&std::ffi::CString::new(path.as_str())?, false)?;
                sys::set_mount(mount.as_fd(), 0, Some(owners.as_fd()), false)?;
                Ok(mount)
            })
            .collect()
    };
    mapped().unwrap_or_default()
}

fn clean_up(setup: &Setup) {
    for path in &setup.cgroups {
        remove_cgroup(Path::new(path));
    }
    for own in [&setup.scratch, &setup.copies] {
        crate::node::disk::remove(Path::new(own));
    }
    if !setup.keeps_volumes {
        crate::node::disk::remove(Path::new(&setup.volumes));
    }
    // Theirs is one directory, made for this sandbox; it stays if somebody else put something there.
    if let Some(state) = Path::new(&setup.scratch).parent() {
        let _ = fs::remove_dir(state);
    }
}

/// Removes a cgroup and what is beneath it. Its processes have ended; the kernel may need a moment to notice.
fn remove_cgroup(path: &Path) {
    let inner = fs::read_dir(path).into_iter().flatten().flatten();
    for entry in inner.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove_cgroup(&entry.path());
    }
    for _ in 0..100 {
        match fs::remove_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::subordinate;

    #[test]
    fn subordinate_ids_are_found_by_name_or_number() {
        let table = "ann:100000:65536\n1001:300000:65536\nfew:500000:10\n";
        assert_eq!(subordinate(table, "ann", 1000), Some(100_000));
        assert_eq!(subordinate(table, "bob", 1001), Some(300_000));
        assert_eq!(subordinate(table, "few", 1002), None);
        assert_eq!(subordinate(table, "eve", 1003), None);
    }
}
