use super::*;
use crate::node::images::store::{Image, ImageConfig, Origin, Stored, digest};
use crate::node::images::{Images, Reference, layer, manifest::PackedLayer};

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

fn candidate(name: &str, used: u64, layers: &[&str]) -> Candidate {
    let layers = layers.iter().map(|&layer| layer.to_owned()).collect();
    Candidate { name: name.to_owned(), id: format!("id-{name}"), used: at(used), layers }
}

fn chosen(used: &[&str], excess: u64) -> Vec<String> {
    let all = vec![
        candidate("newest", 990, &["n"]),
        candidate("new", 300, &["base", "b"]),
        candidate("old", 100, &["base", "a"]),
        candidate("oldest", 50, &["o"]),
    ];
    let used = used.iter().map(|&one| one.to_owned()).collect();
    choose(all, &used, at(1000), excess, |layer| if layer == "base" { 100 } else { 10 })
}

#[test]
fn the_least_recently_used_go_first_until_there_is_room() {
    assert_eq!(chosen(&[], 0), Vec::<String>::new());
    assert_eq!(chosen(&[], 5), ["oldest"]);
    assert_eq!(chosen(&[], 20), ["oldest", "old"]);
    // The base that two share goes with the second; what was used a moment ago stays.
    assert_eq!(chosen(&[], 50), ["oldest", "old", "new"]);
    assert_eq!(chosen(&[], 1000), ["oldest", "old", "new"]);
}

#[test]
fn what_is_used_stays() {
    assert_eq!(chosen(&["id-oldest"], 15), ["old", "new"]);
    assert_eq!(chosen(&["id-oldest", "id-old", "base"], 1000), ["new"]);
}

#[test]
fn thresholds_are_parts_of_the_disk() {
    let thresholds = Thresholds::default();
    let excess = |used| thresholds.excess(Disk { size: 1000, used });
    assert_eq!([0, 850, 851, 1000].map(excess), [0, 0, 51, 200]);
}

/// An image whose one layer holds so many bytes, as if it had been pulled.
fn put(store: &ImageStore, name: &str, bytes: usize, used: SystemTime) -> Image {
    let content = name.bytes().cycle().take(bytes).collect();
    let file = layer::Entry::File { path: "file".to_owned(), mode: 0o644, content };
    let (compressed, packed): (_, PackedLayer) = layer::pack(&[file]).unwrap();
    let place = store.layer_path(&packed.diff_id);
    layer::unpack(io::Cursor::new(compressed), &store.share.unfinished(), &place).unwrap();
    let config = serde_json::to_vec(&Config::new(Default::default(), &[packed])).unwrap();
    store.write_blob(&digest(&config), &config).unwrap();
    let name = Reference::parse(name).unwrap().to_string();
    let image = Image {
        id: digest(&config),
        name: name.clone(),
        repo_digest: None,
        size: 1,
        layers: vec![place],
        config: ImageConfig::default(),
    };
    let (manifest, readers) = (String::new(), Vec::new());
    let stored = Stored { image: image.clone(), manifest, origin: Origin::Pulled, private: false, readers };
    store.record(stored).unwrap();
    let record = store.root.join("images").join(hex(&digest(name.as_bytes())));
    fs::File::open(record).unwrap().set_modified(used).unwrap();
    image
}

#[test]
fn unused_images_go_with_their_layers_and_what_runs_or_is_seeded_stays() {
    const MIB: u64 = 1 << 20;
    let directory = tempfile::tempdir().unwrap();
    let store = ImageStore::open(directory.path()).unwrap();
    let other = ImageStore::open(directory.path()).unwrap();
    let ago = |minutes: u64| SystemTime::now() - Duration::from_secs(60 * minutes);
    let (runs, elsewhere) = (put(&store, "runs", 1 << 20, ago(90)), put(&store, "elsewhere", 1 << 20, ago(80)));
    let (old, new) = (put(&store, "old", 1 << 20, ago(70)), put(&store, "new", 1 << 20, ago(60)));
    other.seed(None).unwrap();
    let seeded = other.local("busybox").unwrap().unwrap();
    let (_here, _there) = (store.hold(&runs), other.hold(&elsewhere));

    let full = Thresholds { high: 100, low: 100, most: Some(disk::used(directory.path()) - MIB / 2) };
    assert_eq!(store.collect(full, SystemTime::now()).unwrap(), ["docker.io/library/old:latest"]);
    assert!(!old.layers[0].exists() && new.layers[0].exists());
    assert_eq!(store.local("old").unwrap(), None);
    assert_eq!(other.local("old").unwrap(), None, "another server sees that it is gone");

    assert_eq!(store.shortage(), None, "half of it was to go, and all of it has");

    let nothing = Thresholds { high: 0, low: 0, most: Some(1) };
    assert_eq!(store.collect(nothing, SystemTime::now()).unwrap(), ["docker.io/library/new:latest"]);
    store.collect(nothing, SystemTime::now()).unwrap();
    let Shortage { message, times } = store.shortage().unwrap();
    assert_eq!(times, 2);
    assert_eq!(
        message,
        "Insufficient free disk space on the node's image filesystem (100% of 1 B used). Failed to free sufficient space by \
         deleting unused images (freed 0 bytes). Investigate disk usage, as it could be used by active images, logs, \
         volumes, or other data."
    );
    assert_eq!([1023, 1536, 5 << 30].map(shown), ["1023 B", "1.5 KiB", "5.0 GiB"]);
    for image in [runs, elsewhere, seeded] {
        assert!(image.layers.iter().all(|layer| layer.exists()), "{}", image.name);
    }
    let again = ImageStore::open(directory.path()).unwrap();
    let known: Vec<String> = again.all().into_iter().map(|image| image.name).collect();
    assert_eq!(known, ["docker.io/library/elsewhere:latest", "docker.io/library/runs:latest"]);
}

#[test]
fn what_no_image_has_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = ImageStore::open(directory.path()).unwrap();
    let image = put(&store, "app", 10, SystemTime::now());
    let orphan = store.layer_path(&format!("sha256:{}", "0".repeat(64)));
    fs::create_dir(&orphan).unwrap();
    assert_eq!(store.collect(Thresholds::default(), SystemTime::now()).unwrap(), Vec::<String>::new());
    assert!(!orphan.exists() && image.layers[0].exists());
    assert!(store.local("app").unwrap().is_some());
}
