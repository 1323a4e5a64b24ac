//! A learner: comes in by the code, does what stands in the lesson, and looks at the end whether all of it is still there.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{SinkExt as _, StreamExt as _};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::{
    http::{ask, cookie},
    report::Times,
    script::{Click, Script, manifest},
    wall::Wall,
};
use crate::served::Socket;

/// The exit code of a command that the end of the server cut off.
const CUT_OFF: i64 = 255;
/// How often somebody who was too early looks again, and how soon.
const AGAIN: usize = 200;
const SOON: Duration = Duration::from_millis(250);
/// Nothing takes so long, on any machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// What all learners of a run share.
#[derive(Debug)]
pub struct Around {
    pub authority: String,
    pub code: String,
    pub script: Script,
    /// How long somebody thinks before a click, at most twice as long and at least half.
    pub thinking: Duration,
    /// Counts the starts of the server; none runs while it is odd.
    pub starts: watch::Receiver<u64>,
    pub wall: Wall,
    /// Clicks that are done, of all learners together.
    pub clicks: AtomicUsize,
    pub commands: AtomicUsize,
    pub disconnected: AtomicUsize,
}

/// One learner.
pub struct Learner {
    pub name: String,
    around: Arc<Around>,
    cookie: String,
    socket: Socket,
    /// The start of the server that the socket is of.
    start: u64,
    /// The newest frame that was shown.
    seq: u64,
    commands: usize,
    /// How commands ended, as this page was shown it.
    ended: BTreeMap<String, i64>,
    /// When the Pods' rows were first seen, by name; then with the state `Running`.
    rows: BTreeMap<String, (Instant, Option<Instant>)>,
    pub done: usize,
    pub times: Times,
    pub lost: Vec<String>,
    chance: StdRng,
}

impl Learner {
    /// Joins and opens the lesson; the sandbox is ready.
    pub async fn arrive(around: Arc<Around>, number: usize) -> Self {
        let (name, began) = (format!("Learner {number}"), Instant::now());
        let form = format!("code={}&name={}", around.code, name.replace(' ', "+"));
        let cookie = cookie(ask(&around.authority, "/join", "", Some(&form)).await).await;
        let (socket, start) = connect(&around, &cookie).await;
        let mut learner = Self {
            name,
            around,
            cookie,
            socket,
            start,
            seq: 0,
            commands: 0,
            ended: BTreeMap::new(),
            rows: BTreeMap::new(),
            done: 0,
            times: Times::default(),
            lost: Vec::new(),
            chance: StdRng::seed_from_u64(number as u64),
        };
        learner.hello().await;
        while learner.hear().await.is_none_or(|message| message["state"] != "ready") {}
        learner.times.ready.push(began.elapsed());
        learner
    }

    /// Does everything that stands in the lesson.
    pub async fn work(&mut self) {
        let around = self.around.clone();
        for click in &around.script.clicks {
            self.think().await;
            match click {
                Click::Step(step) => self.say(json!({"op": "step", "step": step})).await,
                Click::Apply(name) => self.apply(name).await,
                Click::Run { line, looks } => self.look(line, if *looks { AGAIN } else { 1 }).await,
            }
            around.clicks.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Opens the page anew and looks whether everything that was shown once is shown again.
    pub async fn look_back(&mut self) {
        (self.socket, self.start) = connect(&self.around, &self.cookie).await;
        let (shown, before) = (std::mem::take(&mut self.ended), std::mem::take(&mut self.seq));
        self.hello().await;
        while self.seq < before {
            self.hear().await;
        }
        for (id, code) in shown {
            if self.ended.get(&id) != Some(&code) {
                self.lost.push(format!("{}: the command {id} ended with {code}, and is not shown any more", self.name));
            }
        }
        let _ = self.socket.close(None).await;
    }

    async fn think(&mut self) {
        let time = self.around.thinking;
        // Other messages are taken meanwhile, as a page does.
        let until = tokio::time::Instant::now() + time.mul_f64(self.chance.random_range(0.5..2.0));
        while !time.is_zero() && tokio::time::timeout_at(until, self.hear()).await.is_ok() {}
    }

    async fn apply(&mut self, name: &str) {
        let (began, file) = (Instant::now(), format!("{name}.yaml"));
        self.command(json!({"op": "apply", "file": file, "text": manifest(name)})).await;
        while self.rows.get(name).is_none_or(|(_, running)| running.is_none()) {
            self.hear().await;
        }
        let (visible, running) = self.rows[name];
        self.times.visible.push(visible.duration_since(began));
        self.times.running.extend(running.map(|at| at.duration_since(began)));
    }

    async fn look(&mut self, line: &str, times: usize) {
        for _ in 0..times {
            if self.command(json!({"op": "run", "line": line})).await == 0 || times == 1 {
                return;
            }
            sleep(SOON).await;
        }
        self.lost.push(format!("{}: '{line}' does not succeed", self.name));
    }

    /// Runs a command to its end, however often the server is restarted meanwhile.
    async fn command(&mut self, request: Value) -> i64 {
        loop {
            self.commands += 1;
            self.around.commands.fetch_add(1, Ordering::Relaxed);
            let id = format!("{}-{}", self.name.replace(' ', "-"), self.commands);
            let code = self.once(&id, &request).await;
            if code != CUT_OFF {
                return code;
            }
        }
    }

    async fn once(&mut self, id: &str, request: &Value) -> i64 {
        let mut request = request.clone();
        request["id"] = json!(id);
        let (mut began, mut started) = (Instant::now(), false);
        self.say(request.clone()).await;
        loop {
            match self.hear().await {
                // The server runs an id once, so the page may well ask again.
                None if !started => {
                    began = Instant::now();
                    self.say(request.clone()).await;
                }
                None => {}
                Some(message) if message["id"] == id => match message["op"].as_str() {
                    Some("started") => {
                        self.times.frame.push(began.elapsed());
                        started = true;
                    }
                    Some("exit") => return message["code"].as_i64().unwrap(),
                    Some("refused") => panic!("{}: {message}", self.name),
                    _ => {}
                },
                Some(_) => {}
            }
        }
    }

    async fn hello(&mut self) {
        self.say(json!({"op": "hello", "lesson": self.around.script.lesson, "after": self.seq})).await;
    }

    /// What can't be said since the connection is lost is found out by whoever hears.
    async fn say(&mut self, message: Value) {
        let _ = self.socket.send(Message::text(message.to_string())).await;
    }

    /// The next message; `None` when the connection was lost and there is another one.
    async fn hear(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a message in five minutes") {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    self.take(&message);
                    return Some(message);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    if *self.around.starts.borrow() == self.start {
                        self.around.disconnected.fetch_add(1, Ordering::Relaxed);
                    }
                    (self.socket, self.start) = connect(&self.around, &self.cookie).await;
                    self.hello().await;
                    return None;
                }
                Some(Ok(_)) => {}
            }
        }
    }

    fn take(&mut self, message: &Value) {
        if message["op"] == "welcome" {
            if message["resumed"] == false && self.seq > 0 {
                self.lost.push(format!("{}: the console was emptied after frame {}", self.name, self.seq));
                self.seq = 0;
            }
        } else if let Some(seq) = message["seq"].as_u64() {
            if seq != self.seq + 1 && self.seq > 0 {
                self.lost.push(format!("{}: frame {seq} follows frame {}", self.name, self.seq));
            }
            self.seq = seq;
        }
        match message["op"].as_str() {
            Some("exit") => {
                let (id, code) = (message["id"].as_str().unwrap(), message["code"].as_i64().unwrap());
                self.ended.insert(id.to_owned(), code);
            }
            Some("pods") => self.see(message["rows"].as_array().unwrap()),
            Some("progress") => {
                let done = message["done"].as_array().unwrap().len();
                if done > self.done {
                    self.around.wall.told(&self.name, done);
                }
                if done < self.done {
                    self.lost.push(format!("{}: {} steps were done, and {done} are", self.name, self.done));
                }
                self.done = done;
            }
            _ => {}
        }
    }

    fn see(&mut self, rows: &[Value]) {
        let now = Instant::now();
        for cells in rows.iter().map(|row| row["cells"].as_array().unwrap()) {
            let (name, status) = (cells[0].as_str().unwrap(), &cells[2]);
            let (_, running) = self.rows.entry(name.to_owned()).or_insert((now, None));
            if status == "Running" {
                running.get_or_insert(now);
            }
        }
    }
}

/// Connects to the server as soon as one runs.
async fn connect(around: &Around, cookie: &str) -> (Socket, u64) {
    let mut starts = around.starts.clone();
    loop {
        let start = *starts.wait_for(|count| count % 2 == 0).await.unwrap();
        let mut request = format!("ws://{}/socket", around.authority).into_client_request().unwrap();
        request.headers_mut().insert("origin", format!("http://{}", around.authority).parse().unwrap());
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        let socket = async {
            let stream = tokio::net::TcpStream::connect(&around.authority).await.ok()?;
            client_async(request, stream).await.ok()
        };
        match socket.await {
            Some((socket, _)) => return (socket, start),
            // Just then it ends.
            None => sleep(SOON).await,
        }
    }
}
