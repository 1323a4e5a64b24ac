//! What a process that is being set up tells the agent.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use serde::{Deserialize, Serialize};

use super::failure::Trying;
use crate::node::runtime::linux::wire::{self, Failure};

/// One note. The end of the notes without [`Note::Failed`] means that the program runs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Note {
    /// The process id, as the agent sees it.
    Started(i32),
    /// The inode of the container's mount namespace, which tells its processes from others.
    Namespace(u64),
    /// Comes with the terminal's controlling end.
    Terminal,
    /// It could not be done.
    Failed(Failure),
}

/// Both ends of the way that notes go: the agent's, and the new process's, which closes when a program is executed.
pub(super) fn pair() -> Result<(OwnedFd, OwnedFd), Failure> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).trying("make a socket pair")
}

/// Tells the agent.
pub(super) fn tell(agent: &OwnedFd, note: &Note, fds: &[BorrowedFd<'_>]) -> Result<(), Failure> {
    wire::send(agent.as_fd(), note, fds).trying("tell the agent")
}

/// Lets a new process go on.
pub(super) fn go(process: &OwnedFd) -> Result<(), Failure> {
    nix::unistd::write(process, b"g").map(drop).trying("let a process go on")
}

/// Waits until the agent lets this process go on.
pub(super) fn wait_to_go(agent: &OwnedFd) -> Result<(), Failure> {
    match nix::unistd::read(agent, &mut [0]) {
        Ok(1) => Ok(()),
        Ok(_) => Err(Failure::Init("the agent has gone".to_owned())),
        Err(error) => Err(error).trying("wait for the agent"),
    }
}

/// The next note; `None` at their end.
pub(super) fn next(process: &OwnedFd) -> io::Result<Option<(Note, Vec<OwnedFd>)>> {
    wire::receive(process.as_fd())
}

/// Does `setup` in a new process and tells the agent if it fails: the process's exit code.
pub(super) fn told(agent: &OwnedFd, setup: impl FnOnce() -> Result<(), Failure>) -> i32 {
    match setup() {
        Ok(()) => 0,
        Err(failure) => {
            // When the agent has gone, so will this process.
            let _ = tell(agent, &Note::Failed(failure), &[]);
            1
        }
    }
}
