use std::path::{Path, PathBuf};

use super::{
    raw::{self, Surroundings},
    *,
};

fn task(args: &[&str]) -> Result<Task, ConfigError> {
    let surroundings = Surroundings { home: Some("/home/ada".into()), ..Surroundings::default() };
    let args = ["podyard"].iter().chain(args).map(|a| (*a).to_owned()).collect();
    raw::task(args, &surroundings)
}

fn folder() -> String {
    env!("CARGO_MANIFEST_DIR").to_owned()
}

#[test]
fn nothing_said_is_serve_with_the_defaults() {
    let Task::Serve(config) = task(&["--content", &folder()]).unwrap() else { panic!("not serve") };
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.sandboxes.sandbox, SandboxKind::Embedded);
    assert_eq!(config.sandboxes.data.path(), Path::new("/home/ada/.local/share/podyard"));
    assert_eq!(config.session_idle, Duration::from_secs(3600));
}

#[test]
fn every_mistake_is_told_at_once() {
    let error = task(&[
        "serve",
        "--content",
        "/no/such",
        "--listen",
        "here",
        "--sandbox",
        "docker",
        "--session-idle",
        "soon",
        "--database",
        "mysql://root:secret@db/x",
        "--max-sessions",
        "0",
        "--public-url",
        "ftp://x",
    ])
    .unwrap_err();
    insta::assert_snapshot!(error, @"
    --listen (PODYARD_LISTEN) 'here': must be an address and a port, such as 127.0.0.1:8080 or [::1]:8080
    --public-url (PODYARD_PUBLIC_URL) 'ftp://x': must look like https://learn.example.org, without a path
    --content (PODYARD_CONTENT) '/no/such': can't be read (No such file or directory (os error 2)); it must be the folder with the lessons
    --database (PODYARD_DATABASE) '…': must look like postgres://user:password@host/database; without it SQLite is used
    --sandbox (PODYARD_SANDBOX) 'docker': must be embedded, kind or kubernetes
    --session-idle (PODYARD_SESSION_IDLE) 'soon': must be a time such as 90s, 30m or 2h
    --max-sessions (PODYARD_MAX_SESSIONS) '0': must be a number above 0
    ");
}

#[test]
fn what_follows_kubectl_is_untouched() {
    let Task::Kubectl(task) = task(&["kubectl", "--help", "run", "x", "--", "echo", "--listen"]).unwrap() else {
        panic!("not kubectl")
    };
    assert_eq!(task.args, ["--help", "run", "x", "--", "echo", "--listen"]);
}

#[test]
fn the_cluster_listens_on_loopback_only() {
    let error = task(&["cluster", "--listen", "0.0.0.0:6443"]).unwrap_err().to_string();
    assert!(error.contains("loopback addresses only"), "{error}");
    let Task::Cluster(task) = task(&["cluster"]).unwrap() else { panic!("not cluster") };
    assert_eq!(task.kubeconfig, PathBuf::from("/home/ada/.local/share/podyard/kubeconfig"));
}

#[test]
fn root_keeps_data_where_containers_can_reach_it() {
    let chosen = DataDirectory::choose(None, true, None, Some(Path::new("/root"))).unwrap();
    assert_eq!(chosen.path(), Path::new("/var/lib/podyard"));
    let xdg = DataDirectory::choose(None, false, Some(Path::new("/data")), Some(Path::new("/home/ada"))).unwrap();
    assert_eq!(xdg.path(), Path::new("/data/podyard"));
    assert_eq!(DataDirectory::choose(None, false, None, None), None);
}

#[test]
fn sandboxes_hold_what_real_nodes_hold_unless_more_is_asked_for() {
    let Task::Serve(config) = task(&["--content", &folder()]).unwrap() else { panic!("not serve") };
    assert_eq!(config.sandboxes.room, Room { pods: 110, objects: 1000, nodes: 1 });
    let more = ["--max-pods", "500", "--max-objects", "20000", "--nodes", "3"];
    let expected = Room { pods: 500, objects: 20_000, nodes: 3 };
    let Task::Cluster(cluster) = task(&[&["cluster"], &more[..]].concat()).unwrap() else { panic!("not cluster") };
    assert_eq!(cluster.room, expected);
    let content = folder();
    let Task::Serve(config) = task(&[&["--content", content.as_str()], &more[..]].concat()).unwrap() else {
        panic!("not serve")
    };
    assert_eq!(config.sandboxes.room, expected);
}
