//! A running container's streams: into its log, to whoever is attached, and its end.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    sync::{Notify, broadcast, watch},
};

use super::{
    logs::{Log, Output},
    observed::Ended,
    runtime::{ContainerId, Exit, Process, Streams},
};
use crate::clock::SharedClock;

/// So many bytes of output are taken at once.
const PIECE: usize = 8 * 1024;
/// How many pieces of output an attached client may be behind before it misses some.
const ATTACH_BACKLOG: usize = 256;
/// So long after a process has ended what it left in its pipes is still read; a child that it left behind may hold
/// them open for longer.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// The kubelet's limits for termination messages (kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/).
const MESSAGE_BYTES: usize = 4096;
/// Of the log, when the message is taken from there: lines and bytes.
const MESSAGE_LOG: (u64, usize) = (80, 2048);

/// Standard input, shared by those who attach one after the other.
pub type Stdin = Arc<tokio::sync::Mutex<Option<Box<dyn AsyncWrite + Send + Unpin>>>>;
/// Sets a terminal's size.
pub type Resize = Arc<dyn Fn(u16, u16) + Send + Sync>;

/// One run of a container, as long as something may be asked of it. Clones are the same run.
#[derive(Clone)]
pub struct Live {
    /// The runtime's name for it.
    pub id: ContainerId,
    /// When it started.
    pub started_at: jiff::Timestamp,
    /// What it wrote.
    pub log: Log,
    /// How it ended, once it has.
    pub ended: watch::Receiver<Option<Ended>>,
    /// What it writes from now on.
    pub output: broadcast::Sender<(Output, Bytes)>,
    /// Its standard input, if it has one that is open.
    pub stdin: Stdin,
    /// Its terminal, if it has one.
    pub resize: Option<Resize>,
}

/// Where a termination message comes from.
#[derive(Debug, Clone)]
pub struct LastWords {
    /// The file that the container sees at `terminationMessagePath`.
    pub file: Option<PathBuf>,
    /// `terminationMessagePolicy: FallbackToLogsOnError`
    pub log_on_error: bool,
}

impl LastWords {
    fn read(&self, code: i32, log: &Log) -> String {
        let file = self.file.as_ref().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        if file.is_empty() && self.log_on_error && code != 0 {
            return log.tail(MESSAGE_LOG.0, MESSAGE_LOG.1);
        }
        let cut = file.len().min(MESSAGE_BYTES);
        String::from_utf8_lossy(&file[..cut]).into_owned()
    }
}

/// How a process's end is told.
pub fn ended(id: &ContainerId, exit: Exit, started_at: jiff::Timestamp, message: String) -> Ended {
    let reason = match exit {
        Exit { oom_killed: true, .. } => "OOMKilled",
        Exit { code: 0, .. } => "Completed",
        _ => "Error",
    };
    Ended {
        container_id: id.to_string(),
        code: exit.code,
        reason: reason.to_owned(),
        message,
        started_at,
        finished_at: exit.at,
    }
}

/// Takes a started process's streams in hand. `wake` is told when it has ended.
pub fn watch_over(
    id: ContainerId,
    process: Process,
    log: Log,
    words: LastWords,
    clock: SharedClock,
    wake: Arc<Notify>,
) -> Live {
    let Process { started_at, streams: Streams { stdout, stderr, stdin, resize }, exit } = process;
    let (tell, told) = watch::channel(None);
    let output = broadcast::Sender::new(ATTACH_BACKLOG);
    let pump = tokio::spawn(pump(stdout, stderr, log.clone(), output.clone(), clock.clone()));
    let live = Live {
        id: id.clone(),
        started_at,
        log: log.clone(),
        ended: told,
        output,
        stdin: Arc::new(tokio::sync::Mutex::new(stdin)),
        resize: resize.map(Arc::from),
    };
    tokio::spawn(async move {
        let exit = exit.await.unwrap_or_else(|_| Exit { code: 137, signal: 9, oom_killed: false, at: clock.now() });
        let abort = pump.abort_handle();
        if tokio::time::timeout(LAST_WORDS, pump).await.is_err() {
            abort.abort();
        }
        if let Err(error) = log.close(clock.now()) {
            tracing::warn!(%error, container = %id, "the end of a container's log is lost");
        }
        let message = words.read(exit.code, &log);
        tell.send_replace(Some(ended(&id, exit, started_at, message)));
        wake.notify_one();
    });
    live
}

type Pipe = Box<dyn AsyncRead + Send + Unpin>;

/// Copies both outputs into the log and to whoever is attached, until both have ended. When both have something, nobody
/// knows which came first; standard output then goes first.
async fn pump(
    mut out: Pipe,
    err: Option<Pipe>,
    log: Log,
    attached: broadcast::Sender<(Output, Bytes)>,
    clock: SharedClock,
) {
    let (mut more_out, mut more_err) = (true, err.is_some());
    let mut err = err.unwrap_or_else(|| Box::new(tokio::io::empty()));
    let (mut from_out, mut from_err) = (vec![0; PIECE], vec![0; PIECE]);
    while more_out || more_err {
        let (output, bytes) = tokio::select! {
            biased;
            // An error is the end as well: the other side is gone.
            read = out.read(&mut from_out), if more_out => match read {
                Ok(count @ 1..) => (Output::Stdout, &from_out[..count]),
                _ => { more_out = false; continue }
            },
            read = err.read(&mut from_err), if more_err => match read {
                Ok(count @ 1..) => (Output::Stderr, &from_err[..count]),
                _ => { more_err = false; continue }
            },
        };
        if let Err(error) = log.write(output, bytes, clock.now()) {
            tracing::warn!(%error, "a container's output could not be logged");
        }
        // Nobody attached is the usual case.
        let _ = attached.send((output, Bytes::copy_from_slice(bytes)));
    }
}

/// What the endpoints know of a Pod's containers.
#[derive(Default)]
pub struct Runs {
    /// The newest run of each container, by name.
    pub current: BTreeMap<String, Live>,
    /// The log of the run before it.
    pub previous: BTreeMap<String, (String, Log)>,
    /// Logs of newest runs that no process is known of, by name: they could not be started, or ran before this node did.
    pub past: BTreeMap<String, (String, Log)>,
}

impl Runs {
    /// The log of a run by its `containerd://…` id.
    pub fn log(&self, container: &str, id: &str) -> Option<Log> {
        let current = self.current.get(container).map(|live| (live.id.to_string(), live.log.clone()));
        let others = [self.past.get(container).cloned(), self.previous.get(container).cloned()];
        [current].into_iter().chain(others).flatten().find(|(known, _)| known == id).map(|(_, log)| log)
    }
}
