//! Exec and port-forward as kubectl before 1.29 asks for them, spoken by a client as small as can be.

use std::collections::BTreeMap;

use axum::body::Body;
use bytes::{BufMut, BytesMut};
use flate2::{Compress, Compression, FlushCompress};
use hyper_util::rt::TokioIo;
use kube::runtime::wait::{await_condition, conditions::is_pod_running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use super::*;
use crate::{node::runtime::scripted::Script, transport::InProcess};

const FIN: u32 = 1 << 24;

/// The client's end of a connection.
struct Client {
    connection: TokioIo<hyper::upgrade::Upgraded>,
    headers: Compress,
}

impl Client {
    async fn connect(cluster: &Cluster, path: &str, protocol: &str) -> Result<Self, u16> {
        let request = Request::post(format!("http://cluster/api/v1/namespaces/default/pods/web/{path}"))
            .header("connection", "Upgrade")
            .header("upgrade", "SPDY/3.1")
            .header("x-stream-protocol-version", protocol)
            .body(Body::empty())
            .unwrap();
        let request = request.map(|_| kube::client::Body::empty());
        let mut response = InProcess::new(cluster.router()).oneshot(request).await.unwrap();
        if response.status() != 101 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["x-stream-protocol-version"], protocol.split(", ").last().unwrap());
        let connection = TokioIo::new(hyper::upgrade::on(&mut response).await.unwrap());
        Ok(Self { connection, headers: Compress::new(Compression::best(), true) })
    }

    async fn open(&mut self, id: u32, headers: &[(&str, &str)]) {
        let mut plain = u32::try_from(headers.len()).unwrap().to_be_bytes().to_vec();
        for part in headers.iter().flat_map(|(name, value)| [name, value]) {
            plain.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            plain.extend(part.as_bytes());
        }
        let mut block = Vec::with_capacity(200);
        self.headers.compress_vec(&plain, &mut block, FlushCompress::Sync).unwrap();
        let mut frame = BytesMut::new();
        frame.put_u32(0x8003_0001);
        frame.put_u32(10 + u32::try_from(block.len()).unwrap());
        frame.put_u32(id);
        frame.put_bytes(0, 6);
        frame.put_slice(&block);
        self.connection.write_all(&frame).await.unwrap();
    }

    async fn send(&mut self, id: u32, data: &[u8], fin: bool) {
        let mut frame = BytesMut::new();
        frame.put_u32(id);
        frame.put_u32(u32::try_from(data.len()).unwrap() | if fin { FIN } else { 0 });
        frame.put_slice(data);
        self.connection.write_all(&frame).await.unwrap();
    }

    /// What each stream says, until so many of them have ended.
    async fn hear(&mut self, ends: usize) -> BTreeMap<u32, String> {
        let (mut heard, mut ended) = (BTreeMap::<u32, String>::new(), 0);
        while ended < ends {
            let (id, length) = (self.connection.read_u32().await.unwrap(), self.connection.read_u32().await.unwrap());
            let mut data = vec![0; usize::try_from(length & 0x00ff_ffff).unwrap()];
            self.connection.read_exact(&mut data).await.unwrap();
            if id >> 31 == 0 {
                heard.entry(id).or_default().push_str(std::str::from_utf8(&data).unwrap());
                ended += usize::from(length & FIN != 0);
            }
        }
        heard
    }
}

async fn running(runtime: Scripted) -> Cluster {
    let cluster = cluster_on(runtime).await;
    let pods: Objects<Pod> = Objects::default_namespaced(cluster.client());
    let pod = json!({"metadata": {"name": "web"}, "spec": {"nodeName": "kind-control-plane",
        "containers": [{"name": "c", "image": "busybox"}]}});
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    await_condition(pods, "web", is_pod_running()).await.unwrap();
    cluster
}

#[tokio::test]
async fn a_command_gives_its_outputs_and_its_code() {
    let runtime = Scripted::new(Arc::new(SystemClock));
    runtime.execs(|_, spec| Script::exits(4).says(&spec.argv.join(" ")).complains("oh\n"));
    let cluster = running(runtime).await;
    let path = "exec?command=echo&command=hi&stdout=true&stderr=true";
    let mut client = Client::connect(&cluster, path, "channel.k8s.io, v4.channel.k8s.io").await.unwrap();
    for (id, kind) in [(1, "error"), (3, "stdout"), (5, "stderr")] {
        client.open(id, &[("streamType", kind)]).await;
    }
    let heard = client.hear(3).await;
    assert_eq!((heard[&3].as_str(), heard[&5].as_str()), ("echo hi", "oh\n"));
    let status: Value = serde_json::from_str(&heard[&1]).unwrap();
    assert_eq!(
        (&status["reason"], &status["details"]["causes"][0]["message"]),
        (&json!("NonZeroExitCode"), &json!("4"))
    );
}

#[tokio::test]
async fn a_command_reads_its_input_to_the_end() {
    let runtime = Scripted::new(Arc::new(SystemClock));
    runtime.execs(|_, _| Script::exits(0).echoes());
    let cluster = running(runtime).await;
    let mut client =
        Client::connect(&cluster, "exec?command=cat&stdin=true&stdout=true", "v4.channel.k8s.io").await.unwrap();
    for (id, kind) in [(1, "error"), (3, "stdin"), (5, "stdout")] {
        client.open(id, &[("streamType", kind)]).await;
    }
    client.send(3, b"hello\n", false).await;
    client.send(3, b"", true).await;
    let heard = client.hear(2).await;
    assert_eq!(heard[&5], "hello\n");
    assert_eq!(serde_json::from_str::<Value>(&heard[&1]).unwrap()["status"], "Success");
}

#[tokio::test]
async fn a_port_answers_over_the_connection_itself() {
    let runtime = Scripted::new(Arc::new(SystemClock));
    runtime.ports(|_, address| (address.port() == 80).then(|| b"pong".to_vec()));
    let cluster = running(runtime).await;
    let mut client = Client::connect(&cluster, "portforward", "portforward.k8s.io").await.unwrap();
    for (id, kind) in [(1, "error"), (3, "data")] {
        client.open(id, &[("streamType", kind), ("port", "80"), ("requestID", "0")]).await;
    }
    client.send(3, b"ping", true).await;
    assert_eq!(client.hear(2).await[&3], "pong");
}

#[tokio::test]
async fn who_knows_no_protocol_of_ours_is_refused() {
    let cluster = running(Scripted::new(Arc::new(SystemClock))).await;
    let refused = Client::connect(&cluster, "exec?command=ls&stdout=true", "v9.channel.k8s.io").await;
    assert_eq!(refused.err(), Some(403));
}
