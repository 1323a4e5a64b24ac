//! Answers held against the recorded ones (`tests/wire/`), with what differs from run to run masked.

use super::*;

pub(super) fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/wire/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Sends what a recording sent.
async fn replay(cluster: &Cluster, recording: &Value) -> (u16, Value) {
    let (method, path) = recording["request"].as_str().unwrap().split_once(' ').unwrap();
    let sent = recording["send"].as_object().cloned().unwrap_or_default();
    let headers: Vec<(&str, &str)> = sent
        .iter()
        .filter(|(key, _)| *key != "body")
        .map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
        .collect();
    let body = sent.get("body").and_then(Value::as_str).unwrap_or_default();
    ask(cluster, method, path, &headers, body).await
}

/// What is different in every cluster.
fn masked(mut value: Value) -> Value {
    let mut open = vec![&mut value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                for key in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "name"] {
                    let volatile =
                        key != "name" || fields.get(key).and_then(Value::as_str).is_some_and(|n| n.starts_with("gen-"));
                    if volatile && let Some(value) = fields.get_mut(key) {
                        *value = "<masked>".into();
                    }
                }
                open.extend(fields.values_mut());
            }
            Value::Array(items) => open.extend(items),
            Value::String(text) => {
                if let Some((head, tail)) =
                    text.split_once("UID in record (").or_else(|| text.split_once("UID in object meta: "))
                {
                    let end = tail.split_once(')').map_or("", |(_, end)| end);
                    *text = format!("{head}<masked>{end}");
                }
            }
            _ => {}
        }
    }
    value
}

pub(super) async fn assert_recorded(cluster: &Cluster, name: &str) {
    let recording = recorded(name);
    let (code, body) = replay(cluster, &recording).await;
    assert_eq!(masked(body), masked(recording["body"].clone()), "{name}");
    assert_eq!(Some(u64::from(code)), recording["status"].as_u64(), "{name}");
}

#[tokio::test]
async fn discovery_is_the_recorded_one() {
    let cluster = cluster().await;
    let plain = [
        ("/api/v1", "discovery-api-v1"),
        ("/apis", "discovery-apis"),
        ("/apis/apps", "discovery-apis-apps"),
        ("/apis/apps/v1", "discovery-apis-apps-v1"),
        ("/apis/batch/v1", "discovery-apis-batch-v1"),
    ];
    for (path, name) in plain {
        assert_eq!(ask(&cluster, "GET", path, &[], "").await, (200, recorded(name)), "{path}");
    }
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let (_, api) = ask(&cluster, "GET", "/api", &[("accept", accept)], "").await;
    assert_eq!(api, recorded("aggregated-api"));
    let (_, apis) = ask(&cluster, "GET", "/apis", &[("accept", accept)], "").await;
    for group in recorded("aggregated-apis")["items"].as_array().unwrap() {
        let found = apis["items"].as_array().unwrap().iter().find(|item| item["metadata"] == group["metadata"]);
        assert_eq!(found, Some(group));
    }
}

#[tokio::test]
async fn refusals_are_the_recorded_ones() {
    let cluster = cluster().await;
    for name in [
        "error-400-json",
        "error-400-kind",
        "error-400-labelselector",
        "error-400-selector",
        "error-400-namespace",
        "error-400-strict",
        "error-400-type",
        "error-404-namespace",
        "error-404-object",
        "error-404-path",
        "error-404-resource",
        "error-405",
        "error-406",
        "error-415-post",
        "error-422-invalid",
        "put-creates",
        "patch-apply-no-manager",
        "post-dryrun",
        "post-yaml",
        "delete-collection",
    ] {
        assert_recorded(&cluster, name).await;
    }
}

#[tokio::test]
async fn refusals_about_objects_are_the_recorded_ones() {
    let cluster = cluster().await;
    let settings = r#"{"metadata": {"name": "settings"}, "data": {"size": "1"}}"#;
    ask(&cluster, "POST", "/api/v1/namespaces/default/configmaps", &[], settings).await;
    ask(&cluster, "POST", "/api/v1/namespaces/default/configmaps", &[], r#"{"metadata": {"name": "ssa"}}"#).await;
    let hello = recorded("error-409-exists");
    replay(&cluster, &hello).await;
    for name in [
        "error-400-name",
        "error-409-conflict",
        "error-409-exists",
        "error-409-precondition",
        "error-409-uid",
        "error-415-patch",
        "patch-json-failed-test",
        "patch-json-missing",
        "delete-configmap",
    ] {
        assert_recorded(&cluster, name).await;
    }
}
