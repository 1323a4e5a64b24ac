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
        Decision::Preempt(preemption, text) => {
            let victims: Vec<String> = preemption.victims.iter().map(|key| key.name.clone()).collect();
            format!("{text} | {} must leave {}", victims.join(", "), preemption.node)
        }
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
0/1 nodes are available: persistentvolumeclaim "data" not found. not found
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

/// The scheduler at work on a store.
struct Running {
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Running {
    fn start() -> (Store, Self) {
        let (store, clock): (_, SharedClock) = (Store::new(), Arc::new(SystemClock));
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        start(&store, &clock, &tasks, closing.clone());
        (store, Self { tasks, closing })
    }

    async fn end(self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[tokio::test]
async fn a_pod_waits_until_there_is_room() {
    let (store, running) = Running::start();
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
    running.end().await;
}

#[tokio::test]
async fn a_pod_waits_for_the_volume_of_its_claim_and_hears_the_reason_once() {
    let (store, running) = Running::start();
    let node_key = Key::new(NODES, "", "n");
    store.insert(node_key.clone(), node("n", json!({}), json!({}))).unwrap();
    let claim = json!({"metadata": {"name": "data", "namespace": "default"}, "spec": {"storageClassName": "none"}});
    let claim_key = Key::new(CLAIMS, "default", "data");
    store.insert(claim_key.clone(), claim).unwrap();
    let waiting = pod("x", json!({"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}), json!({}));
    store.insert(key_of(&waiting), waiting).unwrap();
    let told = until(&store, "x", |pod| pod["status"]["conditions"][0]["reason"] == "Unschedulable").await;
    insta::assert_snapshot!(tree::text(&told["status"]["conditions"][0], "message"), @"0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found");
    // It is thought of again, with the same end.
    let relabel = |node: &Value| {
        let mut node = node.clone();
        node["metadata"]["labels"]["new"] = json!("yes");
        Ok::<_, std::convert::Infallible>(Next::Put(node))
    };
    store.modify(&node_key, relabel).unwrap();
    let bind = |claim: &Value| {
        let mut claim = claim.clone();
        claim["spec"]["volumeName"] = json!("v");
        Ok::<_, std::convert::Infallible>(Next::Put(claim))
    };
    store.modify(&claim_key, bind).unwrap();
    until(&store, "x", |pod| pod["spec"]["nodeName"] == "n").await;
    let failed = store.list(EVENTS, None).1.iter().filter(|event| event["reason"] == "FailedScheduling").count();
    assert_eq!(failed, 1);
    running.end().await;
}

#[test]
fn a_pod_for_a_node_by_name_is_shown_to_no_other() {
    let mut snapshot = Snapshot::default();
    for name in ["a", "b"] {
        snapshot.put_node(node(name, json!({}), json!({})).into());
    }
    let term = |name: &str| json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]});
    let decided = |name: &str| {
        let terms = json!({"nodeSelectorTerms": [term(name)]});
        let spec = json!({"affinity": {"nodeAffinity": {RULES: terms}}});
        decide(&pod("x", spec, json!({})), &snapshot, &Store::new())
    };
    assert_eq!(decided("b"), Decision::Bind("b".into()));
    let Decision::Refuse(why) = decided("c") else { panic!("there is no such node") };
    insta::assert_snapshot!(why, @"0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.");
}

fn ranked(name: &str, priority: i64, amount: &str) -> Value {
    let mut spec = cpu(amount);
    spec["priority"] = json!(priority);
    pod(name, spec, json!({}))
}

/// A Pod of priority 10 that wants this much, beside others.
fn told_important(amount: &str, others: &[Value]) -> String {
    let mut spec = cpu(amount);
    spec["priority"] = json!(10);
    told(spec, json!({}), others)
}

#[test]
fn who_is_less_important_makes_room_and_no_more_of_them_than_must() {
    let lines = [
        told_important("1", &[ranked("low", 1, "1500m")]),
        told_important("1", &[ranked("equal", 10, "1500m")]),
        told_important("1", &[ranked("a", 1, "500m"), ranked("b", 2, "500m"), ranked("c", 3, "1")]),
        told_important("3", &[ranked("low", 1, "1500m")]),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    0/1 nodes are available: 1 Insufficient cpu. | low must leave n
    0/1 nodes are available: 1 Insufficient cpu. | 1 No preemption victims found for incoming pod.
    0/1 nodes are available: 1 Insufficient cpu. | b, a must leave n
    0/1 nodes are available: 1 Insufficient cpu. | 1 Preemption is not helpful for scheduling.
    "#);
    let mut modest = cpu("1");
    modest["priority"] = json!(10);
    modest["preemptionPolicy"] = json!("Never");
    insta::assert_snapshot!(told(modest, json!({}), &[ranked("low", 1, "1500m")]), @"0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.");
}

#[test]
fn of_several_nodes_the_preferred_one_is_chosen_and_then_the_emptiest() {
    let mut snapshot = Snapshot::default();
    for (name, zone) in [("a", "one"), ("b", "two"), ("c", "two")] {
        snapshot.put_node(node(name, json!({}), json!({"zone": zone})).into());
    }
    let place = |snapshot: &mut Snapshot, name: &str, node: &str| {
        let mut placed = pod(name, cpu("100m"), json!({"app": "web"}));
        placed["spec"]["nodeName"] = json!(node);
        snapshot.put_pod(placed.into());
    };
    place(&mut snapshot, "p", "a");
    place(&mut snapshot, "q", "b");
    let chosen = |spec: Value| decide(&pod("x", spec, json!({"app": "web"})), &snapshot, &Store::new());
    assert_eq!(chosen(json!({})), Decision::Bind("c".into()));
    let zone = |value: &str| json!([{"key": "zone", "operator": "In", "values": [value]}]);
    let prefers = json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 5, "preference": {"matchExpressions": zone("one")}}]}}});
    assert_eq!(chosen(prefers), Decision::Bind("a".into()));
    let term = json!({"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "zone"});
    let apart = json!({"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 5, "podAffinityTerm": term}]}}});
    assert!(matches!(chosen(apart), Decision::Bind(_)));
    let spread = |domains: i64| {
        json!({"topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1, "minDomains": domains,
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "web"}}}]})
    };
    assert_eq!(chosen(spread(2)), Decision::Bind("c".into()));
    assert!(matches!(chosen(spread(3)), Decision::Refuse(_)));
}

#[tokio::test]
async fn an_important_pod_gets_the_place_of_one_that_is_not() {
    let (store, running) = Running::start();
    store.insert(Key::new(NODES, "", "n"), node("n", json!({}), json!({}))).unwrap();
    let put = |object: Value| store.insert(key_of(&object), object).unwrap();
    put(ranked("low", 1, "1500m"));
    until(&store, "low", |pod| pod["spec"]["nodeName"] == "n").await;
    put(ranked("high", 10, "1500m"));
    let low = until(&store, "low", |pod| tree::has(&pod["metadata"], "deletionTimestamp")).await;
    let conditions = tree::items(&low["status"], "conditions");
    assert!(conditions.iter().any(|condition| condition["reason"] == "PreemptionByScheduler"));
    let high = until(&store, "high", |pod| pod["status"]["nominatedNodeName"] == "n").await;
    assert!(tree::text(&high["spec"], "nodeName").is_empty());
    let scheduled = tree::items(&high["status"], "conditions").iter().find(|known| known["type"] == "PodScheduled");
    insta::assert_snapshot!(tree::text(scheduled.unwrap(), "message"), @"0/1 nodes are available: 1 Insufficient cpu.");
    let remove = |_: &Value| Ok::<_, std::convert::Infallible>(Next::Remove);
    store.modify(&Key::new(PODS, "default", "low"), remove).unwrap();
    let high = until(&store, "high", |pod| pod["spec"]["nodeName"] == "n").await;
    assert_eq!(high["status"].get("nominatedNodeName"), None);
    running.end().await;
}
