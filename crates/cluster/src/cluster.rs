//! One embedded cluster: what holds its parts together and ends them.

use std::{path::PathBuf, sync::Arc};

use axum::Router;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    api::{Api, PodDoor},
    authority::Authority,
    bootstrap,
    clock::{Clock, SharedClock, SystemClock},
    controllers,
    custom::Definitions,
    node::{Node, NodeConfig, endpoint::NodeEndpoint, images::Images, runtime::Runtime},
    scheduler,
    store::{
        Store,
        journal::{Journal, restore},
    },
    tokens::Signer,
    transport::InProcess,
};

/// The kubelet's default `maxPods`.
pub const DEFAULT_MAX_PODS: u16 = 110;
/// How many objects a sandbox holds unless its owner says otherwise.
pub const DEFAULT_MAX_OBJECTS: usize = 1000;

/// What a cluster is made of.
#[derive(Clone)]
pub struct ClusterConfig {
    /// The node's name; `kind-control-plane` as in kind and in the recordings.
    pub node_name: String,
    /// How many nodes there are: with more than one, the first is the control plane's and keeps Pods away. All stand for
    /// this machine.
    pub nodes: u8,
    /// Where the node gets images from.
    pub images: Arc<dyn Images>,
    /// What runs the node's containers.
    pub runtime: Arc<dyn Runtime>,
    /// Now, and new ids.
    pub clock: SharedClock,
    /// How many Pods each node takes (the kubelet's `maxPods`); its addresses for them (`podCIDR`) become more with it.
    pub max_pods: u16,
    /// How many objects there may be, of all kinds together.
    pub max_objects: usize,
    /// Whether `kubectl top` has something to show, as where metrics-server is installed; a new kind cluster has none.
    pub metrics: bool,
    /// Where this cluster keeps its files: `volumes/` and `logs/` beneath it, which are made with the first Pod. The Linux
    /// runtime must have been given the same volumes. What Pods that are taken up again wrote is found there.
    pub directory: PathBuf,
    /// Who signs what the API shows to Pods, and what they are told to trust.
    pub authority: Arc<Authority>,
    /// The file in which its objects outlive it; without one they end with it.
    pub journal: Option<PathBuf>,
}

impl std::fmt::Debug for ClusterConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterConfig")
            .field("node_name", &self.node_name)
            .field("max_objects", &self.max_objects)
            .finish_non_exhaustive()
    }
}

impl ClusterConfig {
    /// A cluster on the machine's own clock, with the usual name and limit and a directory among the temporary files.
    pub fn new(images: Arc<dyn Images>, runtime: Arc<dyn Runtime>) -> Self {
        let directory = std::env::temp_dir().join(format!("podyard-{}", SystemClock.uid()));
        Self {
            directory,
            journal: None,
            authority: Authority::shared(),
            node_name: "kind-control-plane".into(),
            nodes: 1,
            images,
            runtime,
            clock: Arc::new(SystemClock),
            max_pods: DEFAULT_MAX_PODS,
            max_objects: DEFAULT_MAX_OBJECTS,
            metrics: false,
        }
    }

    /// The same with so many nodes.
    pub fn with_nodes(mut self, nodes: u8) -> Self {
        self.nodes = nodes;
        self
    }

    /// The same with another directory.
    pub fn with_directory(mut self, directory: PathBuf) -> Self {
        self.directory = directory;
        self
    }
}

/// Why a cluster could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The node's name can't be a name.
    #[error("{0:?} is no name for a node: use lower case letters, digits, '-' and '.'")]
    NodeName(String),
    /// What the cluster's objects are kept in.
    #[error("what was in the sandbox can't be read from {path}: {source}", path = path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A running cluster. Clones are the same cluster; it ends when the last of them, of its clients and of its routers is
/// dropped, or with [`Cluster::shutdown`].
#[derive(Clone)]
pub struct Cluster {
    api: Arc<Api>,
    router: Router,
    /// What runs beside the API.
    tasks: TaskTracker,
    node: Arc<Node>,
    journal: Keeping,
}

/// Who writes the journal, and what ends that.
#[derive(Clone)]
struct Keeping {
    tasks: TaskTracker,
    stop: CancellationToken,
    /// A cluster that is merely dropped ends it too.
    _dropped: Arc<DropGuard>,
}

impl Default for Keeping {
    fn default() -> Self {
        let stop = CancellationToken::new();
        Self { tasks: TaskTracker::new(), _dropped: Arc::new(stop.clone().drop_guard()), stop }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("objects", &self.api.store.len()).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Starts a cluster with what every new cluster has: four namespaces, their service accounts and root
    /// certificates, the `kubernetes` Service and one node. One whose journal is there is taken up again, as after a
    /// reboot of its node.
    ///
    /// # Errors
    /// [`StartError`] when the configuration makes no sense.
    pub async fn start(config: ClusterConfig) -> Result<Self, StartError> {
        if !is_node_name(&config.node_name) {
            return Err(StartError::NodeName(config.node_name));
        }
        let store = Store::new();
        let authority = config.authority.certificate();
        bootstrap::fill(&store, &*config.clock, &authority);
        // What every cluster has is not counted.
        let workers = config.nodes.saturating_sub(1);
        // Each node has its Lease.
        let max_objects = config.max_objects + store.len() + 2 * (1 + usize::from(workers));
        let journal = Keeping::default();
        if let Some(path) = config.journal {
            take_up(&store, path, &journal).await?;
        }
        let signer = Signer::new(rand::random());
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        controllers::start(&store, &config.clock, &authority, &tasks, closing.clone());
        scheduler::start(&store, &config.clock, &tasks, closing.clone());
        let door = Arc::new(PodDoor::new(config.authority.within()));
        config.runtime.set_api(door.clone());
        let node = Node::start(NodeConfig {
            name: config.node_name,
            workers,
            max_pods: config.max_pods,
            store: store.clone(),
            runtime: config.runtime,
            images: config.images,
            clock: config.clock.clone(),
            volumes: config.directory.join("volumes"),
            logs: config.directory.join("logs"),
            signer: signer.clone(),
        });
        let (clock, metrics) = (config.clock, config.metrics);
        let meter = metrics.then(|| {
            let node = node.clone();
            Arc::new(move || node.usage()) as controllers::Meter
        });
        controllers::autoscale(&store, &clock, &authority, meter, &tasks, closing.clone());
        let closing = closing.drop_guard();
        let definitions = Definitions::of(&store);
        let api =
            Arc::new(Api { store, definitions, clock, node: node.clone(), signer, max_objects, metrics, closing });
        door.open(&api);
        let router = api.clone().router();
        Ok(Self { api, router, tasks, node, journal })
    }

    /// A client for this cluster; it needs no sockets and may do everything.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(InProcess::new(self.router.clone()), "default")
    }

    /// The API, to be served under any path.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// A kubeconfig (YAML) for clients that reach the API at `server`.
    pub fn kubeconfig(&self, server: &str) -> String {
        let server = serde_json::Value::from(server);
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: podyard\n  cluster:\n    server: {server}\ncontexts:\n\
             - name: podyard\n  context:\n    cluster: podyard\n    namespace: default\n    user: podyard\n\
             current-context: podyard\npreferences: {{}}\nusers:\n- name: podyard\n  user: {{}}\n"
        )
    }

    /// Ends the cluster: watches first, then what runs in it.
    pub async fn shutdown(&self) {
        self.api.closing().cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.node.shutdown().await;
        self.journal.stop.cancel();
        self.journal.tasks.close();
        self.journal.tasks.wait().await;
    }
}

/// Puts back into a new cluster's store what its journal holds, and goes on with the journal.
async fn take_up(store: &Store, path: PathBuf, keeping: &Keeping) -> Result<(), StartError> {
    let journal = Journal::new(path.clone(), store.snapshot().1);
    let (reading, from) = (store.clone(), path.clone());
    let read = tokio::task::spawn_blocking(move || restore(&reading, &from)).await;
    let read = read.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    read.map_err(|source| StartError::Journal { path, source })?;
    keeping.tasks.spawn(journal.follow(store.clone(), keeping.stop.clone()));
    Ok(())
}

fn is_node_name(name: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 253
        && name.starts_with(edge)
        && name.ends_with(edge)
        && name.chars().all(|c| edge(c) || matches!(c, '-' | '.'))
}

#[cfg(test)]
mod tests;
