use futures::{StreamExt, TryStreamExt};
use http::Request;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::{
    Api as Objects, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams},
};
use serde_json::{Value, json};

use super::*;
use crate::node::runtime::scripted::Scripted;

mod definitions;
mod fuzz;
mod images;
mod nodes;
mod operators;
mod options;
mod proxy;
mod resize;
mod rights;
mod spdy;
mod streams;
mod wire;

/// What a body may be said to be; some are what the API reads.
const MEDIA_TYPES: [&str; 9] = [
    "",
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "text/plain",
];

async fn cluster() -> Cluster {
    cluster_on(Scripted::new(Arc::new(SystemClock))).await
}

async fn cluster_on(runtime: Scripted) -> Cluster {
    Cluster::start(ClusterConfig::new(Arc::new(images::AnyImage), Arc::new(runtime))).await.unwrap()
}

async fn config_maps() -> (Client, Objects<ConfigMap>) {
    let client = cluster().await.client();
    (client.clone(), Objects::default_namespaced(client))
}

fn config_map(name: &str, key: &str, value: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {key: value}})).unwrap()
}

fn code(error: kube::Error) -> (u16, String) {
    match error {
        kube::Error::Api(status) => (status.code, status.message.clone()),
        other => panic!("not an answer of the API: {other}"),
    }
}

/// One request, answered with code and body.
async fn ask(cluster: &Cluster, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    use tower::ServiceExt;
    let mut request = Request::builder().method(method).uri(path);
    for (key, value) in headers {
        request = request.header(*key, *value);
    }
    let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
    let response = cluster.router().oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (code, serde_json::from_slice(&bytes).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn objects_are_created_read_changed_and_deleted() {
    let (_, maps) = config_maps().await;
    let made = maps.create(&PostParams::default(), &config_map("a", "k", "1")).await.unwrap();
    assert_eq!(made.metadata.namespace.as_deref(), Some("default"));
    assert!(made.metadata.uid.is_some() && made.metadata.creation_timestamp.is_some());
    let again = maps.create(&PostParams::default(), &config_map("a", "k", "1")).await.unwrap_err();
    assert_eq!(code(again), (409, "configmaps \"a\" already exists".into()));

    let mut changed = made.clone();
    changed.data.as_mut().unwrap().insert("k".into(), "2".into());
    let changed = maps.replace("a", &PostParams::default(), &changed).await.unwrap();
    let stale = maps.replace("a", &PostParams::default(), &made).await.unwrap_err();
    assert_eq!(code(stale).0, 409);
    assert_ne!(made.metadata.resource_version, changed.metadata.resource_version);

    let patch = Patch::Merge(json!({"data": {"k": null, "l": "3"}}));
    let patched = maps.patch("a", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(patched.data.unwrap().into_iter().collect::<Vec<_>>(), [("l".to_owned(), "3".to_owned())]);

    maps.delete("a", &DeleteParams::default()).await.unwrap();
    let gone = maps.get("a").await.unwrap_err();
    assert_eq!(code(gone), (404, "configmaps \"a\" not found".into()));
}

#[tokio::test]
async fn lists_come_in_pages_of_one_version() {
    let (_, maps) = config_maps().await;
    for name in ["a", "b", "c"] {
        maps.create(&PostParams::default(), &config_map(name, "k", "v")).await.unwrap();
    }
    let mut params = ListParams::default().limit(3);
    let first = maps.list(&params).await.unwrap();
    assert_eq!(first.metadata.remaining_item_count, Some(1));
    params.continue_token = first.metadata.continue_;
    let second = maps.list(&params).await.unwrap();
    assert_eq!(first.metadata.resource_version, second.metadata.resource_version);
    let names: Vec<_> = first.items.into_iter().chain(second.items).filter_map(|map| map.metadata.name).collect();
    assert_eq!(names, ["a", "b", "c", "kube-root-ca.crt"]);
}

#[tokio::test]
async fn a_watch_tells_what_happens_to_what_it_selects() {
    let (_, maps) = config_maps().await;
    let params = WatchParams::default().labels("wanted=yes");
    let version = maps.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let mut events = maps.watch(&params, &version).await.unwrap().boxed();
    maps.create(&PostParams::default(), &config_map("other", "k", "v")).await.unwrap();
    maps.create(&PostParams::default(), &config_map("a", "k", "v")).await.unwrap();
    for label in [json!("yes"), json!("yes"), json!("no")] {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"wanted": label}, "annotations": {"n": label}}}));
        maps.patch("a", &PatchParams::default(), &patch).await.unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.push(match events.try_next().await.unwrap().unwrap() {
            WatchEvent::Added(map) => ("added", map.metadata.name.unwrap()),
            WatchEvent::Modified(map) => ("modified", map.metadata.name.unwrap()),
            WatchEvent::Deleted(map) => ("deleted", map.metadata.name.unwrap()),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, [("added", "a".to_owned()), ("deleted", "a".to_owned())]);
}

#[tokio::test]
async fn a_pod_without_a_node_goes_at_once_and_one_with_a_node_gets_its_time() {
    let client = cluster().await.client();
    let pods: Objects<Pod> = Objects::default_namespaced(client);
    for (name, node) in [("free", None), ("placed", Some("elsewhere"))] {
        let pod = json!({
            "metadata": {"name": name},
            "spec": {"nodeName": node, "schedulerName": "nobody", "containers": [{"name": "c", "image": "busybox"}], "terminationGracePeriodSeconds": 7},
        });
        pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
        pods.delete(name, &DeleteParams::default()).await.unwrap();
    }
    assert!(pods.get_opt("free").await.unwrap().is_none());
    let placed = pods.get("placed").await.unwrap().metadata;
    assert_eq!((placed.deletion_grace_period_seconds, placed.generation), (Some(7), Some(2)));
    let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
    pods.delete("placed", &now).await.unwrap();
    assert!(pods.get_opt("placed").await.unwrap().is_none());
}

#[tokio::test]
async fn a_kind_that_nothing_acts_on_is_listed_and_refused() {
    let cluster = cluster().await;
    let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    assert_eq!(ask(&cluster, "GET", path, &[], "").await.1["items"], json!([]));
    let (code, body) = ask(&cluster, "POST", path, &[], r#"{"metadata": {"name": "x"}}"#).await;
    assert_eq!((code, &body["reason"]), (403, &json!("Forbidden")));
}

#[tokio::test]
async fn a_pod_is_bound_once_and_evicted_unless_a_budget_forbids_it() {
    let cluster = cluster().await;
    let pods = "/api/v1/namespaces/default/pods";
    let pod = r#"{"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "x"}]}}"#;
    assert_eq!(ask(&cluster, "POST", pods, &[], pod).await.0, 201);
    let binding = r#"{"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "elsewhere"}}"#;
    let bind = |body: &'static str| ask(&cluster, "POST", "/api/v1/namespaces/default/pods/p/binding", &[], body);
    assert_eq!(bind(binding).await.0, 201);
    let (code, refused) = bind(binding).await;
    let why = "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"elsewhere\"";
    assert_eq!((code, refused["message"].as_str().unwrap()), (409, why));

    let running = r#"{"status": {"phase": "Running"}}"#;
    let merge = [("content-type", "application/merge-patch+json")];
    assert_eq!(ask(&cluster, "PATCH", "/api/v1/namespaces/default/pods/p/status", &merge, running).await.0, 200);
    let budget = r#"{"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}"#;
    assert_eq!(
        ask(&cluster, "POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", &[], budget).await.0,
        201
    );
    let eviction = r#"{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}"#;
    let evict = || ask(&cluster, "POST", "/api/v1/namespaces/default/pods/p/eviction", &[], eviction);
    assert_eq!(evict().await.0, 429);
    ask(&cluster, "DELETE", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b", &[], "").await;
    assert_eq!(evict().await.0, 201);
    let (_, evicted) = ask(&cluster, "GET", "/api/v1/namespaces/default/pods/p", &[], "").await;
    assert!(evicted["metadata"]["deletionTimestamp"].is_string());
}

/// wire/patch-apply-*.json
#[tokio::test]
async fn applying_makes_shares_and_refuses() {
    let cluster = cluster().await;
    let apply = async |query: &str, data: Value| {
        let path = format!("/api/v1/namespaces/default/configmaps/ssa{query}");
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ssa"}, "data": data});
        ask(&cluster, "PATCH", &path, &[("content-type", "application/apply-patch+yaml")], &body.to_string()).await
    };
    let (code, made) = apply("?fieldManager=demo", json!({"a": "1", "b": "2"})).await;
    assert_eq!((code, &made["metadata"]["managedFields"][0]["operation"]), (201, &json!("Apply")));
    let (code, conflict) = apply("?fieldManager=other", json!({"b": "3"})).await;
    assert_eq!(
        (code, &conflict["message"]),
        (409, &json!("Apply failed with 1 conflict: conflict with \"demo\": .data.b"))
    );
    assert_eq!(conflict["details"]["causes"][0]["reason"], "FieldManagerConflict");
    let (code, forced) = apply("?fieldManager=other&force=true", json!({"b": "3"})).await;
    assert_eq!((code, &forced["data"]), (200, &json!({"a": "1", "b": "3"})));
    let (code, nobody) = apply("", json!({})).await;
    let message = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
    assert_eq!((code, &nobody["message"]), (422, &json!(message)));
}

#[tokio::test]
async fn a_deployment_is_scaled_through_its_scale() {
    let cluster = cluster().await;
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    let deployment = json!({"metadata": {"name": "web"}, "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}}});
    assert_eq!(ask(&cluster, "POST", deployments, &[], &deployment.to_string()).await.0, 201);
    let path = "/apis/apps/v1/namespaces/default/deployments/web/scale";
    let merge = [("content-type", "application/merge-patch+json")];
    let (code, scale) = ask(&cluster, "PATCH", path, &merge, r#"{"spec": {"replicas": 2}}"#).await;
    assert_eq!((code, &scale["kind"], &scale["spec"]["replicas"]), (200, &json!("Scale"), &json!(2)));
    let (_, scaled) = ask(&cluster, "GET", "/apis/apps/v1/namespaces/default/deployments/web", &[], "").await;
    assert_eq!((&scaled["spec"]["replicas"], &scaled["metadata"]["generation"]), (&json!(2), &json!(2)));
    let (code, refused) =
        ask(&cluster, "PUT", path, &[], r#"{"metadata": {"name": "web"}, "spec": {"replicas": -1}}"#).await;
    assert_eq!((code, &refused["details"]["causes"][0]["field"]), (422, &json!("spec.replicas")));
}

#[tokio::test]
async fn what_pods_use_is_told_where_metrics_are_served() {
    let runtime = Scripted::new(Arc::new(SystemClock));
    let plain = cluster_on(runtime.clone()).await;
    assert_eq!(ask(&plain, "GET", "/apis/metrics.k8s.io/v1beta1/pods", &[], "").await.0, 404);
    let config = ClusterConfig::new(Arc::new(images::AnyImage), Arc::new(runtime.clone()));
    let cluster = Cluster::start(ClusterConfig { metrics: true, ..config }).await.unwrap();
    let (_, groups) = ask(&cluster, "GET", "/apis", &[], "").await;
    assert!(groups["groups"].as_array().unwrap().iter().any(|group| group["name"] == "metrics.k8s.io"));
    let pod =
        r#"{"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}"#;
    assert_eq!(ask(&cluster, "POST", "/api/v1/namespaces/default/pods", &[], pod).await.0, 201);
    let started = runtime.wait_for_starts(1).await;
    runtime.set_usage(&started[0].id, crate::node::runtime::Usage { memory: 3 << 20, cpu_nanos: 0 });
    let path = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods";
    let listed = loop {
        let (_, list) = ask(&cluster, "GET", &format!("{path}?labelSelector=a%3Db"), &[], "").await;
        if list["items"][0]["containers"].is_array() {
            break list;
        }
    };
    assert_eq!(listed["items"][0]["containers"], json!([{"name": "c", "usage": {"cpu": "0n", "memory": "3072Ki"}}]));
    let (_, node) = ask(&cluster, "GET", "/apis/metrics.k8s.io/v1beta1/nodes/kind-control-plane", &[], "").await;
    assert_eq!((&node["kind"], &node["usage"]["memory"]), (&json!("NodeMetrics"), &json!("3072Ki")));
    let (code, missing) = ask(&cluster, "GET", &format!("{path}/q"), &[], "").await;
    assert_eq!((code, &missing["message"]), (404, &json!("pods.metrics.k8s.io \"default/q\" not found")));
}
