//! System calls that nix does not have, each as a safe function.

use std::{
    ffi::CStr,
    io,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    panic::{AssertUnwindSafe, catch_unwind},
};

use nix::{errno::Errno, unistd::Pid};

/// What a child of [`fork`] came to; it becomes its exit code.
pub(super) type ExitCode = i32;

/// The exit code of a child that panicked (Rust's own).
const PANICKED: ExitCode = 101;

/// Forks, with `clone(2)` flags. The child does `child` and ends with its result; it never returns from here.
///
/// Only for the agent, which has one thread: in a program with several, the child could wait for ever for a lock.
pub(super) fn fork(flags: libc::c_int, child: impl FnOnce() -> ExitCode) -> io::Result<Pid> {
    let flags = flags as libc::c_ulong | libc::SIGCHLD as libc::c_ulong;
    // SAFETY: without a new stack and without CLONE_VM this is fork(2); the process has one thread, so the child's
    // copy of memory is consistent.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0usize, 0usize, 0usize, 0usize) };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let code = catch_unwind(AssertUnwindSafe(child)).unwrap_or(PANICKED);
            // SAFETY: ends the process at once; no destructor or exit handler of the parent's may run in the child.
            unsafe { libc::_exit(code) }
        }
        pid => Ok(Pid::from_raw(pid as i32)),
    }
}

/// A descriptor that stands for a process (Linux 5.3).
pub(super) fn pidfd_open(pid: Pid) -> io::Result<OwnedFd> {
    // SAFETY: takes two numbers.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) })
}

/// Joins several namespaces of a process at once (Linux 5.8).
pub(super) fn join_namespaces(process: BorrowedFd<'_>, kinds: libc::c_int) -> io::Result<()> {
    // SAFETY: takes a descriptor we hold and a number.
    done(unsafe { libc::setns(process.as_raw_fd(), kinds) })
}

/// A copy of a mount, attached nowhere (Linux 5.2).
pub(super) fn open_tree(path: &CStr, recursive: bool) -> io::Result<OwnedFd> {
    let mut flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    if recursive {
        flags |= libc::AT_RECURSIVE as libc::c_uint;
    }
    // SAFETY: the path ends with a zero byte and outlives the call.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) })
}

/// The same of something that is open.
pub(super) fn open_tree_of(file: BorrowedFd<'_>, recursive: bool) -> io::Result<OwnedFd> {
    let mut flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_EMPTY_PATH as libc::c_uint;
    if recursive {
        flags |= libc::AT_RECURSIVE as libc::c_uint;
    }
    // SAFETY: the path is empty and ends with a zero byte.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, file.as_raw_fd(), c"".as_ptr(), flags) })
}

/// Attaches a mount from [`open_tree`] at a path.
pub(super) fn move_mount(mount: BorrowedFd<'_>, target: &CStr) -> io::Result<()> {
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_SYMLINKS;
    // SAFETY: both paths end with a zero byte and outlive the call.
    done(unsafe {
        libc::syscall(libc::SYS_move_mount, mount.as_raw_fd(), c"".as_ptr(), libc::AT_FDCWD, target.as_ptr(), flags)
    } as libc::c_int)
}

/// Sets attributes of a mount (Linux 5.12): `MOUNT_ATTR_…`, and the user namespace its owners are seen through.
pub(super) fn set_mount(
    mount: BorrowedFd<'_>,
    attributes: u64,
    owners: Option<BorrowedFd<'_>>,
    recursive: bool,
) -> io::Result<()> {
    let attr = libc::mount_attr {
        attr_set: attributes | if owners.is_some() { libc::MOUNT_ATTR_IDMAP } else { 0 },
        attr_clr: 0,
        propagation: 0,
        userns_fd: owners.map_or(0, |fd| fd.as_raw_fd() as u64),
    };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path ends with a zero byte, `attr` is as long as we say, and both outlive the call.
    done(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attr,
            size_of::<libc::mount_attr>(),
        )
    } as libc::c_int)
}

/// Marks all descriptors from `first` on to be closed when a program is executed (Linux 5.11).
pub(super) fn close_on_exec_from(first: RawFd) -> io::Result<()> {
    // SAFETY: changes flags of descriptors only.
    done(unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) }
        as libc::c_int)
}

/// Closes all descriptors from `first` on; only for a process that uses none of them any more.
pub(super) fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: the caller never touches the closed descriptors again and ends without destructors.
    done(unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } as libc::c_int)
}

/// `prctl(2)` with one number.
pub(super) fn prctl(option: libc::c_int, value: libc::c_ulong) -> io::Result<()> {
    let zero: libc::c_ulong = 0;
    // SAFETY: the options used here take numbers, not addresses.
    done(unsafe { libc::prctl(option, value, zero, zero, zero) })
}

/// Sets the effective and permitted capabilities of this process, one bit per number, and empties the inheritable ones.
pub(super) fn set_capabilities(mask: u64) -> io::Result<()> {
    /// `_LINUX_CAPABILITY_VERSION_3` of linux/capability.h.
    const VERSION: u32 = 0x2008_0522;
    let header = [VERSION, 0];
    let (low, high) = (mask as u32, (mask >> 32) as u32);
    let sets = [low, low, 0, high, high, 0];
    // SAFETY: version 3 means a header of two words and two times three words of sets; both outlive the call.
    done(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) } as libc::c_int)
}

/// Names this process in `ps` (15 bytes count).
pub(super) fn set_name(name: &CStr) {
    // SAFETY: the name ends with a zero byte. It can't fail.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Replaces what `ps` shows as this process's command line; as much of it as fits in place of the old one.
pub(super) fn set_command_line(text: &[u8]) -> io::Result<()> {
    let (start, end) = argument_area()?;
    let length = text.len().min((end - start).saturating_sub(1));
    // SAFETY: the kernel put the program's arguments there, on this process's stack, writable; nothing of ours refers
    // to them (std copies them on use), and no other thread exists.
    let area = unsafe { std::slice::from_raw_parts_mut(start as *mut u8, end - start) };
    area.fill(0);
    area[..length].copy_from_slice(&text[..length]);
    Ok(())
}

/// Where the arguments lie: fields 48 and 49 of /proc/self/stat (proc(5)).
fn argument_area() -> io::Result<(usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    // The text after the name begins with field 3.
    let mut fields = fields.split_whitespace().skip(45).map(str::parse::<usize>);
    match (fields.next(), fields.next()) {
        (Some(Ok(start)), Some(Ok(end))) if 0 < start && start < end => Ok((start, end)),
        _ => Err(io::Error::other("no argument area in /proc/self/stat")),
    }
}

/// The other end of a terminal, unlocked (Linux 4.13).
pub(super) fn terminal_of(controlling: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let unlocked: libc::c_int = 0;
    // SAFETY: TIOCSPTLCK reads one number, which outlives the call.
    done(unsafe { libc::ioctl(controlling.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked) })?;
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: TIOCGPTPEER takes a number and makes a descriptor.
    owned(unsafe { libc::ioctl(controlling.as_raw_fd(), libc::TIOCGPTPEER, flags) }.into())
}

/// Makes a terminal the one that this session's signals come from.
pub(super) fn take_terminal(terminal: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: TIOCSCTTY takes a number.
    done(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) })
}

/// Ignores signals; processes started later do too, until they say otherwise.
pub(super) fn ignore(signals: &[libc::c_int]) {
    for &signal in signals {
        // SAFETY: no handler is installed, only the ignoring of a signal.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Every signal does what it does by default, and none is blocked.
pub(super) fn default_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: no handler of ours is installed; KILL and STOP refuse, which changes nothing.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // Can't fail: the set is valid and the process has one thread.
    let _ = nix::sys::signal::SigSet::empty().thread_set_mask();
}

/// Lowers both limits of a resource to a value; one that is lower already stays.
pub(super) fn lower_rlimit(resource: u32, value: u64) -> io::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure outlives the call.
    done(unsafe { libc::getrlimit(resource as _, &raw mut limit) })?;
    let value = value.min(limit.rlim_max);
    let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: the structure outlives the call.
    done(unsafe { libc::setrlimit(resource as _, &raw const limit) })
}

fn owned(result: libc::c_long) -> io::Result<OwnedFd> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(result as RawFd) })
}

fn done(result: libc::c_int) -> io::Result<()> {
    Errno::result(result).map(drop).map_err(io::Error::from)
}
