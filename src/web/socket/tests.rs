use serde_json::{Value, json};
use tokio::io::DuplexStream;

use super::{conversation::Conversation, *};
use crate::{sessions::Session, web::testing};
use futures::{SinkExt as _, StreamExt as _};
use std::{sync::Arc, time::Duration};
use tokio_tungstenite::tungstenite::Message as Packet;

/// A page: a websocket without a network.
struct Page {
    socket: WebSocketStream<DuplexStream>,
}

/// How long a message may be awaited before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

async fn session(app: &AppState) -> Arc<Session> {
    app.sessions.open(None).await.unwrap().session
}

impl Page {
    async fn open(app: &AppState, session: &Arc<Session>) -> Self {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let limits = WebSocketConfig::default().max_message_size(Some(3 << 20));
        let server = WebSocketStream::from_raw_socket(theirs, Role::Server, Some(limits)).await;
        app.tasks.spawn(Conversation::new(server, app.clone(), session.clone(), Texts::english()).run());
        Self { socket: WebSocketStream::from_raw_socket(ours, Role::Client, None).await }
    }

    /// Opens a page and says hello; gives what `welcome` said.
    async fn greet(app: &AppState, session: &Arc<Session>, after: u64) -> (Self, Value) {
        let mut page = Self::open(app, session).await;
        page.say(json!({"op": "hello", "lesson": "one", "after": after})).await;
        let welcome = page.hear("welcome").await;
        (page, welcome)
    }

    async fn say(&mut self, message: Value) {
        self.socket.send(Packet::text(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Option<Packet> {
        tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a message in time").and_then(Result::ok)
    }

    /// The next message of this kind; others pass.
    async fn hear(&mut self, op: &str) -> Value {
        self.hear_that(|message| message["op"] == op).await
    }

    async fn hear_that(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let packet = self.next().await.expect("the socket is open");
            let Packet::Text(text) = packet else { continue };
            let message: Value = serde_json::from_str(&text).unwrap();
            if wanted(&message) {
                return message;
            }
        }
    }

    /// Console frames up to a command's exit, as `seq op text`.
    async fn console_until_exit(&mut self, id: &str) -> Vec<String> {
        let mut frames = Vec::new();
        loop {
            let frame =
                self.hear_that(|m| matches!(m["op"].as_str(), Some("started" | "output" | "exit" | "clear"))).await;
            let text = frame["text"].as_str().or(frame["line"].as_str()).map(str::to_owned);
            let text = text.unwrap_or_else(|| frame["code"].to_string());
            frames.push(format!("{} {} {text}", frame["seq"], frame["op"].as_str().unwrap()));
            if frame["op"] == "exit" && frame["id"] == id {
                return frames;
            }
        }
    }
}

#[tokio::test]
async fn a_page_says_hello_and_runs_a_command() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut page, welcome) = Page::greet(&app, &session, 0).await;
    assert_eq!(welcome["files"][0]["name"], "a.yaml");
    assert_eq!(
        page.hear_that(|m| m["op"] == "sandbox" && m["state"] == "ready").await["text"],
        "Your cluster is ready."
    );
    page.say(json!({"op": "run", "id": "1", "line": "kubectl echo hi | cat"})).await;
    assert_eq!(page.console_until_exit("1").await, ["1 started kubectl echo hi | cat", "2 output hi\n", "3 exit 0"]);
}

#[tokio::test]
async fn a_dropped_socket_loses_nothing_and_runs_nothing_twice() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut page, _) = Page::greet(&app, &session, 0).await;
    page.say(json!({"op": "run", "id": "1", "line": "kubectl wait"})).await;
    let waiting = page.hear("output").await;
    drop(page);

    let seen = waiting["seq"].as_u64().unwrap();
    let (mut page, welcome) = Page::greet(&app, &session, seen).await;
    assert_eq!((&welcome["resumed"], &welcome["seq"]), (&json!(true), &json!(seen)));
    // The page can't know whether its command arrived, so it sends it again.
    page.say(json!({"op": "run", "id": "1", "line": "kubectl wait"})).await;
    page.say(json!({"op": "cancel", "id": "1"})).await;
    assert_eq!(page.console_until_exit("1").await, [format!("{} exit 130", seen + 1)]);
}

#[tokio::test]
async fn a_command_waits_for_what_is_made_of_its_text_and_every_page_shows_it() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut page, _) = Page::greet(&app, &session, 0).await;
    page.say(json!({"op": "run", "id": "1", "line": "kubectl edit before"})).await;
    let open = page.hear_that(|m| m["op"] == "edits" && m["edits"] != json!([])).await["edits"][0].clone();
    assert_eq!((&open["command"], &open["name"], &open["text"]), (&json!("1"), &json!("a.yaml"), &json!("before")));
    drop(page);

    let (mut page, _) = Page::greet(&app, &session, 0).await;
    assert_eq!(page.hear("edits").await["edits"][0], open, "a page that comes back finds it");
    page.say(json!({"op": "edited", "edit": open["edit"], "text": "after"})).await;
    assert_eq!(page.console_until_exit("1").await.last().unwrap(), "3 exit 0");
    let (mut page, _) = Page::greet(&app, &session, 0).await;
    assert_eq!(page.console_until_exit("1").await[1], "2 output after\n");
}

#[tokio::test]
async fn keys_that_are_sent_again_after_a_drop_are_typed_once() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let hello = json!({"op": "hello", "lesson": "one", "page": "p"});
    let mut page = Page::open(&app, &session).await;
    page.say(hello.clone()).await;
    page.say(json!({"op": "run", "id": "1", "line": "kubectl exec -it web -- type 3"})).await;
    page.hear("started").await;
    page.say(json!({"op": "input", "id": "1", "data": "a", "seq": 1})).await;
    assert_eq!(page.hear("typed").await["seq"], 1);
    drop(page);

    let mut page = Page::open(&app, &session).await;
    page.say(hello).await;
    for (seq, data) in [(1, "a"), (2, "b"), (3, "c")] {
        page.say(json!({"op": "input", "id": "1", "data": data, "seq": seq})).await;
    }
    let frames = page.console_until_exit("1").await;
    assert_eq!(frames[frames.len() - 2], "2 output abc");
}

#[tokio::test]
async fn a_page_that_knows_more_than_the_server_begins_anew() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (_page, welcome) = Page::greet(&app, &session, 40).await;
    assert_eq!(welcome["resumed"], false);
}

#[tokio::test]
async fn two_tabs_agree() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut one, _) = Page::greet(&app, &session, 0).await;
    let (mut two, _) = Page::greet(&app, &session, 0).await;
    one.say(json!({"op": "save", "file": "a.yaml", "text": "kind: Job\n"})).await;
    let told = two.hear("file").await;
    assert_eq!((&told["text"], &told["changed"]), (&json!("kind: Job\n"), &json!(true)));
    two.say(json!({"op": "apply", "id": "x", "file": "a.yaml", "text": "kind: Pod\n"})).await;
    let expected = ["1 started kubectl apply -f a.yaml", "2 output applied kind: Pod\n\n", "3 exit 0"];
    assert_eq!(one.console_until_exit("x").await, expected);
    assert_eq!(two.console_until_exit("x").await, expected);
    two.say(json!({"op": "restore", "file": "a.yaml"})).await;
    assert_eq!(
        one.hear_that(|m| m["op"] == "file" && m["changed"] == false).await["text"],
        "apiVersion: v1\nkind: Pod\n"
    );
    one.say(json!({"op": "run", "id": "y", "line": "echo 1 > new; rm new"})).await;
    assert_eq!(two.hear("fileGone").await["name"], "new");
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_in_words_and_nothing_else_is_lost() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let mut page = Page::open(&app, &session).await;
    page.say(json!({"op": "reset"})).await;
    assert_eq!(page.hear("refused").await["text"], "The first message of a page is hello.");
    page.say(json!({"op": "hello", "lesson": "one"})).await;
    page.say(json!({"op": "fly"})).await;
    let text = page.hear("refused").await["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("This message can't be understood: unknown variant `fly`"), "{text}");
    page.say(json!({"op": "save", "file": "../x", "text": ""})).await;
    assert!(page.hear("refused").await["text"].as_str().unwrap().starts_with("“../x” is no name for a file"));
    page.say(json!({"op": "apply", "id": "1", "file": "big.yaml", "text": "x".repeat(2 * 1024 * 1024 + 1)})).await;
    let refused = page.hear("refused").await;
    assert_eq!(
        (&refused["id"], &refused["text"]),
        (&json!("1"), &json!("big.yaml is too large: a file holds at most 2 MB."))
    );
    for n in 0..=8 {
        page.say(json!({"op": "run", "id": format!("w{n}"), "line": "sleep 1000"})).await;
    }
    let refused = page.hear("refused").await;
    assert_eq!(refused["text"], "8 commands are running already: end one with Ctrl-C first.");
    page.say(json!({"op": "cancel", "id": "w0"})).await;
    page.console_until_exit("w0").await;
}

#[tokio::test]
async fn a_reset_ends_commands_and_brings_a_new_sandbox() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut page, _) = Page::greet(&app, &session, 0).await;
    page.say(json!({"op": "run", "id": "1", "line": "kubectl wait"})).await;
    page.hear("output").await;
    page.say(json!({"op": "reset"})).await;
    // The command ends while the new sandbox is made: which comes first is open.
    let (mut ended, mut ready) = (false, false);
    while !(ended && ready) {
        let news = page.hear_that(|m| m["op"] == "exit" || m["op"] == "sandbox").await;
        ended |= news["op"] == "exit" && news["code"] == 130;
        ready |= news["state"] == "ready";
    }
    page.say(json!({"op": "run", "id": "2", "line": "kubectl echo again"})).await;
    assert_eq!(page.console_until_exit("2").await[1], "5 output again\n");
}

#[tokio::test]
async fn a_slow_page_is_told_of_a_gap_and_memory_stays_bounded() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut page, _) = Page::greet(&app, &session, 0).await;
    page.say(json!({"op": "run", "id": "1", "line": "kubectl flood 200000"})).await;
    page.hear("started").await;
    // The page reads nothing until the command has ended.
    let mut newest = session.newest();
    let done = async {
        loop {
            let frames = session.frames_after(newest.borrow_and_update().saturating_sub(1), 1).frames;
            if frames.first().is_some_and(|f| matches!(f.what, crate::sessions::scrollback::What::Exit { .. })) {
                break;
            }
            newest.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("a slow page stalls nobody");
    let frames = page.console_until_exit("1").await;
    assert!(frames.iter().any(|f| f.contains("some output was left out")));
    assert!(frames[frames.len() - 2].ends_with("line 199999\n"), "{}", frames[frames.len() - 2]);
}

#[tokio::test]
async fn the_end_of_the_server_says_going_away() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut page, _) = Page::greet(&app, &session, 0).await;
    app.closing.cancel();
    loop {
        if let Packet::Close(frame) = page.next().await.expect("a farewell before the end") {
            assert_eq!(u16::from(frame.expect("with a code").code), 1001);
            break;
        }
    }
    app.tasks.close();
    tokio::time::timeout(PATIENCE, app.tasks.wait()).await.expect("the conversation ends");
}

#[tokio::test]
async fn the_end_of_a_session_is_told_and_the_page_does_not_come_back() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut page, _) = Page::greet(&app, &session, 0).await;
    app.sessions.close();
    let told = page.hear_that(|m| m["state"] == "failed").await;
    assert!(told["text"].as_str().unwrap().starts_with("This session has ended"), "{told}");
    loop {
        if let Packet::Close(frame) = page.next().await.expect("a farewell before the end") {
            assert_eq!(u16::from(frame.expect("with a code").code), 4001);
            break;
        }
    }
}

#[tokio::test]
async fn a_page_that_sends_too_much_at_once_is_sent_away() {
    let app = testing::state(testing::scripted(), 10).await;
    let session = session(&app).await;
    let (mut page, _) = Page::greet(&app, &session, 0).await;
    let text = "x".repeat((3 << 20) + 1);
    let sending = page.socket.send(Packet::text(json!({"op": "save", "file": "a", "text": text}).to_string()));
    let _ = tokio::time::timeout(PATIENCE, sending).await;
    loop {
        match page.next().await {
            Some(Packet::Close(frame)) => {
                assert_eq!(frame.map(|f| u16::from(f.code)), Some(1009));
                break;
            }
            Some(_) => {}
            None => break,
        }
    }
    assert_eq!(session.sockets(), 0);
}
