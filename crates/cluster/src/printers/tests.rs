//! Held against the recorded tables.

use serde_json::{Value, json};

use super::*;
use crate::registry;

fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/wire/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap()["body"].clone()
}

const KINDS: [(&str, &str, &str); 19] = [
    ("pods", "v1", "Pod"),
    ("configmaps", "v1", "ConfigMap"),
    ("endpoints", "v1", "Endpoints"),
    ("events", "v1", "Event"),
    ("limitranges", "v1", "LimitRange"),
    ("namespaces", "v1", "Namespace"),
    ("nodes", "v1", "Node"),
    ("resourcequotas", "v1", "ResourceQuota"),
    ("secrets", "v1", "Secret"),
    ("serviceaccounts", "v1", "ServiceAccount"),
    ("services", "v1", "Service"),
    ("deployments", "apps/v1", "Deployment"),
    ("replicasets", "apps/v1", "ReplicaSet"),
    ("statefulsets", "apps/v1", "StatefulSet"),
    ("daemonsets", "apps/v1", "DaemonSet"),
    ("jobs", "batch/v1", "Job"),
    ("cronjobs", "batch/v1", "CronJob"),
    ("endpointslices", "discovery.k8s.io/v1", "EndpointSlice"),
    ("pod-object", "v1", "Pod"),
];

#[test]
fn columns_are_the_recorded_ones() {
    for (table, version, kind) in KINDS {
        let shown: Vec<Value> = columns(registry::find_kind(version, kind).unwrap())
            .iter()
            .map(|c| json!({"name": c.name, "type": c.kind, "format": c.format, "description": c.description, "priority": c.priority}))
            .collect();
        assert_eq!(json!(shown), recorded(&format!("table-{table}"))["columnDefinitions"], "{kind}");
    }
}

/// Recorded objects print as in the recorded tables, ages aside: those were taken some seconds apart.
#[test]
fn cells_are_the_recorded_ones() {
    let table = [
        ("deployment", "deployments", "apps/v1", "Deployment"),
        ("replicaset", "replicasets", "apps/v1", "ReplicaSet"),
        ("job", "jobs", "batch/v1", "Job"),
        ("cronjob", "cronjobs", "batch/v1", "CronJob"),
        ("service", "services", "v1", "Service"),
        ("configmap", "configmaps", "v1", "ConfigMap"),
        ("secret", "secrets", "v1", "Secret"),
        ("serviceaccount", "serviceaccounts", "v1", "ServiceAccount"),
        ("namespace", "namespaces", "v1", "Namespace"),
        ("node", "nodes", "v1", "Node"),
        ("endpoints", "endpoints", "v1", "Endpoints"),
        ("pod-running", "pods", "v1", "Pod"),
    ];
    for (object, name, version, kind) in table {
        let (object, table) = (recorded(object), recorded(&format!("table-{name}")));
        let resource = registry::find_kind(version, kind).unwrap();
        let ours = row(resource, &object, "2026-11-23T07:50:00Z".parse().unwrap());
        let mut rows = table["rows"].as_array().unwrap().iter();
        let same = |row: &&Value| row["object"]["metadata"]["name"] == object["metadata"]["name"];
        let theirs = rows.find(same).unwrap_or_else(|| panic!("{name} has it"))["cells"].as_array().unwrap();
        assert_eq!(ours.cells.len(), theirs.len());
        for ((column, ours), theirs) in columns(resource).iter().zip(&ours.cells).zip(theirs) {
            assert!(column.name == "Age" || ours == theirs, "{kind} {}: {ours} is not {theirs}", column.name);
        }
    }
}

#[test]
fn every_kind_has_a_cell_for_each_column() {
    for resource in registry::all() {
        let empty = row(resource, &json!({"metadata": {"name": "x"}}), Timestamp::UNIX_EPOCH);
        assert_eq!(empty.cells.len(), columns(resource).len(), "{}", resource.kind);
    }
}

#[test]
fn many_endpoints_are_counted() {
    let addresses: Vec<Value> = (1..6).map(|n| json!({"ip": format!("10.0.0.{n}")})).collect();
    let object = json!({"metadata": {"name": "web"}, "subsets": [{"addresses": addresses, "ports": [{"port": 80}]}]});
    let ours = row(registry::find_kind("v1", "Endpoints").unwrap(), &object, Timestamp::UNIX_EPOCH);
    assert_eq!(ours.cells[1], "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...");
}
