//! Sandboxes whose images can't be shared, because mounts can't show owners as their ids: they have copies.

use std::os::unix::fs::MetadataExt;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use podyard_cluster::node::runtime::{Mount, MountSource, Runtime};
use serde_json::json;

use crate::{
    cluster::{TestCluster, ready},
    fixture::{Sandbox, outcome},
};

#[tokio::test]
async fn copied_images_and_given_volumes_are_the_sandboxs_own() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("passed over: an ordinary user's sandboxes have the user's own ids, so nothing is ever copied");
        return;
    }
    let sandbox = Sandbox::copying();
    let volume = sandbox.runtime.config().volumes().join("pod/v");
    std::fs::create_dir_all(&volume).unwrap();
    std::fs::write(volume.join("secret"), "told\n").unwrap();
    std::fs::set_permissions(volume.join("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let pod = sandbox.pod("copies", 5).await;
    let script = "stat -c '%u %g' /bin/busybox /v/secret; cat /v/secret; echo more >> /etc/group && echo changed; \
                  touch /v/own && chown 33 /v/own && stat -c %u /v/own";
    let mut spec = sandbox.spec(&pod, "first", &["sh", "-c", script]);
    spec.mounts = vec![Mount { source: MountSource::Path(volume.clone()), target: "/v".to_owned(), read_only: false }];
    let first = outcome(sandbox.runtime.start_container(spec).await.unwrap()).await;
    assert_eq!((first.stdout.as_str(), first.stderr.as_str()), ("0 0\n0 0\ntold\nchanged\n33\n", ""));
    let second = sandbox.sh(&pod, "second", "tail -n 1 /etc/group").await;
    assert_eq!(second.stdout, "nogroup:x:65534:\n", "the copy serves the next container unchanged");
    let own = std::fs::metadata(volume.join("own")).unwrap().uid();
    assert!(own >= 0x7000_0000 && own % 65536 == 33, "{own}");
    let caveats = sandbox.runtime.caveats();
    assert!(caveats.iter().any(|caveat| caveat.kind == "ImagesCopied"), "{caveats:?}");
    sandbox.runtime.shutdown().await;
    assert!(!sandbox.state().exists());
}

/// What the node writes later belongs to the sandbox as well, so that who may read only his own files can.
#[tokio::test]
async fn files_that_are_brought_up_to_date_are_the_sandboxs_own() {
    let test = TestCluster::on(|config| config.always_copies = true).await;
    test.create("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: blue}\n").await;
    let pod = json!({"terminationGracePeriodSeconds": 0,
        "containers": [{"name": "c", "image": "busybox", "command": ["sleep", "100000"],
            "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
        "volumes": [{"name": "v", "configMap": {"name": "settings", "defaultMode": 0o400}}]});
    let name = test.start_pod(pod).await.metadata.name.unwrap();
    test.pod_when(&name, ready).await;
    let changed = Patch::Merge(json!({"data": {"color": "green"}}));
    let maps: Api<ConfigMap> = Api::default_namespaced(test.client.clone());
    maps.patch("settings", &PatchParams::default(), &changed).await.unwrap();
    let script = "until grep -q green /v/color; do sleep 0.1; done; stat -Lc '%u %a' /v/color";
    assert_eq!(test.exec(&name, script).await, "0 400\n");
    test.cluster.shutdown().await;
}
