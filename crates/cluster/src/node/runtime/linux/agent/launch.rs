//! From an order to a running program: a helper joins the Pod's (or the container's) namespaces and forks the process
//! there, as the agent itself can't enter a user namespace and come back.

use std::os::fd::{AsFd, OwnedFd};

use nix::{
    fcntl::OFlag,
    unistd::{Gid, Pid, Uid, pipe2},
};

use super::{
    failure::Trying,
    members,
    note::{self, Note},
    pod::Pod,
    program, rootfs,
    seccomp::Filters,
    sys, terminal,
};
use crate::node::runtime::linux::wire::{Failure, Program, RunOrder};

/// All the namespaces of a running container.
const CONTAINER: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWCGROUP;

/// A program on its way.
pub(super) struct Launched {
    /// Where its notes come from.
    pub notes: OwnedFd,
    /// The server's ends of its streams: standard output, standard error, and standard input if it is wanted. Empty
    /// with a terminal, whose controlling end comes as a note.
    pub streams: Vec<OwnedFd>,
    /// The process that joins and forks.
    pub helper: Pid,
}

/// The process's ends of its standard streams.
struct Stdio([OwnedFd; 3]);

/// Starts a container in a Pod.
pub(super) fn container(
    order: &RunOrder,
    pod: &Pod,
    processes_of: Option<&OwnedFd>,
    cgroups: &[OwnedFd],
    filters: &Filters,
) -> Result<Launched, Failure> {
    let join = || {
        pod.join()?;
        processes_of.map_or(Ok(()), |target| {
            sys::join_namespaces(target.as_fd(), libc::CLONE_NEWPID).trying("join the container's processes")
        })
    };
    let shared = if processes_of.is_some() { libc::CLONE_NEWPID } else { 0 };
    launch(&order.program, cgroups, join, pod.own_namespaces() & !shared, |agent| {
        let namespace = members::own_namespace().trying("look at the mount namespace")?;
        note::tell(agent, &Note::Namespace(namespace), &[])?;
        rootfs::enter(order, pod)?;
        // Only the container's own processes are there yet, so nobody sees this one being set up.
        execute(&order.program, agent, filters)
    })
}

/// Runs a program in the container whose first process is `target`.
pub(super) fn exec(
    program: &Program,
    target: &OwnedFd,
    cgroups: &[OwnedFd],
    filters: &Filters,
) -> Result<Launched, Failure> {
    let join = || sys::join_namespaces(target.as_fd(), CONTAINER).trying("join the container's namespaces");
    launch(program, cgroups, join, 0, |agent| execute(program, agent, filters))
}

fn launch(
    program: &Program,
    cgroups: &[OwnedFd],
    join: impl FnOnce() -> Result<(), Failure>,
    namespaces: libc::c_int,
    become_program: impl FnOnce(&OwnedFd) -> Result<(), Failure>,
) -> Result<Launched, Failure> {
    let (notes, agent) = note::pair()?;
    let (stdio, streams) = if program.tty { (None, Vec::new()) } else { Stdio::piped(program.stdin)? };
    let helper = sys::fork(0, || {
        note::told(&agent, || {
            prepare(cgroups, join)?;
            let child = sys::fork(namespaces | libc::CLONE_PARENT, || {
                note::told(&agent, || {
                    if let Some(stdio) = stdio {
                        stdio.install(program)?;
                    }
                    become_program(&agent)
                })
            });
            let child = child.trying("fork")?;
            note::tell(&agent, &Note::Started(child.as_raw()), &[])
        })
    });
    let helper = helper.trying("fork")?;
    Ok(Launched { notes, streams, helper })
}

/// The helper: joins cgroups, then namespaces.
fn prepare(cgroups: &[OwnedFd], join: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    for cgroup in cgroups {
        nix::unistd::write(cgroup, b"0").trying("join the container's cgroup")?;
    }
    // From here on, processes of the container could look at this one; execve makes it dumpable again.
    sys::prctl(libc::PR_SET_DUMPABLE, 0).trying("close this process to others")?;
    join()?;
    let (gid, uid) = (Gid::from_raw(0), Uid::from_raw(0));
    // In a container whose only id is another one, this changes nothing and is not needed.
    let _ = nix::unistd::setresgid(gid, gid, gid).and_then(|()| nix::unistd::setresuid(uid, uid, uid));
    Ok(())
}

fn execute(program: &Program, agent: &OwnedFd, filters: &Filters) -> Result<(), Failure> {
    nix::unistd::setsid().trying("make a session")?;
    if program.tty {
        terminal::open(agent, program.uid)?;
    }
    program::become_it(program, filters)
}

impl Stdio {
    /// Pipes, and the server's ends of them. Standard input is empty unless it is wanted.
    fn piped(stdin: bool) -> Result<(Option<Self>, Vec<OwnedFd>), Failure> {
        let pipe = || pipe2(OFlag::O_CLOEXEC).trying("make a pipe");
        let (out_read, out_write) = pipe()?;
        let (err_read, err_write) = pipe()?;
        let mut streams = vec![out_read, err_read];
        let input = if stdin {
            let (read, write) = pipe()?;
            streams.push(write);
            read
        } else {
            OwnedFd::from(std::fs::File::open("/dev/null").trying("open /dev/null")?)
        };
        Ok((Some(Self([input, out_write, err_write])), streams))
    }

    /// Makes them this process's standard streams, and the program's user their owner, so that it may open
    /// /dev/stdout.
    fn install(self, program: &Program) -> Result<(), Failure> {
        let [input, output, errors] = &self.0;
        for pipe in [input, output, errors] {
            // Fails for /dev/null and for ids that this sandbox does not have.
            let _ = nix::unistd::fchown(pipe, Some(Uid::from_raw(program.uid)), Some(Gid::from_raw(program.gid)));
        }
        nix::unistd::dup2_stdin(input)
            .and_then(|()| nix::unistd::dup2_stdout(output))
            .and_then(|()| nix::unistd::dup2_stderr(errors))
            .trying("set the standard streams")
    }
}
