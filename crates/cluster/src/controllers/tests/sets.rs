//! DaemonSets and StatefulSets.

use serde_json::json;

use super::*;

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "a"}]}})
}

fn set(kind: &str, extra: Value) -> Value {
    let mut set = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "db"}, "spec": extra});
    set["spec"]["selector"] = json!({"matchLabels": {"app": "web"}});
    set["spec"]["template"] = template();
    set
}

/// `workloads/statefulset-daemonset.yaml`
#[test]
fn a_stateful_set_makes_its_pods_in_order() {
    let mut bench = Bench::new();
    bench.apply(set("StatefulSet", json!({"replicas": 2, "serviceName": "db"})));
    assert_eq!(bench.names("pods"), ["db-0"]);
    bench.run();
    assert_eq!(bench.names("pods"), ["db-0", "db-1"]);
    assert_eq!(bench.table("apps/v1", "StatefulSet", "db"), "db 2/2 0s c a");
    assert_eq!(bench.events()[0], "SuccessfulCreate Create Pod db-0 in StatefulSet db successful");
    let pod = bench.get("pods", "default", "db-1").unwrap();
    assert_eq!((&pod["spec"]["hostname"], &pod["spec"]["subdomain"]), (&json!("db-1"), &json!("db")));
    bench.change("statefulsets.apps", "db", |set| set["spec"]["replicas"] = json!(1));
    bench.run();
    assert_eq!(bench.names("pods"), ["db-0"]);
}

#[test]
fn a_stateful_set_is_updated_from_the_end() {
    let mut bench = Bench::new();
    bench.apply(set("StatefulSet", json!({"replicas": 3})));
    bench.run();
    bench.change("statefulsets.apps", "db", |set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("b")
    });
    assert!(bench.get("pods", "default", "db-2").unwrap()["metadata"]["deletionTimestamp"].is_string());
    assert!(bench.get("pods", "default", "db-1").unwrap()["metadata"]["deletionTimestamp"].is_null());
    bench.run();
    let images: Vec<Value> = bench
        .world
        .store
        .list("pods", None)
        .1
        .iter()
        .map(|pod| pod["spec"]["containers"][0]["image"].clone())
        .collect();
    assert_eq!(images, ["b", "b", "b"]);
    assert_eq!(bench.names("controllerrevisions.apps").len(), 2);
    let status = bench.get("statefulsets.apps", "default", "db").unwrap()["status"].clone();
    assert_eq!(status["currentRevision"], status["updateRevision"]);
}

#[test]
fn a_stateful_set_makes_claims() {
    let mut bench = Bench::new();
    let claim = json!({"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    bench.apply(set("StatefulSet", json!({"replicas": 1, "volumeClaimTemplates": [claim]})));
    bench.run();
    assert_eq!(bench.names("persistentvolumeclaims"), ["data-db-0"]);
    let pod = bench.get("pods", "default", "db-0").unwrap();
    assert_eq!(pod["spec"]["volumes"][0], json!({"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}));
}

#[test]
fn a_daemon_set_has_a_pod_on_each_node() {
    let mut bench = Bench::new();
    bench.put("nodes", "", json!({"metadata": {"name": "n"}, "spec": {}}));
    bench.put(
        "nodes",
        "",
        json!({"metadata": {"name": "m"}, "spec": {"taints": [{"key": "x", "effect": "NoSchedule"}]}}),
    );
    bench.apply(set("DaemonSet", json!({})));
    bench.run();
    assert_eq!(bench.names("pods").len(), 1);
    assert_eq!(bench.table("apps/v1", "DaemonSet", "db"), "db 1 1 1 1 1 <none> 0s c a app=web");
    bench.change("daemonsets.apps", "db", |set| set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("b"));
    bench.run();
    assert_eq!(bench.table("apps/v1", "DaemonSet", "db"), "db 1 1 1 1 1 <none> 0s c b app=web");
    bench.put(
        "nodes",
        "",
        json!({"metadata": {"name": "n"}, "spec": {"taints": [{"key": "x", "effect": "NoExecute"}]}}),
    );
    bench.run();
    assert!(bench.names("pods").is_empty());
}

#[test]
fn claims_go_as_the_set_says() {
    let mut bench = Bench::new();
    let claim = json!({"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    bench.apply(set(
        "StatefulSet",
        json!({"replicas": 2, "volumeClaimTemplates": [claim],
        "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete", "whenDeleted": "Retain"}}),
    ));
    bench.run();
    assert_eq!(bench.names("persistentvolumeclaims"), ["data-db-0", "data-db-1"]);
    bench.change("statefulsets.apps", "db", |set| set["spec"]["replicas"] = json!(1));
    bench.run();
    assert_eq!(bench.names("persistentvolumeclaims"), ["data-db-0"]);
    bench.delete("statefulsets.apps", "default", "db");
    bench.run();
    assert_eq!(bench.names("persistentvolumeclaims"), ["data-db-0"]);
    assert!(
        bench
            .events()
            .contains(&"SuccessfulCreate Create Claim data-db-0 Pod db-0 in StatefulSet db success".to_owned())
    );
}

#[test]
fn pods_leave_a_node_whose_taint_they_do_not_bear() {
    let mut bench = Bench::new();
    let node = |taints: Value| json!({"metadata": {"name": "n"}, "spec": {"taints": taints}});
    bench.put("nodes", "", node(json!([])));
    let tolerant = |name: &str, tolerations: Value| {
        let mut pod = pod(name, "10.244.0.3", true);
        pod["spec"]["tolerations"] = tolerations;
        pod
    };
    bench.put("pods", "default", tolerant("gone", json!([])));
    bench.put("pods", "default", tolerant("stays", json!([{"operator": "Exists"}])));
    bench.put("pods", "default", tolerant("waits", json!([{"operator": "Exists", "tolerationSeconds": 60}])));
    bench.put("nodes", "", node(json!([{"key": "x", "effect": "NoExecute"}])));
    let going = |bench: &Bench| -> Vec<String> {
        let mut pods = bench.world.store.list("pods", None).1;
        pods.retain(|pod| pods::is_deleting(pod));
        pods.iter().map(|pod| name_of(pod).to_owned()).collect()
    };
    assert_eq!(going(&bench), ["gone"]);
    bench.pass(59);
    assert_eq!(going(&bench), ["gone"]);
    bench.pass(1);
    assert_eq!(going(&bench), ["gone", "waits"]);
    assert_eq!(bench.events()[0], "TaintManagerEviction Marking for deletion Pod default/gone");
    let gone = bench.get("pods", "default", "gone").unwrap();
    let why = conditions::find(&gone["status"], "DisruptionTarget").unwrap();
    assert_eq!(why["reason"], "DeletionByTaintManager");
    bench.put("pods", "default", tolerant("spared", json!([{"operator": "Exists", "tolerationSeconds": 60}])));
    bench.put("nodes", "", node(json!([])));
    assert!(bench.events().contains(&"TaintManagerEviction Cancelling deletion of Pod default/spared".to_owned()));
}
