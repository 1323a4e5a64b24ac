//! A scripted process while it runs.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::{mpsc, oneshot},
};

use super::script::{Script, Step};
use crate::{
    clock::SharedClock,
    node::runtime::{Exit, Process, RuntimeError, Streams},
};

/// Bytes a pipe holds before its writer has to wait (Linux: 64 KiB).
const PIPE: usize = 64 * 1024;

/// What a test or a signal does to a running process.
enum Order {
    Signal(i32),
    Print(String),
    Finish(i32),
}

/// The hold on a scripted process.
pub(super) struct Handle(mpsc::UnboundedSender<Order>);

impl Handle {
    pub(super) fn is_running(&self) -> bool {
        !self.0.is_closed()
    }

    pub(super) fn signal(&self, signal: i32) {
        self.order(Order::Signal(signal));
    }

    pub(super) fn print(&self, text: &str) {
        self.order(Order::Print(text.to_owned()));
    }

    pub(super) fn finish(&self, code: i32) {
        self.order(Order::Finish(code));
    }

    fn order(&self, order: Order) {
        // A process that has ended hears nothing; that is no error, as with kill(2) on a container.
        let _ = self.0.send(order);
    }
}

/// The process's own ends of its streams; what goes into the senders is written in order by a task of their own, as a
/// pipe's reader may be slow while signals come.
struct Ends {
    stdout: mpsc::UnboundedSender<Vec<u8>>,
    stderr: mpsc::UnboundedSender<Vec<u8>>,
    stdin: Option<DuplexStream>,
}

pub(super) fn start(
    script: Script,
    tty: bool,
    stdin: bool,
    clock: &SharedClock,
) -> Result<(Process, Handle), RuntimeError> {
    if let Some(error) = script.start_error {
        return Err(error);
    }
    let (streams, ends) = streams(tty, stdin);
    let (orders, inbox) = mpsc::unbounded_channel();
    let (done, exit) = oneshot::channel();
    let process = Process { started_at: clock.now(), streams, exit };
    tokio::spawn(run(script, ends, inbox, done, SharedClock::clone(clock)));
    Ok((process, Handle(orders)))
}

fn streams(tty: bool, stdin: bool) -> (Streams, Ends) {
    let (out_read, stdout) = written();
    let (err_read, stderr) = if tty {
        (None, stdout.clone())
    } else {
        let (read, sender) = written();
        (Some(read), sender)
    };
    let (in_read, in_write) = tokio::io::duplex(PIPE);
    let streams = Streams {
        stdout: Box::new(out_read),
        stderr: err_read.map(|read| Box::new(read) as _),
        stdin: if stdin { Some(Box::new(in_write)) } else { None },
        resize: if tty { Some(Box::new(|_, _| {})) } else { None },
    };
    (streams, Ends { stdout, stderr, stdin: stdin.then_some(in_read) })
}

/// A stream that yields what is sent, until all senders are gone.
fn written() -> (DuplexStream, mpsc::UnboundedSender<Vec<u8>>) {
    let (read, mut write) = tokio::io::duplex(PIPE);
    let (sender, mut chunks) = mpsc::unbounded_channel::<Vec<u8>>();
    tokio::spawn(async move {
        while let Some(chunk) = chunks.recv().await {
            if write.write_all(&chunk).await.is_err() {
                return;
            }
        }
    });
    (read, sender)
}

async fn run(
    script: Script,
    mut ends: Ends,
    mut inbox: mpsc::UnboundedReceiver<Order>,
    done: oneshot::Sender<Exit>,
    clock: SharedClock,
) {
    let stdout = ends.stdout.clone();
    let (code, signal) = tokio::select! {
        biased;
        ended = obey(&mut inbox, &stdout, script.on_term) => ended,
        ended = play(&script, &mut ends) => ended,
    };
    inbox.close();
    drop(ends);
    // Nobody needs to be waiting for the end.
    let _ = done.send(Exit { code, signal, oom_killed: script.oom_killed && code == 137, at: clock.now() });
}

/// Follows orders until one of them ends the process: its code, and the signal.
async fn obey(
    inbox: &mut mpsc::UnboundedReceiver<Order>,
    stdout: &mpsc::UnboundedSender<Vec<u8>>,
    on_term: Option<i32>,
) -> (i32, i32) {
    loop {
        match inbox.recv().await {
            Some(Order::Signal(libc::SIGKILL)) => return (137, libc::SIGKILL),
            // Nobody has a hold on a command that exec runs; it ends by itself.
            None => std::future::pending().await,
            Some(Order::Signal(libc::SIGTERM)) => {
                if let Some(code) = on_term {
                    return (code, if code == 143 { libc::SIGTERM } else { 0 });
                }
            }
            Some(Order::Signal(_)) => {}
            Some(Order::Print(text)) => say(stdout, text.as_bytes()),
            Some(Order::Finish(code)) => return (code, 0),
        }
    }
}

/// Does the steps, and then ends or waits for ever.
async fn play(script: &Script, ends: &mut Ends) -> (i32, i32) {
    for step in &script.steps {
        match step {
            Step::Wait(time) => tokio::time::sleep(*time).await,
            Step::Out(text) => say(&ends.stdout, text),
            Step::Err(text) => say(&ends.stderr, text),
            Step::Echo => echo(ends).await,
        }
    }
    match script.end {
        Some(137) if script.oom_killed => (137, libc::SIGKILL),
        Some(code) => (code, 0),
        None => std::future::pending().await,
    }
}

async fn echo(ends: &mut Ends) {
    let Some(stdin) = &mut ends.stdin else { return };
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stdin.read(&mut buffer).await {
        say(&ends.stdout, &buffer[..count]);
    }
}

fn say(to: &mpsc::UnboundedSender<Vec<u8>>, text: &[u8]) {
    // The reader may have gone; a process would get SIGPIPE, ours goes on.
    let _ = to.send(text.to_vec());
}
