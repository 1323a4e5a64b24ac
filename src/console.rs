//! A learner's line, run: parsed as a shell would, on the kubectl engine and a few builtins, over the learner's own
//! files. It is no shell on the host: nothing here starts a program or opens a file of the machine.
//!
//! Output leaves through a bounded channel; a command waits while it is full. Nothing here knows a websocket.

mod builtins;
pub mod complete;
mod exec;
mod expand;
mod kubectl;
pub mod parse;
mod pipe;
pub mod syntax;
pub mod terminal;
pub mod utf8;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Arc, Mutex, MutexGuard},
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use podyard_kubectl::env::{Editor, Env, Files, Ports};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use self::{kubectl::engine, parse::SyntaxError, terminal::Terminal};

/// The longest line, here-documents included: what a manifest may be, and a little for the command around it.
pub const MAX_LINE: usize = 2 * 1024 * 1024 + 4096;
/// The exit code after Ctrl-C: 128 + SIGINT.
pub const INTERRUPTED: i32 = 130;
/// How many variables a session may set, and how long a value may be.
const MAX_VARIABLES: usize = 100;
const MAX_VALUE: usize = 64 * 1024;

/// One of a command's two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a line does to the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It writes.
    Text {
        /// To this stream.
        stream: Stream,
        /// Whole characters.
        text: String,
    },
    /// It empties it.
    Clear,
}

/// The command engine: what follows the word `kubectl`, to an exit code.
pub type Engine = Arc<dyn Fn(Vec<String>, Env) -> BoxFuture<'static, i32> + Send + Sync>;

/// What the lines of one session run in.
#[derive(Clone)]
pub struct World {
    /// The sandbox.
    pub client: kube::Client,
    /// Its namespace.
    pub namespace: String,
    /// The learner's files.
    pub files: Arc<dyn LearnerFiles>,
    /// The learner's forwarded ports.
    pub forwards: Arc<dyn Forwards>,
    /// What `NAME=value` has set.
    pub variables: Variables,
    /// Now.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// kubectl.
    pub engine: Engine,
    /// The learner's keyboard, if the line has asked for a terminal.
    pub terminal: Option<Terminal>,
    /// The learner's editor, where there is one.
    pub editor: Option<Arc<dyn Editor>>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// The learner's files.
pub trait LearnerFiles: Files {
    /// Removes one.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// The learner's forwarded ports.
pub trait Forwards: Send + Sync {
    /// Where `kubectl port-forward` to `target` (`pod/pythonapp`) listens.
    fn ports(&self, target: &str) -> Arc<dyn Ports>;
    /// A connection to a port of the learner's "localhost". `ConnectionRefused` when nothing is forwarded there.
    fn connect(&self, port: u16) -> io::Result<tokio::io::DuplexStream>;
}

/// The variables of a session, and the exit code of its last command. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Variables(Arc<Mutex<Values>>);

#[derive(Debug, Default)]
struct Values {
    named: BTreeMap<String, String>,
    last: i32,
}

impl Variables {
    fn lock(&self) -> MutexGuard<'_, Values> {
        self.0.lock().expect("nothing panics while it holds the variables")
    }

    /// A variable's value; `?` is the last exit code.
    pub fn get(&self, name: &str) -> String {
        let values = self.lock();
        if name == "?" { values.last.to_string() } else { values.named.get(name).cloned().unwrap_or_default() }
    }

    /// Sets one. The error is a sentence.
    pub fn set(&self, name: &str, value: String) -> Result<(), String> {
        let mut values = self.lock();
        if value.len() > MAX_VALUE {
            return Err(format!("{name}: a variable holds at most {} KiB", MAX_VALUE / 1024));
        }
        if values.named.len() >= MAX_VARIABLES && !values.named.contains_key(name) {
            return Err(format!("{name}: there are {MAX_VARIABLES} variables already"));
        }
        values.named.insert(name.to_owned(), value);
        Ok(())
    }

    /// All of them, by name.
    pub fn all(&self) -> BTreeMap<String, String> {
        self.lock().named.clone()
    }

    /// Variables with these values.
    pub fn restored(named: BTreeMap<String, String>) -> Self {
        Self(Arc::new(Mutex::new(Values { named, last: 0 })))
    }

    fn set_last(&self, code: i32) {
        self.lock().last = code;
    }
}

/// Runs a line to its end and gives its exit code: 127 for an unknown command, 2 for a line that can't be read, 130
/// after `cancel`. Everything that was written has been sent when this returns.
pub async fn run(line: &str, world: &World, events: mpsc::Sender<Event>, cancel: CancellationToken) -> i32 {
    let code = match parse::parse(line) {
        Ok(script) => exec::run(&script, world, events, cancel).await,
        Err(error) => {
            let text = format!("sh: {error}\n");
            let _ = events.send(Event::Text { stream: Stream::Stderr, text }).await;
            2
        }
    };
    world.variables.set_last(code);
    code
}
