//! A Pod's namespaces, and the process that holds them while containers come and go.

use std::{
    fs,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
};

use nix::{
    sys::{
        signal::{SigSet, Signal},
        socket::{AddressFamily, SockFlag, SockType, socket},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Gid, Pid, Uid},
};

use super::{
    capabilities,
    failure::Trying,
    jail,
    network::{self, Network},
    note,
    seccomp::Filters,
    sys,
};
use crate::node::runtime::linux::wire::{Failure, PodOrder};

/// What the containers of a Pod share, besides its network.
const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;

/// A Pod's namespaces.
pub(super) struct Pod {
    pid: Pid,
    process: OwnedFd,
    share_processes: bool,
    files: PathBuf,
}

/// The files that every container of a Pod sees in /etc.
pub(super) const ETC_FILES: [&str; 3] = ["hosts", "hostname", "resolv.conf"];

impl Pod {
    /// Starts the Pod's first process. The Pod is ready when the notes end without a failure.
    pub(super) fn start(
        order: &PodOrder,
        network: &mut Network,
        filters: &Filters,
    ) -> Result<(Self, OwnedFd), Failure> {
        let files = PathBuf::from(format!("{}/{}", jail::SCRATCH, order.id));
        write_etc(&files, order)?;
        let (ours, theirs) = note::pair()?;
        let own_processes = if order.share_processes { libc::CLONE_NEWPID } else { 0 };
        let own_network = if order.address.is_some() { libc::CLONE_NEWNET } else { 0 };
        let pid = sys::fork(NAMESPACES | own_network | own_processes, || {
            note::told(&theirs, || hold(&theirs, order, filters))
        })
        .trying("make the Pod's namespaces")?;
        drop(theirs);
        let process = sys::pidfd_open(pid).trying("open the Pod's first process")?;
        let pod = Self { pid, process, share_processes: order.share_processes, files };
        let mut connected =
            || order.address.map_or(Ok(()), |address| network.connect(pid, address, order.range.gateway()));
        match map_ids(pid).and_then(|()| connected()).and_then(|()| note::go(&ours)) {
            Ok(()) => Ok((pod, ours)),
            Err(failure) => {
                pod.end();
                Err(failure)
            }
        }
    }

    /// Its first process.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Joins its namespaces; containers of their own processes make a PID namespace afterwards.
    pub(super) fn join(&self) -> Result<(), Failure> {
        let processes = if self.share_processes { libc::CLONE_NEWPID } else { 0 };
        sys::join_namespaces(self.process.as_fd(), NAMESPACES | libc::CLONE_NEWNET | processes)
            .trying("join the Pod's namespaces")
    }

    /// What a container's own process needs to be made with, after [`Pod::join`].
    pub(super) fn own_namespaces(&self) -> libc::c_int {
        let processes = if self.share_processes { 0 } else { libc::CLONE_NEWPID };
        processes | libc::CLONE_NEWNS | libc::CLONE_NEWCGROUP
    }

    /// Whether the containers see each other's processes.
    pub(super) fn shares_processes(&self) -> bool {
        self.share_processes
    }

    /// A file of [`ETC_FILES`].
    pub(super) fn etc(&self, name: &str) -> PathBuf {
        self.files.join(name)
    }

    /// A TCP socket that belongs to its network, connected to nothing.
    pub(super) fn socket(&self) -> Result<OwnedFd, Failure> {
        let own = fs::File::open("/proc/self/ns/net").trying("open the agent's network")?;
        sys::join_namespaces(self.process.as_fd(), libc::CLONE_NEWNET).trying("join the Pod's network")?;
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let made = socket(AddressFamily::Inet, SockType::Stream, flags, None);
        sys::join_namespaces(own.as_fd(), libc::CLONE_NEWNET).trying("return to the agent's network")?;
        made.trying("make a socket")
    }

    /// Ends its first process; the namespaces go when the last container has.
    pub(super) fn end(&self) {
        // It may have ended.
        let _ = nix::sys::signal::kill(self.pid, Signal::SIGKILL);
        crate::node::disk::remove(&self.files);
    }
}

fn write_etc(files: &std::path::Path, order: &PodOrder) -> Result<(), Failure> {
    fs::create_dir_all(files).trying("make the Pod's directory")?;
    let hostname = format!("{}\n", order.hostname);
    let contents = [&order.hosts, &hostname, &order.resolv_conf];
    for (name, content) in ETC_FILES.iter().zip(contents) {
        fs::write(files.join(name), content).trying(format_args!("write {name}"))?;
    }
    Ok(())
}

/// The Pod's ids are the agent's own, so that all Pods of a sandbox can share files; other sandboxes have other ids.
fn map_ids(pod: Pid) -> Result<(), Failure> {
    let count = mapped_ids(&fs::read_to_string("/proc/self/uid_map").trying("read the id map")?);
    // Two lines, as a line must fit into one line of the parent's, where the first id may stand alone.
    let map = if count > 1 { format!("0 0 1\n1 1 {}\n", count - 1) } else { "0 0 1\n".to_owned() };
    for file in ["gid_map", "uid_map"] {
        fs::write(format!("/proc/{pod}/{file}"), &map).trying(format_args!("write the Pod's {file}"))?;
    }
    Ok(())
}

/// How many ids, from 0 on, an id map has.
pub(super) fn mapped_ids(map: &str) -> u64 {
    map.lines().filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok()).sum()
}

/// The Pod's first process: sets its namespaces up and then only holds them.
fn hold(agent: &OwnedFd, order: &PodOrder, filters: &Filters) -> Result<(), Failure> {
    note::wait_to_go(agent)?;
    nix::unistd::setresgid(Gid::from_raw(0), Gid::from_raw(0), Gid::from_raw(0)).trying("become group 0")?;
    nix::unistd::setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).trying("become user 0")?;
    nix::unistd::sethostname(&order.hostname).trying("set the host name")?;
    if let Some(address) = order.address {
        network::configure(address, order.range)?;
    }
    for (name, value) in &order.sysctls {
        fs::write(format!("/proc/sys/{name}"), value).trying(format_args!("set {name}"))?;
    }
    sys::set_name(c"pause");
    sys::set_command_line(b"/pause").trying("take the name /pause")?;
    capabilities::bound(0).trying("drop capabilities")?;
    capabilities::limit(0).trying("drop capabilities")?;
    sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1).trying("set no_new_privs")?;
    filters.apply().trying("set the system call filter")?;
    // This also tells the agent that all is well.
    sys::close_from(0).trying("close descriptors")?;
    reap_for_ever()
}

/// As process 1 of a shared PID namespace it gets the orphans.
fn reap_for_ever() -> ! {
    let mut children = SigSet::empty();
    children.add(Signal::SIGCHLD);
    // SIGCHLD is blocked since the agent started.
    loop {
        let _ = children.wait();
        while !matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Err(_) | Ok(WaitStatus::StillAlive)) {}
    }
}

#[cfg(test)]
mod tests {
    use super::mapped_ids;

    #[test]
    fn ids_are_counted_over_all_lines() {
        assert_eq!(mapped_ids("         0       1000          1\n         1     100000      65535\n"), 65536);
        assert_eq!(mapped_ids("0 1000 1\n"), 1);
    }
}
