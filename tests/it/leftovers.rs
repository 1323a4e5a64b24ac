//! However the program ends, no process, mount or control group of its containers outlives it.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::program::{PATIENCE, TestCluster, real_kubectl};

/// A cluster with one Pod that sleeps for `seconds`, a number nobody else uses.
fn cluster_with_a_sleeper(seconds: &str) -> TestCluster {
    let cluster = TestCluster::start();
    let mut run = cluster.command(&real_kubectl());
    run.args(["run", "sleeper", "--image=busybox", "--restart=Never", "--", "sleep", seconds]);
    assert!(run.status().unwrap().success());
    let mut wait = cluster.command(&real_kubectl());
    wait.args(["wait", "--for=condition=Ready", "pod/sleeper", "--timeout=30s"]);
    assert!(wait.status().unwrap().success());
    assert_eq!(sleepers(seconds), 1, "the container is a process of this machine");
    cluster
}

/// How many processes on this machine sleep for so long.
fn sleepers(seconds: &str) -> usize {
    let wanted = format!("sleep\0{seconds}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|entry| fs::read(entry.path().join("cmdline")).is_ok_and(|line| line == wanted.as_bytes())).count()
}

/// Control groups and mounts that name this cluster's process.
fn leftovers(pid: i32) -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mine = format!("podyard-{pid}");
    let mut found: Vec<String> = mounts.lines().filter(|line| line.contains(&mine)).map(str::to_owned).collect();
    for hierarchy in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
        let groups = fs::read_dir(hierarchy.path()).into_iter().flatten().flatten();
        found.extend(groups.map(|group| group.path().display().to_string()).filter(|path| path.contains(&mine)));
    }
    found
}

#[test]
fn ctrl_c_ends_the_containers_and_then_the_program() {
    let seconds = "86001";
    let mut cluster = cluster_with_a_sleeper(seconds);
    let pid = cluster.program.pid();
    kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
    let status = cluster.program.wait();
    assert!(status.success(), "{status}");
    assert_eq!(sleepers(seconds), 0);
    assert_eq!(leftovers(pid), Vec::<String>::new());
}

#[test]
fn kill_9_leaves_no_process_behind() {
    let seconds = "86002";
    let mut cluster = cluster_with_a_sleeper(seconds);
    let pid = cluster.program.pid();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    cluster.program.wait();
    let patience = Instant::now() + PATIENCE;
    while sleepers(seconds) > 0 {
        assert!(Instant::now() < patience, "the container outlived the program that made it");
        thread::sleep(Duration::from_millis(10));
    }
}
