//! The controllers together, on a store, without time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;

mod jobs;
mod properties;
mod sets;
mod workloads;

/// Ids that count, and a clock that stands still until it is moved.
#[derive(Default)]
struct Counting {
    ids: AtomicU64,
    seconds: AtomicI64,
}

impl Counting {
    fn id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }
}

impl Clock for Counting {
    fn now(&self) -> Timestamp {
        let begin: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        begin + SignedDuration::from_secs(self.seconds.load(Ordering::Relaxed))
    }

    fn uid(&self) -> String {
        format!("{:08x}-uid", self.id())
    }

    fn suffix(&self, length: usize) -> String {
        format!("{:0length$}", self.id())
    }
}

struct Bench {
    world: World,
    worker: worker::Worker,
    clock: Arc<Counting>,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(Counting::default());
        let world = World { store: Store::new(), clock: clock.clone(), authority: "PEM".into() };
        let worker = worker::Worker::new(world.clone(), controllers(&world));
        let mut bench = Self { world, worker, clock };
        bench.put(
            "namespaces",
            "",
            json!({"metadata": {"name": "default"}, "spec": {"finalizers": ["kubernetes"]}, "status": {}}),
        );
        bench.worker.settle();
        bench
    }

    /// Time goes by, and everything is looked at again.
    fn pass(&mut self, seconds: i64) {
        self.clock.seconds.fetch_add(seconds, Ordering::Relaxed);
        self.worker.lose_log();
        self.worker.settle();
    }

    /// Adds or replaces an object and lets the controllers settle.
    fn put(&mut self, resource: &str, namespace: &str, mut object: Value) {
        let key = Key::new(resource, namespace, name_of(&object));
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = json!(self.world.clock.uid());
        }
        if !namespace.is_empty() {
            object["metadata"]["namespace"] = json!(namespace);
        }
        if self.world.store.insert(key.clone(), object.clone()).is_err() {
            write::update(&self.world, &key, |stored| *stored = object);
        }
        self.worker.settle();
    }

    fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<crate::store::Object> {
        self.world.get(&Key::new(resource, namespace, name))
    }

    fn names(&self, resource: &str) -> Vec<String> {
        self.world.store.list(resource, None).1.iter().map(|object| name_of(object).to_owned()).collect()
    }

    fn delete(&mut self, resource: &str, namespace: &str, name: &str) {
        deletion::delete(&self.world, &Key::new(resource, namespace, name));
        self.worker.settle();
    }
}

fn pod(name: &str, ip: &str, ready: bool) -> Value {
    json!({
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]}]},
        "status": {"phase": "Running", "podIP": ip, "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]},
    })
}

fn service(port: Value) -> Value {
    json!({"metadata": {"name": "web", "uid": "s"}, "spec": {"selector": {"app": "web"}, "type": "ClusterIP", "ports": [port]}})
}

#[test]
fn a_namespace_is_furnished_and_emptied() {
    let mut bench = Bench::new();
    assert_eq!(bench.names("serviceaccounts"), ["default"]);
    bench.put(
        "namespaces",
        "",
        json!({"metadata": {"name": "blue"}, "spec": {"finalizers": ["kubernetes"]}, "status": {}}),
    );
    assert_eq!(bench.get("configmaps", "blue", "kube-root-ca.crt").unwrap()["data"]["ca.crt"], "PEM");
    bench.put("pods", "blue", pod("p", "10.0.0.1", true));
    let mut deleted = Value::clone(&bench.get("namespaces", "", "blue").unwrap());
    deleted["metadata"]["deletionTimestamp"] = json!("2026-11-23T08:00:00Z");
    bench.put("namespaces", "", deleted);
    let pod = bench.get("pods", "blue", "p").unwrap();
    assert_eq!(pod["metadata"]["deletionGracePeriodSeconds"], 30);
    assert_eq!(bench.get("namespaces", "", "blue").unwrap()["status"]["phase"], "Terminating");
    let last = Key::new("pods", "blue", "p");
    bench.world.store.modify(&last, |_| Ok::<_, std::convert::Infallible>(crate::store::Next::Remove)).unwrap();
    bench.worker.settle();
    assert_eq!(bench.names("namespaces"), ["default"]);
    assert_eq!(bench.names("configmaps"), ["kube-root-ca.crt"]);
}

#[test]
fn the_api_makes_its_own_service_again() {
    let mut bench = Bench::new();
    for (api_version, kind, object) in crate::bootstrap::own_service() {
        crate::bootstrap::put_in(&bench.world.store, &*bench.world.clock, (api_version, kind), "default", object)
            .unwrap();
    }
    bench.worker.settle();
    let before = bench.get("services", "default", "kubernetes").unwrap();
    bench.delete("services", "default", "kubernetes");
    let after = bench.get("services", "default", "kubernetes").unwrap();
    assert_eq!(after["spec"], before["spec"]);
    assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(bench.names("endpoints"), ["kubernetes"]);
}

#[test]
fn the_default_account_comes_back() {
    let mut bench = Bench::new();
    bench.delete("serviceaccounts", "default", "default");
    assert_eq!(bench.names("serviceaccounts"), ["default"]);
}

#[test]
fn the_root_certificate_is_what_the_api_shows_whoever_writes_another() {
    let mut bench = Bench::new();
    let other = json!({"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": "of the start before", "x": "y"}});
    bench.put("configmaps", "default", other);
    let restored = bench.get("configmaps", "default", "kube-root-ca.crt").unwrap();
    assert_eq!(restored["data"], json!({"ca.crt": "PEM"}));
    assert!(restored["metadata"]["annotations"]["kubernetes.io/description"].is_string());
}

fn owned(name: &str, owner: &str) -> Value {
    json!({"metadata": {"name": name, "uid": format!("{name}-uid"), "ownerReferences": [{"uid": owner, "blockOwnerDeletion": true}]}})
}

#[test]
fn what_has_lost_its_owner_goes() {
    let mut bench = Bench::new();
    bench.put("deployments.apps", "default", json!({"metadata": {"name": "d", "uid": "d"}}));
    bench.put("replicasets.apps", "default", owned("rs", "d"));
    bench.put("configmaps", "default", owned("leaf", "rs-uid"));
    bench.delete("deployments.apps", "default", "d");
    assert!(bench.names("replicasets.apps").is_empty());
    assert_eq!(bench.names("configmaps"), ["kube-root-ca.crt"]);
}

#[test]
fn foreground_deletion_takes_the_dependents_first() {
    let mut bench = Bench::new();
    bench.put("replicasets.apps", "default", json!({"metadata": {"name": "rs", "uid": "rs"}}));
    let mut held = owned("leaf", "rs");
    held["metadata"]["finalizers"] = json!(["example.com/x"]);
    bench.put("configmaps", "default", held);
    deletion::delete_foreground(&bench.world, &Key::new("replicasets.apps", "default", "rs"));
    bench.worker.settle();
    assert_eq!(bench.names("replicasets.apps"), ["rs"]);
    deletion::release(&bench.world, &Key::new("configmaps", "default", "leaf"), "example.com/x");
    bench.worker.settle();
    assert!(bench.names("replicasets.apps").is_empty());
}

#[test]
fn orphans_stay_without_an_owner() {
    let mut bench = Bench::new();
    bench.put("replicasets.apps", "default", json!({"metadata": {"name": "rs", "uid": "rs"}}));
    bench.put("configmaps", "default", owned("leaf", "rs"));
    bench.put(
        "replicasets.apps",
        "default",
        json!({"metadata": {"name": "rs", "uid": "rs", "deletionTimestamp": "x", "finalizers": ["orphan"]}}),
    );
    assert!(bench.names("replicasets.apps").is_empty());
    assert!(bench.get("configmaps", "default", "leaf").unwrap()["metadata"]["ownerReferences"].is_null());
}

#[test]
fn ready_pods_are_endpoints() {
    let mut bench = Bench::new();
    bench.put("services", "default", service(json!({"port": 80, "targetPort": "http", "protocol": "TCP"})));
    let slices = |bench: &Bench| bench.world.store.list("endpointslices.discovery.k8s.io", None).1;
    assert!(bench.get("endpoints", "default", "web").unwrap()["subsets"].is_null());
    assert!(slices(&bench)[0]["endpoints"].is_null());
    bench.put("pods", "default", pod("b", "10.244.0.9", true));
    bench.put("pods", "default", pod("a", "10.244.0.3", false));
    let endpoints = bench.get("endpoints", "default", "web").unwrap();
    let subset = &endpoints["subsets"][0];
    assert_eq!(subset["addresses"][0]["ip"], "10.244.0.9");
    assert_eq!(subset["notReadyAddresses"][0]["targetRef"]["name"], "a");
    assert_eq!(subset["ports"], json!([{"port": 8080, "protocol": "TCP"}]));
    let all = slices(&bench);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["ports"], json!([{"name": "", "protocol": "TCP", "port": 8080}]));
    assert_eq!(all[0]["endpoints"][0]["conditions"], json!({"ready": false, "serving": false, "terminating": false}));
    bench.delete("services", "default", "web");
    assert!(bench.names("endpoints").is_empty() && slices(&bench).is_empty());
}

#[test]
fn a_quota_counts_what_is_used() {
    let mut bench = Bench::new();
    bench.put(
        "resourcequotas",
        "default",
        json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "2", "limits.cpu": "1"}}}),
    );
    bench.put("pods", "default", pod("a", "10.244.0.3", true));
    let status = bench.get("resourcequotas", "default", "q").unwrap()["status"].clone();
    assert_eq!(status, json!({"hard": {"pods": "2", "limits.cpu": "1"}, "used": {"pods": "1", "limits.cpu": "0"}}));
}

#[tokio::test]
async fn the_task_follows_the_log_and_ends() {
    let store = Store::new();
    let clock: SharedClock = Arc::new(Counting::default());
    let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
    start(&store, &clock, "PEM", &tasks, cancel.clone());
    let mut accounts = store.watch("serviceaccounts", None, 0).unwrap();
    store.insert(Key::new("namespaces", "", "new"), json!({"metadata": {"name": "new", "uid": "n"}})).unwrap();
    assert_eq!(accounts.next().await.unwrap().key.namespace, "new");
    cancel.cancel();
    tasks.close();
    tasks.wait().await;
}

#[test]
fn a_claim_gets_its_volume_when_a_pod_needs_it() {
    let mut bench = Bench::new();
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "uid": "u", "finalizers": ["kubernetes.io/pvc-protection"]},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard", "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": "1Gi"}}}});
    bench.put("persistentvolumeclaims", "default", claim);
    assert!(bench.names("persistentvolumes").is_empty());
    let mut user = pod("a", "10.244.0.3", true);
    user["spec"]["volumes"] = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]);
    bench.put("pods", "default", user);
    assert_eq!(bench.names("persistentvolumes"), ["pvc-u"]);
    let bound = bench.get("persistentvolumeclaims", "default", "data").unwrap();
    assert_eq!((&bound["status"]["phase"], &bound["spec"]["volumeName"]), (&json!("Bound"), &json!("pvc-u")));
    bench.delete("persistentvolumeclaims", "default", "data");
    assert_eq!(bench.names("persistentvolumeclaims"), ["data"]);
    let gone = |_: &Value| Ok::<_, std::convert::Infallible>(crate::store::Next::Remove);
    bench.world.store.modify(&Key::new("pods", "default", "a"), gone).unwrap();
    bench.worker.settle();
    assert!(bench.names("persistentvolumeclaims").is_empty() && bench.names("persistentvolumes").is_empty());
}
