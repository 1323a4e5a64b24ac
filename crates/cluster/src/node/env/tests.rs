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
    let all = environment(&pod, &pod.spec.containers[0], &lookup, &facts, &|volume, path| match (volume, path) {
        ("config", "app/vars") => Ok("# set by an init container\nA='one two'\nB='2'\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    })?;
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

#[test]
fn a_variable_comes_from_a_file_that_another_container_wrote() {
    let from = |key: &str, path: &str, optional: bool| {
        let selector = json!({"volumeName": "config", "path": path, "key": key, "optional": optional});
        json!({"env": [{"name": "X", "valueFrom": {"fileKeyRef": selector}}, {"name": "Y", "value": "<$(X)>"}]})
    };
    let set = |container: Value| {
        let text = environment_of(&store(), container).map_err(|error| error.to_string())?;
        Ok::<_, String>(
            text.lines()
                .filter(|line| ["X=", "Y="].iter().any(|name| line.starts_with(name)))
                .collect::<Vec<_>>()
                .join(" "),
        )
    };
    assert_eq!(set(from("A", "app/vars", false)).unwrap(), "X=one two Y=<one two>");
    assert_eq!(set(from("B", "app/vars", false)).unwrap(), "X=2 Y=<2>");
    assert_eq!(set(from("C", "app/vars", true)).unwrap(), "Y=<$(X)>");
    assert_eq!(
        set(from("C", "app/vars", false)).unwrap_err(),
        "environment variable key \"C\" not found in file \
         \"/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/config/app/vars\""
    );
    for optional in [true, false] {
        assert_eq!(set(from("A", "gone", optional)).unwrap_err(), "couldn't parse env file");
    }
}

#[test]
fn names_that_no_variable_has_are_told_once() {
    let known = |name: &str| name == "A";
    assert_eq!(unknown("$(A)/$(B)/$$(C)/$(D)/$(B)/$", known), ["B", "D"]);
}
