use serde_json::json;

use super::*;
use crate::{clock::SystemClock, events::EVENTS, store::Object};
use std::sync::Arc;

fn node(name: &str, spec: Value, labels: Value) -> Value {
    json!({"metadata": {"name": name, "labels": labels}, "spec": spec,
        "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "5"}}})
}

fn pod(name: &str, spec: Value, labels: Value) -> Value {
    json!({"kind": "Pod", "apiVersion": "v1", "spec": spec, "status": {"phase": "Pending"},
        "metadata": {"name": name, "namespace": "default", "uid": name, "generation": 1, "labels": labels}})
}

fn cpu(amount: &str) -> Value {
    json!({"containers": [{"name": "a", "resources": {"requests": {"cpu": amount}}}]})
}

/// What a Pod with this spec is told on one node with two processors and this spec, beside these Pods.
fn told(spec: Value, node_spec: Value, others: &[Value]) -> String {
    let mut snapshot = Snapshot::default();
    snapshot.put_node(node("n", node_spec, json!({"disk": "hdd", "zone": "a", "gen": "3"})).into());
    for other in others {
        let mut other = other.clone();
        other["spec"]["nodeName"] = json!("n");
        snapshot.put_pod(other.into());
    }
    match decide(&pod("x", spec, json!({"app": "x"})), &snapshot, &Store::new()) {
        Decision::Bind(node) => format!("-> {node}"),
        Decision::Gated => "gated".to_owned(),
        Decision::Refuse(text) => {
            text.replace(" no new claims to deallocate, preemption: 0/1 nodes are available:", " |")
        }
    }
}

#[test]
fn a_node_is_found_or_the_reason_is_told() {
    let near = |kind: &str, labels: Value, key: &str| json!({"affinity": {kind: {RULES: [{"labelSelector": {"matchLabels": labels}, "topologyKey": key}]}}});
    let wants = |key: &str, operator: &str, values: Value| {
        let expression = json!({"key": key, "operator": operator, "values": values});
        json!({"affinity": {"nodeAffinity": {RULES: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}}})
    };
    let tainted = json!({"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]});
    let tolerating = json!({"tolerations": [{"key": "k", "operator": "Exists"}]});
    let other = pod("o", cpu("1500m"), json!({"app": "o"}));
    let host = json!({"containers": [{"name": "a", "ports": [{"containerPort": 80, "hostPort": 80}]}]});
    let spread = json!({"topologySpreadConstraints": [{"topologyKey": "rack", "maxSkew": 1,
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}]});
    let free = json!({});
    let lines = [
        told(cpu("1"), free.clone(), &[]),
        told(json!({"schedulingGates": [{"name": "g"}]}), free.clone(), &[]),
        told(json!({"nodeSelector": {"disk": "ssd"}}), free.clone(), &[]),
        told(wants("disk", "In", json!(["hdd"])), free.clone(), &[]),
        told(wants("gen", "Gt", json!(["3"])), free.clone(), &[]),
        told(cpu("3"), free.clone(), &[]),
        told(cpu("1"), free.clone(), std::slice::from_ref(&other)),
        told(json!({}), json!({"unschedulable": true}), &[]),
        told(json!({}), tainted.clone(), &[]),
        told(tolerating, tainted, &[]),
        told(near("podAffinity", json!({"app": "o"}), "zone"), free.clone(), &[]),
        told(near("podAffinity", json!({"app": "o"}), "zone"), free.clone(), std::slice::from_ref(&other)),
        told(near("podAffinity", json!({"app": "x"}), "zone"), free.clone(), &[]),
        told(near("podAntiAffinity", json!({"app": "o"}), "zone"), free.clone(), &[other]),
        told(host.clone(), free.clone(), &[pod("h", host, json!({}))]),
        told(spread, free.clone(), &[]),
        told(json!({"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}), free, &[]),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
-> n
gated
0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. | 1 Preemption is not helpful for scheduling.
-> n
0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. | 1 Preemption is not helpful for scheduling.
0/1 nodes are available: 1 Insufficient cpu. | 1 Preemption is not helpful for scheduling.
0/1 nodes are available: 1 Insufficient cpu. | 1 No preemption victims found for incoming pod.
0/1 nodes are available: 1 node(s) were unschedulable. | 1 Preemption is not helpful for scheduling.
0/1 nodes are available: 1 node(s) had untolerated taint(s). | 1 Preemption is not helpful for scheduling.
-> n
0/1 nodes are available: 1 node(s) didn't match pod affinity rules. | 1 Preemption is not helpful for scheduling.
-> n
-> n
0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules. | 1 No preemption victims found for incoming pod.
0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. | 1 No preemption victims found for incoming pod.
0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label). | 1 Preemption is not helpful for scheduling.
0/1 nodes are available: persistentvolumeclaim "data" not found. | 1 Preemption is not helpful for scheduling.
"#);
}

const RULES: &str = "requiredDuringSchedulingIgnoredDuringExecution";

async fn until(store: &Store, name: &str, wanted: impl Fn(&Value) -> bool) -> Object {
    let key = Key::new(PODS, "default", name);
    let mut watch = store.watch(PODS, None, 0).unwrap();
    loop {
        if let Some(pod) = store.get(&key).filter(|pod| wanted(pod)) {
            return pod;
        }
        watch.next().await.unwrap();
    }
}

#[tokio::test]
async fn a_pod_waits_until_there_is_room() {
    let store = Store::new();
    let clock: SharedClock = Arc::new(SystemClock);
    let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
    start(&store, &clock, &tasks, closing.clone());
    let put = |object: Value| store.insert(key_of(&object), object).unwrap();
    put(pod("first", cpu("1500m"), json!({})));
    let refused = until(&store, "first", |pod| pod["status"]["conditions"][0]["reason"] == "Unschedulable").await;
    assert_eq!(refused["status"]["conditions"][0]["message"], "no nodes available to schedule pods");
    store.insert(Key::new(NODES, "", "n"), node("n", json!({}), json!({}))).unwrap();
    let bound = until(&store, "first", |pod| pod["spec"]["nodeName"] == "n").await;
    assert_eq!(bound["status"]["conditions"][0]["status"], "True");
    put(pod("second", cpu("1500m"), json!({})));
    until(&store, "second", |pod| pod["status"]["conditions"][0]["reason"] == "Unschedulable").await;
    let remove = |_: &Value| Ok::<_, std::convert::Infallible>(Next::Remove);
    store.modify(&Key::new(PODS, "default", "first"), remove).unwrap();
    until(&store, "second", |pod| pod["spec"]["nodeName"] == "n").await;
    let mut reasons: Vec<_> =
        store.list(EVENTS, None).1.iter().map(|e| format!("{} {}", e["type"], e["reason"]).replace('"', "")).collect();
    reasons.sort();
    assert_eq!(
        reasons,
        ["Normal Scheduled", "Normal Scheduled", "Warning FailedScheduling", "Warning FailedScheduling"]
    );
    closing.cancel();
    tasks.close();
    tasks.wait().await;
}
