//! Containers of Linux's own making: namespaces, overlay, control groups, seccomp. No daemon, no other program.
//!
//! Every sandbox has an agent: this very program, executed once more ([`agent_main`]), in namespaces of its own. The
//! server only tells it what to do and reads what containers print. See `agent.rs` for what happens there.

mod agent;
mod api_server;
mod cgroups;
mod channel;
mod copies;
mod descriptors;
mod disk;
mod ids;
mod names;
mod orders;
mod probe;
mod running;
mod spawn;
mod streams;
mod wire;

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, SocketAddrV4},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use tokio::net::TcpSocket;

pub use self::{
    agent::main as agent_main,
    probe::{Finding, probe},
    spawn::AgentProgram,
};
use self::{
    cgroups::Found,
    running::{Held, KnownPod, Node},
    wire::Order,
};
use super::{
    Caveat, Connection, ContainerId, ContainerSpec, ExecSpec, Limits, Process, Room, Runtime, RuntimeError,
    RuntimeFuture, SandboxId, SandboxSpec, Usage,
    network::{ApiServer, Names, NetworkRules},
};

/// The argument with which a program is told to become the agent.
pub const AGENT_ARGUMENT: &str = "__node";

/// How long an agent may take to end everything and clean up; then it is killed, which the kernel finishes.
const SHUTDOWN: Duration = Duration::from_secs(10);
/// How much longer for each container: some twenty files of its own are to be removed, on a disk that may be busy.
const SHUTDOWN_EACH: Duration = Duration::from_millis(200);

/// What a Linux runtime needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinuxConfig {
    /// What becomes the agent.
    pub agent: AgentProgram,
    /// The image store's directory; all layers of all images are beneath it.
    pub images: PathBuf,
    /// A directory of this sandbox's own, made with the first Pod and removed at the end.
    pub state: PathBuf,
    /// Where volumes are; removed at the end, unless they are kept.
    pub volumes: PathBuf,
    /// Whether volumes stay when the sandbox ends, for the next one that is started on them.
    pub keeps_volumes: bool,
    /// What all containers together may use.
    pub limits: Limits,
    /// Bytes that files of containers and volumes may hold together; also the size of the biggest file.
    pub disk: u64,
    /// Whether the sandbox has copies of its own of the images' layers even where it could share them.
    pub always_copies: bool,
}

impl LinuxConfig {
    /// A sandbox with the usual limits: 1 GiB of memory, 1024 processes and 2 GiB of files, so that one can't use up the
    /// machine.
    pub fn new(images: PathBuf, state: PathBuf) -> Self {
        // In contention for the processors a sandbox counts as one process, however many it has: a group has 1024 shares.
        let limits = Limits { memory: Some(1 << 30), pids: Some(1024), ..Limits::default() };
        let (volumes, agent) = (state.join("volumes"), AgentProgram::this_program());
        Self { agent, images, state, volumes, keeps_volumes: false, limits, disk: 2 << 30, always_copies: false }
    }

    /// The same with room for the processes of so many Pods: `pause` and three more each.
    pub fn for_pods(mut self, most: u16) -> Self {
        self.limits.pids = self.limits.pids.map(|pids| pids.max(4 * u64::from(most)));
        self
    }

    /// The same with volumes in another directory, which outlives the sandbox.
    pub fn keeping_volumes(self, volumes: PathBuf) -> Self {
        Self { volumes, keeps_volumes: true, ..self }
    }

    /// Where containers' own files are, in a directory for each.
    fn scratch(&self) -> PathBuf {
        self.state.join("containers")
    }

    /// Where copies of images' layers are, if the sandbox has its own.
    fn copies(&self) -> PathBuf {
        self.state.join("images")
    }

    /// Beneath which directory [`MountSource::Path`](super::MountSource::Path) must be.
    pub fn volumes(&self) -> PathBuf {
        self.volumes.clone()
    }
}

/// The runtime of one sandbox. Its agent starts with the first Pod and ends with [`Runtime::shutdown`] or when this is
/// dropped.
#[derive(Debug, Clone)]
pub struct Linux(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: LinuxConfig,
    /// The running node; `None` before the first Pod.
    node: tokio::sync::Mutex<Option<Arc<Node>>>,
    known: Mutex<Known>,
    network: Mutex<Wanted>,
    /// The first of the ids that the agent which was started last has files of its own for, as mounts can't show others' as
    /// its; 0 where they can.
    own_ids: AtomicU32,
}

/// What the Pods' network is to be, kept for the next agent.
#[derive(Default, Clone)]
struct Wanted {
    rules: NetworkRules,
    names: Option<Arc<dyn Names>>,
    api: Option<Arc<dyn ApiServer>>,
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("rules", &self.rules).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Known {
    pods: HashMap<SandboxId, KnownPod>,
    containers: HashMap<ContainerId, Arc<Held>>,
    closed: bool,
}

impl Linux {
    /// A runtime that has started nothing yet.
    pub fn new(config: LinuxConfig) -> Self {
        let node = tokio::sync::Mutex::new(None);
        Self(Arc::new(Inner {
            config,
            node,
            known: Mutex::default(),
            network: Mutex::default(),
            own_ids: AtomicU32::default(),
        }))
    }

    /// Whether its images are copies, as the kernel or the file system can't show one set of files to all sandboxes.
    fn copies(&self) -> bool {
        self.0.own_ids.load(Ordering::Relaxed) != 0
    }

    /// What it was made with.
    pub fn config(&self) -> &LinuxConfig {
        &self.0.config
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The running node, started if there is none.
    async fn started(&self) -> Result<Arc<Node>, RuntimeError> {
        let mut node = self.node.lock().await;
        if self.known().closed {
            return Err(RuntimeError::Failed("the node has been shut down".to_owned()));
        }
        match node.as_ref() {
            Some(running) if !running.has_gone() => Ok(Arc::clone(running)),
            _ => {
                let wanted = self.network().clone();
                let started = Node::start(&self.config, &wanted).await?;
                self.own_ids.store(started.own_ids().unwrap_or(0), Ordering::Relaxed);
                if wanted.rules != NetworkRules::default() {
                    started.order(Order::Network(wanted.rules)).await?;
                }
                Ok(Arc::clone(node.insert(Arc::new(started))))
            }
        }
    }

    fn network(&self) -> MutexGuard<'_, Wanted> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn set_network(&self, rules: NetworkRules) -> Result<(), RuntimeError> {
        // An agent that is being started gets the newest rules, either there or here.
        let node = self.node.lock().await;
        self.network().rules = rules.clone();
        match node.as_ref() {
            Some(running) if !running.has_gone() => running.order(Order::Network(rules)).await,
            _ => Ok(()),
        }
    }

    /// The running node, for what can only be in one that runs.
    async fn running(&self, what: impl Fn() -> String) -> Result<Arc<Node>, RuntimeError> {
        self.node.lock().await.clone().ok_or_else(|| RuntimeError::NotFound(what()))
    }

    fn held(&self, id: &ContainerId) -> Option<Arc<Held>> {
        self.known().containers.get(id).cloned()
    }

    async fn create_sandbox(&self, spec: SandboxSpec) -> Result<(), RuntimeError> {
        let pod = self.started().await?.create_pod(&spec).await?;
        self.known().pods.insert(spec.id, pod);
        Ok(())
    }

    async fn remove_sandbox(&self, id: SandboxId) -> Result<(), RuntimeError> {
        let Ok(node) = self.running(String::new).await else { return Ok(()) };
        // Its group goes once its processes have ended.
        let pod = self.known().pods.remove(&id);
        let removed = node.order(Order::RemovePod { pod: id.0 }).await;
        drop(pod);
        removed
    }

    async fn start_container(&self, spec: ContainerSpec) -> Result<Process, RuntimeError> {
        let missing = || format!("sandbox {}", spec.sandbox.0);
        let node = self.running(missing).await?;
        let pod = self.known().pods.get(&spec.sandbox).cloned();
        let pod = pod.ok_or_else(|| RuntimeError::NotFound(missing()))?;
        let (process, held) = node.run(&spec, &pod, &self.config).await?;
        self.known().containers.insert(spec.id, Arc::new(held));
        Ok(process)
    }

    async fn signal(&self, id: ContainerId, signal: i32) -> Result<(), RuntimeError> {
        let Ok(node) = self.running(String::new).await else { return Ok(()) };
        node.order(Order::Signal { process: id.0, signal }).await
    }

    async fn remove_container(&self, id: ContainerId) -> Result<(), RuntimeError> {
        if let Some(held) = self.known().containers.remove(&id) {
            held.remove();
        }
        let Ok(node) = self.running(String::new).await else { return Ok(()) };
        node.order(Order::RemoveContainer { id: id.0 }).await
    }

    async fn exec(&self, id: ContainerId, spec: ExecSpec) -> Result<Process, RuntimeError> {
        let missing = || format!("container {}", id.0);
        let node = self.running(missing).await?;
        let held = self.held(&id).ok_or_else(|| RuntimeError::NotFound(missing()))?;
        node.exec(&id, &held, &spec).await
    }

    async fn usage(&self, id: ContainerId) -> Result<Usage, RuntimeError> {
        let missing = || format!("container {}", id.0);
        let node = self.running(missing).await?;
        let held = self.held(&id).ok_or_else(|| RuntimeError::NotFound(missing()))?;
        node.usage(&id, &held).await
    }

    async fn update(&self, id: ContainerId, limits: Limits) -> Result<(), RuntimeError> {
        let missing = || format!("container {}", id.0);
        let node = self.running(missing).await?;
        let held = self.held(&id).ok_or_else(|| RuntimeError::NotFound(missing()))?;
        node.limit(&id, &held, &limits).await
    }

    async fn connect(&self, id: SandboxId, to: SocketAddrV4) -> Result<Box<dyn Connection>, RuntimeError> {
        let node = self.running(|| format!("sandbox {}", id.0)).await?;
        let socket = node.socket(id.0).await?;
        let failed = |error: io::Error| RuntimeError::Failed(format!("connect: {}", reason(&error)));
        let socket = TcpSocket::from_std_stream(std::net::TcpStream::from(socket));
        Ok(Box::new(socket.connect(SocketAddr::V4(to)).await.map_err(failed)?))
    }

    async fn shutdown(&self) {
        let containers = {
            let mut known = self.known();
            known.closed = true;
            u32::try_from(known.containers.len()).unwrap_or(u32::MAX)
        };
        let node = self.node.lock().await.take();
        if let Some(node) = node {
            node.end(SHUTDOWN + SHUTDOWN_EACH * containers).await;
        }
    }
}

/// The kernel's reason in C's words, in lower case as Go prints it.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => nix::errno::Errno::from_raw(code).desc().to_lowercase(),
        None => error.to_string(),
    }
}

impl Runtime for Linux {
    /// The words of a node with containerd, which lessons and tools expect; what is different about ours is no concern
    /// of whoever reads a Node.
    fn version(&self) -> String {
        "containerd://2.1.0".to_owned()
    }

    fn own(&self, files: &Path) -> io::Result<()> {
        match self.0.own_ids.load(Ordering::Relaxed) {
            0 => Ok(()),
            first => copies::give_to(files, first),
        }
    }

    fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = Vec::new();
        if let Found::Nothing(why) = cgroups::found() {
            caveats.push(Caveat { kind: "LimitsApproximate", reason: "NoControlGroups", message: why.clone() });
        }
        if self.copies() {
            let message = probe::COPIED.to_owned();
            caveats.push(Caveat { kind: "ImagesCopied", reason: "NoIdmappedMounts", message });
        }
        caveats
    }

    fn create_sandbox(&self, spec: SandboxSpec) -> RuntimeFuture<()> {
        let inner = Arc::clone(&self.0);
        async move { inner.create_sandbox(spec).await }.boxed()
    }

    fn remove_sandbox(&self, id: SandboxId) -> RuntimeFuture<()> {
        let inner = Arc::clone(&self.0);
        async move { inner.remove_sandbox(id).await }.boxed()
    }

    fn start_container(&self, spec: ContainerSpec) -> RuntimeFuture<Process> {
        let inner = Arc::clone(&self.0);
        async move { inner.start_container(spec).await }.boxed()
    }

    fn signal(&self, id: ContainerId, signal: i32) -> RuntimeFuture<()> {
        let inner = Arc::clone(&self.0);
        async move { inner.signal(id, signal).await }.boxed()
    }

    fn remove_container(&self, id: ContainerId) -> RuntimeFuture<()> {
        let inner = Arc::clone(&self.0);
        async move { inner.remove_container(id).await }.boxed()
    }

    fn exec(&self, id: ContainerId, spec: ExecSpec) -> RuntimeFuture<Process> {
        let inner = Arc::clone(&self.0);
        async move { inner.exec(id, spec).await }.boxed()
    }

    fn connect(&self, id: SandboxId, to: SocketAddrV4) -> RuntimeFuture<Box<dyn Connection>> {
        let inner = Arc::clone(&self.0);
        async move { inner.connect(id, to).await }.boxed()
    }

    fn usage(&self, id: ContainerId) -> RuntimeFuture<Usage> {
        let inner = Arc::clone(&self.0);
        async move { inner.usage(id).await }.boxed()
    }

    fn update(&self, id: ContainerId, limits: Limits) -> RuntimeFuture<()> {
        let inner = Arc::clone(&self.0);
        async move { inner.update(id, limits).await }.boxed()
    }

    fn room(&self) -> RuntimeFuture<Room> {
        let inner = Arc::clone(&self.0);
        async move {
            let node = inner.node.lock().await.clone().filter(|node| !node.has_gone());
            let Some(node) = node else { return Ok(Room::default()) };
            let mut room = node.room(&inner.config);
            // What was counted a moment ago may have gone since, and nobody is to be ended for that.
            if let Some(disk) = room.disk.as_mut().filter(|disk| disk.used > disk.limit / 2) {
                let (scratch, volumes) = (inner.config.scratch(), inner.config.volumes());
                let looked = tokio::task::spawn_blocking(move || disk::look(&scratch, &volumes)).await;
                disk.used = looked.ok().flatten().map_or(disk.used, |look| look.total);
            }
            Ok(room)
        }
        .boxed()
    }

    fn update_sandbox(&self, id: SandboxId, limits: Limits) -> RuntimeFuture<()> {
        let pod = self.0.known().pods.get(&id).cloned();
        let limited =
            pod.map_or_else(|| Err(RuntimeError::NotFound(format!("sandbox {}", id.0))), |pod| pod.limit(&limits));
        std::future::ready(limited).boxed()
    }

    fn on_disk(&self, id: ContainerId) -> RuntimeFuture<u64> {
        let written = self.0.config.scratch().join(&id.0).join("upper");
        async move {
            let counted = tokio::task::spawn_blocking(move || crate::node::disk::used(&written)).await;
            counted.map_err(|error| RuntimeError::Failed(error.to_string()))
        }
        .boxed()
    }

    fn set_network(&self, rules: NetworkRules) -> RuntimeFuture<()> {
        let inner = Arc::clone(&self.0);
        async move { inner.set_network(rules).await }.boxed()
    }

    fn set_names(&self, names: Arc<dyn Names>) {
        self.0.network().names = Some(names);
    }

    fn set_api(&self, api: Arc<dyn ApiServer>) {
        self.0.network().api = Some(api);
    }

    fn shutdown(&self) -> BoxFuture<'static, ()> {
        let inner = Arc::clone(&self.0);
        async move { inner.shutdown().await }.boxed()
    }
}
