//! Ctrl-C, as ARCHITECTURE.md's second walk says: everything ends in order, within a deadline; a second one at once.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
};

use futures::StreamExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    program::PATIENCE,
    served::{Server, hear, say},
};

/// A request whose body never comes: it keeps the server from ending.
fn stuck_request(server: &Server, cookie: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.authority).unwrap();
    write!(stream, "GET /kubeconfig HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n", server.authority).unwrap();
    let mut text = String::new();
    while !text.contains("users:") {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    let path = text.split(&server.authority).nth(1).unwrap().split(['"', '\n']).next().unwrap();
    write!(
        stream,
        "POST {path}/api/v1/namespaces/default/pods HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
        server.authority
    )
    .unwrap();
    // The server asks for the body as soon as the request is being worked on.
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    stream
}

/// Everything that descends from a process.
fn descendants(pid: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|e| e.file_name().to_str().and_then(|n| n.parse::<u32>().ok()));
    let parent = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(") ").next()?.split(' ').nth(1)?.parse::<u32>().ok()
    };
    let pairs: Vec<(u32, u32)> = pids.filter_map(|p| parent(p).map(|parent| (p, parent))).collect();
    let (mut found, mut at) = (vec![pid], 0);
    while at < found.len() {
        let of = found[at];
        found.extend(pairs.iter().filter(|(_, parent)| *parent == of).map(|(p, _)| *p));
        at += 1;
    }
    found.split_off(1)
}

fn left_over(data: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(data.join("run")).unwrap().flatten();
    entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_says_goodbye_ends_containers_and_leaves_nothing() {
    let mut server = Server::start(&[]);
    let (mut socket, _) = server.page().await;
    let run = "kubectl run sleeper --image=busybox --restart=Never -- sleep 1000";
    say(&mut socket, json!({"op": "run", "id": "1", "line": run})).await;
    say(
        &mut socket,
        json!({"op": "run", "id": "2", "line": "kubectl wait pod/sleeper --for=condition=Ready --timeout=50s"}),
    )
    .await;
    let ready = hear(&mut socket, |m| m["op"] == "exit" && m["id"] == "2").await;
    let processes = descendants(server.child.id());
    assert!(ready["code"] != 0 || !processes.is_empty(), "a container is a process");

    server.signal("-INT");
    let mut farewell = None;
    while let Some(Ok(message)) = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an end in time") {
        if let Message::Close(frame) = message {
            farewell = frame.map(|f| u16::from(f.code));
        }
    }
    assert_eq!(farewell, Some(1001));
    assert!(server.wait().success());
    assert_eq!(left_over(server.data.path()), [""; 0]);
    let alive: Vec<u32> = processes.into_iter().filter(|p| Path::new(&format!("/proc/{p}")).exists()).collect();
    assert_eq!(alive, [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_cut_off_at_the_deadline() {
    let mut server = Server::start(&["--shutdown-timeout", "1s"]);
    let (_socket, cookie) = server.page().await;
    let _stuck = stuck_request(&server, &cookie);
    server.signal("-TERM");
    assert!(server.wait().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_at_once_and_the_next_start_cleans_up() {
    let mut server = Server::start(&["--shutdown-timeout", "10m"]);
    let (mut socket, cookie) = server.page().await;
    let _stuck = stuck_request(&server, &cookie);
    server.signal("-INT");
    while let Some(Ok(_)) = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an end in time") {}
    server.signal("-INT");
    assert_eq!(server.wait().code(), Some(130));
    let left = left_over(server.data.path());
    assert_eq!(left.len(), 1, "{left:?}");

    let next = Server::start_in(server.data.clone(), &[]);
    let now = left_over(next.data.path());
    assert!(now.len() == 1 && now != left, "{left:?} {now:?}");
}

#[test]
fn a_data_directory_serves_one_server() {
    let first = Server::start(&[]);
    let second = std::process::Command::new(crate::program::PODYARD)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(first.data.path())
        .output()
        .unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("another podyard serves from the data directory") && !second.status.success(), "{said}");
}
