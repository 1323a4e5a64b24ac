//! System calls that lead out of a container, each tried for real: `name: reason`.

use std::{io, ptr::null};

/// Tries them and says what came of each.
pub fn try_all() {
    for (name, call) in CALLS {
        println!("{name}: {}", outcome(call()));
    }
}

type Call = fn() -> libc::c_long;

const CALLS: [(&str, Call); 24] = [
    ("unshare user", || call(libc::SYS_unshare, [libc::CLONE_NEWUSER as i64, 0, 0])),
    ("unshare mounts", || call(libc::SYS_unshare, [libc::CLONE_NEWNS as i64, 0, 0])),
    ("clone user", || call(libc::SYS_clone, [(libc::CLONE_NEWUSER | libc::SIGCHLD) as i64, 0, 0])),
    ("clone3", || call(libc::SYS_clone3, [0, 0, 0])),
    ("setns", || call(libc::SYS_setns, [0, 0, 0])),
    ("mount", || call(libc::SYS_mount, [0, 0, 0])),
    ("umount", || call(libc::SYS_umount2, [c"/proc".as_ptr() as i64, libc::MNT_DETACH as i64, 0])),
    ("pivot_root", || call(libc::SYS_pivot_root, [0, 0, 0])),
    ("open_tree", || call(libc::SYS_open_tree, [0, 0, 0])),
    ("move_mount", || call(libc::SYS_move_mount, [0, 0, 0])),
    ("fsopen", || call(libc::SYS_fsopen, [c"tmpfs".as_ptr() as i64, 0, 0])),
    ("mount_setattr", || call(libc::SYS_mount_setattr, [0, 0, 0])),
    ("ptrace a neighbour", || call(libc::SYS_ptrace, [libc::PTRACE_SEIZE as i64, 1, 0])),
    ("read a neighbour", || call(libc::SYS_process_vm_readv, [1, 0, 0])),
    ("bpf", || call(libc::SYS_bpf, [0, 0, 0])),
    ("perf", || call(libc::SYS_perf_event_open, [0, 0, 0])),
    ("userfaultfd", || call(libc::SYS_userfaultfd, [0, 0, 0])),
    ("io_uring", || call(libc::SYS_io_uring_setup, [1, 0, 0])),
    ("keys", || call(libc::SYS_keyctl, [0, 0, 0])),
    ("open by handle", || call(libc::SYS_open_by_handle_at, [0, 0, 0])),
    ("steal a descriptor", || call(libc::SYS_pidfd_getfd, [0, 0, 0])),
    ("crypto socket", || call(libc::SYS_socket, [libc::AF_ALG as i64, libc::SOCK_SEQPACKET as i64, 0])),
    ("host socket", || call(libc::SYS_socket, [libc::AF_VSOCK as i64, libc::SOCK_STREAM as i64, 0])),
    ("type into a terminal", || call(libc::SYS_ioctl, [0, libc::TIOCSTI as i64, null::<u8>() as i64])),
];

fn call(number: libc::c_long, [a, b, c]: [i64; 3]) -> libc::c_long {
    // SAFETY: all addresses are null, which the kernel refuses, or those of texts that end with a zero byte. A call that
    // succeeded would change namespaces of this process, which ends soon.
    unsafe { libc::syscall(number, a, b, c, 0, 0) }
}

fn outcome(result: libc::c_long) -> String {
    if result < 0 { io::Error::last_os_error().to_string() } else { "allowed".to_owned() }
}
