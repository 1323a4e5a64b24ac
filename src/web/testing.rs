//! A server for tests: everything real but the containers and, where a test says so, kubectl.

use std::sync::Arc;

use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{site::Site, state::AppState};
use crate::{console::Engine, lessons::Catalog, sandbox::testing::provider, sessions::Sessions, workshops};

/// `echo ARGS` writes its arguments, `wait` ends with Ctrl-C only, `edit TEXT` writes what the editor makes of a text,
/// `exec -it … N` so many keys; `port-forward` answers one connection (of
/// `pod/talker` a websocket that repeats what it hears), `flood N`
/// writes so many lines, `read FILE` shows a file.
pub fn scripted() -> Engine {
    Arc::new(|argv, mut env| {
        Box::pin(async move {
            match argv[0].as_str() {
                "wait" => {
                    env.stdout.write_all(b"waiting\n").await.unwrap();
                    env.cancel.cancelled().await;
                    130
                }
                "edit" => {
                    let editor = env.editor.expect("a session has one");
                    let text = editor.edit("a.yaml", argv[1].clone()).await.unwrap();
                    env.stdout.write_all(format!("{text}\n").as_bytes()).await.unwrap();
                    0
                }
                "exec" => {
                    let mut keys = vec![0; argv.last().unwrap().parse().unwrap()];
                    env.stdin.read_exact(&mut keys).await.unwrap();
                    env.stdout.write_all(&keys).await.unwrap();
                    0
                }
                "apply" => {
                    let text = env.files.read(&argv[2]).await.unwrap();
                    env.stdout.write_all(&[b"applied ".as_slice(), &text, b"\n"].concat()).await.unwrap();
                    0
                }
                "flood" => {
                    for n in 0..argv[1].parse::<u32>().unwrap() {
                        env.stdout.write_all(format!("line {n}\n").as_bytes()).await.unwrap();
                    }
                    0
                }
                "port-forward" => {
                    let mut listener = env.ports.listen("127.0.0.1", 5000).await.unwrap();
                    let mut stream = tokio::select! {
                        stream = listener.accept() => stream.unwrap(),
                        () = env.cancel.cancelled() => return 130,
                    };
                    if argv[1] == "pod/talker" {
                        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                        while let Some(Ok(said)) = socket.next().await {
                            if said.is_text() {
                                socket.send(said).await.unwrap();
                            }
                        }
                        return 0;
                    }
                    let mut head = [0; 4096];
                    let read = stream.read(&mut head).await.unwrap();
                    let asked = String::from_utf8_lossy(&head[..read]).to_lowercase();
                    let body = format!("cookie seen: {}", asked.contains("cookie:"));
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: podyard=x\r\nContent-Length:";
                    stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
                    env.cancel.cancelled().await;
                    130
                }
                _ => {
                    env.stdout.write_all(format!("{}\n", argv[1..].join(" ")).as_bytes()).await.unwrap();
                    0
                }
            }
        })
    })
}

/// One lesson, `one`, with the file `a.yaml`.
fn catalog() -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "---\nid: one\ntitle: One\n---\nHello.\n\n## Go\n\n```yaml title=\"a.yaml\"\napiVersion: v1\nkind: Pod\n```\n";
    std::fs::write(folder.path().join("one.md"), text).unwrap();
    Catalog::load(folder.path()).unwrap()
}

/// A server for at most `max` sessions, with a database of its own.
pub async fn state(engine: Engine, max: usize) -> AppState {
    let storage = crate::storage::testing::storage().await;
    let sessions = Sessions::new(provider(), storage, crate::sessions::testing::rules(max), TaskTracker::new());
    let workshops = workshops::testing::workshops(sessions.storage().clone());
    let site = Site::direct(true);
    AppState {
        engine,
        ..AppState::new(
            tokio::sync::watch::channel(Arc::new(catalog())).1,
            sessions,
            workshops,
            site,
            super::limits::tests::limits(),
            &[],
            CancellationToken::new(),
        )
    }
}
