//! `--sandbox kind` on the stand-in: the pool, the queue, every failure that kind was recorded with, and what a start
//! makes of what the last one left.

use std::fs;

use podyard_cluster::node::images::ImageStore;
use serde_json::json;

use super::{
    learner::Learner,
    server::{in_database, until},
    standin::Standin,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_sees_kinds_stages_and_the_cluster_is_bounded_and_has_the_images() {
    let standin = Standin::new();
    let switches = ["gate-nodes", "gate"];
    switches.iter().for_each(|switch| standin.set(switch, true));
    let server = standin.setup(&["--kind-image", "podyard-test/node:v1.36.2", "--kind-cpus", "1.5"]).start();
    let mut learner = Learner::arrive(&server).await;
    learner.is_told("Your cluster is being made. kind: Preparing nodes 📦").await;
    standin.set("gate-nodes", false);
    learner.is_told("Your cluster is being made. kind: Waiting ≤ 1m0s for control-plane = Ready ⏳").await;
    standin.set("gate", false);
    learner.sandbox("ready").await;
    let name = standin.clusters().pop().unwrap();
    let calls = standin.calls();
    let called = |call: &str| calls.iter().any(|c| c.contains(call));
    assert!(called(&format!("kind create cluster --name {name} --wait ")), "{calls:?}");
    assert!(called("--image podyard-test/node:v1.36.2"), "{calls:?}");
    assert!(called("docker update --cpus=1.5 --memory=2147483648"), "{calls:?}");
    assert!(called("kind load image-archive"), "{calls:?}");
    assert!(!called("--kubeconfig /root/.kube"), "{calls:?}");
}

/// Whatever `--images` names is loaded beside the lessons' own images.
#[tokio::test(flavor = "multi_thread")]
async fn archives_of_images_are_loaded_into_every_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let (described, archive) = (folder.path().join("images"), folder.path().join("mine.tar"));
    fs::create_dir_all(described.join("mine")).unwrap();
    fs::write(described.join("mine/image.yaml"), "base: busybox\ntags: [v2]\ncommand: [sleep, \"60\"]\n").unwrap();
    let store = ImageStore::open(&folder.path().join("store")).unwrap();
    store.seed(Some(&described)).unwrap();
    store.write_archive(&archive).unwrap();
    let standin = Standin::new();
    let setup = standin.setup(&["--images", archive.to_str().unwrap()]);
    let server = setup.start();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    for loaded in [&setup.data.path().join("kind/images.tar"), &archive] {
        let load = format!("kind load image-archive {}", loaded.display());
        assert!(standin.calls().iter().any(|call| call.starts_with(&load)), "{load}: {:?}", standin.calls());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_filled_before_anyone_comes_and_no_cluster_is_used_twice() {
    let standin = Standin::new();
    let server = standin.setup(&["--kind-pool", "1"]).start();
    until("the pool is full", || standin.calls().iter().any(|call| call.contains("load image-archive")));
    let pooled = standin.clusters();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    assert!(!learner.told.iter().any(|told| told.contains("kind: ")), "it was there already: {:?}", learner.told);
    learner.does("kubectl create configmap mine").await;
    learner.say(json!({"op": "reset"})).await;
    learner.sandbox("ready").await;
    let (code, _) = learner.run("kubectl get configmap mine").await;
    assert_eq!(code, 1);
    until("the first has ended", || !standin.clusters().contains(&pooled[0]));
    assert!(server.stop().success());
    assert_eq!(standin.clusters(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_told_the_place_and_who_leaves_gives_it_up() {
    let standin = Standin::new();
    standin.set("gate", true);
    let server = standin.setup(&["--kind-max", "2", "--kind-at-once", "1"]).start();
    let mut first = Learner::arrive(&server).await;
    first.is_told("kind: ").await;
    let mut second = Learner::arrive(&server).await;
    second.is_told("You are number 1 in the queue for a cluster: about ").await;
    let mut third = Learner::arrive(&server).await;
    third.is_told("You are number 2 in the queue. All clusters of this server are in use").await;
    standin.set("gate", false);
    first.sandbox("ready").await;
    second.sandbox("ready").await;
    first.say(json!({"op": "reset"})).await;
    third.sandbox("ready").await;
    first.is_told("You are number 1 in the queue. All clusters").await;
    assert_eq!(standin.clusters().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_creation_is_tried_once_more_and_then_told_in_words() {
    let standin = Standin::new();
    let server = standin.setup(&[]).start();
    standin.fail(&["kubeadm"]);
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    assert!(learner.told.iter().any(|told| told.contains("tried once more")), "{:?}", learner.told);

    standin.fail(&["kubeadm", "kubeadm"]);
    learner.say(json!({"op": "reset"})).await;
    let said = learner.sandbox("failed").await;
    assert!(said.contains("its control plane did not start"), "{said}");
    // What can't pass is not tried again.
    standin.fail(&["image"]);
    learner.say(json!({"op": "reset"})).await;
    let said = learner.sandbox("failed").await;
    assert!(said.contains("the node image is not on this server"), "{said}");
    let (code, said) = learner.run("kubectl get pods").await;
    assert!(code == 1 && said.contains("There is no sandbox"), "{said}");
    // What is in the way under its own name is ended first.
    standin.fail(&["taken"]);
    learner.say(json!({"op": "reset"})).await;
    learner.sandbox("ready").await;
}

/// Recorded: kind ends with 1 because of a stale lock beside the kubeconfig, and the cluster runs on.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_runs_on_after_a_failure_is_ended() {
    let standin = Standin::new();
    let server = standin.setup(&[]).start();
    standin.fail(&["lock"]);
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    assert_eq!(standin.clusters().len(), 1);
}

/// Recorded: a create that is killed early leaves a node that appears seconds after a delete has found nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_hangs_is_killed_and_what_appears_late_is_ended_too() {
    let standin = Standin::new();
    let server = standin.setup(&["--kind-timeout", "1s", "--kind-at-once", "1"]).start();
    standin.fail(&["late", "hang"]);
    let mut learner = Learner::arrive(&server).await;
    let said = learner.sandbox("failed").await;
    assert!(said.contains("it took too long"), "{said}");
    until("nothing is left", || standin.clusters().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_its_own_clusters_end_and_no_others_do() {
    let standin = Standin::new();
    standin.foreign("kind");
    standin.foreign("podyard-0badc0de-1234567");
    let setup = standin.setup(&["--session-idle", "5s", "--kind-at-once", "1"]);
    let server = setup.start();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    // One that is being made when the server is killed: kind goes on without it.
    standin.set("gate", true);
    let mut second = Learner::arrive(&server).await;
    second.is_told("Waiting ≤").await;
    let left = standin.clusters();
    assert_eq!(left.len(), 4, "{left:?}");
    server.crash();
    standin.set("gate", false);
    let _next = setup.start();
    until("its own are gone", || standin.clusters() == ["kind", "podyard-0badc0de-1234567"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn learners_find_their_clusters_again_after_a_crash_and_after_an_end_if_they_are_to_be_kept() {
    let standin = Standin::new();
    let setup = standin.setup(&["--kind-keep"]);
    let server = setup.start();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    learner.does("kubectl create configmap mine").await;
    let before = standin.clusters();
    server.crash();
    let server = setup.start();
    let mut learner = Learner::connect(&server, Some(&learner.cookie)).await;
    learner.sandbox("ready").await;
    learner.does("kubectl get configmap mine").await;
    assert!(server.stop().success());
    let server = setup.start();
    let mut learner = Learner::connect(&server, Some(&learner.cookie)).await;
    learner.sandbox("ready").await;
    learner.does("kubectl get configmap mine").await;
    assert_eq!(standin.clusters(), before);
}

/// A session that has lain idle for too long while no server ran is over, and its cluster with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_ends_the_clusters_of_sessions_that_are_over_and_no_others() {
    let standin = Standin::new();
    standin.foreign("kind");
    let setup = standin.setup(&["--kind-keep"]);
    let server = setup.start();
    let mut gone = Learner::arrive(&server).await;
    gone.sandbox("ready").await;
    let of_gone = standin.clusters();
    let mut stays = Learner::arrive(&server).await;
    stays.sandbox("ready").await;
    stays.does("kubectl create configmap mine").await;
    let all = standin.clusters();
    assert!(server.stop().success());
    assert_eq!(standin.clusters(), all, "they are kept");
    // The first one's session began first; nothing else tells the two apart from outside.
    let end = "UPDATE sessions SET active = 0 WHERE began = (SELECT MIN(began) FROM sessions)";
    in_database(setup.data.path(), end).await;
    let server = setup.start();
    let left: Vec<String> = all.iter().filter(|name| *name == "kind" || !of_gone.contains(name)).cloned().collect();
    until("the cluster of the session that is over has ended", || standin.clusters() == left);
    let mut stays = Learner::connect(&server, Some(&stays.cookie)).await;
    stays.sandbox("ready").await;
    stays.does("kubectl get configmap mine").await;
    assert_eq!(standin.clusters(), left);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_cluster_of_the_pool_outlives_a_crash() {
    let standin = Standin::new();
    let setup = standin.setup(&["--kind-pool", "1"]);
    let server = setup.start();
    let is_ready = || {
        let clusters = setup.data.path().join("kind/clusters");
        fs::read_dir(clusters).into_iter().flatten().flatten().any(|c| c.path().join("ready").is_file())
    };
    until("the pool is full", is_ready);
    let pooled = standin.clusters();
    server.crash();
    let next = setup.start();
    let mut learner = Learner::arrive(&next).await;
    learner.sandbox("ready").await;
    assert!(standin.clusters().contains(&pooled[0]));
    assert!(!learner.told.iter().any(|told| told.contains("kind: ")), "{:?}", learner.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_stopped_is_started_again_and_a_cluster_that_is_gone_is_told() {
    let standin = Standin::new();
    let server = standin.setup(&[]).start();
    let mut learner = Learner::arrive(&server).await;
    learner.sandbox("ready").await;
    let name = standin.clusters().pop().unwrap();
    standin.stop_node(&name);
    until("it is started again", || standin.runs(&name));
    learner.does("kubectl get namespace default").await;
    standin.remove(&name);
    let said = learner.sandbox("failed").await;
    assert!(said.contains("could not be started again"), "{said}");
    learner.say(json!({"op": "reset"})).await;
    learner.sandbox("ready").await;
}

#[test]
fn what_is_missing_is_said_at_the_start() {
    let standin = Standin::new();
    standin.set("no-daemon", true);
    let said = standin.setup(&[]).refusal();
    assert!(said.contains("Cannot connect to the Docker daemon") && said.contains("Docker must run"), "{said}");
    standin.set("no-daemon", false);
    let said = standin.setup(&["--kind-program", "/no/such/kind"]).refusal();
    assert!(said.contains("/no/such/kind can't be started") && said.contains("--kind-program"), "{said}");
    let mut old = standin.setup(&[]);
    old.env.push(("STANDIN_VERSION".to_owned(), "v0.9.0".into()));
    assert!(old.refusal().contains("kind 0.9.0 is too old"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_do_not_share_a_data_directory() {
    let standin = Standin::new();
    let setup = standin.setup(&[]);
    let _first = setup.start();
    assert!(setup.refusal().contains("each needs its own (--data)"));
}
