//! A node whose disk gets full.

use k8s_openapi::api::core::v1::{Event, Node, Pod};
use kube::{Api, api::ListParams, runtime::wait::await_condition};
use serde_json::{Value, json};

use crate::cluster::{TestCluster, ended, ready};

/// Who has most on the disk goes, volumes included; the node says so, and takes no more Pods.
#[tokio::test]
async fn who_fills_the_disk_is_evicted_and_the_node_tells() {
    // Less than this machine's own least memory, so that only the disk matters.
    let test = TestCluster::on(|config| config.disk = 64 << 20).await;
    let writer = |script: &str| {
        json!({"terminationGracePeriodSeconds": 0, "volumes": [{"name": "v", "emptyDir": {}}],
            "containers": [{"name": "c", "image": "busybox", "command": ["sh", "-c", format!("{script}; exec sleep 100000")],
                "readinessProbe": {"exec": {"command": ["test", "-e", "/done"]}, "periodSeconds": 1},
                "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]})
    };
    let fill = |place: &str, mebibytes: u32| {
        format!("dd if=/dev/zero of={place} bs=1M count={mebibytes} 2>/dev/null; touch /done")
    };
    let calm = test.start_pod(writer(&fill("/own", 4))).await.metadata.name.unwrap();
    test.pod_when(&calm, ready).await;
    let hog = test.start_pod(writer(&fill("/v/file", 56))).await.metadata;
    let (hog, uid) = (hog.name.unwrap(), hog.uid.unwrap());
    let status = serde_json::to_value(test.pod_when(&hog, ended).await.status).unwrap();
    assert_eq!((&status["phase"], &status["reason"]), (&json!("Failed"), &json!("Evicted")));
    // Or the node would have to end others for what this one has left.
    assert!(!test.runtime.config().volumes().join(uid).join("volumes").exists());
    let message = status["message"].as_str().unwrap();
    assert!(message.starts_with("The node was low on resource: ephemeral-storage. Threshold quantity: "), "{message}");
    assert_eq!(condition(&status, "DisruptionTarget")["reason"], "TerminationByKubelet");
    let nodes: Api<Node> = Api::all(test.client.clone());
    let pressed = |node: Option<&Node>| {
        node.is_some_and(|node| {
            let node = serde_json::to_value(node).unwrap();
            let taints = node["spec"]["taints"].as_array().into_iter().flatten();
            condition(&node["status"], "DiskPressure")["status"] == "True"
                && taints.into_iter().any(|taint| taint["key"] == "node.kubernetes.io/disk-pressure")
        })
    };
    await_condition(nodes, "kind-control-plane", pressed).await.unwrap();
    let events: Api<Event> = Api::all(test.client.clone());
    let told = |reason: &str, about: &str| {
        ListParams::default().fields(&format!("reason={reason},involvedObject.name={about}"))
    };
    let attempt = events.list(&told("EvictionThresholdMet", "kind-control-plane")).await.unwrap();
    assert_eq!(attempt.items[0].message.as_deref(), Some("Attempting to reclaim ephemeral-storage"));
    let evicted = events.list(&told("Evicted", &hog)).await.unwrap();
    assert_eq!(evicted.items[0].message.as_deref(), Some(message));
    let unschedulable = |pod: Option<&Pod>| {
        pod.is_some_and(|pod| {
            let status = serde_json::to_value(&pod.status).unwrap();
            condition(&status, "PodScheduled")["reason"] == "Unschedulable"
        })
    };
    let late = test.start_pod(writer("true")).await.metadata.name.unwrap();
    test.pod_when(&late, unschedulable).await;
    test.cluster.shutdown().await;
}

fn condition(status: &Value, kind: &str) -> Value {
    let all = status["conditions"].as_array().into_iter().flatten();
    all.into_iter().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}
