//! Where a learner's Pods run: the providers behind one enum, and the server's hold on what they made.
//!
//! Everything above knows a sandbox as a `kube::Client`, a namespace, and a [`Lease`] that ends it. The normal way back
//! is [`Lease::release`]; a lease that is merely dropped is queued for the [`reaper`], which does the same later.

pub mod capabilities;
mod caveat;
pub mod embedded;
pub mod gateway;
pub mod idle;
mod kept;
pub mod kind;
pub mod kubernetes;
mod lesson_images;
mod order;
pub mod reaper;
#[cfg(test)]
pub mod testing;
pub mod workplace;

use std::{collections::HashSet, fmt, num::NonZeroU32};

use axum::Router;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use self::{
    capabilities::Capabilities,
    caveat::Caveat,
    order::{Order, Progress, Stage},
};
use self::{embedded::Embedded, kind::Kind, kubernetes::Kubernetes, reaper::Reaper};

/// What makes sandboxes.
#[derive(Debug, Clone)]
pub enum Provider {
    /// A cluster in this process for each.
    Embedded(Embedded),
    /// A kind cluster for each.
    Kind(Kind),
    /// A namespace for each in a cluster that exists.
    Kubernetes(Kubernetes),
}

/// Why there is no sandbox; a sentence for the learner.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The embedded cluster did not start.
    #[error("the sandbox could not be started: {0}")]
    Start(#[from] podyard_cluster::StartError),
    /// What is kept of it can't be reached.
    #[error("what is kept of the sandbox can't be reached: {0}")]
    Kept(#[from] std::io::Error),
    /// There is no kind cluster; why, as a sentence.
    #[error("{0}")]
    NoCluster(String),
    /// There is no namespace; what the cluster says.
    #[error("the cluster refuses a namespace: {0}")]
    NoNamespace(String),
}

impl Provider {
    /// Makes a sandbox, or finds the one that the session already has.
    pub async fn provision(&self, order: Order) -> Result<Lease, ProvisionError> {
        match self {
            Self::Embedded(embedded) => embedded.provision(order).await,
            Self::Kind(kind) => kind.provision(order).await,
            Self::Kubernetes(kubernetes) => kubernetes.provision(order).await,
        }
    }

    /// Tells which sessions live, by the names under which they order. Sandboxes of an earlier start that belong to
    /// others end instead of waiting for somebody who does not come.
    pub fn only_living(&self, living: HashSet<String>) {
        match self {
            // What is kept of a sandbox costs only its disk, and waits for its learner.
            Self::Embedded(_) => {}
            Self::Kind(kind) => kind.only_living(&|session| living.contains(session)),
            Self::Kubernetes(kubernetes) => kubernetes.only_living(living),
        }
    }

    /// So many learners are about to come: what takes long is made ahead for them.
    pub fn expect(&self, learners: usize) {
        match self {
            // Made in milliseconds, when they come.
            Self::Embedded(_) | Self::Kubernetes(_) => {}
            Self::Kind(kind) => kind.expect(learners),
        }
    }

    /// Which of these images have still to be fetched, where that can be known.
    pub fn lacks(&self, images: &[String]) -> Option<Vec<String>> {
        match self {
            Self::Embedded(embedded) => Some(embedded.lacks(images)),
            // A cluster's nodes keep their own.
            Self::Kind(_) | Self::Kubernetes(_) => None,
        }
    }

    /// Forgets what is kept of the sandbox of a session that does not live.
    pub async fn forget(&self, session: &str) {
        match self {
            Self::Embedded(embedded) => embedded.forget(session).await,
            // Theirs end with their sessions.
            Self::Kind(_) | Self::Kubernetes(_) => {}
        }
    }

    /// What its sandboxes can do.
    pub fn capabilities(&self) -> Capabilities {
        match self {
            Self::Embedded(embedded) => embedded.capabilities(),
            Self::Kind(kind) => kind.capabilities(),
            Self::Kubernetes(kubernetes) => kubernetes.capabilities(),
        }
    }

    /// What a learner should know about every sandbox of this server, if anything is amiss.
    pub fn caveats(&self) -> &[Caveat] {
        match self {
            Self::Embedded(embedded) => embedded.caveats(),
            Self::Kind(_) => &[],
            Self::Kubernetes(kubernetes) => kubernetes.caveats(),
        }
    }

    /// Waits until everything that was dropped without being released has ended. The last thing a server does.
    pub async fn shutdown(&self) {
        match self {
            Self::Embedded(embedded) => embedded.shutdown().await,
            Self::Kind(kind) => kind.shutdown().await,
            Self::Kubernetes(kubernetes) => kubernetes.shutdown().await,
        }
    }
}

/// The server's hold on one sandbox.
pub struct Lease {
    /// May do in the sandbox what the learner may.
    pub client: kube::Client,
    /// The learner's namespace.
    pub namespace: String,
    /// Why the sandbox is gone, once it is.
    lost: Option<watch::Receiver<Option<String>>>,
    guard: Guard,
}

/// What ends a sandbox, at the latest when it is dropped.
#[derive(Debug)]
struct Guard {
    /// `None` once it has been given back.
    sandbox: Option<Made>,
    reaper: Reaper,
}

/// What a provider made.
#[derive(Debug)]
pub(crate) enum Made {
    /// A cluster in this process.
    Embedded(embedded::Held),
    /// A kind cluster.
    Kind(kind::Held),
    /// A namespace.
    Kubernetes(kubernetes::Held),
}

impl Made {
    /// Ends it, with everything in it.
    async fn end(self) {
        match self {
            Self::Embedded(held) => held.end().await,
            Self::Kind(held) => held.end().await,
            Self::Kubernetes(held) => held.end().await,
        }
    }

    /// Frees what it takes; what is in it stays where that is possible.
    async fn free(self) {
        match self {
            Self::Embedded(held) => held.free().await,
            Self::Kind(held) => held.end().await,
            Self::Kubernetes(held) => held.end().await,
        }
    }

    /// Leaves it for the next start where it can live without the server; frees it elsewhere.
    async fn keep(self) {
        match self {
            Self::Kind(held) => held.keep().await,
            Self::Kubernetes(held) => held.keep(),
            made @ Self::Embedded(_) => made.free().await,
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("namespace", &self.namespace).field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl Lease {
    fn new(client: kube::Client, namespace: String, made: Made, reaper: Reaper) -> Self {
        Self { client, namespace, lost: None, guard: Guard { sandbox: Some(made), reaper } }
    }

    /// The same, with where it is told when it is lost.
    fn watched(self, lost: watch::Receiver<Option<String>>) -> Self {
        Self { lost: Some(lost), ..self }
    }

    /// Ends the sandbox and everything that runs in it.
    pub async fn release(mut self) {
        if let Some(made) = self.guard.sandbox.take() {
            made.end().await;
        }
    }

    /// Gives the sandbox up because the server ends. Where it can live without the server it is left for the next start;
    /// elsewhere it ends.
    pub async fn keep(mut self) {
        if let Some(made) = self.guard.sandbox.take() {
            made.keep().await;
        }
    }

    /// Frees what the sandbox takes, because the learner has been away for too long. Where its objects can be kept
    /// without it, they wait for the learner to come back; elsewhere they end with it.
    pub async fn free(mut self) {
        if let Some(made) = self.guard.sandbox.take() {
            made.free().await;
        }
    }

    /// The sandbox's API for a learner's own programs, to be served under a path of its own; asked too often, it says so.
    /// When `shut` is cancelled nothing gets through any more, and what is open is cut off.
    /// `each` is how many requests a second pass steadily.
    pub fn gateway(&self, each: NonZeroU32, shut: CancellationToken) -> Router {
        let own = matches!(self.guard.sandbox, Some(Made::Embedded(_)));
        gateway::guarded(self.api(), each, gateway::Way { client: self.client.clone(), names_itself: own, shut })
    }

    /// The sandbox's API as it is, for whoever owns the machine.
    pub fn api(&self) -> Router {
        match &self.guard.sandbox {
            Some(Made::Embedded(held)) => held.cluster.router(),
            Some(_) => gateway::to(gateway::Way {
                client: self.client.clone(),
                names_itself: false,
                shut: CancellationToken::new(),
            }),
            None => Router::new(),
        }
    }

    /// Comes when the sandbox has ended by itself, with the reason as a sentence; for most, never.
    pub fn lost(&self) -> impl Future<Output = String> + Send + 'static {
        let lost = self.lost.clone();
        async move {
            let Some(mut lost) = lost else { return std::future::pending().await };
            let why = lost.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
            match why {
                Some(why) => why,
                // Nobody looks after it any more, since it has been given back.
                None => std::future::pending().await,
            }
        }
    }

    /// A kubeconfig for clients that reach the gateway at `server`.
    pub fn kubeconfig(&self, server: &str) -> String {
        gateway::kubeconfig(server, &self.namespace)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(made) = self.sandbox.take() {
            self.reaper.queue(made);
        }
    }
}
