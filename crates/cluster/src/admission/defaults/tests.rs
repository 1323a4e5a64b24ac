use serde_json::{Value, json};

use super::default_object;
use crate::{
    json::{at, take},
    registry::Resource,
};

fn kind(group: &str, kind: &str) -> Resource<'static> {
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    *crate::registry::find_kind(&version, kind).unwrap()
}

fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/wire/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn defaulted(resource: &Resource, mut object: Value) -> Value {
    default_object(resource, &mut object);
    let once = object.clone();
    default_object(resource, &mut object);
    assert_eq!(once, object, "defaults settle at once");
    object
}

/// What the recorded answer to a POST holds beyond the request, less what admission adds.
#[test]
fn a_pod_gets_what_the_recorded_one_got() {
    let record = recorded("pod-create");
    let sent: Value = serde_json::from_str(record["send"]["body"].as_str().unwrap()).unwrap();
    let got = defaulted(&kind("", "Pod"), sent);
    let mut expected = record["body"]["spec"].clone();
    for admitted in ["volumes", "serviceAccount", "serviceAccountName", "tolerations", "priority", "preemptionPolicy"] {
        take(&mut expected, admitted);
    }
    take(&mut expected["containers"][0], "volumeMounts");
    assert_eq!(got["spec"], expected);
}

/// Stored objects hold all their defaults: defaulting what was recorded, less one default each, gives it back.
#[test]
fn recorded_objects_are_complete() {
    let table = [
        (
            "deployment",
            kind("apps", "Deployment"),
            &["strategy", "revisionHistoryLimit", "progressDeadlineSeconds"][..],
        ),
        ("replicaset", kind("apps", "ReplicaSet"), &["replicas"]),
        (
            "job",
            kind("batch", "Job"),
            &[
                "completions",
                "parallelism",
                "backoffLimit",
                "completionMode",
                "suspend",
                "podReplacementPolicy",
                "manualSelector",
            ],
        ),
        (
            "cronjob",
            kind("batch", "CronJob"),
            &["concurrencyPolicy", "suspend", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"],
        ),
        ("service", kind("", "Service"), &["sessionAffinity", "type", "internalTrafficPolicy"]),
        ("pod-completed", kind("", "Pod"), &["securityContext", "schedulerName", "dnsPolicy"]),
        ("secret", kind("", "Secret"), &[]),
        ("node", kind("", "Node"), &[]),
        ("namespace", kind("", "Namespace"), &[]),
    ];
    for (name, resource, removed) in table {
        let expected = recorded(name)["body"].clone();
        let mut object = expected.clone();
        for field in removed {
            assert!(take(&mut object["spec"], field).is_some(), "{name} has {field}");
        }
        assert_eq!(defaulted(&resource, object), expected, "{name}");
    }
}

#[test]
fn pods_fill_in_probes_volumes_and_requests() {
    let pod = defaulted(
        &kind("", "Pod"),
        json!({"spec": {
            "hostNetwork": true,
            "volumes": [{"name": "a"}, {"name": "b", "configMap": {"name": "c"}}, {"name": "h", "hostPath": {"path": "/x"}}],
            "containers": [{
                "name": "c", "image": "nginx", "ports": [{"containerPort": 80}],
                "env": [{"name": "E", "value": ""}, {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                "livenessProbe": {"httpGet": {"port": 80}},
                "resources": {"limits": {"cpu": 0.5, "memory": "1048576Ki"}, "requests": {"cpu": "0.1"}},
            }],
        }}),
    );
    let container = &pod["spec"]["containers"][0];
    assert_eq!(container["imagePullPolicy"], "Always");
    assert_eq!(container["ports"], json!([{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]));
    assert_eq!(
        container["livenessProbe"],
        json!({"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
            "successThreshold": 1, "failureThreshold": 3})
    );
    assert_eq!(
        container["resources"],
        json!({"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "1Gi"}})
    );
    assert_eq!(container["env"][0], json!({"name": "E"}));
    assert_eq!(at(container, &["env"])[1]["valueFrom"]["fieldRef"]["apiVersion"], "v1");
    assert_eq!(
        pod["spec"]["volumes"],
        json!([{"name": "a", "emptyDir": {}}, {"name": "b", "configMap": {"name": "c", "defaultMode": 420}},
            {"name": "h", "hostPath": {"path": "/x", "type": ""}}])
    );
}
