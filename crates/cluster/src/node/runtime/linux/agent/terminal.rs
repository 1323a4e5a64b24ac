//! A program's terminal: made in the container's own /dev/pts, so that `tty` in it knows its name.

use std::{
    fs::{self, OpenOptions},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
};

use nix::unistd::Uid;

use super::{
    failure::Trying,
    note::{self, Note},
    sys,
};
use crate::node::runtime::linux::wire::Failure;

/// `TTYAUX_MAJOR`, 2: the device number of /dev/ptmx (Documentation/admin-guide/devices.txt).
const PTMX: (u64, u64) = (5, 2);

/// Makes a terminal, gives its controlling end to the agent, and makes it this process's own.
pub(super) fn open(agent: &OwnedFd, uid: u32) -> Result<(), Failure> {
    let controlling = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOCTTY)
        .open("/dev/pts/ptmx")
        .trying("open /dev/pts/ptmx")?;
    let device = controlling.metadata().trying("look at /dev/pts/ptmx")?.rdev();
    if (u64::from(libc::major(device)), u64::from(libc::minor(device))) != PTMX {
        // A container may have put something else there; the server must not talk to that.
        return Err(Failure::Init("/dev/pts/ptmx is no terminal".to_owned()));
    }
    let terminal = sys::terminal_of(controlling.as_fd()).trying("open the terminal")?;
    let _ = nix::unistd::fchown(&terminal, Some(Uid::from_raw(uid)), None);
    note::tell(agent, &Note::Terminal, &[controlling.as_fd()])?;
    nix::unistd::dup2_stdin(&terminal)
        .and_then(|()| nix::unistd::dup2_stdout(&terminal))
        .and_then(|()| nix::unistd::dup2_stderr(&terminal))
        .trying("set the standard streams")?;
    sys::take_terminal(terminal.as_fd()).trying("take the terminal")?;
    show_as_console(terminal.as_raw_fd());
    Ok(())
}

/// Lets /dev/console be this terminal, where nothing else is; only a container's first terminal can be it.
fn show_as_console(terminal: i32) {
    if let Ok(name) = fs::read_link(format!("/proc/self/fd/{terminal}")) {
        let _ = std::os::unix::fs::symlink(name, "/dev/console");
    }
}
