//! ConfigMaps, Secrets and a Pod's own fields as files: "ConfigMap", "Secrets", "Projected", "Downward API volume" and
//! "Subpath" of [sig-storage].

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{hold, merge, sh, with};
use crate::cluster::{TestCluster, ready};

const OBJECTS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {a: one}\nbinaryData: {b: AAEC}\n---\n\
                       apiVersion: v1\nkind: Secret\nmetadata: {name: secret}\nstringData: {key: hidden}\n---\n\
                       apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fixed}\nimmutable: true\ndata: {a: stays}\n";

fn mounted(script: &str, volumes: Value, mounts: Value) -> Value {
    with(sh(script, json!({"volumeMounts": mounts})), json!({"volumes": volumes}))
}

fn volume(more: Value) -> Value {
    let mut volume = json!({"name": "v"});
    merge(&mut volume, more);
    json!([volume])
}

fn at_v() -> Value {
    json!([{"name": "v", "mountPath": "/v"}])
}

#[tokio::test]
async fn objects_are_files() {
    let fields = json!([
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "deep/name", "fieldRef": {"fieldPath": "metadata.namespace"}, "mode": 256},
        {"path": "limit", "resourceFieldRef": {"containerName": "c", "resource": "limits.memory", "divisor": "1Mi"}},
        {"path": "request", "resourceFieldRef": {"containerName": "c", "resource": "requests.cpu", "divisor": "1m"}},
    ]);
    let mut own_fields = mounted(
        "cat /v/labels; echo; cat /v/deep/name /v/limit /v/request; stat -L -c ' %a %a' /v/deep/name",
        volume(json!({"downwardAPI": {"items": fields, "defaultMode": 292}})),
        at_v(),
    );
    own_fields["containers"][0]["resources"] = json!({"limits": {"memory": "32Mi"}, "requests": {"cpu": "100m"}});
    let sub_path = |path: &str| json!([{"name": "v", "mountPath": "/v/here", "subPath": path}]);
    hold(
        OBJECTS,
        vec![
            (
                "one ConfigMap in two volumes",
                mounted(
                    "cat /v/a /w/a",
                    json!([{"name": "v", "configMap": {"name": "map"}}, {"name": "w", "configMap": {"name": "map"}}]),
                    json!([{"name": "v", "mountPath": "/v"}, {"name": "w", "mountPath": "/w"}]),
                ),
                "oneone",
            ),
            ("bytes that are no text", mounted("od -An -tx1 /v/b | tr -d ' '", volume(json!({"configMap": {"name": "map"}})), at_v()), "000102\n"),
            (
                "a mode for all of them",
                mounted("stat -L -c %a /v/a", volume(json!({"configMap": {"name": "map", "defaultMode": 256}})), at_v()),
                "400\n",
            ),
            (
                "one that is missing and may be",
                mounted("ls /v | wc -l", volume(json!({"secret": {"secretName": "missing", "optional": true}})), at_v()),
                "0\n",
            ),
            (
                "a key that is missing and may be",
                mounted(
                    "ls /v",
                    volume(json!({"configMap": {"name": "map", "optional": true, "items": [{"key": "a", "path": "a"}, {"key": "nope", "path": "n"}]}})),
                    at_v(),
                ),
                "a\n",
            ),
            (
                "directories as the node makes them",
                mounted(
                    "stat -c %a /v /w /var/run/secrets/kubernetes.io/serviceaccount",
                    json!([{"name": "v", "configMap": {"name": "map"}}, {"name": "w", "secret": {"secretName": "secret"}}]),
                    json!([{"name": "v", "mountPath": "/v"}, {"name": "w", "mountPath": "/w"}]),
                ),
                "777\n1777\n1777\n",
            ),
            ("one that never changes", mounted("cat /v/a", volume(json!({"configMap": {"name": "fixed"}})), at_v()), "stays"),
            ("the Pod's own fields, limits and modes", own_fields, "\ndefault32100 400 400\n"),
            ("one key of a ConfigMap in a place of its own", mounted("cat /v/here", volume(json!({"configMap": {"name": "map"}})), sub_path("a")), "one"),
            ("one key of a Secret", mounted("cat /v/here", volume(json!({"secret": {"secretName": "secret"}})), sub_path("key")), "hidden"),
            (
                "one of several sources",
                mounted("cat /v/here", volume(json!({"projected": {"sources": [{"secret": {"name": "secret"}}]}})), sub_path("key")),
                "hidden",
            ),
            (
                "over a file of the image",
                mounted("cat /etc/passwd", volume(json!({"configMap": {"name": "map"}})), json!([{"name": "v", "mountPath": "/etc/passwd", "subPath": "a"}])),
                "one",
            ),
            (
                "over the hosts file that the node would write",
                mounted("cat /etc/hosts", volume(json!({"configMap": {"name": "map"}})), json!([{"name": "v", "mountPath": "/etc/hosts", "subPath": "a"}])),
                "one",
            ),
        ],
    )
    .await;
}

/// Each appears, changes and goes away in a running container.
#[tokio::test]
async fn files_follow_their_objects() {
    let test = TestCluster::start().await;
    test.create(OBJECTS).await;
    let sources = json!([
        {"configMap": {"name": "map"}},
        {"secret": {"name": "later", "optional": true}},
        {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
    ]);
    let pod = mounted("exec sleep 100000", volume(json!({"projected": {"sources": sources}})), at_v());
    let name = test.start_pod_from(json!({"labels": {"step": "first"}}), pod).await.metadata.name.unwrap();
    test.pod_when(&name, ready).await;
    let see = |file: &str, text: &str| format!("until grep -qs '{text}' /v/{file}; do sleep 0.1; done; echo seen");
    assert_eq!(test.exec(&name, "ls /v").await, "a\nb\nlabels\n");
    test.create("apiVersion: v1\nkind: Secret\nmetadata: {name: later}\nstringData: {key: appears}\n").await;
    assert_eq!(test.exec(&name, &see("key", "appears")).await, "seen\n");
    let maps: kube::Api<k8s_openapi::api::core::v1::ConfigMap> = kube::Api::default_namespaced(test.client.clone());
    let change = |data: Value| Patch::Merge(json!({"data": data}));
    maps.patch("map", &PatchParams::default(), &change(json!({"a": "changed", "c": "new"}))).await.unwrap();
    assert_eq!(test.exec(&name, &see("a", "changed")).await, "seen\n");
    assert_eq!(test.exec(&name, &see("c", "new")).await, "seen\n");
    maps.patch("map", &PatchParams::default(), &change(json!({"c": null}))).await.unwrap();
    assert_eq!(test.exec(&name, "while [ -e /v/c ]; do sleep 0.1; done; echo gone").await, "gone\n");
    let label = Patch::Merge(json!({"metadata": {"labels": {"step": "second"}}}));
    test.pods.patch(&name, &PatchParams::default(), &label).await.unwrap();
    assert_eq!(test.exec(&name, &see("labels", "step=\"second\"")).await, "seen\n");
    test.cluster.shutdown().await;
}

/// What a class of runtimes adds to its Pods, and a class that is not there: "RuntimeClass".
#[tokio::test]
async fn a_runtime_class_must_be_there_and_may_cost_something() {
    let test = TestCluster::start().await;
    test.create(
        "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: heavy}\nhandler: runc\n\
         overhead: {podFixed: {cpu: 10m, memory: 1Mi}}\n---\n\
         apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: other}\nhandler: gvisor\n",
    )
    .await;
    let of = |class: &str| with(sh("echo ran", json!({})), json!({"runtimeClassName": class}));
    let (pod, log) = test.run(of("heavy")).await;
    let overhead = serde_json::to_value(pod.spec.unwrap().overhead).unwrap();
    assert_eq!((log.as_str(), overhead), ("ran\n", json!({"cpu": "10m", "memory": "1Mi"})));
    let refused = test.try_pod(json!({}), of("missing")).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("pod rejected: RuntimeClass \"missing\" not found"), "{text}");
    test.cluster.shutdown().await;
}
