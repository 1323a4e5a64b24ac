//! A learner's page, as far as a provider has to do with it: the websocket.

use std::sync::atomic::{AtomicU32, Ordering};

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::server::Server;
use crate::program::PATIENCE;

pub struct Learner {
    socket: WebSocketStream<TcpStream>,
    /// What the browser would keep.
    pub cookie: String,
    /// Every sentence about the sandbox so far.
    pub told: Vec<String>,
    /// Ids that no page before used: a server runs each once, over restarts too.
    page: u32,
    commands: u32,
}

/// Counts the pages of this run.
static PAGES: AtomicU32 = AtomicU32::new(0);

impl Learner {
    /// Someone new, whose page has connected; the sandbox is being made.
    pub async fn arrive(server: &Server) -> Self {
        Self::connect(server, None).await
    }

    /// Comes back with a cookie, or without one.
    pub async fn connect(server: &Server, cookie: Option<&str>) -> Self {
        let mut request = format!("ws://{}/socket", server.authority).into_client_request().unwrap();
        request.headers_mut().insert("origin", format!("http://{}", server.authority).parse().unwrap());
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        let stream = TcpStream::connect(&server.authority).await.unwrap();
        let (socket, response) = client_async(request, stream).await.unwrap();
        let set = response.headers().get("set-cookie").map(|set| set.to_str().unwrap().split(';').next().unwrap());
        let cookie = set.or(cookie).expect("a cookie").to_owned();
        let mut learner =
            Self { socket, cookie, told: Vec::new(), page: PAGES.fetch_add(1, Ordering::Relaxed), commands: 0 };
        learner.say(json!({"op": "hello", "lesson": "x"})).await;
        learner
    }

    pub async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message that this holds for.
    pub async fn hear(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = async {
            loop {
                let Some(Ok(message)) = self.socket.next().await else { panic!("the server has left; last: {last}") };
                let Message::Text(text) = message else { continue };
                let message: Value = serde_json::from_str(&text).unwrap();
                if message["op"] == "sandbox" {
                    self.told.push(message["text"].as_str().unwrap().to_owned());
                }
                if wanted(&message) {
                    return message;
                }
                last = message;
            }
        };
        match tokio::time::timeout(3 * PATIENCE, found).await {
            Ok(message) => message,
            Err(_) => panic!("waited in vain for a message; told: {:?}", self.told),
        }
    }

    /// Waits until the sandbox is in this state; gives the sentence.
    pub async fn sandbox(&mut self, state: &str) -> String {
        let decided = |m: &Value| m["state"] == state || m["state"] == "failed";
        let message = self.hear(|m| m["op"] == "sandbox" && decided(m)).await;
        assert_eq!(message["state"], state, "{message}");
        message["text"].as_str().unwrap().to_owned()
    }

    /// Waits until a sentence about the sandbox has these words.
    pub async fn is_told(&mut self, words: &str) {
        self.hear(|m| m["op"] == "sandbox" && m["text"].as_str().is_some_and(|text| text.contains(words))).await;
    }

    fn new_id(&mut self) -> String {
        self.commands += 1;
        format!("{}-{}", self.page, self.commands)
    }

    /// Runs a line; gives its exit code and what it wrote.
    pub async fn run(&mut self, line: &str) -> (i64, String) {
        let id = self.begin(line).await;
        self.end_of(&id).await
    }

    /// Runs a line that must do well; gives what it wrote.
    pub async fn does(&mut self, line: &str) -> String {
        let (code, said) = self.run(line).await;
        assert_eq!(code, 0, "{line}: {said}");
        said
    }

    /// Begins a line; gives its id.
    pub async fn begin(&mut self, line: &str) -> String {
        let id = self.new_id();
        self.say(json!({"op": "run", "id": id, "line": line})).await;
        id
    }

    async fn end_of(&mut self, id: &str) -> (i64, String) {
        let mut said = String::new();
        loop {
            let message = self.hear(|m| m["id"] == id && (m["op"] == "output" || m["op"] == "exit")).await;
            if message["op"] == "exit" {
                return (message["code"].as_i64().unwrap(), said);
            }
            said.push_str(message["text"].as_str().unwrap());
        }
    }

    /// Presses Apply; gives the exit code and what was written.
    pub async fn apply(&mut self, text: &str) -> (i64, String) {
        let id = self.new_id();
        self.say(json!({"op": "apply", "id": id, "file": "pod.yaml", "text": text})).await;
        self.end_of(&id).await
    }
}
