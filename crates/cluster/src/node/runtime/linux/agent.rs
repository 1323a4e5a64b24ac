//! The node agent: one process per sandbox, of the server's own program, that makes Pods and containers.
//!
//! It has one thread, so it may fork without executing anything: a container is the agent's child from its first
//! instruction on. It is process 1 of its own PID namespace: when it ends, for whatever reason, the kernel ends every
//! container with it, and it ends when the server's end of the socket closes.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `janitor` | the agent's parent: maps ids, cleans up afterwards |
//! | `jail` | the agent's own root |
//! | `serve` | the loop: orders, children's notes, ends |
//! | `pod` | a Pod's namespaces and the process that holds them |
//! | `network`, `firewall` | what joins the Pods: interfaces and routes, Services and policies |
//! | `launch` | from an order to a running program |
//! | `rootfs` | a container's file system |
//! | `program` | from a set-up process to the learner's program |

mod capabilities;
mod failure;
mod firewall;
mod jail;
mod janitor;
mod launch;
mod lookup;
mod members;
mod netlink;
mod network;
mod nftables;
mod note;
mod pod;
mod program;
mod rootfs;
mod seccomp;
mod serve;
mod sys;
mod terminal;

use std::{io, os::fd::AsFd};

use super::wire::{self, Report};

/// Runs the agent on standard input, which must be the socket that [`Linux`](super::Linux) made; never returns.
///
/// A program that starts the runtime calls this first thing in `main` when it is given
/// [`AGENT_ARGUMENT`](super::AGENT_ARGUMENT), before it has started any thread.
pub fn main() -> ! {
    // What a terminal or a supervisor sends to the server's process group is not for the janitor: it ends when the agent
    // has, and cleans up.
    let _ = nix::unistd::setsid();
    sys::ignore(&[libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT]);
    let stdin = io::stdin();
    let code = match janitor::run(stdin.as_fd()) {
        Ok(()) => 0,
        Err(failure) => {
            // When the server has gone too, nobody is left to tell.
            let _ = wire::send(stdin.as_fd(), &Report::Broken(failure.to_string()), &[]);
            1
        }
    };
    std::process::exit(code)
}
