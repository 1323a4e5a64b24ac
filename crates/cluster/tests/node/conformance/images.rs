//! Images as volumes ("ImageVolume"), and the filter of system calls that a Pod may ask for ("Seccomp").

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::{Api, api::ListParams};
use serde_json::{Value, json};

use super::{hold, sh, with};
use crate::cluster::{TestCluster, waiting};

fn showing(script: &str, image: Value, mount: Value) -> Value {
    let mounts = json!([mount]);
    with(sh(script, json!({"volumeMounts": mounts})), json!({"volumes": [{"name": "v", "image": image}]}))
}

#[tokio::test]
async fn an_image_is_a_volume_that_can_not_be_written() {
    let busybox = || json!({"reference": "busybox"});
    hold(
        "",
        vec![
            (
                "all that is in it, read-only",
                showing(
                    "[ -x /v/bin/busybox ] && echo there; touch /v/new 2>&1",
                    busybox(),
                    json!({"name": "v", "mountPath": "/v"}),
                ),
                "there\ntouch: /v/new: Read-only file system\n",
            ),
            (
                "a part of it",
                showing(
                    "[ -x /v/busybox ] && echo there",
                    busybox(),
                    json!({"name": "v", "mountPath": "/v", "subPath": "bin"}),
                ),
                "there\n",
            ),
            (
                "one that is to be here already, and is",
                showing(
                    "[ -e /v/bin ] && echo there",
                    json!({"reference": "busybox", "pullPolicy": "Never"}),
                    json!({"name": "v", "mountPath": "/v"}),
                ),
                "there\n",
            ),
        ],
    )
    .await;
}

/// A kubelet tells of a volume's image at the Pod, and of the container that can't start without it at the container.
#[tokio::test]
async fn an_image_that_is_not_there_keeps_its_container_waiting() {
    let test = TestCluster::start().await;
    let missing = json!({"reference": "nowhere:1", "pullPolicy": "Never"});
    let pod = showing("", missing, json!({"name": "v", "mountPath": "/v"}));
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    let waits = |pod: Option<&Pod>| pod.and_then(waiting).is_some_and(|why| why.0 == "ErrImageNeverPull");
    let why = waiting(&test.pod_when(&name, waits).await).unwrap();
    assert_eq!(why.1, "Container image \"nowhere:1\" is not present with pull policy of Never");
    let events: Api<Event> = Api::default_namespaced(test.client.clone());
    let all = events.list(&ListParams::default().fields(&format!("involvedObject.name={name}"))).await.unwrap();
    let told = |reason: &str| {
        let event = all.items.iter().find(|event| event.reason.as_deref() == Some(reason)).unwrap();
        let place = event.involved_object.field_path.clone().unwrap_or_default();
        format!("{place}: {}", event.message.as_deref().unwrap_or(""))
    };
    let words = ": Container image \"nowhere:1\" is not present with pull policy of Never";
    assert_eq!(told("ErrImageNeverPull"), words);
    assert_eq!(told("Failed"), "spec.containers{c}: Error: ErrImageNeverPull");
    test.cluster.shutdown().await;
}

#[tokio::test]
async fn a_filter_of_system_calls_is_there_and_a_profile_of_the_nodes_must_be() {
    let profile =
        |kind: Value| sh("grep ^Seccomp: /proc/self/status", json!({"securityContext": {"seccompProfile": kind}}));
    hold(
        "",
        vec![
            ("the runtime's own", profile(json!({"type": "RuntimeDefault"})), "Seccomp:\t2\n"),
            (
                "none asked for, which here is the runtime's own",
                profile(json!({"type": "Unconfined"})),
                "Seccomp:\t2\n",
            ),
        ],
    )
    .await;
    let test = TestCluster::start().await;
    let pod = profile(json!({"type": "Localhost", "localhostProfile": "profiles/audit.json"}));
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    let waits = |pod: Option<&Pod>| pod.and_then(waiting).is_some_and(|why| why.0 == "CreateContainerError");
    let why = waiting(&test.pod_when(&name, waits).await).unwrap();
    assert_eq!(
        why.1,
        "failed to create containerd container: cannot load seccomp profile \
         \"/var/lib/kubelet/seccomp/profiles/audit.json\": open /var/lib/kubelet/seccomp/profiles/audit.json: no such file \
         or directory"
    );
    test.cluster.shutdown().await;
}
