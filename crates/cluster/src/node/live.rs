//! A running container's streams: into its log, to whoever is attached, and its end.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    sync::{Notify, broadcast, watch},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

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
/// More than a pipe can hold: what is still read of a child that goes on writing.
const LEFT: usize = 2 * 1024 * 1024;
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
    let process_ended = CancellationToken::new();
    let pump =
        Pump { out: Some(stdout), err: stderr, log: log.clone(), attached: output.clone(), clock: clock.clone() };
    let pump = tokio::spawn(pump.run(process_ended.clone()));
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
        process_ended.cancel();
        if let Err(error) = pump.await {
            tracing::warn!(%error, container = %id, "a container's output is no longer read");
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

/// Copies both outputs into the log and to whoever is attached.
struct Pump {
    out: Option<Pipe>,
    err: Option<Pipe>,
    log: Log,
    attached: broadcast::Sender<(Output, Bytes)>,
    clock: SharedClock,
}

impl Pump {
    /// Until both outputs have ended, or, once the process has, until there is nothing in them any more. Its last words
    /// are waited for in the task that reads them: however late it gets its turn, it reads what is there before it looks at
    /// the time.
    async fn run(mut self, process_ended: CancellationToken) {
        let all = async { while self.piece().await.is_some() {} };
        if process_ended.run_until_cancelled(all).await.is_some() {
            return;
        }
        let (until, mut left) = (Instant::now() + LAST_WORDS, LEFT);
        while let Ok(Some(bytes)) = timeout_at(until, self.piece()).await
            && left > bytes
        {
            left -= bytes;
        }
    }

    /// The next piece of output, of so many bytes; nothing when both outputs have ended. When both have something, nobody
    /// knows which came first; standard output then goes first.
    async fn piece(&mut self) -> Option<usize> {
        let (mut from_out, mut from_err) = ([0; PIECE], [0; PIECE]);
        loop {
            let (output, bytes) = tokio::select! {
                biased;
                // An error is the end as well: the other side is gone.
                read = read(&mut self.out, &mut from_out), if self.out.is_some() => match read {
                    Ok(count @ 1..) => (Output::Stdout, &from_out[..count]),
                    _ => { self.out = None; continue }
                },
                read = read(&mut self.err, &mut from_err), if self.err.is_some() => match read {
                    Ok(count @ 1..) => (Output::Stderr, &from_err[..count]),
                    _ => { self.err = None; continue }
                },
                else => return None,
            };
            if let Err(error) = self.log.write(output, bytes, self.clock.now()) {
                tracing::warn!(%error, "a container's output could not be logged");
            }
            // Nobody attached is the usual case.
            let _ = self.attached.send((output, Bytes::copy_from_slice(bytes)));
            return Some(bytes.len());
        }
    }
}

async fn read(pipe: &mut Option<Pipe>, into: &mut [u8]) -> std::io::Result<usize> {
    match pipe {
        Some(pipe) => pipe.read(into).await,
        None => Ok(0),
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tokio::net::unix::pipe;

    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn what_a_process_wrote_is_read_however_late() {
        let directory = tempfile::tempdir().unwrap();
        let log = Log::create(&directory.path().join("0.log")).unwrap();
        // The other end stays open, as a child that was left behind would leave it.
        let (writer, out) = pipe::pipe().unwrap();
        let attached = broadcast::Sender::new(ATTACH_BACKLOG);
        let pump =
            Pump { out: Some(Box::new(out)), err: None, log: log.clone(), attached, clock: Arc::new(SystemClock) };
        let process_ended = CancellationToken::new();
        process_ended.cancel();
        let mut writer = std::fs::File::from(writer.into_blocking_fd().unwrap());
        writer.write_all(b"the last words").unwrap();
        // The thread is taken, before it can hear of the pipe, for longer than last words are waited for.
        tokio::join!(pump.run(process_ended), async { std::thread::sleep(LAST_WORDS * 2) });
        log.close(jiff::Timestamp::now()).unwrap();
        assert_eq!(log.tail(1, 100), "the last words");
    }
}
