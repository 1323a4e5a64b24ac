use serde_json::json;

use super::*;
use crate::{
    node::downward::Allocatable,
    store::{Key, Store},
};

fn environment_of(store: &Store, container: Value) -> Result<String, EnvError> {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "self", "namespace": "default", "uid": "u", "labels": {"app": "x"}},
        "spec": {"containers": [container], "serviceAccountName": "default"},
    });
    let pod = Pod::read(pod.into()).unwrap();
    let lookup = Lookup { store, namespace: "default" };
    let facts = Facts {
        node: "n",
        host: [172, 18, 0, 2].into(),
        address: Some([10, 244, 0, 9].into()),
        allocatable: Allocatable { cpu_milli: 2000, memory: 1 << 30 },
    };
    let all = environment(&pod, &pod.spec.containers[0], &lookup, &facts)?;
    Ok(all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n"))
}

fn store() -> Store {
    let store = Store::new();
    let settings = json!({"data": {"color": "blue", "size": "10", "bad.key": "x"}});
    store.insert(Key::new("configmaps", "default", "settings"), settings).unwrap();
    let creds = json!({"data": {"pass": "cEBzcw=="}});
    store.insert(Key::new("secrets", "default", "creds"), creds).unwrap();
    store
}

#[test]
fn variables_come_from_everywhere() {
    let container = json!({
        "name": "main",
        "resources": {"requests": {"memory": "32Mi"}, "limits": {"cpu": "300m"}},
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"prefix": "CRED_", "secretRef": {"name": "creds"}}],
        "env": [
            {"name": "A", "value": "one"},
            {"name": "B", "value": "$(A)-two"},
            {"name": "C", "value": "$$(A) $(LATER)"},
            {"name": "LATER", "value": "late"},
            {"name": "color", "value": "red"},
            {"name": "PASS", "valueFrom": {"secretKeyRef": {"name": "creds", "key": "pass"}}},
            {"name": "MAYBE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "no", "optional": true}}},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
            {"name": "CPUS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "MEM", "valueFrom": {"resourceFieldRef": {"resource": "requests.memory"}}},
            {"name": "ALL", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
        ],
    });
    insta::assert_snapshot!(environment_of(&store(), container).unwrap(), @r#"
bad.key=x
color=red
size=10
CRED_pass=p@ss
A=one
B=one-two
C=$(A) $(LATER)
LATER=late
PASS=p@ss
IP=10.244.0.9
APP=x
CPU=300
CPUS=1
MEM=33554432
ALL=1073741824
"#);
}

#[test]
fn what_is_missing_is_named() {
    let from = |source: Value| {
        let container = json!({"name": "c", "env": [{"name": "X", "valueFrom": source}]});
        environment_of(&store(), container).unwrap_err().to_string()
    };
    assert_eq!(from(json!({"configMapKeyRef": {"name": "none", "key": "k"}})), "configmap \"none\" not found");
    assert_eq!(
        from(json!({"secretKeyRef": {"name": "creds", "key": "k"}})),
        "couldn't find key k in Secret default/creds"
    );
}

#[test]
fn services_are_variables() {
    let store = Store::new();
    let service = json!({"metadata": {"name": "my-db"}, "spec": {"clusterIP": "10.96.0.7", "ports": [
        {"name": "sql", "port": 5432, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}});
    store.insert(Key::new("services", "default", "my-db"), service).unwrap();
    let env = json!([{"name": "AT", "value": "$(MY_DB_SERVICE_HOST)"}]);
    insta::assert_snapshot!(environment_of(&store, json!({"name": "c", "env": env})).unwrap(), @r#"
AT=10.96.0.7
MY_DB_PORT=tcp://10.96.0.7:5432
MY_DB_PORT_53_UDP=udp://10.96.0.7:53
MY_DB_PORT_53_UDP_ADDR=10.96.0.7
MY_DB_PORT_53_UDP_PORT=53
MY_DB_PORT_53_UDP_PROTO=udp
MY_DB_PORT_5432_TCP=tcp://10.96.0.7:5432
MY_DB_PORT_5432_TCP_ADDR=10.96.0.7
MY_DB_PORT_5432_TCP_PORT=5432
MY_DB_PORT_5432_TCP_PROTO=tcp
MY_DB_SERVICE_HOST=10.96.0.7
MY_DB_SERVICE_PORT=5432
MY_DB_SERVICE_PORT_SQL=5432
"#);
}

#[test]
fn dollars() {
    let known = |name: &str| (name == "A").then_some("x");
    let expanded = ["$(A)", "$$(A)", "$(B)", "$A $", "$(A", "$$$(A)", "a$(A)b$(A)"].map(|text| expand(text, known));
    assert_eq!(expanded, ["x", "$(A)", "$(B)", "$A $", "$(A", "$x", "axbx"]);
}
