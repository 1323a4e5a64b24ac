//! Learners' work over the end of the server, however it ends.

mod killed;
#[path = "../../src/storage/tests/postgres.rs"]
pub mod postgres;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use crate::{
    program::PATIENCE,
    served::{Server, Socket, hear, say},
};

/// Runs a line and gives what it wrote, with its exit code.
async fn run(socket: &mut Socket, id: &str, line: &str) -> (String, i64) {
    say(socket, json!({"op": "run", "id": id, "line": line})).await;
    let mut text = String::new();
    loop {
        let message = hear(socket, |m| m["id"] == id).await;
        text.push_str(message["text"].as_str().unwrap_or(""));
        if message["op"] == "exit" {
            return (text, message["code"].as_i64().unwrap());
        }
    }
}

/// What a page is shown after it has said hello, once its sandbox is ready: the files, and every frame up to the newest.
/// That the sandbox is ready may be said between two frames.
pub async fn greet(socket: &mut Socket, lesson: &str) -> (Value, Vec<Value>) {
    say(socket, json!({"op": "hello", "lesson": lesson, "after": 0})).await;
    let welcome = hear(socket, |m| m["op"] == "welcome").await;
    let (newest, mut frames, mut ready) = (welcome["seq"].as_u64().unwrap(), Vec::new(), false);
    while !ready || newest > frames.last().map_or(0, |frame: &Value| frame["seq"].as_u64().unwrap()) {
        let message = hear(socket, |m| m["seq"].is_u64() || m["state"] == "ready").await;
        match message["seq"].is_u64() {
            true => frames.push(message),
            false => ready = true,
        }
    }
    (welcome["files"].clone(), frames)
}

/// Waits until the database has a frame with this text.
async fn until_stored(data: &Path, text: &str) {
    let options = SqliteConnectOptions::new().filename(data.join("podyard.db")).read_only(true);
    let mut database = options.connect().await.unwrap();
    let began = Instant::now();
    let sql = "SELECT COUNT(*) FROM frames WHERE what LIKE '%' || $1 || '%'";
    while sqlx::query_scalar::<_, i64>(sql).bind(text).fetch_one(&mut database).await.unwrap() == 0 {
        assert!(began.elapsed() < PATIENCE, "{text} is not stored");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the journal of the only sandbox has this text: objects are written just after they are answered.
fn until_kept(data: &Path, text: &str) {
    let began = Instant::now();
    while !journals(data).any(|journal| journal.windows(text.len()).any(|window| window == text.as_bytes())) {
        assert!(began.elapsed() < PATIENCE, "{text} is not kept");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn journals(data: &Path) -> impl Iterator<Item = Vec<u8>> {
    let folders = fs::read_dir(data.join("sandboxes")).into_iter().flatten().flatten();
    folders.filter_map(|folder| fs::read(folder.path().join("objects")).ok())
}

/// Waits until an event says this: it may be written a moment after what it tells of.
async fn until_told(socket: &mut Socket, message: &str) {
    say(socket, json!({"op": "run", "id": "told", "line": "kubectl get events -w"})).await;
    let mut told = String::new();
    while !told.contains(message) {
        let output = hear(socket, |m| m["id"] == "told" && m["op"] != "run").await;
        assert_ne!(output["op"], "exit", "{told}");
        told.push_str(output["text"].as_str().unwrap_or(""));
    }
}

const SLEEPER: &str = "kubectl run sleeper --image=busybox -- sleep 1000";
const WAIT: &str = "kubectl wait pod/sleeper --for=condition=Ready --timeout=50s";
const AGAIN: &str =
    "kubectl wait pod/sleeper --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=50s";

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_in_the_middle_of_work_loses_nothing_that_was_stored() {
    let lesson = "from-containers-to-pods";
    let mut server = Server::start(&[]);
    let (mut socket, cookie) = server.connect("").await;
    let cookie = cookie.unwrap();
    greet(&mut socket, lesson).await;
    say(&mut socket, json!({"op": "save", "file": "mine.yaml", "text": "kind: Mine"})).await;
    assert_eq!(run(&mut socket, "run", SLEEPER).await.1, 0);
    assert_eq!(run(&mut socket, "wait", WAIT).await.1, 0);
    assert_eq!(run(&mut socket, "mark", "echo the last that must not be lost").await.1, 0);
    until_stored(server.data.path(), "the last that must not be lost").await;
    assert_eq!(run(&mut socket, "kept", "kubectl create configmap the-last-kept").await.1, 0);
    until_kept(server.data.path(), "the-last-kept");
    // It is killed while it writes: a command that never stops showing things, and objects that come and go.
    say(&mut socket, json!({"op": "run", "id": "busy", "line": "kubectl get events -w"})).await;
    for n in 0..20 {
        let line = format!("kubectl create configmap c{n} --from-literal=n={n}");
        say(&mut socket, json!({"op": "run", "id": format!("c{n}"), "line": line})).await;
    }
    hear(&mut socket, |m| m["op"] == "exit" && m["id"] == "c3").await;
    server.signal("-KILL");
    server.wait();

    let server = Server::start_in(server.data.clone(), &[]);
    let (mut socket, set) = server.connect(&cookie).await;
    assert_eq!(set, None, "the learner is known");
    let (files, frames) = greet(&mut socket, lesson).await;
    assert!(files.as_array().unwrap().iter().any(|f| f["name"] == "mine.yaml" && f["text"] == "kind: Mine"), "{files}");
    for id in ["run", "wait", "mark"] {
        assert!(frames.iter().any(|f| f["op"] == "exit" && f["id"] == id && f["code"] == 0), "{id} {frames:?}");
    }
    assert!(frames.iter().any(|f| f["text"] == "the last that must not be lost\n"), "{frames:?}");
    // The Pod is started again, as after a reboot of its node, and says so.
    assert_eq!(run(&mut socket, "again", AGAIN).await.1, 0);
    assert_eq!(run(&mut socket, "wait2", WAIT).await.1, 0);
    until_told(&mut socket, "Pod sandbox changed, it will be killed and re-created.").await;
    let (kept, _) = run(&mut socket, "kept2", "kubectl get configmap the-last-kept -o name").await;
    assert_eq!(kept, "configmap/the-last-kept\n");
    let (maps, code) = run(&mut socket, "maps", "kubectl get configmap -o name").await;
    assert_eq!(code, 0, "what was being written is whole or not there: {maps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_order_goes_on_where_it_stopped_on_postgresql_too() {
    let url = postgres::new_database();
    let flags = ["--database", url.as_str()];
    let mut server = Server::start(&flags);
    let (mut socket, cookie) = server.connect("").await;
    let cookie = cookie.unwrap();
    greet(&mut socket, "x").await;
    assert_eq!(run(&mut socket, "1", "NAME=ada").await.1, 0);
    assert_eq!(run(&mut socket, "2", "kubectl create configmap mine").await.1, 0);
    server.signal("-TERM");
    assert!(server.wait().success());
    assert!(!server.data.path().join("podyard.db").exists());

    let server = Server::start_in(server.data.clone(), &flags);
    let (mut socket, _) = server.connect(&cookie).await;
    let (_, frames) = greet(&mut socket, "x").await;
    assert_eq!(frames.len(), 5, "two commands, one of which wrote: {frames:?}");
    assert_eq!(run(&mut socket, "3", "echo $NAME").await.0, "ada\n");
    assert_eq!(run(&mut socket, "4", "kubectl get configmap mine -o name").await.0, "configmap/mine\n");
}
