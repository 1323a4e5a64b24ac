//! What one sandbox can use up: its own share.

use podyard_cluster::node::runtime::{Limits, Runtime};

use crate::fixture::{Sandbox, ended, outcome, read_until};

#[tokio::test]
async fn a_fork_bomb_stops_at_its_own_limit() {
    let (sandbox, neighbour) = (Sandbox::new(), Sandbox::new());
    let pod = sandbox.pod("bomb", 5).await;
    let (calm, _process) = sandbox.sleeper(&pod, "calm").await;
    let other = neighbour.pod("calm", 5).await;
    let mut spec = sandbox.spec(&pod, "bomb", &["sh", "-c", "sh -c 'f() { f | f & }; f' & exec sleep 100000"]);
    spec.limits = Limits { pids: Some(40), ..Limits::default() };
    let id = spec.id.clone();
    let mut process = sandbox.runtime.start_container(spec).await.unwrap();
    let mut errors = process.streams.stderr.take().unwrap();
    read_until(&mut errors, "can't fork").await;
    assert_eq!(sandbox.exec(&calm, "echo fine").await.stdout, "fine\n", "its neighbour in the sandbox");
    assert_eq!(neighbour.sh(&other, "c", "echo fine").await.stdout, "fine\n", "another sandbox");
    tokio::spawn(async move { tokio::io::copy(&mut errors, &mut tokio::io::sink()).await });
    sandbox.runtime.signal(id, libc::SIGKILL).await.unwrap();
    assert_eq!(ended(process).await.signal, libc::SIGKILL);
    sandbox.runtime.shutdown().await;
    neighbour.runtime.shutdown().await;
}

#[tokio::test]
async fn a_container_can_open_many_files_but_not_the_machines() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("files", 5).await;
    let limit: u64 = sandbox.sh(&pod, "c", "ulimit -n").await.stdout.trim().parse().unwrap();
    assert!((1024..=65_536).contains(&limit), "{limit}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn what_a_container_uses_is_known() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("use", 5).await;
    let script = "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; echo done; sleep 1000";
    let spec = sandbox.spec(&pod, "c", &["sh", "-c", script]);
    let id = spec.id.clone();
    let mut process = sandbox.runtime.start_container(spec).await.unwrap();
    read_until(&mut process.streams.stdout, "done").await;
    let usage = sandbox.runtime.usage(id).await.unwrap();
    assert!(usage.memory > 0 && usage.cpu_nanos > 1_000_000, "{usage:?}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_file_can_not_outgrow_the_sandbox() {
    let sandbox = Sandbox::with_disk(8 << 20);
    let pod = sandbox.pod("disk", 5).await;
    let spec = sandbox.spec(&pod, "c", &["dd", "if=/dev/zero", "of=/big", "bs=1M", "count=20"]);
    let one = outcome(sandbox.runtime.start_container(spec).await.unwrap()).await;
    assert!(one.stderr.starts_with("dd: error writing '/big': File too large"), "{one:?}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn many_files_that_fill_the_disk_end_their_container() {
    let sandbox = Sandbox::with_disk(8 << 20);
    let pod = sandbox.pod("disk", 5).await;
    let (_, calm) = sandbox.sleeper(&pod, "calm").await;
    let script = "i=0; while :; do i=$((i+1)); dd if=/dev/zero of=/f$i bs=1M count=4 2>/dev/null; done";
    let spec = sandbox.spec(&pod, "hog", &["sh", "-c", script]);
    let exit = ended(sandbox.runtime.start_container(spec).await.unwrap()).await;
    assert_eq!((exit.signal, exit.oom_killed), (libc::SIGKILL, false));
    let mut calm = calm;
    assert!(calm.exit.try_recv().is_err(), "its neighbour goes on");
    sandbox.runtime.shutdown().await;
}
