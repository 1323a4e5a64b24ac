//! The server's end of the agent's socket: orders out, answers and ends back.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use nix::sys::socket::{Shutdown, shutdown};
use tokio::{
    io::{Interest, unix::AsyncFd},
    sync::oneshot,
};

use super::wire::{self, Failure, Numbered, Order, Report};
use crate::node::runtime::{RuntimeError, Usage};

/// What an order that was done came to.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub fds: Vec<OwnedFd>,
    pub usage: Usage,
}

/// How a process ended, as the agent saw it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub code: i32,
    pub signal: i32,
    pub too_much_memory: bool,
    pub at: Timestamp,
}

/// The connection to a running agent. When it is dropped, the agent and everything in it end.
#[derive(Debug)]
pub(super) struct Channel(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    socket: AsyncFd<OwnedFd>,
    next: AtomicU64,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    answers: HashMap<u64, oneshot::Sender<Result<Answer, Failure>>>,
    ends: HashMap<String, oneshot::Sender<Ended>>,
    gone: bool,
}

impl Channel {
    /// A channel over a socket whose agent has said [`Report::Ready`].
    pub(super) fn new(socket: AsyncFd<OwnedFd>) -> Self {
        let shared = Arc::new(Shared { socket, next: AtomicU64::new(0), waiting: Mutex::default() });
        tokio::spawn(listen(Arc::clone(&shared)));
        Self(shared)
    }

    /// Gives an order and waits for its answer.
    pub(super) async fn order(&self, order: Order, fds: &[OwnedFd]) -> Result<Answer, OrderError> {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        {
            let mut waiting = self.0.waiting();
            if waiting.gone {
                return Err(OrderError::Gone);
            }
            waiting.answers.insert(number, sender);
        }
        let numbered = Numbered { number, order };
        let sent = self
            .0
            .socket
            .async_io(Interest::WRITABLE, |socket| wire::send(socket.as_fd(), &numbered, &wire::borrowed(fds)));
        if let Err(error) = sent.await {
            self.0.waiting().answers.remove(&number);
            return Err(OrderError::Io(error));
        }
        answer.await.map_err(|_| OrderError::Gone)?.map_err(OrderError::Failed)
    }

    /// The end of a process that is about to be started under this name.
    pub(super) fn end_of(&self, process: &str) -> oneshot::Receiver<Ended> {
        let (sender, end) = oneshot::channel();
        self.0.waiting().ends.insert(process.to_owned(), sender);
        end
    }

    /// Whether the agent has ended.
    pub(super) fn has_gone(&self) -> bool {
        self.0.waiting().gone
    }

    /// What the agent takes for the server's end.
    pub(super) fn close(&self) {
        // A socket whose other end has gone refuses, and then there is nothing to tell.
        let _ = shutdown(self.0.socket.get_ref().as_raw_fd(), Shutdown::Both);
    }

    /// The process could not be started after all.
    pub(super) fn forget(&self, process: &str) {
        self.0.waiting().ends.remove(process);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // The listener holds the socket too, so that dropping it here would not be enough.
        self.close();
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands reports to those who wait for them, until the agent has gone.
async fn listen(shared: Arc<Shared>) {
    while let Ok(Some((report, fds))) = receive(&shared.socket).await {
        let mut waiting = shared.waiting();
        // Who does not wait any more is told nothing.
        match report {
            Report::Done { order } => {
                waiting.answers.remove(&order).map(|waiter| waiter.send(Ok(Answer { fds, ..Answer::default() })));
            }
            Report::Uses { order, memory, cpu_nanos } => {
                let usage = Usage { memory, cpu_nanos };
                waiting.answers.remove(&order).map(|waiter| waiter.send(Ok(Answer { usage, ..Answer::default() })));
            }
            Report::Failed { order, failure } => {
                waiting.answers.remove(&order).map(|waiter| waiter.send(Err(failure)));
            }
            Report::Ended { process, code, signal, too_much_memory } => {
                let ended = Ended { code, signal, too_much_memory, at: Timestamp::now() };
                waiting.ends.remove(&process).map(|waiter| waiter.send(ended));
            }
            Report::Ready { .. } | Report::Broken(_) => {}
        }
    }
    let mut waiting = shared.waiting();
    *waiting = Waiting { gone: true, ..Waiting::default() };
}

/// The next report; `None` when the agent has gone.
pub(super) async fn receive(socket: &AsyncFd<OwnedFd>) -> io::Result<Option<(Report, Vec<OwnedFd>)>> {
    socket.async_io(Interest::READABLE, |socket| wire::receive(socket.as_fd())).await
}

/// Why an order was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    /// The agent has ended.
    #[error("the node's agent has ended")]
    Gone,
    /// The socket refused.
    #[error("the node's agent can't be reached: {0}")]
    Io(io::Error),
    /// The agent could not do it.
    #[error("{0}")]
    Failed(Failure),
}

impl From<OrderError> for RuntimeError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Failed(Failure::NotFound(what)) => Self::NotFound(what),
            other => Self::Failed(other.to_string()),
        }
    }
}
