//! A kind cluster for each session, made by the `kind` program and whatever container engine it finds.
//!
//! `yard` decides who gets which cluster (pure); `making` makes and ends one; `programs` speaks to `kind` and to the
//! engine; `records` is what the next start knows; `host` and `checks` look before anything is made.

mod checks;
mod connect;
mod host;
mod making;
mod names;
mod programs;
mod records;
mod start;
mod vigil;
mod words;
mod yard;

use std::{
    collections::HashMap,
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use podyard_cluster::node::images::StoreError;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

pub use self::{checks::nodes, start::findings};
use self::{
    making::Workshop,
    names::Instance,
    yard::{Effect, Input, Ticket, Yard},
};
use super::{Capabilities, Lease, Made, Order, Progress, ProvisionError, Stage, reaper::Reaper};

/// The namespace learners work in.
const NAMESPACE: &str = "default";

/// Why there can be no kind clusters.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// A program is missing, too old, or does not answer.
    #[error("--sandbox kind: {0}")]
    Missing(String),
    /// The data directory.
    #[error("the data directory {path} can't be used: {source}; --data names another")]
    Data {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another server is using the data directory.
    #[error(
        "another podyard makes kind clusters with the data directory {0}; each needs its own (--data), since each ends \
         what it does not know"
    )]
    InUse(PathBuf),
    /// The lessons' images.
    #[error(transparent)]
    Images(#[from] StoreError),
}

/// Makes kind clusters. Clones share them.
#[derive(Clone)]
pub struct Kind(Arc<Inner>);

struct Inner {
    workshop: Workshop,
    instance: Instance,
    /// How many nodes each has.
    nodes: usize,
    /// Whether learners' clusters outlive an orderly end.
    keep: bool,
    book: Mutex<Book>,
    /// Clusters that are being made or ended.
    tasks: TaskTracker,
    reaper: Reaper,
}

struct Book {
    yard: Yard,
    next: u64,
    waiting: HashMap<Ticket, Waiting>,
    /// Clusters of before this start, by session, until their learner comes.
    found: HashMap<String, String>,
    /// Who waits for a cluster to be gone.
    ending: HashMap<String, Vec<oneshot::Sender<()>>>,
}

/// A learner who waits.
struct Waiting {
    answer: oneshot::Sender<Result<String, String>>,
    progress: Progress,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind")
            .field("instance", &self.0.instance)
            .field("yard", &self.book().yard)
            .finish_non_exhaustive()
    }
}

/// Takes a learner's wish back when nobody waits for its answer any more.
struct Wish {
    kind: Kind,
    ticket: Ticket,
}

impl Drop for Wish {
    fn drop(&mut self) {
        let waited = self.kind.book().waiting.remove(&self.ticket).is_some();
        if waited {
            self.kind.step(Input::Withdrawn(self.ticket));
        }
    }
}

impl Kind {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().expect("nothing panics while it holds the book of clusters")
    }

    pub(super) async fn provision(&self, order: Order) -> Result<Lease, ProvisionError> {
        let found = self.book().found.remove(&order.session);
        if let Some(name) = found {
            order.progress.tell(Stage::LookedFor);
            match self.lease(&name).await {
                Ok(lease) => return Ok(lease),
                Err(why) => {
                    tracing::warn!(cluster = name, %why, "a learner's cluster is lost");
                    self.step(Input::End(name));
                }
            }
        }
        let name = self.wait_for_one(&order.progress).await.map_err(ProvisionError::NoCluster)?;
        if let Err(error) = self.0.workshop.records.give(&name, &order.session) {
            tracing::warn!(cluster = name, %error, "it can't be recorded whose cluster this is");
        }
        let lease = self.lease(&name).await;
        if lease.is_err() {
            self.step(Input::End(name));
        }
        lease
    }

    /// So many learners are about to come.
    pub(super) fn expect(&self, learners: usize) {
        self.step(Input::Expected(learners));
    }

    /// Queues; gives a cluster's name, or a sentence that says why there is none.
    async fn wait_for_one(&self, progress: &Progress) -> Result<String, String> {
        let (answer, answered) = oneshot::channel();
        let wish = {
            let mut book = self.book();
            book.next += 1;
            let ticket = Ticket(book.next);
            book.waiting.insert(ticket, Waiting { answer, progress: progress.clone() });
            Wish { kind: self.clone(), ticket }
        };
        self.step(Input::Wanted(wish.ticket));
        let answer = answered.await.unwrap_or_else(|_| Err("the server is being stopped.".to_owned()));
        drop(wish);
        answer
    }

    async fn lease(&self, name: &str) -> Result<Lease, ProvisionError> {
        let failed = |why: String| ProvisionError::NoCluster(why);
        let client = connect::client(&self.0.workshop.records.kubeconfig(name)).await;
        let client = client.map_err(|error| failed(error.to_string()))?;
        if !self.0.workshop.revive(name, &client).await {
            return Err(failed("it does not answer any more.".to_owned()));
        }
        let lost = vigil::keep(self.0.clone(), name.to_owned(), client.clone());
        let held = Held { kind: self.clone(), name: name.to_owned() };
        let lease = Lease::new(client, NAMESPACE.to_owned(), Made::Kind(held), self.0.reaper.clone());
        Ok(lease.watched(lost))
    }

    /// Takes in what happened, and does what is to be done. None of it waits.
    fn step(&self, input: Input) {
        let mut book = self.book();
        let instance = &self.0.instance;
        let effects = book.yard.step(input, || instance.new_name());
        let mut again = Vec::new();
        for effect in effects {
            again.extend(self.perform(effect, &mut book));
        }
        drop(book);
        again.into_iter().for_each(|input| self.step(input));
    }

    /// Does one thing; gives what has come of it at once.
    fn perform(&self, effect: Effect, book: &mut Book) -> Option<Input> {
        match effect {
            Effect::Make(name) => {
                let kind = self.clone();
                self.0.tasks.spawn(async move { kind.make(name).await });
            }
            Effect::Give(ticket, name) => {
                let waiting = book.waiting.remove(&ticket);
                let taken = waiting.is_some_and(|waiting| waiting.answer.send(Ok(name.clone())).is_ok());
                // Whoever wanted it has left at this very moment.
                return (!taken).then_some(Input::End(name));
            }
            Effect::Refuse(ticket, why) => {
                if let Some(waiting) = book.waiting.remove(&ticket) {
                    let _ = waiting.answer.send(Err(why));
                }
            }
            Effect::Place(ticket, place, estimate) => {
                if let Some(waiting) = book.waiting.get(&ticket) {
                    waiting.progress.tell(Stage::InLine { place, estimate });
                }
            }
            Effect::End(name) => {
                let kind = self.clone();
                self.0.tasks.spawn(async move { kind.clear_away(name).await });
            }
        }
        None
    }

    async fn make(&self, name: String) {
        let began = Instant::now();
        let listener = (self.clone(), name.clone());
        let tell = move |stage: Stage| listener.0.tell(&listener.1, stage);
        tracing::info!(cluster = name, "a kind cluster is being made");
        match self.0.workshop.make(&name, &tell).await {
            Ok(()) => {
                tracing::info!(cluster = name, took = ?began.elapsed(), "a kind cluster has been made");
                self.step(Input::Made(name, began.elapsed()));
            }
            Err(why) => self.step(Input::NotMade(name, why)),
        }
    }

    /// Tells whoever a cluster is being made for.
    fn tell(&self, name: &str, stage: Stage) {
        let book = self.book();
        let progress = book.yard.expects(name).and_then(|t| book.waiting.get(&t)).map(|w| w.progress.clone());
        drop(book);
        if let Some(progress) = progress {
            progress.tell(stage);
        }
    }

    async fn clear_away(&self, name: String) {
        self.0.workshop.clear_away(&name, false).await;
        let waiting = self.book().ending.remove(&name).unwrap_or_default();
        for gone in waiting {
            let _ = gone.send(());
        }
        tracing::info!(cluster = name, "a kind cluster has ended");
        self.step(Input::Ended(name));
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        Capabilities::kind(self.0.nodes)
    }

    /// Ends what nobody has, and waits for what is being ended.
    pub(super) async fn shutdown(&self) {
        self.step(Input::Close);
        self.0.workshop.closing.cancel();
        self.0.reaper.finish().await;
        if !self.0.keep {
            let idle = self.book().yard.idle();
            idle.into_iter().for_each(|name| self.step(Input::End(name)));
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

/// A learner's cluster.
#[derive(Debug)]
pub(crate) struct Held {
    kind: Kind,
    name: String,
}

impl Held {
    /// Ends it, and waits until nothing is left.
    pub(super) async fn end(self) {
        let (gone, wait) = oneshot::channel();
        self.kind.book().ending.entry(self.name.clone()).or_default().push(gone);
        self.kind.step(Input::End(self.name));
        let _ = wait.await;
    }

    /// Leaves it for the next start, if it is to be left.
    pub(super) async fn keep(self) {
        if !self.kind.0.keep {
            self.end().await;
        }
    }
}
