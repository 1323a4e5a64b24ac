//! ReplicaSets, Deployments and what follows from them, with a kubelet that makes every Pod ready.

use serde_json::{Value, json};

use super::*;
use crate::admission::default_object;

impl Bench {
    /// Creates or replaces an object as the API would: with its defaults.
    pub(super) fn apply(&mut self, mut object: Value) {
        let version = object["apiVersion"].as_str().unwrap().to_owned();
        let resource = crate::registry::find_kind(&version, object["kind"].as_str().unwrap()).unwrap();
        default_object(resource, &mut object);
        object["metadata"]["generation"] = json!(1);
        object["metadata"]["creationTimestamp"] = json!("2026-11-23T08:00:00Z");
        let name = name_of(&object).to_owned();
        let key = Key::new(resource.store_name(), "default", name);
        if let Some(known) = self.world.get(&key) {
            write::update(&self.world, &key, |stored| stored["spec"] = object["spec"].clone());
            assert_eq!(known["kind"], object["kind"]);
            self.worker.settle();
        } else {
            self.put(&key.resource, "default", object);
        }
    }

    /// Plays scheduler and kubelet until nothing moves: Pods get ready, those on their way out are gone.
    pub(super) fn run(&mut self) {
        for _ in 0..200 {
            let before = self.world.store.revision();
            for pod in self.world.store.list("pods", None).1 {
                let key = Key::new("pods", "default", name_of(&pod));
                if pods::is_deleting(&pod) {
                    let gone = |_: &Value| Ok::<_, std::convert::Infallible>(crate::store::Next::Remove);
                    self.world.store.modify(&key, gone).unwrap();
                } else if !pods::is_ready(&pod) && !pods::has_ended(&pod) {
                    let node = daemon_set::node_of(&pod).unwrap_or("n");
                    write::update(&self.world, &key, |pod| {
                        pod["spec"]["nodeName"] = json!(node);
                        pod["status"] = json!({"phase": "Running", "podIP": "10.244.0.9", "conditions": [
                            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T08:00:00Z"}]});
                    });
                }
            }
            self.worker.settle();
            if self.world.store.revision() == before {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    pub(super) fn change(&mut self, resource: &str, name: &str, change: impl FnOnce(&mut Value)) {
        write::update(&self.world, &Key::new(resource, "default", name), change);
        self.worker.settle();
    }

    pub(super) fn events(&self) -> Vec<String> {
        let mut events = self.world.store.list("events", None).1;
        events.sort_by_key(|event| event["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap());
        let shown = |event: &crate::store::Object| {
            let text = |field: &str| event[field].as_str().unwrap().to_owned();
            format!("{} {}", text("reason"), text("message"))
        };
        events.iter().map(shown).collect()
    }

    pub(super) fn table(&self, version: &str, kind: &str, name: &str) -> String {
        let resource = crate::registry::find_kind(version, kind).unwrap();
        let object = self.get(&resource.store_name(), "default", name).unwrap();
        let cells = crate::printers::row(resource, &object, self.world.clock.now()).cells;
        let shown = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        cells.iter().map(shown).collect::<Vec<_>>().join(" ")
    }
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": image}]}})
}

fn replica_set(replicas: i64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "keep"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template("nginx:1.27")}})
}

fn deployment(replicas: i64, image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template(image)}})
}

/// `workloads/self-healing.yaml`
#[test]
fn a_replica_set_replaces_what_is_lost() {
    let mut bench = Bench::new();
    bench.apply(replica_set(2));
    bench.run();
    assert_eq!(bench.table("apps/v1", "ReplicaSet", "keep"), "keep 2 2 2 0s c nginx:1.27 app=web");
    let lost = bench.names("pods");
    bench.delete("pods", "default", &lost[0]);
    bench.run();
    let pods = bench.names("pods");
    assert!(pods.len() == 2 && !pods.contains(&lost[0]));
    bench.change("replicasets.apps", "keep", |set| set["spec"]["replicas"] = json!(0));
    bench.run();
    assert!(bench.names("pods").is_empty());
    assert_eq!(bench.table("apps/v1", "ReplicaSet", "keep"), "keep 0 0 0 0s c nginx:1.27 app=web");
}

#[test]
fn a_replica_set_adopts_and_lets_go() {
    let mut bench = Bench::new();
    bench.put("pods", "default", pod("stray", "10.244.0.7", true));
    bench.apply(replica_set(2));
    bench.run();
    assert_eq!(bench.names("pods").len(), 2);
    let stray = bench.get("pods", "default", "stray").unwrap();
    assert_eq!(stray["metadata"]["ownerReferences"][0]["name"], "keep");
    bench.change("pods", "stray", |pod| pod["metadata"]["labels"] = json!({"app": "other"}));
    bench.run();
    assert_eq!(bench.names("pods").len(), 3);
    assert!(bench.get("pods", "default", "stray").unwrap()["metadata"]["ownerReferences"].is_null());
}

#[test]
fn a_quota_keeps_a_replica_set_from_growing() {
    let mut bench = Bench::new();
    bench.put("resourcequotas", "default", json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}}}));
    bench.apply(replica_set(3));
    bench.run();
    let set = bench.get("replicasets.apps", "default", "keep").unwrap();
    assert_eq!(set["status"]["readyReplicas"], 1);
    let condition = &set["status"]["conditions"][0];
    assert_eq!((&condition["type"], &condition["reason"]), (&json!("ReplicaFailure"), &json!("FailedCreate")));
    let message = condition["message"].as_str().unwrap();
    assert!(
        message.ends_with("is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"),
        "{message}"
    );
}

/// `workloads/deployment.yaml`
#[test]
fn a_deployment_rolls_out_and_back() {
    let mut bench = Bench::new();
    bench.apply(deployment(2, "nginx:1.25"));
    bench.run();
    assert_eq!(bench.table("apps/v1", "Deployment", "web"), "web 2/2 2 2 0s c nginx:1.25 app=web");
    bench.change("deployments.apps", "web", |web| web["spec"]["replicas"] = json!(3));
    bench.run();
    assert_eq!(bench.table("apps/v1", "Deployment", "web"), "web 3/3 3 3 0s c nginx:1.25 app=web");
    bench.apply(deployment(3, "nginx:1.27"));
    bench.run();
    let sizes = |bench: &Bench| {
        let mut sizes: Vec<(String, i64)> = bench
            .world
            .store
            .list("replicasets.apps", None)
            .1
            .iter()
            .map(|set| {
                (
                    set["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned(),
                    set["spec"]["replicas"].as_i64().unwrap(),
                )
            })
            .collect();
        sizes.sort();
        sizes
    };
    assert_eq!(sizes(&bench), [("nginx:1.25".to_owned(), 0), ("nginx:1.27".to_owned(), 3)]);
    let revision =
        |bench: &Bench| bench.get("deployments.apps", "default", "web").unwrap()["metadata"]["annotations"].clone();
    assert_eq!(revision(&bench), json!({"deployment.kubernetes.io/revision": "2"}));
    bench.apply(deployment(3, "nginx:1.25"));
    bench.run();
    assert_eq!(revision(&bench), json!({"deployment.kubernetes.io/revision": "3"}));
    assert_eq!(sizes(&bench), [("nginx:1.25".to_owned(), 3), ("nginx:1.27".to_owned(), 0)]);
    let status = bench.get("deployments.apps", "default", "web").unwrap()["status"].clone();
    let reasons: Vec<&Value> =
        status["conditions"].as_array().unwrap().iter().map(|condition| &condition["reason"]).collect();
    assert_eq!(reasons, ["MinimumReplicasAvailable", "NewReplicaSetAvailable"]);
    assert!(bench.events()[0].starts_with("ScalingReplicaSet Scaled up replica set web-"), "{:?}", bench.events());
}

/// The recorded status of a Deployment with one Pod, times and names aside.
#[test]
fn a_settled_deployment_has_the_recorded_status() {
    let mut bench = Bench::new();
    bench.apply(deployment(1, "nginx:1.27"));
    bench.run();
    let path = format!("{}/tests/wire/deployment.json", env!("CARGO_MANIFEST_DIR"));
    let record: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let plain = |mut status: Value| {
        for condition in status["conditions"].as_array_mut().unwrap() {
            for field in ["lastUpdateTime", "lastTransitionTime", "message"] {
                condition[field] = Value::Null;
            }
        }
        status
    };
    let ours = bench.get("deployments.apps", "default", "web").unwrap()["status"].clone();
    assert_eq!(plain(ours), plain(record["body"]["status"].clone()));
}

#[test]
fn recreate_waits_for_the_old_pods() {
    let mut bench = Bench::new();
    let mut old = deployment(2, "a");
    old["spec"]["strategy"] = json!({"type": "Recreate"});
    bench.apply(old.clone());
    bench.run();
    let mut new = deployment(2, "b");
    new["spec"]["strategy"] = json!({"type": "Recreate"});
    bench.apply(new);
    let images = |bench: &Bench| -> Vec<Value> {
        bench.world.store.list("pods", None).1.iter().map(|pod| pod["spec"]["containers"][0]["image"].clone()).collect()
    };
    assert_eq!(images(&bench), ["a", "a"]);
    bench.run();
    assert_eq!(images(&bench), ["b", "b"]);
}

#[test]
fn a_paused_deployment_waits() {
    let mut bench = Bench::new();
    bench.apply(deployment(1, "a"));
    bench.run();
    let mut paused = deployment(1, "b");
    paused["spec"]["paused"] = json!(true);
    bench.apply(paused);
    bench.run();
    assert_eq!(bench.names("replicasets.apps").len(), 1);
    bench.change("deployments.apps", "web", |web| web["spec"]["paused"] = json!(false));
    bench.run();
    assert_eq!(bench.table("apps/v1", "Deployment", "web"), "web 1/1 1 1 0s c b app=web");
}

#[test]
fn a_rollout_that_does_not_move_says_so() {
    let mut bench = Bench::new();
    let mut web = deployment(1, "a");
    web["spec"]["progressDeadlineSeconds"] = json!(10);
    bench.apply(web.clone());
    bench.run();
    web["spec"]["template"] = template("never");
    bench.apply(web);
    let progressing = |bench: &Bench| {
        let status = bench.get("deployments.apps", "default", "web").unwrap()["status"].clone();
        let condition = conditions::find(&status, "Progressing").unwrap().clone();
        ["status", "reason", "message"].map(|field| condition[field].as_str().unwrap().to_owned())
    };
    assert_eq!(progressing(&bench)[1], "ReplicaSetUpdated");
    bench.pass(9);
    assert_eq!(progressing(&bench)[1], "ReplicaSetUpdated");
    bench.pass(1);
    let [status, reason, message] = progressing(&bench);
    assert_eq!((status.as_str(), reason.as_str()), ("False", "ProgressDeadlineExceeded"));
    assert!(
        message.starts_with("ReplicaSet \"web-") && message.ends_with("\" has timed out progressing."),
        "{message}"
    );
    bench.apply(deployment(1, "a"));
    bench.run();
    assert_eq!(progressing(&bench)[1], "NewReplicaSetAvailable");
}

#[test]
fn deleting_a_deployment_takes_everything_with_it() {
    let mut bench = Bench::new();
    bench.apply(deployment(2, "a"));
    bench.run();
    bench.delete("deployments.apps", "default", "web");
    bench.run();
    assert!(bench.names("replicasets.apps").is_empty() && bench.names("pods").is_empty());
}

#[test]
fn a_replication_controller_makes_and_adopts_pods_by_a_plain_map() {
    let mut bench = Bench::new();
    let template =
        json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "a"}]}});
    let controller = json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "web"},
        "spec": {"replicas": 2, "template": template}});
    let orphan = json!({"metadata": {"name": "orphan", "labels": {"app": "web"}}, "spec": {}, "status": {}});
    bench.put("pods", "default", orphan);
    bench.apply(controller);
    bench.run();
    let pods = bench.world.store.list("pods", None).1;
    let owners: Vec<&str> =
        pods.iter().map(|pod| pod["metadata"]["ownerReferences"][0]["kind"].as_str().unwrap()).collect();
    assert_eq!(owners, ["ReplicationController", "ReplicationController"]);
    assert_eq!(bench.table("v1", "ReplicationController", "web"), "web 2 2 2 0s c a app=web");
    let status = bench.get("replicationcontrollers", "default", "web").unwrap()["status"].clone();
    assert_eq!(
        status,
        json!({"replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 2, "observedGeneration": 1})
    );
    bench.change("replicationcontrollers", "web", |set| set["spec"]["replicas"] = json!(0));
    bench.run();
    assert!(bench.names("pods").is_empty());
}
