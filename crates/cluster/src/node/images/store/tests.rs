use super::*;

/// The lesson images of this repository.
fn content() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/images")
}

fn seeded() -> (tempfile::TempDir, ImageStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = ImageStore::open(directory.path()).unwrap();
    store.seed(Some(&content())).unwrap();
    (directory, store)
}

#[tokio::test]
async fn busybox_is_there_and_can_be_pulled() {
    let (_directory, store) = seeded();
    let image = store.local("busybox:1.36").unwrap().unwrap();
    assert_eq!(image.name, "docker.io/library/busybox:1.36");
    assert_eq!(store.pull("busybox:1.36", vec![]).await.unwrap(), image);
    assert!(image.repo_digest.as_ref().unwrap().starts_with("docker.io/library/busybox@sha256:"));
    assert!(image.size > 100_000);
    assert_eq!(image.config.cmd, ["sh"]);
    assert_eq!(fs::read_link(image.layers[0].join("bin/sh")).unwrap(), Path::new("busybox"));
    let by_digest = image.repo_digest.clone().unwrap();
    assert_eq!(store.local(&by_digest).unwrap().unwrap().id, image.id);
    assert_ne!(store.local("busybox").unwrap().unwrap().id, image.id, "each tag is an image of its own");
}

#[tokio::test]
async fn a_tag_nobody_has_is_not_found_in_containerds_words() {
    let (_directory, store) = seeded();
    assert_eq!(store.local("nginx:1.99.9").unwrap(), None);
    let error = store.pull("nginx:1.99.9", vec![]).await.unwrap_err();
    let text = "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/nginx:1.99.9\": failed \
                to resolve image: docker.io/library/nginx:1.99.9: not found";
    assert_eq!(error, ImageError::NotFound(text.to_owned()));
    let elsewhere = store.pull("registry.example/team/app:1", vec![]).await.unwrap_err().to_string();
    assert!(elsewhere.contains("Head \"https://registry.example/v2/team/app/manifests/1\": dial tcp"), "{elsewhere}");
}

#[tokio::test]
async fn a_local_image_is_there_but_never_pulled() {
    let (_directory, store) = seeded();
    let image = store.local("pythonapp").unwrap().unwrap();
    assert_eq!(image.repo_digest, None);
    assert!(matches!(store.pull("pythonapp", vec![]).await, Err(ImageError::NotFound(_))));
}

#[test]
fn what_was_built_is_not_built_again() {
    let (directory, store) = seeded();
    let built = |store: &ImageStore| store.local("nginx").unwrap().unwrap();
    let first = built(&store);
    let blobs = directory.path().join("blobs/sha256");
    fs::remove_dir_all(&blobs).unwrap();
    fs::create_dir(&blobs).unwrap();
    let again = ImageStore::open(directory.path()).unwrap();
    again.seed(Some(&content())).unwrap();
    assert_eq!(built(&again), first);
    // Only configurations and manifests were written anew: no layer was packed.
    let biggest = fs::read_dir(&blobs).unwrap().map(|blob| blob.unwrap().metadata().unwrap().len()).max().unwrap();
    assert!(biggest < 10_000, "{biggest} bytes");
}

#[test]
fn all_images_fit_into_one_archive_that_names_each_and_holds_each_part_once() {
    let (directory, store) = seeded();
    let path = directory.path().join("images.tar");
    store.write_archive(&path).unwrap();
    let mut archive = tar::Archive::new(fs::File::open(&path).unwrap());
    let (mut names, mut index) = (Vec::new(), serde_json::Value::Null);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        if let Some(hex) = name.strip_prefix("blobs/sha256/") {
            assert_eq!(digest(&bytes), format!("sha256:{hex}"));
        }
        if name == "index.json" {
            index = serde_json::from_slice(&bytes).unwrap();
        }
        names.push(name);
    }
    let unique: std::collections::BTreeSet<&String> = names.iter().collect();
    assert_eq!((names[0].as_str(), unique.len()), ("oci-layout", names.len()));
    let images: Vec<&str> = index["manifests"].as_array().unwrap().iter().map(name_of).collect();
    assert!(images.contains(&"docker.io/library/busybox:latest"), "{images:?}");
    assert!(images.iter().any(|name| name.contains("/pythonapp:")), "{images:?}");
    for manifest in index["manifests"].as_array().unwrap() {
        let digest = manifest["digest"].as_str().unwrap();
        assert!(names.contains(&format!("blobs/sha256/{}", hex(digest))), "{digest}");
    }
    let first = fs::read(&path).unwrap();
    store.write_archive(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), first);
}

fn name_of(manifest: &serde_json::Value) -> &str {
    manifest["annotations"]["io.containerd.image.name"].as_str().unwrap()
}
