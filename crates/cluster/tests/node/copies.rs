//! Sandboxes whose images can't be shared, because mounts can't show owners as their ids: they have copies.

use std::os::unix::fs::MetadataExt;

use podyard_cluster::node::runtime::{Mount, MountSource, Runtime};

use crate::fixture::{Sandbox, outcome};

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
