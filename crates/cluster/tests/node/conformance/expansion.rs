//! Variables in the paths of volumes: "Variable Expansion".

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{hold, sh, with};
use crate::cluster::{TestCluster, ended, waiting};

/// A Pod with the volume twice: at /v in the place that the expression says, at /all whole.
fn placed(script: &str, expression: &str, value: &Value) -> Value {
    let mounts =
        json!([{"name": "v", "mountPath": "/v", "subPathExpr": expression}, {"name": "v", "mountPath": "/all"}]);
    let mut variable = json!({"name": "PLACE"});
    let key = if value.is_string() { "value" } else { "valueFrom" };
    variable[key] = value.clone();
    with(
        sh(script, json!({"env": [variable], "volumeMounts": mounts})),
        json!({"volumes": [{"name": "v", "emptyDir": {}}]}),
    )
}

#[tokio::test]
async fn a_place_in_a_volume_is_named_by_variables() {
    let name = json!({"fieldRef": {"fieldPath": "spec.nodeName"}});
    hold(
        "",
        vec![
            ("a directory that is made", placed("touch /v/x; ls /all/logs", "logs", &json!("")), "x\n"),
            (
                "one that the Pod's own fields name",
                placed("touch /v/x; ls /all/on-kind-control-plane/deep", "on-$(PLACE)/deep", &name),
                "x\n",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_place_outside_of_the_volume_or_without_a_value_is_refused() {
    let test = TestCluster::start().await;
    for (expression, value, expected) in [
        ("$(PLACE)", "../up", "unable to provision SubPath `../up`: must not contain '..'"),
        ("$(PLACE)", "/tmp", "error SubPath `/tmp` must not be an absolute path"),
        ("$(NOWHERE)", "x", "missing value for NOWHERE"),
    ] {
        let name = test.start_pod(placed("", expression, &json!(value))).await.metadata.name.unwrap();
        let why = waiting(
            &test
                .pod_when(&name, |pod: Option<&_>| {
                    pod.and_then(waiting).is_some_and(|why| why.0 != "ContainerCreating")
                })
                .await,
        );
        assert_eq!(why, Some(("CreateContainerConfigError".to_owned(), expected.to_owned())));
    }
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn a_place_can_be_named_later() {
    let test = TestCluster::start().await;
    let annotation = json!({"fieldRef": {"fieldPath": "metadata.annotations['place']"}});
    let pod = placed("touch /v/x; ls /all", "$(PLACE)", &annotation);
    let name = test.start_pod_from(json!({"annotations": {"place": ".."}}), pod).await.metadata.name.unwrap();
    let refused = |pod: Option<&_>| pod.and_then(waiting).is_some_and(|why| why.0 == "CreateContainerConfigError");
    test.pod_when(&name, refused).await;
    let patch = Patch::Merge(json!({"metadata": {"annotations": {"place": "here"}}}));
    test.pods.patch(&name, &PatchParams::default(), &patch).await.unwrap();
    test.pod_when(&name, ended).await;
    assert_eq!(test.log(&name, "c").await, "here\n");
    test.cluster.shutdown().await;
}
