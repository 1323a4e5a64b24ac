use std::os::unix::fs::MetadataExt;

use serde_json::{Value, json};

use super::*;
use crate::{
    node::{
        downward::{Allocatable, Facts},
        objects::Lookup,
        runtime::MountSource,
    },
    store::{Key, Next, Store},
    tokens::Signer,
};

struct Bench {
    store: Store,
    root: tempfile::TempDir,
    volumes: Volumes,
    pod: Pod,
    signer: Signer,
}

impl Bench {
    fn new(volumes: Value, mounts: Value) -> Self {
        let store = Store::new();
        let object = |resource, name: &str, value: Value| {
            store.insert(Key::new(resource, "default", name), value).unwrap();
        };
        object("configmaps", "settings", json!({"data": {"color": "blue", "size": "10"}}));
        object("secrets", "creds", json!({"data": {"user": "YWRtaW4="}}));
        object("serviceaccounts", "default", json!({"metadata": {"uid": "sa-uid"}}));
        store.insert(Key::new("nodes", "", "n"), json!({"metadata": {"name": "n", "uid": "node-uid"}})).unwrap();
        let pod = json!({
            "metadata": {"name": "p", "namespace": "default", "uid": "u", "labels": {"app": "x"}},
            "spec": {"volumes": volumes, "containers": [{"name": "c", "volumeMounts": mounts}]},
        });
        let root = tempfile::tempdir().unwrap();
        let volumes = Volumes::new(root.path(), "u");
        Self { store, volumes, root, pod: Pod::read(pod.into()).unwrap(), signer: Signer::new([7; 32]) }
    }

    fn set_up(&mut self) -> Result<(), String> {
        self.with_sources(|volumes, pod, sources, now| volumes.set_up(pod, sources, now).map_err(|e| e.to_string()))
    }

    fn refresh(&mut self) {
        self.with_sources(|volumes, pod, sources, now| volumes.refresh(pod, sources, &|_| Ok(()), now));
    }

    fn with_sources<T>(&mut self, run: impl FnOnce(&mut Volumes, &Pod, &Sources<'_>, Timestamp) -> T) -> T {
        let now = Timestamp::now();
        let facts = Facts {
            node: "n",
            host: [1, 2, 3, 4].into(),
            address: None,
            allocatable: Allocatable { cpu_milli: 1000, memory: 1 },
        };
        let lookup = Lookup { store: &self.store, namespace: "default" };
        let sources = Sources { lookup, facts, signer: &self.signer, token_id: "id", now };
        run(&mut self.volumes, &self.pod, &sources, now)
    }

    /// Where a container finds the volume mounted at `target`, and whether it may only read it.
    fn at(&self, target: &str) -> (PathBuf, bool) {
        let mounts = self.volumes.mounts(&self.pod.spec.containers[0], &[("A".into(), "sub".into())]).unwrap();
        let mount = mounts.into_iter().find(|mount| mount.target == target).unwrap();
        match mount.source {
            MountSource::Path(path) => (path, mount.read_only),
            other => panic!("not on the node: {other:?}"),
        }
    }
}

#[test]
fn objects_become_files() {
    let mut bench = Bench::new(
        json!([
            {"name": "all", "configMap": {"name": "settings"}},
            {"name": "some", "configMap": {"name": "settings",
                "items": [{"key": "color", "path": "deep/colour", "mode": 256}]}},
            {"name": "sec", "secret": {"secretName": "creds", "defaultMode": 288}},
            {"name": "me", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        ]),
        json!([
            {"name": "all", "mountPath": "/all"}, {"name": "some", "mountPath": "/some"},
            {"name": "sec", "mountPath": "/sec"}, {"name": "me", "mountPath": "me"},
            {"name": "all", "mountPath": "/etc/color", "subPath": "color"},
        ]),
    );
    bench.set_up().unwrap();
    let read = |at: &str, file: &str| {
        let file = bench.at(at).0.join(file);
        (fs::read_to_string(&file).unwrap(), format!("{:o}", fs::metadata(&file).unwrap().mode() & 0o777))
    };
    assert_eq!(read("/all", "color"), ("blue".into(), "644".into()));
    assert_eq!(read("/some", "deep/colour"), ("blue".into(), "400".into()));
    assert_eq!(read("/sec", "user"), ("admin".into(), "440".into()));
    assert_eq!(read("/me", "labels").0, "app=\"x\"");
    assert_eq!(fs::read_link(bench.at("/all").0.join("color")).unwrap(), PathBuf::from("..data/color"));
    assert_eq!(fs::read_to_string(bench.at("/etc/color").0).unwrap(), "blue");
    assert!(bench.at("/all").1);
}

#[test]
fn an_update_is_seen_and_what_was_removed_is_gone() {
    let mut bench = Bench::new(
        json!([{"name": "all", "configMap": {"name": "settings"}}]),
        json!([{"name": "all", "mountPath": "/a"}]),
    );
    bench.set_up().unwrap();
    let change = |_: &Value| Ok::<_, ()>(Next::Put(json!({"data": {"color": "red", "new": "1"}})));
    bench.store.modify(&Key::new("configmaps", "default", "settings"), change).unwrap();
    bench.refresh();
    let at = bench.at("/a").0;
    let mut names: Vec<_> = fs::read_dir(&at).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with("..2"));
    names.sort();
    assert_eq!(names, ["..data", "color", "new"]);
    assert_eq!(fs::read_to_string(at.join("color")).unwrap(), "red");
}

#[test]
fn a_token_names_its_bearer_and_stays() {
    let projected = json!({"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}}]});
    let mut bench =
        Bench::new(json!([{"name": "t", "projected": projected}]), json!([{"name": "t", "mountPath": "/t"}]));
    bench.set_up().unwrap();
    let token = || fs::read_to_string(bench.at("/t").0.join("token")).unwrap();
    let first = token();
    let claims = bench.signer.verify(&first, &[], Timestamp::now()).unwrap();
    assert_eq!(claims["kubernetes.io"]["node"], json!({"name": "n", "uid": "node-uid"}));
    bench.refresh();
    let at = bench.at("/t").0;
    assert_eq!(fs::read_to_string(at.join("token")).unwrap(), first);
    assert_eq!(fs::read_to_string(at.join("namespace")).unwrap(), "default");
}

/// What a kubelet makes of a mode with a file system group, and of a token's for who runs as somebody.
#[test]
fn files_are_given_to_the_file_system_group_and_tokens_to_the_only_user() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("passed over: only root may give files away");
        return;
    }
    let projected = json!({"sources": [{"serviceAccountToken": {"path": "token"}}]});
    let volumes = json!([
        {"name": "s", "secret": {"secretName": "creds", "defaultMode": 0o400}}, {"name": "t", "projected": projected}]);
    let mounts = json!([{"name": "s", "mountPath": "/s"}, {"name": "t", "mountPath": "/t"}]);
    let seen = |context: Value| {
        let mut bench = Bench::new(volumes.clone(), mounts.clone());
        let mut object = Value::clone(&bench.pod.object);
        object["spec"]["securityContext"] = context;
        bench.pod = Pod::read(object.into()).unwrap();
        bench.set_up().unwrap();
        ["/s/user", "/t/token", "/s", "/s/..data"].map(|path| {
            let (volume, file) = path.split_at(2);
            let found = fs::metadata(bench.at(volume).0.join(file.trim_start_matches('/'))).unwrap();
            format!("{:o} {} {}", found.mode() & 0o7777, found.uid(), found.gid())
        })
    };
    assert_eq!(seen(json!({})), ["400 0 0", "644 0 0", "1777 0 0", "755 0 0"]);
    assert_eq!(seen(json!({"fsGroup": 2000})), ["440 0 2000", "640 0 2000", "3777 0 2000", "2755 0 2000"]);
    assert_eq!(seen(json!({"runAsUser": 1000})), ["400 0 0", "600 1000 0", "1777 0 0", "755 0 0"]);
}

#[test]
fn what_is_missing_is_told() {
    let why = |volume: Value| Bench::new(json!([volume]), json!([])).set_up().unwrap_err();
    insta::assert_snapshot!(
        [
            why(json!({"name": "keys", "secret": {"secretName": "nokeys"}})),
            why(json!({"name": "v", "configMap": {"name": "settings", "items": [{"key": "k", "path": "p"}]}})),
            why(json!({"name": "v", "persistentVolumeClaim": {"claimName": "data"}})),
            why(json!({"name": "v", "hostPath": {"path": "/data", "type": "Directory"}})),
            why(json!({"name": "v", "hostPath": {"path": "/../x"}})),
            why(json!({"name": "v", "nfs": {"server": "s", "path": "/"}})),
            why(json!({"name": "v", "projected": {"sources": [
                {"configMap": {"name": "nomap"}}, {"configMap": {"name": "settings"}}, {"secret": {"name": "nokeys"}}]}})),
        ]
        .join("\n"),
        @r#"
MountVolume.SetUp failed for volume "keys" : secret "nokeys" not found
MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: k
MountVolume.SetUp failed for volume "v" : persistentvolumeclaim "data" not found
MountVolume.SetUp failed for volume "v" : hostPath type check failed: /data is not a directory
MountVolume.SetUp failed for volume "v" : host path /../x leads out of the node's root
MountVolume.SetUp failed for volume "v" : no volume plugin matched
MountVolume.SetUp failed for volume "v" : [configmap "nomap" not found, secret "nokeys" not found]
"#
    );
}

#[test]
fn directories_are_shared_and_links_lead_nowhere() {
    let mut bench = Bench::new(
        json!([{"name": "e", "emptyDir": {}}, {"name": "h", "hostPath": {"path": "/data"}}]),
        json!([
            {"name": "e", "mountPath": "/e"}, {"name": "h", "mountPath": "/h", "readOnly": true},
            {"name": "e", "mountPath": "/s", "subPathExpr": "x/$(A)"},
        ]),
    );
    bench.set_up().unwrap();
    let (empty, read_only) = bench.at("/e");
    assert_eq!((fs::metadata(&empty).unwrap().mode() & 0o777, read_only), (0o777, false));
    assert_eq!(bench.at("/h"), (bench.root.path().join(".host/data"), true));
    assert_eq!(bench.at("/s").0, empty.join("x/sub"));
    fs::remove_dir_all(empty.join("x")).unwrap();
    std::os::unix::fs::symlink("/etc", empty.join("x")).unwrap();
    let error = bench.volumes.mounts(&bench.pod.spec.containers[0], &[("A".into(), "passwd".into())]).unwrap_err();
    let words = |what: &str| format!("failed to {what} for volumeMount \"e\" of container \"c\"");
    assert_eq!(error.message, words("prepare subPath"));
    let error = bench.volumes.mounts(&bench.pod.spec.containers[0], &[("A".into(), "new".into())]).unwrap_err();
    assert_eq!(error.message, words("prepare subPath"), "nothing is made outside");
}
