use std::{sync::Arc, time::Duration};

use super::*;
use crate::{clock::SystemClock, node::runtime::Streams};

fn runtime() -> Scripted {
    Scripted::new(Arc::new(SystemClock))
}

fn sandbox() -> SandboxSpec {
    SandboxSpec::plain(SandboxId("a".repeat(64)), "pod", [10, 244, 0, 5])
}

fn local(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port)
}

fn container(name: &str) -> ContainerSpec {
    ContainerSpec {
        id: ContainerId(name.to_owned()),
        sandbox: sandbox().id,
        layers: Vec::new(),
        argv: vec![name.to_owned()],
        env: Vec::new(),
        working_dir: String::new(),
        tty: false,
        stdin: false,
        mounts: Vec::new(),
        processes_of: None,
        security: Default::default(),
        limits: Default::default(),
    }
}

async fn text(mut streams: Streams) -> (String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    streams.stdout.read_to_string(&mut out).await.unwrap();
    if let Some(stderr) = &mut streams.stderr {
        stderr.read_to_string(&mut err).await.unwrap();
    }
    (out, err)
}

#[tokio::test]
async fn a_container_prints_and_ends_as_its_script_says() {
    let runtime = runtime();
    runtime.create_sandbox(sandbox()).await.unwrap();
    runtime.containers(|spec| Script::exits(3).says(&spec.argv[0]).complains("oh"));
    let process = runtime.start_container(container("hello")).await.unwrap();
    assert_eq!(text(process.streams).await, ("hello".to_owned(), "oh".to_owned()));
    let exit = process.exit.await.unwrap();
    assert_eq!((exit.code, exit.signal, exit.oom_killed), (3, 0, false));
    assert_eq!(runtime.running(), []);
}

#[tokio::test(start_paused = true)]
async fn time_is_the_tests_own() {
    let runtime = runtime();
    runtime.create_sandbox(sandbox()).await.unwrap();
    runtime.containers(|_| Script::exits(0).waits(Duration::from_secs(3600)));
    let begin = tokio::time::Instant::now();
    runtime.start_container(container("long")).await.unwrap().exit.await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 3600);
}

#[tokio::test]
async fn term_is_ignored_by_those_who_ignore_it_and_kill_is_not() {
    let runtime = runtime();
    runtime.create_sandbox(sandbox()).await.unwrap();
    runtime.containers(|spec| if spec.argv[0] == "deaf" { Script::runs().ignores_term() } else { Script::runs() });
    let deaf = runtime.start_container(container("deaf")).await.unwrap();
    let polite = runtime.start_container(container("polite")).await.unwrap();
    for name in ["deaf", "polite"] {
        runtime.signal(ContainerId(name.to_owned()), libc::SIGTERM).await.unwrap();
    }
    assert_eq!(polite.exit.await.unwrap().code, 143);
    assert_eq!(runtime.running().len(), 1);
    runtime.signal(ContainerId("deaf".to_owned()), libc::SIGKILL).await.unwrap();
    assert_eq!(deaf.exit.await.unwrap().signal, libc::SIGKILL);
}

#[tokio::test]
async fn a_test_ends_and_feeds_a_running_container() {
    let runtime = runtime();
    runtime.create_sandbox(sandbox()).await.unwrap();
    let process = runtime.start_container(container("app")).await.unwrap();
    runtime.print(&ContainerId("app".to_owned()), "now");
    runtime.finish(&ContainerId("app".to_owned()), 7);
    assert_eq!(text(process.streams).await.0, "now");
    assert_eq!(process.exit.await.unwrap().code, 7);
}

#[tokio::test]
async fn an_exec_needs_a_running_container() {
    let runtime = runtime();
    let spec = ExecSpec { argv: vec!["ls".to_owned()], tty: false, stdin: false };
    let error = runtime.exec(ContainerId("gone".to_owned()), spec).await.unwrap_err();
    assert_eq!(error.to_string(), "container gone not found");
}

#[tokio::test]
async fn a_port_answers_when_its_script_does() {
    let runtime = runtime();
    runtime.ports(|_, to| (to.port() == 80).then(|| b"pong".to_vec()));
    assert!(runtime.connect(sandbox().id, local(81)).await.is_err());
    let mut connection = runtime.connect(sandbox().id, local(80)).await.unwrap();
    connection.write_all(b"ping").await.unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).await.unwrap();
    assert_eq!(reply, "pong");
}
