use std::convert::Infallible;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    admission::default_object,
    clock::Clock,
    store::{Key, Next, Store},
};

/// A clock that stands still, and ids that do not change.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }

    fn uid(&self) -> String {
        "00f2ab00-75d5-454d-83c7-3ea541903bc3".to_owned()
    }

    fn suffix(&self, length: usize) -> String {
        "vt7sd"[..length].to_owned()
    }
}

fn kind(version: &str, kind: &str) -> Resource<'static> {
    *crate::registry::find_kind(version, kind).unwrap()
}

fn pods() -> Resource<'static> {
    kind("v1", "Pod")
}

fn store() -> Store {
    let store = Store::new();
    add(&store, "serviceaccounts", json!({"metadata": {"name": "default"}}));
    store
}

fn add(store: &Store, resource: &str, mut object: Value) {
    object["metadata"]["namespace"] = json!("default");
    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
    store.insert(Key::new(resource, "default", name), object).unwrap();
}

/// Creates a Pod as the API does, as far as admission goes.
fn create(store: &Store, resource: &Resource, mut object: Value) -> Result<Value, Forbidden> {
    let context = Context { store, clock: &Still, dry_run: false };
    object["metadata"]["namespace"] = json!("default");
    default_object(resource, &mut object);
    prepare_create(resource, &mut object, &context)?;
    approve_create(resource, &object, &context)?;
    Ok(object)
}

fn pod(name: &str, resources: Value) -> Value {
    json!({"metadata": {"name": name}, "spec": {"containers": [{"name": name, "image": "nginx:1.27", "resources": resources}]}})
}

#[test]
fn a_pod_is_admitted_as_the_recorded_one() {
    let path = format!("{}/tests/wire/pod-create.json", env!("CARGO_MANIFEST_DIR"));
    let record: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let sent: Value = serde_json::from_str(record["send"]["body"].as_str().unwrap()).unwrap();
    let got = create(&store(), &pods(), sent).unwrap();
    assert_eq!(got["spec"], record["body"]["spec"]);
    assert_eq!(got["status"], record["body"]["status"]);
}

#[test]
fn an_account_that_is_not_there_is_named() {
    let mut pod = pod("a", json!({}));
    pod["spec"]["serviceAccountName"] = json!("nope");
    let refused = create(&store(), &pods(), pod).unwrap_err();
    insta::assert_snapshot!(refused, @r#"error looking up service account default/nope: serviceaccount "nope" not found"#);
}

#[test]
fn an_account_or_a_pod_can_do_without_a_token() {
    let mut pod = pod("a", json!({}));
    pod["spec"]["automountServiceAccountToken"] = json!(false);
    assert!(create(&store(), &pods(), pod).unwrap()["spec"]["volumes"].is_null());
}

#[test]
fn a_priority_class_is_looked_up() {
    let store = store();
    let mut named = pod("a", json!({}));
    named["spec"]["priorityClassName"] = json!("high");
    let refused = create(&store, &pods(), named.clone()).unwrap_err();
    insta::assert_snapshot!(refused, @"no PriorityClass with name high was found");
    let class = json!({"metadata": {"name": "high"}, "value": 7, "preemptionPolicy": "Never"});
    store.insert(Key::new("priorityclasses.scheduling.k8s.io", "", "high"), class).unwrap();
    let got = create(&store, &pods(), named).unwrap();
    assert_eq!((&got["spec"]["priority"], &got["spec"]["preemptionPolicy"]), (&json!(7), &json!("Never")));
}

/// `workloads/quota-and-limits.yaml`
#[test]
fn quotas_and_limits_speak_as_recorded() {
    let store = store();
    let quota = json!({"metadata": {"name": "few"}, "spec": {"hard": {"pods": "1", "requests.cpu": "1"}}});
    add(&store, "resourcequotas", quota);
    let refused = create(&store, &pods(), pod("one", json!({}))).unwrap_err();
    insta::assert_snapshot!(refused, @"failed quota: few: must specify requests.cpu for: one");
    let mut range = json!({"metadata": {"name": "sizes"}, "spec": {"limits": [{"type": "Container",
        "default": {"cpu": "200m", "memory": "64Mi"}, "defaultRequest": {"cpu": "100m"}, "max": {"cpu": "1"}}]}});
    default_object(&kind("v1", "LimitRange"), &mut range);
    add(&store, "limitranges", range);
    let one = create(&store, &pods(), pod("one", json!({}))).unwrap();
    assert_eq!(
        one["spec"]["containers"][0]["resources"],
        json!({"limits": {"cpu": "200m", "memory": "64Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}})
    );
    assert_eq!(one["status"]["qosClass"], "Burstable");
    insta::assert_snapshot!(
        one["metadata"]["annotations"]["kubernetes.io/limit-ranger"].as_str().unwrap(),
        @"LimitRanger plugin set: cpu, memory request for container one; cpu, memory limit for container one"
    );
    add(&store, "pods", one);
    let refused = create(&store, &pods(), pod("two", json!({}))).unwrap_err();
    insta::assert_snapshot!(refused, @"exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1");
    let refused = create(&store, &pods(), pod("big", json!({"limits": {"cpu": "2"}}))).unwrap_err();
    insta::assert_snapshot!(refused, @"maximum cpu usage per Container is 1, but limit is 2");
    let done = Key::new("pods", "default", "one");
    let ended = |pod: &Value| {
        let mut pod = pod.clone();
        pod["status"]["phase"] = json!("Succeeded");
        Ok::<_, Infallible>(Next::Put(pod))
    };
    store.modify(&done, ended).unwrap();
    assert!(create(&store, &pods(), pod("two", json!({}))).is_ok());
}

#[test]
fn services_get_addresses_and_node_ports() {
    let services = kind("v1", "Service");
    let store = store();
    let service = |kind: &str| json!({"metadata": {"name": kind.to_lowercase()}, "spec": {"type": kind, "ports": [{"port": 80}]}});
    let first = create(&store, &services, service("NodePort")).unwrap();
    assert_eq!(first["spec"]["clusterIP"], "10.96.243.171");
    assert_eq!(first["spec"]["ports"][0]["nodePort"], 31227);
    add(&store, "services", first);
    let second = create(&store, &services, service("NodePort")).unwrap();
    assert_eq!(second["spec"]["clusterIPs"], json!(["10.96.243.172"]));
    assert_eq!(second["spec"]["ports"][0]["nodePort"], 31228);
    let mut headless = service("ClusterIP");
    headless["spec"]["clusterIP"] = json!("None");
    let headless = create(&store, &services, headless).unwrap();
    assert_eq!(headless["spec"]["clusterIPs"], json!(["None"]));
    let outside = create(&store, &services, service("ExternalName")).unwrap();
    assert!(outside["spec"]["clusterIP"].is_null());
}

#[test]
fn a_service_that_becomes_a_node_port_gets_one() {
    let services = kind("v1", "Service");
    let store = store();
    let context = Context { store: &store, clock: &Still, dry_run: false };
    let old = create(
        &store,
        &services,
        json!({"metadata": {"name": "a"}, "spec": {"type": "ClusterIP", "ports": [{"port": 80}]}}),
    );
    let old = old.unwrap();
    let mut new = old.clone();
    new["spec"]["type"] = json!("NodePort");
    prepare_update(&services, &old, &mut new, "", &context);
    assert_eq!(new["spec"]["ports"][0]["nodePort"], 31227);
    assert_eq!(new["spec"]["clusterIP"], old["spec"]["clusterIP"]);
    let mut back = new.clone();
    back["spec"]["type"] = json!("ClusterIP");
    prepare_update(&services, &new, &mut back, "", &context);
    assert_eq!(back["spec"]["ports"], old["spec"]["ports"]);
}

#[test]
fn a_runtime_class_must_be_there_and_says_what_its_pods_cost() {
    let store = store();
    let wish = || {
        let mut pod = pod("a", json!({}));
        pod["spec"]["runtimeClassName"] = json!("gvisor");
        pod
    };
    insta::assert_snapshot!(create(&store, &pods(), wish()).unwrap_err().0, @r#"pod rejected: RuntimeClass "gvisor" not found"#);
    let class = json!({"metadata": {"name": "gvisor"}, "handler": "runsc", "overhead": {"podFixed": {"cpu": "250m"}},
        "scheduling": {"nodeSelector": {"sandbox": "gvisor"}}});
    store.insert(Key::new("runtimeclasses.node.k8s.io", "", "gvisor"), class).unwrap();
    let made = create(&store, &pods(), wish()).unwrap();
    assert_eq!(
        (&made["spec"]["overhead"]["cpu"], &made["spec"]["nodeSelector"]["sandbox"]),
        (&json!("250m"), &json!("gvisor"))
    );
    let mut other = wish();
    other["spec"]["nodeSelector"] = json!({"sandbox": "kata"});
    insta::assert_snapshot!(create(&store, &pods(), other).unwrap_err().0, @"conflict: runtimeClass.scheduling.nodeSelector[sandbox] = gvisor; pod.spec.nodeSelector[sandbox] = kata");
}

#[test]
fn a_job_selects_its_own_pods() {
    let jobs = kind("batch/v1", "Job");
    let got = create(&store(), &jobs, json!({"metadata": {"name": "jo"}, "spec": {"template": {"spec": {}}}})).unwrap();
    let uid = "00f2ab00-75d5-454d-83c7-3ea541903bc3";
    assert_eq!(got["spec"]["selector"], json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
    assert_eq!(got["metadata"]["labels"], got["spec"]["template"]["metadata"]["labels"]);
    assert_eq!(got["metadata"]["labels"]["job-name"], "jo");
}
