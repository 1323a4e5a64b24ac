//! Archives as others write them.

use std::{collections::BTreeSet, io::Write as _};

use serde_json::{Value, json};

use super::*;
use crate::node::images::{Images, layer::Entry, manifest::architecture};

/// An image of one layer that holds one file, in its parts.
struct Made {
    layer: Vec<u8>,
    config: Vec<u8>,
}

impl Made {
    fn new(content: &str) -> Self {
        Self::on(content, architecture())
    }

    fn on(content: &str, architecture: &str) -> Self {
        let file = Entry::File { path: "/hello".to_owned(), mode: 0o644, content: content.as_bytes().to_vec() };
        let (compressed, packed) = layer::pack(&[file]).unwrap();
        let config = json!({
            "architecture": architecture, "os": "linux", "config": {"Cmd": ["cat", "/hello"], "Env": null},
            "rootfs": {"type": "layers", "diff_ids": [packed.diff_id]},
        });
        Self { layer: compressed, config: config.to_string().into_bytes() }
    }

    fn manifest(&self) -> Vec<u8> {
        let described = |bytes: &[u8]| json!({"digest": digest(bytes), "size": bytes.len()});
        let manifest =
            json!({"schemaVersion": 2, "config": described(&self.config), "layers": [described(&self.layer)]});
        manifest.to_string().into_bytes()
    }

    fn blobs(&self) -> Vec<(String, Vec<u8>)> {
        [self.layer.clone(), self.config.clone(), self.manifest()].into_iter().map(as_blob).collect()
    }

    fn descriptor(&self, annotations: Value) -> Value {
        json!({"digest": digest(&self.manifest()), "size": 1, "annotations": annotations})
    }
}

fn as_blob(bytes: Vec<u8>) -> (String, Vec<u8>) {
    (contents::blob(&digest(&bytes)), bytes)
}

fn full_name(name: &str) -> Value {
    json!({"io.containerd.image.name": name, "org.opencontainers.image.ref.name": "1"})
}

/// An archive of an OCI image layout.
fn layout(descriptors: &[Value], blobs: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let index = json!({"schemaVersion": 2, "manifests": descriptors}).to_string().into_bytes();
    tar([("oci-layout".to_owned(), b"{}".to_vec()), ("index.json".to_owned(), index)].into_iter().chain(blobs))
}

fn tar(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A store, and what becomes of an archive of this name in it.
fn load(name: &str, archive: &[u8]) -> (tempfile::TempDir, ImageStore, Result<Vec<String>, String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, archive).unwrap();
    let store = ImageStore::open(&directory.path().join("store")).unwrap();
    let loaded = store.load(&path).map_err(|error| error.to_string().replace(directory.path().to_str().unwrap(), ""));
    (directory, store, loaded)
}

fn refused(archive: &[u8]) -> String {
    let (directory, _store, loaded) = load("app.tar", archive);
    assert_eq!(fs::read_dir(directory.path().join("store/images")).unwrap().count(), 0);
    loaded.unwrap_err()
}

fn hello(store: &ImageStore, name: &str) -> String {
    let image = store.local(name).unwrap().expect(name);
    assert_eq!((image.config.cmd.len(), &image.repo_digest), (2, &None));
    fs::read_to_string(image.layers[0].join("hello")).unwrap()
}

#[test]
fn an_oci_layout_with_several_images_is_loaded() {
    let (one, two) = (Made::new("one"), Made::new("two"));
    let descriptors = [
        one.descriptor(full_name("docker.io/library/app:1")),
        one.descriptor(full_name("docker.io/library/app:latest")),
        two.descriptor(json!({"org.opencontainers.image.ref.name": "registry.example/team/two:2"})),
        two.descriptor(json!({"org.opencontainers.image.ref.name": "7"})),
        json!({"digest": "sha256:00", "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}),
    ];
    let (_directory, store, loaded) = load("own.tar", &layout(&descriptors, [one.blobs(), two.blobs()].concat()));
    let names = ["library/app:1", "library/app:latest"].map(|name| format!("docker.io/{name}"));
    let others = ["registry.example/team/two:2", "docker.io/library/own:7"].map(str::to_owned);
    assert_eq!(loaded.unwrap(), [names, others].concat());
    assert_eq!(
        ["app:1", "app", "registry.example/team/two:2", "own:7"].map(|name| hello(&store, name)),
        ["one", "one", "two", "two"]
    );
    let by_digest = format!("app@{}", digest(&one.manifest()));
    assert_eq!(hello(&store, &by_digest), "one");
}

#[test]
fn of_several_platforms_this_machines_is_taken() {
    let (ours, theirs) = (Made::new("ours"), Made::on("theirs", "riscv64"));
    let of = |made: &Made, architecture: &str| json!({"digest": digest(&made.manifest()), "platform": {"os": "linux", "architecture": architecture}});
    let list = json!({"manifests": [of(&theirs, "riscv64"), of(&ours, architecture())]}).to_string().into_bytes();
    let descriptor = json!({"digest": digest(&list), "annotations": full_name("app:1")});
    let blobs = [ours.blobs(), vec![as_blob(list)]].concat();
    let (_directory, store, loaded) = load("app.tar", &layout(&[descriptor], blobs));
    assert_eq!(loaded.unwrap(), ["docker.io/library/app:1"]);
    assert_eq!(hello(&store, "app:1"), "ours");
}

/// What `docker save` writes: names and paths in `manifest.json`, layers unpacked.
fn saved(made: &Made, tags: &[&str]) -> Vec<u8> {
    let manifest = json!([
        {"Config": "config.json", "RepoTags": tags, "Layers": ["0/layer.tar"]},
        {"Config": "config.json", "RepoTags": null, "Layers": []},
    ]);
    let mut plain = Vec::new();
    io::copy(&mut layer::unpacked(io::Cursor::new(made.layer.clone())).unwrap(), &mut plain).unwrap();
    let manifest = manifest.to_string().into_bytes();
    let files = [("0/layer.tar", plain), ("config.json", made.config.clone()), ("manifest.json", manifest)];
    tar(files.map(|(name, bytes)| (name.to_owned(), bytes)))
}

#[test]
fn what_docker_save_wrote_is_loaded_packed_or_not() {
    let archive = saved(&Made::new("saved"), &["app:1", "team/app:2"]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&archive).unwrap();
    let zstandard = ruzstd::encoding::compress_to_vec(archive.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    for packed in [archive, gzip.finish().unwrap(), zstandard] {
        let (_directory, store, loaded) = load("saved", &packed);
        assert_eq!(loaded.unwrap(), ["docker.io/library/app:1", "docker.io/team/app:2"]);
        assert_eq!([hello(&store, "app:1"), hello(&store, "team/app:2")], ["saved", "saved"]);
    }
}

#[test]
fn a_layer_that_docker_has_linked_is_found() {
    let made = Made::new("linked");
    let manifest = json!([{"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["b/layer.tar"]}]);
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in [
        ("a/layer.tar", made.layer.clone()),
        ("config.json", made.config.clone()),
        ("manifest.json", manifest.to_string().into_bytes()),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "b/layer.tar", "../a/layer.tar").unwrap();
    let (_directory, store, loaded) = load("app.tar", &builder.into_inner().unwrap());
    loaded.unwrap();
    assert_eq!(hello(&store, "app:1"), "linked");
}

#[test]
fn a_folder_of_archives_is_loaded_whole() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::write(directory.path().join(name), saved(&Made::new(name), &[&format!("{name}:1")])).unwrap();
    }
    let store = tempfile::tempdir().unwrap();
    let store = ImageStore::open(store.path()).unwrap();
    assert_eq!(store.load(directory.path()).unwrap(), ["docker.io/library/a:1", "docker.io/library/b:1"]);
}

#[test]
fn what_is_wrong_with_an_archive_is_said() {
    let (made, other) = (Made::new("x"), Made::on("x", "riscv64"));
    let descriptor = made.descriptor(full_name("app:1"));
    let whole = layout(std::slice::from_ref(&descriptor), made.blobs());
    let without = |missing: &[u8]| {
        let blobs = made.blobs().into_iter().filter(|(_, bytes)| bytes != missing).collect();
        layout(std::slice::from_ref(&descriptor), blobs)
    };
    let mut damaged = made.blobs();
    damaged[1].1[0] = b' ';
    let mut forged = Made::new("x");
    forged.layer = Made::new("y").layer;
    let forged = layout(&[forged.descriptor(full_name("app:1"))], forged.blobs());
    let shown = |text: String| {
        let machine = format!("linux/{}", architecture());
        // Digests follow from the compression library.
        let digests = regex::Regex::new("sha256:[0-9a-f]{64}").unwrap();
        digests.replace_all(&text.replace(&machine, "linux/OURS"), "sha256:…").into_owned()
    };
    let told = [
        refused(b"no tar at all"),
        refused(&[]),
        refused(&whole[..whole.len() / 2]),
        refused(&whole[..whole.len() - 1024 - 500]),
        refused(&tar([("etc/passwd".to_owned(), b"root".to_vec())])),
        refused(&tar([("index.json".to_owned(), b"{".to_vec())])),
        refused(&layout(&[], Vec::new())),
        refused(&without(&made.layer)),
        refused(&without(&made.config)),
        refused(&without(&made.manifest())),
        refused(&layout(std::slice::from_ref(&descriptor), damaged)),
        refused(&forged),
        refused(&layout(&[other.descriptor(full_name("app:1"))], other.blobs())),
        refused(&layout(&[made.descriptor(full_name("App"))], made.blobs())),
    ];
    insta::assert_snapshot!(told.map(shown).join("\n"), @r#"
/app.tar: is no archive of images: `docker save` and `podman save` write such archives, and so does anything that writes an OCI image layout as a tar file
/app.tar: is no archive of images: `docker save` and `podman save` write such archives, and so does anything that writes an OCI image layout as a tar file
/app.tar: ends early: it was cut off when it was written or copied
/app.tar: ends early: it was cut off when it was written or copied
/app.tar: holds neither manifest.json nor index.json, so it is no archive of images; one of a container's files (`docker export`) can't be run
/app.tar: index.json can't be read: EOF while parsing an object at line 1 column 1
/app.tar: holds no image that has a name
/app.tar: blob sha256:…, which the image docker.io/library/app:1 needs, is missing
/app.tar: blob sha256:…, which the image docker.io/library/app:1 needs, is missing
/app.tar: blob sha256:…, which the image docker.io/library/app:1 needs, is missing
/app.tar: blob sha256:… of the image docker.io/library/app:1 is damaged: its digest is sha256:…
/app.tar: the image docker.io/library/app:1 can't be unpacked: wrong diff id calculated: sha256:…
/app.tar: the image docker.io/library/app:1 is for linux/riscv64; this machine is linux/OURS
/app.tar: couldn't parse image name "App": invalid reference format: repository name (library/App) must be lowercase
"#);
}

#[test]
fn what_was_loaded_is_there_after_a_restart_and_is_not_unpacked_again() {
    let (directory, store, loaded) = load("app.tar", &saved(&Made::new("kept"), &["app:1"]));
    loaded.unwrap();
    let image = store.local("app:1").unwrap().unwrap();
    drop(store);
    let again = ImageStore::open(&directory.path().join("store")).unwrap();
    assert_eq!(again.local("app:1").unwrap(), Some(image.clone()));
    fs::write(image.layers[0].join("mark"), "").unwrap();
    again.load(&directory.path().join("app.tar")).unwrap();
    assert!(image.layers[0].join("mark").exists());
    let left: BTreeSet<_> = fs::read_dir(directory.path().join("store/servers"))
        .unwrap()
        .flatten()
        .collect::<Vec<_>>()
        .iter()
        .map(fs::DirEntry::file_name)
        .collect();
    assert_eq!(left.len(), 2, "the gate and this server's own: {left:?}");
}
