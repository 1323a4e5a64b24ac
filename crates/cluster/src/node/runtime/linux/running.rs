//! A node whose agent runs, and its containers, as the server sees them.

use std::{
    fs, io,
    os::{fd::OwnedFd, unix::fs::DirBuilderExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{process::Child, sync::oneshot};

use super::{
    LinuxConfig, Wanted,
    api_server::ApiListener,
    cgroups::{self, Alarm, Found, Group, Passing},
    channel::{Channel, Ended, OrderError},
    copies::Copies,
    descriptors, disk,
    ids::{self, Ids},
    names::NameServer,
    orders, spawn, streams,
    wire::{ExecOrder, Failure, Order, Program, Setup},
};
use crate::node::runtime::{
    Bound, ContainerId, ContainerSpec, ExecSpec, Exit, Limits, Process, Room, RuntimeError, SandboxSpec, Streams, Usage,
};

/// Processes of a container that sets no limit; a fork bomb then leaves its neighbours in the sandbox their share.
const PIDS: u64 = 256;

/// A node whose agent runs.
#[derive(Debug)]
pub(super) struct Node {
    channel: Arc<Channel>,
    janitor: tokio::sync::Mutex<Child>,
    group: Option<Group>,
    disk: u64,
    /// What was on the disk at the last look.
    on_disk: Arc<AtomicU64>,
    /// `None` where the mounts show all images and volumes with the sandbox's own ids.
    copies: Option<Copies>,
    /// `None` when nobody has said what the names are.
    _names: Option<NameServer>,
    /// `None` when nobody has said what the API is.
    _api: Option<ApiListener>,
    /// Kept until the agent has ended.
    _ids: Option<Ids>,
}

/// A container that has been started and not been removed.
#[derive(Debug)]
pub(super) struct Held {
    program: Program,
    group: Option<Group>,
    /// Stays as long as its containers' groups.
    _pod: Option<Arc<Passing>>,
}

/// A Pod's sandbox that has not been removed.
#[derive(Debug, Clone)]
pub(super) struct KnownPod {
    hostname: String,
    group: Option<Arc<Passing>>,
}

impl Held {
    pub(super) fn remove(&self) {
        if let Some(group) = &self.group {
            group.remove();
        }
    }
}

impl KnownPod {
    /// Gives its containers other limits together; where there are no groups, each has its own alone.
    pub(super) fn limit(&self, limits: &Limits) -> Result<(), RuntimeError> {
        let Some(group) = &self.group else { return Ok(()) };
        let refused = |error| RuntimeError::Failed(format!("change the Pod's control group: {error}"));
        group.group().limit(limits).map_err(refused)
    }
}

impl Node {
    pub(super) async fn start(config: &LinuxConfig, wanted: &Wanted) -> Result<Self, RuntimeError> {
        descriptors::raise_the_limit();
        let ids = Ids::of_server().map_err(|error| RuntimeError::Unavailable(error.to_string()))?;
        let refused = |error: io::Error| RuntimeError::Unavailable(format!("{}: {error}", config.state.display()));
        let scratch = make_directories(config, ids.as_ref()).map_err(refused)?;
        let group = sandbox_group(&config.limits);
        let agent_group = group.as_ref().and_then(|group| group.child("agent").ok());
        let joins = agent_group.as_ref().map_or_else(|| Ok(Vec::new()), Group::joins).unwrap_or_default();
        let setup = Setup {
            ids: ids.as_ref().map(|ids| (ids.first(), ids::COUNT)),
            images: text(&config.images)?,
            copies: text(&config.copies())?,
            always_copies: config.always_copies,
            volumes: text(&config.volumes())?,
            keeps_volumes: config.keeps_volumes,
            scratch: text(&scratch)?,
            cgroups: group.as_ref().map(Group::paths).unwrap_or_default(),
            joins: joins.len(),
        };
        let started = spawn::start(&config.agent, &setup, &joins).await?;
        let (channel, janitor) = (Arc::new(started.channel), tokio::sync::Mutex::new(started.janitor));
        let first = ids.as_ref().filter(|_| started.copies).map(Ids::first);
        let copies = first.map(|first| Copies::new(first, config.images.clone(), config.copies()));
        let on_disk = Arc::new(AtomicU64::new(0));
        let counted = on_disk.clone();
        tokio::spawn(look_after_disk(Arc::downgrade(&channel), scratch, config.volumes(), config.disk, counted));
        let names = match &wanted.names {
            Some(names) => Some(NameServer::start(channel.order(Order::NameServer, &[]).await?.fds, names)?),
            None => None,
        };
        let api = match &wanted.api {
            Some(api) => Some(ApiListener::start(channel.order(Order::ApiServer, &[]).await?.fds, api)?),
            None => None,
        };
        Ok(Self { channel, janitor, group, disk: config.disk, on_disk, copies, _names: names, _api: api, _ids: ids })
    }

    /// The first of its ids, if this sandbox has copies of its own of the images' layers.
    pub(super) fn own_ids(&self) -> Option<u32> {
        self.copies.as_ref().map(Copies::first)
    }

    pub(super) fn has_gone(&self) -> bool {
        self.channel.has_gone()
    }

    /// An order whose answer is only that it was done.
    pub(super) async fn order(&self, order: Order) -> Result<(), RuntimeError> {
        self.channel.order(order, &[]).await.map(drop).map_err(RuntimeError::from)
    }

    /// What a container uses, by its group or by the agent's count.
    pub(super) async fn usage(&self, id: &ContainerId, held: &Held) -> Result<Usage, RuntimeError> {
        match &held.group {
            Some(group) => Ok(group.usage()),
            None => Ok(self.channel.order(Order::Usage { container: id.0.clone() }, &[]).await?.usage),
        }
    }

    /// What all containers may use together, and do.
    pub(super) fn room(&self, config: &LinuxConfig) -> Room {
        let memory = self.group.as_ref().zip(config.limits.memory);
        Room {
            memory: memory.map(|(group, limit)| Bound { limit, used: group.usage().memory }),
            disk: Some(Bound { limit: config.disk, used: self.on_disk.load(Ordering::Relaxed) }),
        }
    }

    /// Gives a running container other limits.
    pub(super) async fn limit(&self, id: &ContainerId, held: &Held, limits: &Limits) -> Result<(), RuntimeError> {
        match &held.group {
            Some(group) => group
                .limit(limits)
                .map_err(|error| RuntimeError::Failed(format!("change the container's control group: {error}"))),
            None => self.order(Order::Limit { container: id.0.clone(), memory: limits.memory }).await,
        }
    }

    pub(super) async fn socket(&self, pod: String) -> Result<OwnedFd, RuntimeError> {
        let answer = self.channel.order(Order::Socket { pod }, &[]).await?;
        answer.fds.into_iter().next().ok_or_else(|| RuntimeError::Failed("the node's agent sent no socket".to_owned()))
    }

    pub(super) async fn run(
        &self,
        spec: &ContainerSpec,
        pod: &KnownPod,
        config: &LinuxConfig,
    ) -> Result<(Process, Held), RuntimeError> {
        if let Some(copies) = &self.copies {
            let failed = |error| RuntimeError::Failed(format!("copy the image's layers for the sandbox: {error}"));
            copies.bring(spec).await.map_err(failed)?;
        }
        let limits = Limits { pids: Some(spec.limits.pids.unwrap_or(PIDS)), ..spec.limits.clone() };
        let group = self.container_group(&spec.id.0, pod, &limits)?;
        let spec = ContainerSpec { limits, ..spec.clone() };
        let order = orders::run(&spec, &pod.hostname, &config.images, &config.volumes(), group.is_none())?;
        let order = orders::with_biggest_file(order, self.disk);
        let program = order.program.clone();
        let alarm = group.as_ref().map_or(Ok(None), Group::alarm);
        let alarm =
            alarm.inspect_err(|error| tracing::warn!(%error, "nobody will tell that a container has no memory"));
        let started = self.started(&spec.id.0, Order::Run(Box::new(order)), &program, group.as_ref()).await;
        let process = started.map_err(|error| {
            if let Some(group) = &group {
                group.remove();
            }
            start_error(error)
        })?;
        if let Ok(Some(alarm)) = alarm {
            tokio::spawn(end_when_out_of_memory(Arc::downgrade(&self.channel), spec.id.0, alarm));
        }
        Ok((process, Held { program, group, _pod: pod.group.clone() }))
    }

    pub(super) async fn exec(&self, id: &ContainerId, held: &Held, spec: &ExecSpec) -> Result<Process, RuntimeError> {
        let program = orders::exec(&held.program, spec);
        let exec = exec_id();
        let order = ExecOrder { id: exec.clone(), container: id.0.clone(), program: program.clone() };
        let started = self.started(&exec, Order::Exec(Box::new(order)), &program, held.group.as_ref()).await;
        started.map_err(|error| exec_error(&exec, error))
    }

    /// Gives an order that starts a program.
    async fn started(
        &self,
        id: &str,
        order: Order,
        program: &Program,
        group: Option<&Group>,
    ) -> Result<Process, OrderError> {
        let joins = group.map_or_else(|| Ok(Vec::new()), Group::joins).map_err(OrderError::Io)?;
        let ended = self.channel.end_of(id);
        let fds = match self.channel.order(order, &joins).await {
            Ok(answer) => answer.fds,
            Err(error) => {
                self.channel.forget(id);
                return Err(error);
            }
        };
        let started_at = Timestamp::now();
        let streams = streams_of(fds, program).map_err(OrderError::Io)?;
        Ok(Process { started_at, streams, exit: exit_of(ended, group.cloned()) })
    }

    /// A container's own group with its limits; none where there are no groups.
    fn container_group(&self, id: &str, pod: &KnownPod, limits: &Limits) -> Result<Option<Group>, RuntimeError> {
        let Some(group) = &pod.group else { return Ok(None) };
        let refused = |error: io::Error| RuntimeError::Failed(format!("make the container's control group: {error}"));
        let child = group.group().child(id).map_err(refused)?;
        child.limit(limits).map_err(|error| {
            child.remove();
            refused(error)
        })?;
        Ok(Some(child))
    }

    /// Makes a Pod's namespaces, and its group where there are groups.
    pub(super) async fn create_pod(&self, spec: &SandboxSpec) -> Result<KnownPod, RuntimeError> {
        let group = self.group.as_ref().map(|group| {
            let group = Passing::new(group.child(&format!("pod-{}", spec.id.0))?);
            group.group().open_to_children()?;
            group.group().limit(&spec.limits)?;
            Ok(Arc::new(group))
        });
        let refused = |error: io::Error| RuntimeError::Failed(format!("make the Pod's control group: {error}"));
        let group = group.transpose().map_err(refused)?;
        self.order(Order::Pod(orders::pod(spec))).await?;
        Ok(KnownPod { hostname: spec.hostname.clone(), group })
    }

    /// Ends the agent and waits until everything has been cleaned up, or `patience` is at its end.
    pub(super) async fn end(&self, patience: Duration) {
        self.channel.close();
        let mut janitor = self.janitor.lock().await;
        if tokio::time::timeout(patience, janitor.wait()).await.is_err() {
            tracing::warn!("a node's agent did not end in {patience:?}; killing it");
            let _ = janitor.kill().await;
        }
    }
}

/// The sandbox's directories: its containers' own files, which belong to the agent, and volumes, which belong to the
/// server. Only the server may enter; the agent is given what it needs.
fn make_directories(config: &LinuxConfig, ids: Option<&Ids>) -> io::Result<PathBuf> {
    let make = |path: &Path, mode| fs::DirBuilder::new().recursive(true).mode(mode).create(path);
    make(&config.state, 0o700)?;
    make(&config.volumes(), 0o755)?;
    let scratch = config.scratch();
    make(&scratch, 0o700)?;
    make(&config.copies(), 0o755)?;
    if let Some(ids) = ids {
        std::os::unix::fs::chown(&scratch, Some(ids.first()), Some(ids.first()))?;
    }
    Ok(scratch)
}

/// Ends containers that fill the disk, until the agent has ended.
async fn look_after_disk(
    channel: Weak<Channel>,
    scratch: PathBuf,
    volumes: PathBuf,
    limit: u64,
    counted: Arc<AtomicU64>,
) {
    loop {
        tokio::time::sleep(disk::PERIOD).await;
        let places = (scratch.clone(), volumes.clone());
        let looked = tokio::task::spawn_blocking(move || disk::look(&places.0, &places.1)).await;
        let Some(channel) = channel.upgrade().filter(|channel| !channel.has_gone()) else { return };
        let Ok(Some(disk::Look { total, greediest })) = looked else { continue };
        counted.store(total, Ordering::Relaxed);
        if total > limit
            && let Some(process) = greediest
        {
            tracing::warn!("container {process} has filled its sandbox's disk; ending it");
            // When the agent can't be told it has gone, which the next turn sees.
            let _ = channel.order(Order::Signal { process, signal: libc::SIGKILL }, &[]).await;
        }
    }
}

/// Ends all of a container when one of its processes was ended for want of memory, as the kernel does with version 2
/// groups.
async fn end_when_out_of_memory(channel: Weak<Channel>, process: String, alarm: Alarm) {
    if alarm.rings().await
        && let Some(channel) = channel.upgrade()
    {
        // When the agent can't be told it has gone, and the container with it.
        let _ = channel.order(Order::Signal { process, signal: libc::SIGKILL }, &[]).await;
    }
}

/// A group for the whole sandbox.
fn sandbox_group(limits: &Limits) -> Option<Group> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let Found::Group(parent) = cgroups::found() else { return None };
    let name = format!("podyard-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let made = parent.child(&name).and_then(|group| {
        group.open_to_children()?;
        group.limit(limits)?;
        Ok(group)
    });
    made.inspect_err(|error| tracing::warn!("no control group for a sandbox: {error}")).ok()
}

fn streams_of(fds: Vec<OwnedFd>, program: &Program) -> io::Result<Streams> {
    if program.tty { streams::of_terminal(fds, program.stdin) } else { streams::of_pipes(fds) }
}

/// The end of a process, with what its group knows about it. The group goes when its processes have.
fn exit_of(ended: oneshot::Receiver<Ended>, group: Option<Group>) -> oneshot::Receiver<Exit> {
    let (sender, exit) = oneshot::channel();
    tokio::spawn(async move {
        // Without an end, the sender is dropped: the runtime itself has gone.
        if let Ok(Ended { code, signal, too_much_memory, at }) = ended.await {
            let oom_killed = too_much_memory || group.is_some_and(|group| group.oom_kills() > 0);
            let _ = sender.send(Exit { code, signal, oom_killed, at });
        }
    });
    exit
}

/// What containerd says when runc can't start a container.
fn start_error(error: OrderError) -> RuntimeError {
    const PREFIX: &str = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc \
                          create failed: unable to start container process: ";
    match error {
        OrderError::Failed(Failure::Program(why)) => RuntimeError::Start(format!("{PREFIX}{why}")),
        OrderError::Failed(Failure::Init(why)) => {
            RuntimeError::Start(format!("{PREFIX}error during container init: {why}"))
        }
        other => other.into(),
    }
}

/// What containerd says when runc can't run a command in a container.
fn exec_error(exec: &str, error: OrderError) -> RuntimeError {
    match error {
        OrderError::Failed(Failure::Program(why) | Failure::Init(why)) => RuntimeError::Start(format!(
            "failed to exec in container: failed to start exec \"{exec}\": OCI runtime exec failed: exec failed: unable to \
             start container process: {why}"
        )),
        other => other.into(),
    }
}

/// A 64-digit hexadecimal id, as containerd gives each exec.
fn exec_id() -> String {
    format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())
}

fn text(path: &Path) -> Result<String, RuntimeError> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| RuntimeError::Unavailable(format!("{} is not UTF-8", path.display())))
}
