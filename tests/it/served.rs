//! `podyard serve` in a data directory of its own, and pages that talk to it over real sockets.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::program::PATIENCE;

/// A page's socket.
pub type Socket = WebSocketStream<tokio::net::TcpStream>;

/// A running server, ended when dropped.
pub struct Server {
    /// The process.
    pub child: Child,
    /// `127.0.0.1:PORT`
    pub authority: String,
    /// Where it keeps everything.
    pub data: Arc<tempfile::TempDir>,
}

impl Server {
    /// Starts one in a new data directory.
    pub fn start(flags: &[&str]) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self::start_in(Arc::new(data), flags)
    }

    /// Starts one where another has been; `--listen` has it take that one's address.
    pub fn start_in(data: Arc<tempfile::TempDir>, flags: &[&str]) -> Self {
        let anywhere: &[&str] = if flags.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let mut child = Command::new(env!("CARGO_BIN_EXE_podyard"))
            .arg("serve")
            .args(anywhere)
            .arg("--content")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/content"))
            .arg("--data")
            .arg(data.path())
            .args(flags)
            .stdout(Stdio::piped())
            .env("PODYARD_LOG", "warn")
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let authority = ready.split("http://").nth(1).expect("an address").split(' ').next().unwrap().to_owned();
        Self { child, authority, data }
    }

    /// Sends a signal, such as `-INT`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A page of somebody new, with a sandbox: its socket and its cookie.
    pub async fn page(&self) -> (Socket, String) {
        let (mut socket, cookie) = self.connect("").await;
        say(&mut socket, json!({"op": "hello", "lesson": "x"})).await;
        hear(&mut socket, |m| m["state"] == "ready").await;
        (socket, cookie.expect("somebody new gets a cookie"))
    }

    /// A socket of whoever has this cookie, and the cookie that it sets.
    pub async fn connect(&self, cookie: &str) -> (Socket, Option<String>) {
        let mut request = format!("ws://{}/socket", self.authority).into_client_request().unwrap();
        request.headers_mut().insert("origin", format!("http://{}", self.authority).parse().unwrap());
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        let stream = tokio::net::TcpStream::connect(&self.authority).await.unwrap();
        let (socket, response) = client_async(request, stream).await.unwrap();
        let set = response.headers().get("set-cookie").map(|value| value.to_str().unwrap());
        (socket, set.map(|set| set.split(';').next().unwrap().to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says something to the server.
pub async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

/// The next message that is wanted; others pass.
pub async fn hear(socket: &mut Socket, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = async {
        loop {
            if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
                let message: Value = serde_json::from_str(&text).unwrap();
                if wanted(&message) {
                    return message;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("the message in time")
}
