//! What a container's program sees, and how it starts and ends.

use podyard_cluster::node::runtime::{ExecSpec, Limits, Runtime, RuntimeError};

use crate::fixture::{Sandbox, ended, outcome, read_until, write};

#[tokio::test]
async fn a_container_prints_and_ends_with_its_code() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("hello", 5).await;
    let outcome = sandbox.sh(&pod, "c", "echo out; echo err >&2; exit 3").await;
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str(), outcome.code), ("out\n", "err\n", 3));
    sandbox.runtime.shutdown().await;
    assert!(!sandbox.state().exists(), "its files are gone");
}

#[tokio::test]
async fn a_container_is_process_1_with_the_pods_name_and_address() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("named", 7).await;
    let script = "echo $$; hostname; whoami; pwd; echo $HOME $HOSTNAME; ip -4 -o addr show eth0 | awk '{print $4}'; \
                  cat /etc/hostname; tail -1 /etc/hosts; echo x > /dev/stdout";
    let outcome = sandbox.sh(&pod, "c", script).await;
    let expected = "1\nnamed\nroot\n/\n/root named\n10.244.0.7/24\nnamed\n10.244.0.7\tnamed\nx\n";
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""));
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_said_in_runcs_words() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("wrong", 5).await;
    let prefix = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
                  failed: unable to start container process: ";
    for (name, program, why) in [
        ("a", "ecko", r#"exec: "ecko": executable file not found in $PATH"#),
        ("b", "/bin/nothere", r#"exec: "/bin/nothere": stat /bin/nothere: no such file or directory"#),
        ("c", "/etc/passwd", r#"exec: "/etc/passwd": permission denied"#),
        ("d", "/etc", r#"exec: "/etc": is a directory"#),
    ] {
        let error = sandbox.runtime.start_container(sandbox.spec(&pod, name, &[program])).await.unwrap_err();
        assert_eq!(error, RuntimeError::Start(format!("{prefix}{why}")));
    }
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_script_without_its_interpreter_starts_and_says_why_it_ends() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("script", 5).await;
    let (container, _process) = sandbox.sleeper(&pod, "c").await;
    sandbox.exec(&container, "echo '#!/bin/nope' > /s; chmod +x /s").await;
    let outcome = outcome(sandbox.try_exec(&container, &["/s"]).await.unwrap()).await;
    assert_eq!((outcome.stderr.as_str(), outcome.code), ("exec /s: no such file or directory\n", 255));
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn an_exec_runs_in_the_container_and_its_errors_name_it() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("exec", 5).await;
    let (container, _process) = sandbox.sleeper(&pod, "c").await;
    let listed = sandbox.exec(&container, "ps -o pid,args | head -2; hostname; exit 4").await;
    assert_eq!((listed.stdout.as_str(), listed.code), ("PID   COMMAND\n    1 sleep 100000\nexec\n", 4));
    let error = sandbox.try_exec(&container, &["nosuch"]).await.unwrap_err().to_string();
    assert!(error.starts_with("failed to exec in container: failed to start exec \""), "{error}");
    let end = "OCI runtime exec failed: exec failed: unable to start container process: exec: \"nosuch\": executable file \
               not found in $PATH";
    assert!(error.ends_with(end), "{error}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_terminal_is_one_inside_too_and_takes_a_size() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("tty", 5).await;
    let (container, _process) = sandbox.sleeper(&pod, "c").await;
    let argv = ["sh", "-c", "tty; read line; stty size; echo got $line"].map(str::to_owned).to_vec();
    let spec = ExecSpec { argv, tty: true, stdin: true };
    let mut process = sandbox.runtime.exec(container, spec).await.unwrap();
    assert_eq!(read_until(&mut process.streams.stdout, "\n").await, "/dev/pts/0\r\n");
    process.streams.resize.as_ref().unwrap()(100, 30);
    write(process.streams.stdin.as_mut().unwrap(), "hello\r").await;
    let rest = read_until(&mut process.streams.stdout, "got hello").await;
    assert!(rest.contains("30 100"), "{rest:?}");
    assert_eq!(ended(process).await.code, 0);
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn standard_input_reaches_the_program_and_ends() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("stdin", 5).await;
    let mut spec = sandbox.spec(&pod, "c", &["cat"]);
    spec.stdin = true;
    let mut process = sandbox.runtime.start_container(spec).await.unwrap();
    let mut stdin = process.streams.stdin.take().unwrap();
    write(&mut stdin, "through").await;
    drop(stdin);
    assert_eq!(outcome(process).await.stdout, "through");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn process_1_ignores_term_and_not_kill() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("signals", 5).await;
    let (container, process) = sandbox.sleeper(&pod, "deaf").await;
    let polite =
        sandbox.spec(&pod, "polite", &["sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"]);
    let polite_id = polite.id.clone();
    let mut polite = sandbox.runtime.start_container(polite).await.unwrap();
    read_until(&mut polite.streams.stdout, "ready").await;
    for id in [&container, &polite_id] {
        sandbox.runtime.signal(id.clone(), libc::SIGTERM).await.unwrap();
    }
    assert_eq!(ended(polite).await.code, 5);
    assert_eq!(sandbox.exec(&container, "echo still here").await.stdout, "still here\n");
    sandbox.runtime.signal(container, libc::SIGKILL).await.unwrap();
    let exit = ended(process).await;
    assert_eq!((exit.code, exit.signal, exit.oom_killed), (137, libc::SIGKILL, false));
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_container_that_takes_too_much_memory_is_ended_for_it() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("hungry", 5).await;
    let mut spec = sandbox.spec(&pod, "c", &["sh", "-c", "echo eating; exec tail /dev/zero"]);
    spec.limits = Limits { memory: Some(32 << 20), ..Limits::default() };
    let exit = ended(sandbox.runtime.start_container(spec).await.unwrap()).await;
    assert_eq!((exit.code, exit.oom_killed), (137, true));
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_child_that_takes_too_much_memory_takes_its_container_with_it() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("hungry", 5).await;
    let script = "tail /dev/zero; tail /dev/zero; echo went on; exec sleep 100000";
    let mut spec = sandbox.spec(&pod, "c", &["sh", "-c", script]);
    spec.limits = Limits { memory: Some(32 << 20), ..Limits::default() };
    let (calm, calm_process) = sandbox.sleeper(&pod, "calm").await;
    let exit = ended(sandbox.runtime.start_container(spec).await.unwrap()).await;
    assert_eq!((exit.code, exit.signal, exit.oom_killed), (137, libc::SIGKILL, true));
    assert_eq!(sandbox.exec(&calm, "echo fine").await.stdout, "fine\n", "its neighbour in the Pod");
    drop(calm_process);
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_running_container_gets_another_memory_limit() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("growing", 5).await;
    let mut spec = sandbox.spec(&pod, "c", &["sh", "-c", "read go; echo eating; exec tail /dev/zero"]);
    spec.stdin = true;
    spec.limits = Limits { memory: Some(32 << 20), ..Limits::default() };
    let id = spec.id.clone();
    let mut process = sandbox.runtime.start_container(spec).await.unwrap();
    for mebibytes in [64, 16] {
        let limits = Limits { memory: Some(mebibytes << 20), cpu_milli: Some(500), ..Limits::default() };
        sandbox.runtime.update(id.clone(), limits).await.unwrap();
    }
    write(process.streams.stdin.as_mut().unwrap(), "go\n").await;
    let exit = ended(process).await;
    assert_eq!((exit.code, exit.oom_killed), (137, true));
    sandbox.runtime.shutdown().await;
}
