//! What is left when a sandbox, or the server, ends: nothing.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::{
        fd::{AsFd, FromRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, Stdio},
};

use nix::{
    poll::{PollFd, PollFlags, poll},
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use podyard_cluster::node::runtime::{Runtime, RuntimeError};

use crate::fixture::{Sandbox, image, images};

/// A process's children, their children, and so on.
pub fn descendants(of: i32) -> Vec<i32> {
    let mut found: Vec<i32> = Vec::new();
    for thread in fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            found.push(child);
            found.extend(descendants(child));
        }
    }
    found
}

/// Something that can be waited for until a process has ended.
fn watch(pid: i32) -> Option<OwnedFd> {
    // SAFETY: takes two numbers, and gives a descriptor that is nobody else's.
    unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        (fd >= 0).then(|| OwnedFd::from_raw_fd(fd as i32))
    }
}

fn ends_within_ten_seconds(watched: &OwnedFd) -> bool {
    poll(&mut [PollFd::new(watched.as_fd(), PollFlags::POLLIN)], 10_000u16).is_ok_and(|ready| ready == 1)
}

/// A server in a process group of its own. When this is dropped, all of the group are interrupted, as by Ctrl-C, and
/// killed.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        for signal in [Signal::SIGINT, Signal::SIGKILL] {
            killpg(Pid::from_raw(self.0.id() as i32), signal).unwrap();
        }
        self.0.wait().unwrap();
    }
}

#[test]
fn killing_the_server_leaves_no_process_no_mount_no_group_and_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let mut server = Server(
        Command::new(env!("CARGO_BIN_EXE_test-node-agent"))
            .arg("server")
            .args([images().directory(), &state, &image("busybox").layers[0]])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let all = descendants(server.0.id() as i32);
    assert!(all.len() >= 6, "janitor, agent, pause, shell and two sleeps: {all:?}");
    let watched: Vec<OwnedFd> = all.iter().filter_map(|&pid| watch(pid)).collect();
    let name = format!("podyard-{}-", server.0.id());
    drop(server);
    for process in &watched {
        assert!(ends_within_ten_seconds(process), "a process survived: {:?}", descendants(1));
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(state.to_str().unwrap()), "{mounts}");
    assert_eq!(groups_named(&name), Vec::<String>::new());
    assert!(!state.exists());
}

#[tokio::test]
async fn dropping_the_runtime_ends_everything() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    let (_, process) = sandbox.sleeper(&pod, "c").await;
    let state = sandbox.state();
    let Sandbox { runtime, directory } = sandbox;
    drop(runtime);
    assert!(process.exit.await.is_err(), "an end without a code means that the runtime has gone");
    // The janitor removes its directory last.
    while state.exists() {
        tokio::task::yield_now().await;
    }
    drop(directory);
}

#[tokio::test]
async fn after_shutdown_nothing_can_be_started() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    sandbox.runtime.shutdown().await;
    let error = sandbox.runtime.start_container(sandbox.spec(&pod, "c", &["true"])).await.unwrap_err();
    assert!(matches!(error, RuntimeError::NotFound(_)), "{error:?}");
    assert_eq!(sandbox.runtime.remove_sandbox(pod).await, Ok(()), "what is gone may be removed");
}

#[tokio::test]
async fn removing_a_sandbox_ends_its_containers() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    let (container, process) = sandbox.sleeper(&pod, "c").await;
    sandbox.runtime.remove_sandbox(pod).await.unwrap();
    assert_eq!(process.exit.await.unwrap().signal, libc::SIGKILL);
    sandbox.runtime.remove_container(container).await.unwrap();
    let left: Vec<_> = fs::read_dir(sandbox.state().join("containers")).into_iter().flatten().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    sandbox.runtime.shutdown().await;
}

/// Control groups with names that begin like this, in all hierarchies.
fn groups_named(begin: &str) -> Vec<String> {
    fn look(directory: &std::path::Path, begin: &str, depth: u8, found: &mut Vec<String>) {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(begin)) {
                found.push(entry.path().display().to_string());
            }
            if depth > 0 && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                look(&entry.path(), begin, depth - 1, found);
            }
        }
    }
    let mut found = Vec::new();
    look("/sys/fs/cgroup".as_ref(), begin, 5, &mut found);
    found
}
