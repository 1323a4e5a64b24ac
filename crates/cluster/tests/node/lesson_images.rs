//! The images of the lessons, running.

use std::net::SocketAddrV4;

use podyard_cluster::node::runtime::{Runtime, SandboxId};

use crate::fixture::{Sandbox, ended, image, read_until, write};

/// What a port of the Pod at 10.244.0.5 answers, asked until it listens.
async fn page(sandbox: &Sandbox, pod: &SandboxId, port: u16) -> String {
    let to = SocketAddrV4::new([10, 244, 0, 5].into(), port);
    let mut connection = loop {
        match sandbox.runtime.connect(pod.clone(), to).await {
            Ok(connection) => break connection,
            Err(error) => assert_eq!(error.to_string(), "connect: connection refused"),
        }
    };
    write(&mut connection, "GET / HTTP/1.0\r\n\r\n").await;
    read_until(&mut connection, "</html>").await
}

#[tokio::test]
async fn pythonapp_serves_a_page_and_logs_who_asked() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("pythonapp", 5).await;
    let mut process = sandbox.runtime.start_container(sandbox.spec_of(&pod, &image("pythonapp"))).await.unwrap();
    read_until(&mut process.streams.stdout, "Serving the application").await;
    let page = page(&sandbox, &pod, 5000).await;
    assert!(page.starts_with("HTTP/1.") && page.contains(" 200 "), "{page}");
    assert!(page.contains("You have reached the container of <b>pythonapp</b>"), "{page}");
    read_until(&mut process.streams.stdout, "\"GET /\" 200").await;
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn nginx_serves_its_page_and_stops_when_told() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("web", 5).await;
    let spec = sandbox.spec_of(&pod, &image("nginx:1.27"));
    let id = spec.id.clone();
    let process = sandbox.runtime.start_container(spec).await.unwrap();
    assert!(page(&sandbox, &pod, 80).await.contains("Welcome to nginx!"));
    sandbox.runtime.signal(id, libc::SIGTERM).await.unwrap();
    assert_eq!(ended(process).await.code, 0);
    sandbox.runtime.shutdown().await;
}
