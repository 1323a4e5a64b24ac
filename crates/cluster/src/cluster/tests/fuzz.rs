//! Requests that make little sense: each is answered, none takes the API down.

use proptest::prelude::*;
use tower::ServiceExt;

use super::*;
use crate::fuzz::{damaged, explore};

#[derive(Debug, Clone)]
struct Asked {
    method: &'static str,
    path: String,
    content_type: &'static str,
    body: Vec<u8>,
}

fn path() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "api",
        "apis",
        "v1",
        "apps",
        "namespaces",
        "default",
        "pods",
        "web",
        "deployments",
        "services",
        "configmaps",
        "status",
        "scale",
        "resize",
        "proxy",
        "exec",
        "log",
        "eviction",
        "binding",
        "watch",
        "web:80",
        "%2e%2e",
        "%zz",
        "openapi",
        "v3",
        "nodes",
        "customresourcedefinitions",
        "apiextensions.k8s.io",
        "",
    ]);
    let likely = prop::sample::select(vec![
        "/api/v1/namespaces/default/pods",
        "/api/v1/namespaces/default/pods/web",
        "/api/v1/namespaces/default/configmaps/web",
        "/apis/apps/v1/namespaces/default/deployments",
        "/api/v1/namespaces/default/services/web",
        "/api/v1/nodes",
    ]);
    let query = prop::sample::select(vec![
        "",
        "?limit=1",
        "?limit=-1",
        "?continue=x",
        "?watch=1&timeoutSeconds=1",
        "?labelSelector=a%20in%20(b",
        "?dryRun=All",
        "?fieldSelector=metadata.name%3Dx",
        "?fieldManager=f&force=true",
        "?resourceVersion=99999999999999999999",
        "?fieldValidation=Strict",
        "?sendInitialEvents=true",
        "?pretty=1",
        "?command=x&tty=1",
    ]);
    let odd = prop::collection::vec(word, 0..8).prop_map(|words| format!("/{}", words.join("/")));
    let part = prop::sample::select(vec!["", "/status", "/scale", "/resize", "/log", "/exec", "/proxy/x", "/eviction"]);
    let likely = (likely, part).prop_map(|(path, part)| format!("{path}{part}"));
    (prop_oneof![likely, odd], query).prop_map(|(path, query)| format!("{path}{query}"))
}

fn asked() -> impl Strategy<Value = Asked> {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"a": "b"}}, "spec": {
        "schedulerName": "nobody", "containers": [{"name": "c", "image": "x", "env": [{"name": "A", "value": "1"}],
        "resources": {"limits": {"cpu": "100m"}}, "ports": [{"containerPort": 80}]}]}});
    let bodies = [
        pod.to_string(),
        json!({"metadata": {"name": "web"}, "data": {"a": "1"}}).to_string(),
        json!({"spec": {"containers": [{"name": "c", "$patch": "delete"}], "$setElementOrder/containers": []}}).to_string(),
        json!([{"op": "replace", "path": "/spec/containers/0/image", "value": {"a": [1]}}, {"op": "move", "from": "/a", "path": "/b"}]).to_string(),
        "kind: Pod\nmetadata: {name: web}\nspec: &a\n  containers: [*a, {name: c}]\n".to_owned(),
        "k8s\0\n\x09\n\x02v1\x12\x03Pod\x12\x0a\n\x05\n\x03web\x12\x01a".to_owned(),
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[".to_owned(),
        String::new(),
    ];
    let bodies = bodies.into_iter().map(String::into_bytes).collect();
    let methods = prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
    let types = prop::sample::select(&MEDIA_TYPES[..]);
    (methods, path(), types, damaged(bodies)).prop_map(|(method, path, content_type, body)| Asked {
        method,
        path,
        content_type,
        body,
    })
}

#[test]
fn every_request_is_answered() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cluster = runtime.block_on(cluster());
    explore(asked(), |asked| {
        let Asked { method, path, content_type, body } = asked;
        let request = Request::builder().method(method).uri(&path).header("content-type", content_type);
        let Ok(request) = request.body(axum::body::Body::from(body)) else { return Ok(()) };
        let response = runtime.block_on(cluster.router().oneshot(request)).unwrap();
        let code = response.status().as_u16();
        prop_assert!((200..500).contains(&code) || matches!(code, 500 | 503), "{} {} gave {}", method, path, code);
        Ok(())
    });
    // It still does what it is for.
    let (code, _) = runtime.block_on(ask(&cluster, "GET", "/api/v1/namespaces/default/pods", &[], ""));
    assert_eq!(code, 200);
}

/// Found by the test above: who applied a list took the request's task down.
#[tokio::test]
async fn what_is_no_object_can_not_be_applied() {
    let cluster = cluster().await;
    let path = "/api/v1/namespaces/default/configmaps/a?fieldManager=f";
    for body in ["[]", "- a", "7", r#"{"metadata": "a"}"#] {
        let code = ask(&cluster, "PATCH", path, &[("content-type", "application/apply-patch+yaml")], body).await.0;
        assert!(matches!(code, 400 | 422), "{body} gave {code}");
    }
}
