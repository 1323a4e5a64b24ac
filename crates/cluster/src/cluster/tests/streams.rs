//! Logs, exec, attach and port-forward through kube-rs.

use futures::AsyncReadExt;
use kube::{
    api::{AttachParams, LogParams},
    runtime::wait::{await_condition, conditions::is_pod_running},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt};

use super::*;
use crate::node::runtime::scripted::Script;

/// A Pod that runs, placed by hand.
async fn running(runtime: Scripted) -> Objects<Pod> {
    let pods: Objects<Pod> = Objects::default_namespaced(cluster_on(runtime).await.client());
    let pod = json!({
        "metadata": {"name": "web"},
        "spec": {"nodeName": "kind-control-plane", "containers": [{"name": "c", "image": "busybox"}]},
    });
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    await_condition(pods.clone(), "web", is_pod_running()).await.unwrap();
    pods
}

fn scripted() -> Scripted {
    Scripted::new(Arc::new(SystemClock))
}

async fn all(mut stream: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn logs_are_read_and_followed() {
    let runtime = scripted();
    runtime.containers(|_| Script::runs().says("one\ntwo\n"));
    let pods = running(runtime).await;
    let params = LogParams { follow: true, ..LogParams::default() };
    let mut followed = pods.log_stream("web", &params).await.unwrap();
    let mut bytes = [0; 8];
    followed.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"one\ntwo\n");
    let tail = LogParams { tail_lines: Some(1), ..LogParams::default() };
    assert_eq!(pods.logs("web", &tail).await.unwrap(), "two\n");
    let other = LogParams { container: Some("x".into()), ..LogParams::default() };
    assert_eq!(code(pods.logs("web", &other).await.unwrap_err()), (400, "container x is not valid for pod web".into()));
}

#[tokio::test]
async fn a_command_gives_its_output_and_its_code() {
    let runtime = scripted();
    runtime.execs(|_, spec| Script::exits(4).says(&spec.argv.join(" ")).complains("oh\n"));
    let pods = running(runtime).await;
    let mut process = pods.exec("web", ["echo", "hi"], &AttachParams::default()).await.unwrap();
    let (out, err) = (process.stdout().unwrap(), process.stderr().unwrap());
    let status = process.take_status().unwrap();
    assert_eq!((all(out).await, all(err).await), ("echo hi".into(), "oh\n".into()));
    let status = status.await.unwrap();
    assert_eq!(status.reason.as_deref(), Some("NonZeroExitCode"));
    assert_eq!(status.details.unwrap().causes.unwrap()[0].message.as_deref(), Some("4"));
}

#[tokio::test]
async fn a_command_reads_its_input_to_the_end() {
    let runtime = scripted();
    runtime.execs(|_, _| Script::exits(0).echoes());
    let pods = running(runtime).await;
    let mut process = pods.exec("web", ["cat"], &AttachParams::default().stdin(true)).await.unwrap();
    let mut input = process.stdin().unwrap();
    input.write_all(b"hello\n").await.unwrap();
    input.shutdown().await.unwrap();
    drop(input);
    assert_eq!(all(process.stdout().unwrap()).await, "hello\n");
    assert_eq!(process.take_status().unwrap().await.unwrap().status.as_deref(), Some("Success"));
}

#[tokio::test]
async fn a_command_that_cannot_start_says_why() {
    let runtime = scripted();
    runtime.execs(|_, _| Script::fails_to_start(crate::node::runtime::RuntimeError::Start("no such thing".into())));
    let pods = running(runtime).await;
    let mut process = pods.exec("web", ["nosuch"], &AttachParams::default()).await.unwrap();
    let status = process.take_status().unwrap().await.unwrap();
    assert_eq!(status.reason.as_deref(), Some("InternalError"));
    assert!(status.message.unwrap().ends_with("no such thing"));
}

#[tokio::test]
async fn a_port_answers() {
    let runtime = scripted();
    runtime.ports(|_, address| (address.port() == 80).then(|| b"pong".to_vec()));
    let pods = running(runtime).await;
    let mut forwarder = pods.portforward("web", &[80, 81]).await.unwrap();
    let mut stream = forwarder.take_stream(80).unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"pong");
    let refused = forwarder.take_error(81).unwrap().await.unwrap();
    assert!(refused.starts_with("error forwarding port 81 to pod web"), "{refused}");
}

#[tokio::test]
async fn without_an_upgrade_there_is_no_exec() {
    let cluster = cluster().await;
    let pod = r#"{"metadata":{"name":"web"},"spec":{"nodeName":"elsewhere","containers":[{"name":"c","image":"x"}]}}"#;
    ask(&cluster, "POST", "/api/v1/namespaces/default/pods", &[], pod).await;
    let path = "/api/v1/namespaces/default/pods/web/exec?command=ls&stdout=true";
    let (code, body) = ask(&cluster, "GET", path, &[], "").await;
    assert_eq!((code, &body["message"]), (400, &json!("Upgrade request required")));
}
