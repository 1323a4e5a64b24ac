//! `pods/x/proxy` and `services/x/proxy`.

use kube::runtime::wait::{await_condition, conditions::is_pod_running};

use super::*;
use crate::store::Key;

const ANSWER: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";

/// A Pod that answers on port 80 of its own address, and a Service before it.
async fn served() -> Cluster {
    let runtime = Scripted::new(Arc::new(SystemClock));
    runtime.ports(|_, to| (to.port() == 80 && !to.ip().is_loopback()).then(|| ANSWER.as_bytes().to_vec()));
    let cluster = cluster_on(runtime).await;
    let pods: Objects<Pod> = Objects::default_namespaced(cluster.client());
    let pod = json!({"metadata": {"name": "web", "labels": {"app": "web"}}, "spec": {"nodeName": "kind-control-plane",
        "containers": [{"name": "c", "image": "busybox", "ports": [{"containerPort": 80}]}]}});
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    await_condition(pods, "web", is_pod_running()).await.unwrap();
    let service = json!({"metadata": {"name": "front"}, "spec": {"selector": {"app": "web"},
        "ports": [{"name": "http", "port": 8080, "targetPort": 80}]}});
    let mut endpoints = cluster.api.store.watch("endpoints", None, 0).unwrap();
    assert_eq!(ask(&cluster, "POST", "/api/v1/namespaces/default/services", &[], &service.to_string()).await.0, 201);
    loop {
        let event = endpoints.next().await.unwrap();
        if event.key == Key::new("endpoints", "default", "front") && !event.object["subsets"][0]["addresses"].is_null()
        {
            return cluster;
        }
    }
}

#[tokio::test]
async fn a_request_is_passed_on_to_a_pod_and_through_a_service() {
    let cluster = served().await;
    for name in ["pods/web", "pods/web:80", "pods/http:web:80", "services/front:8080", "services/front:http"] {
        let path = format!("/api/v1/namespaces/default/{name}/proxy/index.html?a=b");
        assert_eq!(ask(&cluster, "GET", &path, &[], "").await, (200, json!("hello")), "{name}");
    }
    let moved = ask(&cluster, "GET", "/api/v1/namespaces/default/pods/web/proxy", &[], "").await;
    assert_eq!(moved.0, 301);
}

#[tokio::test]
async fn what_does_not_answer_says_why() {
    let cluster = served().await;
    let message = async |name: &str| {
        let path = format!("/api/v1/namespaces/default/{name}/proxy/");
        let (code, body) = ask(&cluster, "GET", &path, &[], "").await;
        format!("{code} {} {}", body["reason"].as_str().unwrap(), body["message"].as_str().unwrap())
    };
    let address = ask(&cluster, "GET", "/api/v1/namespaces/default/pods/web", &[], "").await.1;
    let address = address["status"]["podIP"].as_str().unwrap().to_owned();
    let refused = message("pods/web:81").await.replace(&address, "ADDRESS");
    insta::assert_snapshot!(refused, @"503 ServiceUnavailable error trying to reach service: dial tcp ADDRESS:81: connect: connection refused");
    insta::assert_snapshot!(message("pods/none:80").await, @r#"404 NotFound pods "none" not found"#);
    insta::assert_snapshot!(message("pods/ftp:web:80").await, @r#"400 BadRequest invalid pod request "ftp:web:80""#);
    insta::assert_snapshot!(message("services/front:81").await, @r#"503 ServiceUnavailable no service port 81 found for service "front""#);
    insta::assert_snapshot!(message("services/front").await, @r#"503 ServiceUnavailable no endpoints available for service "front""#);
}
