//! Pods of images that came in an archive.

use std::{fs, path::Path, sync::Arc};

use podyard_cluster::node::images::{BUSYBOX, ImageStore};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cluster::TestCluster;

fn digest(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

fn tar(files: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, mode, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(*mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// What `docker save greeter:1 greeter:latest` would write, of an image that has busybox for its shell.
fn save_greeter(path: &Path) {
    let layer = tar(&[("bin/sh", 0o755, &fs::read(BUSYBOX).unwrap()), ("greeting", 0o644, b"hello from an archive\n")]);
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let config = json!({
        "architecture": architecture, "os": "linux",
        "config": {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["read line < /greeting; echo \"$line\" as $USER"],
                   "Env": ["USER=somebody"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]},
    });
    let manifest = json!([
        {"Config": "config.json", "RepoTags": ["greeter:1", "greeter:latest"], "Layers": ["1/layer.tar"]},
    ]);
    let (config, manifest) = (config.to_string().into_bytes(), manifest.to_string().into_bytes());
    let archive =
        tar(&[("1/layer.tar", 0o644, &layer), ("config.json", 0o644, &config), ("manifest.json", 0o644, &manifest)]);
    fs::write(path, archive).unwrap();
}

fn spec(image: &str, policy: &str) -> Value {
    json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": image, "imagePullPolicy": policy}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loaded_image_runs_by_whatever_policy_even_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("greeter.tar");
    save_greeter(&archive);
    let place = directory.path().join("images");
    let store = ImageStore::open(&place).unwrap();
    assert_eq!(store.load(&archive).unwrap(), ["docker.io/library/greeter:1", "docker.io/library/greeter:latest"]);
    drop(store);
    // What was loaded before is known to a new server.
    let test = TestCluster::with_images(Arc::new(ImageStore::open(&place).unwrap())).await;
    for (image, policy) in [("greeter:1", "Never"), ("greeter", "IfNotPresent")] {
        let (pod, log) = test.run(spec(image, policy)).await;
        assert_eq!(log, "hello from an archive as somebody\n");
        let status = pod.status.unwrap().container_statuses.unwrap().remove(0);
        assert!(status.image_id.starts_with("sha256:"), "{}", status.image_id);
    }
    test.cluster.shutdown().await;
}
