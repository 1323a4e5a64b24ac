//! A runtime that runs nothing: a test says what each container prints, when it ends and how.

mod process;
mod script;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddrV4,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

use self::process::Handle;
pub use self::script::Script;
use super::{
    Caveat, Connection, ContainerId, ContainerSpec, ExecSpec, Limits, Process, Room, Runtime, RuntimeError,
    RuntimeFuture, SandboxId, SandboxSpec, Usage,
    network::{ApiServer, Names, NetworkRules},
};
use crate::clock::SharedClock;

/// One thing the node asked of the runtime, in the order it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// [`Runtime::create_sandbox`].
    CreateSandbox(SandboxSpec),
    /// [`Runtime::remove_sandbox`].
    RemoveSandbox(SandboxId),
    /// [`Runtime::start_container`].
    Start(Box<ContainerSpec>),
    /// [`Runtime::signal`].
    Signal(ContainerId, i32),
    /// [`Runtime::remove_container`].
    RemoveContainer(ContainerId),
    /// [`Runtime::exec`].
    Exec(ContainerId, ExecSpec),
    /// [`Runtime::connect`].
    Connect(SandboxId, SocketAddrV4),
    /// [`Runtime::update`].
    Update(ContainerId, Limits),
    /// [`Runtime::set_network`].
    SetNetwork(NetworkRules),
    /// [`Runtime::shutdown`].
    Shutdown,
}

type ContainerScript = dyn Fn(&ContainerSpec) -> Script + Send + Sync;
type ExecScript = dyn Fn(&ContainerId, &ExecSpec) -> Script + Send + Sync;
type PortScript = dyn Fn(&SandboxId, SocketAddrV4) -> Option<Vec<u8>> + Send + Sync;

/// The scripted runtime. Its clones are one runtime.
///
/// Without scripts every container runs until a signal ends it, every exec succeeds silently and no port listens.
#[derive(Clone)]
pub struct Scripted(Arc<Inner>);

struct Inner {
    clock: SharedClock,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    calls: Vec<Call>,
    sandboxes: BTreeSet<SandboxId>,
    containers: BTreeMap<ContainerId, (ContainerSpec, Handle)>,
    usage: BTreeMap<ContainerId, Usage>,
    on_disk: BTreeMap<ContainerId, u64>,
    room: Room,
    on_start: Arc<ContainerScript>,
    on_exec: Arc<ExecScript>,
    on_connect: Arc<PortScript>,
    unavailable: Option<String>,
}

impl Scripted {
    /// A runtime whose times come from `clock`.
    pub fn new(clock: SharedClock) -> Self {
        let state = State {
            calls: Vec::new(),
            sandboxes: BTreeSet::new(),
            containers: BTreeMap::new(),
            usage: BTreeMap::new(),
            on_disk: BTreeMap::new(),
            room: Room::default(),
            on_start: Arc::new(|_| Script::runs()),
            on_exec: Arc::new(|_, _| Script::exits(0)),
            on_connect: Arc::new(|_, _| None),
            unavailable: None,
        };
        Self(Arc::new(Inner { clock, state: Mutex::new(state), changed: Notify::new() }))
    }

    /// Decides what each container does from now on.
    pub fn containers(&self, script: impl Fn(&ContainerSpec) -> Script + Send + Sync + 'static) {
        self.state().on_start = Arc::new(script);
    }

    /// Sets what all containers together may use, and do.
    pub fn set_room(&self, room: Room) {
        self.state().room = room;
    }

    /// Decides what each exec does from now on.
    pub fn execs(&self, script: impl Fn(&ContainerId, &ExecSpec) -> Script + Send + Sync + 'static) {
        self.state().on_exec = Arc::new(script);
    }

    /// Decides which ports listen: `Some(reply)` answers the first bytes it gets with the reply and closes, `None`
    /// refuses the connection.
    pub fn ports(&self, script: impl Fn(&SandboxId, SocketAddrV4) -> Option<Vec<u8>> + Send + Sync + 'static) {
        self.state().on_connect = Arc::new(script);
    }

    /// From now on no sandbox can be made, for this reason; `None` ends that.
    pub fn unavailable(&self, why: Option<&str>) {
        self.state().unavailable = why.map(str::to_owned);
    }

    /// What [`Runtime::usage`] says of a container.
    pub fn set_usage(&self, id: &ContainerId, usage: Usage) {
        self.state().usage.insert(id.clone(), usage);
    }

    /// What [`Runtime::on_disk`] says of a container.
    pub fn set_on_disk(&self, id: &ContainerId, bytes: u64) {
        self.state().on_disk.insert(id.clone(), bytes);
    }

    /// Everything the node asked so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The containers that have not ended, by id.
    pub fn running(&self) -> Vec<ContainerSpec> {
        let state = self.state();
        state.containers.values().filter(|(_, handle)| handle.is_running()).map(|(spec, _)| spec.clone()).collect()
    }

    /// The sandboxes that have not been removed.
    pub fn sandboxes(&self) -> Vec<SandboxId> {
        self.state().sandboxes.iter().cloned().collect()
    }

    /// Lets a running container print something now.
    pub fn print(&self, id: &ContainerId, text: &str) {
        if let Some((_, handle)) = self.state().containers.get(id) {
            handle.print(text);
        }
    }

    /// Ends a running container with this code now.
    pub fn finish(&self, id: &ContainerId, code: i32) {
        if let Some((_, handle)) = self.state().containers.get(id) {
            handle.finish(code);
        }
        self.0.changed.notify_waiters();
    }

    /// Waits until the calls so far please the test, and gives them. The wait has no end of its own.
    pub async fn wait_for(&self, mut pleased: impl FnMut(&[Call]) -> bool) -> Vec<Call> {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let calls = self.calls();
            if pleased(&calls) {
                return calls;
            }
            changed.await;
        }
    }

    /// Waits until so many containers have been started, counting those that could not be.
    pub async fn wait_for_starts(&self, count: usize) -> Vec<ContainerSpec> {
        let starts = |calls: &[Call]| -> Vec<ContainerSpec> {
            calls
                .iter()
                .filter_map(|call| if let Call::Start(spec) = call { Some(ContainerSpec::clone(spec)) } else { None })
                .collect()
        };
        starts(&self.wait_for(|calls| starts(calls).len() >= count).await)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, call: Call) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.calls.push(call);
        self.0.changed.notify_waiters();
        state
    }
}

impl Runtime for Scripted {
    fn version(&self) -> String {
        "scripted://1".to_owned()
    }

    fn caveats(&self) -> Vec<Caveat> {
        Vec::new()
    }

    fn create_sandbox(&self, spec: SandboxSpec) -> RuntimeFuture<()> {
        let mut state = self.record(Call::CreateSandbox(spec.clone()));
        let result = match &state.unavailable {
            Some(why) => Err(RuntimeError::Unavailable(why.clone())),
            None => {
                state.sandboxes.insert(spec.id);
                Ok(())
            }
        };
        std::future::ready(result).boxed()
    }

    fn remove_sandbox(&self, id: SandboxId) -> RuntimeFuture<()> {
        let mut state = self.record(Call::RemoveSandbox(id.clone()));
        state.sandboxes.remove(&id);
        for (_, handle) in state.containers.values().filter(|(spec, _)| spec.sandbox == id) {
            handle.signal(libc::SIGKILL);
        }
        std::future::ready(Ok(())).boxed()
    }

    fn start_container(&self, spec: ContainerSpec) -> RuntimeFuture<Process> {
        let mut state = self.record(Call::Start(Box::new(spec.clone())));
        if !state.sandboxes.contains(&spec.sandbox) {
            return std::future::ready(Err(RuntimeError::NotFound(format!("sandbox {}", spec.sandbox.0)))).boxed();
        }
        let script = Arc::clone(&state.on_start)(&spec);
        let result = process::start(script, spec.tty, spec.stdin, &self.0.clock).map(|(process, handle)| {
            state.containers.insert(spec.id.clone(), (spec, handle));
            process
        });
        std::future::ready(result).boxed()
    }

    fn signal(&self, id: ContainerId, signal: i32) -> RuntimeFuture<()> {
        let state = self.record(Call::Signal(id.clone(), signal));
        if let Some((_, handle)) = state.containers.get(&id) {
            handle.signal(signal);
        }
        std::future::ready(Ok(())).boxed()
    }

    fn remove_container(&self, id: ContainerId) -> RuntimeFuture<()> {
        self.record(Call::RemoveContainer(id.clone())).containers.remove(&id);
        std::future::ready(Ok(())).boxed()
    }

    fn exec(&self, id: ContainerId, spec: ExecSpec) -> RuntimeFuture<Process> {
        let state = self.record(Call::Exec(id.clone(), spec.clone()));
        let running = state.containers.get(&id).is_some_and(|(_, handle)| handle.is_running());
        let result = if running {
            let script = Arc::clone(&state.on_exec)(&id, &spec);
            process::start(script, spec.tty, spec.stdin, &self.0.clock).map(|(process, _)| process)
        } else {
            Err(RuntimeError::NotFound(format!("container {}", id.0)))
        };
        std::future::ready(result).boxed()
    }

    fn connect(&self, id: SandboxId, to: SocketAddrV4) -> RuntimeFuture<Box<dyn Connection>> {
        let state = self.record(Call::Connect(id.clone(), to));
        let result = match Arc::clone(&state.on_connect)(&id, to) {
            Some(reply) => Ok(answering(reply)),
            None => Err(RuntimeError::Failed("connect: connection refused".to_owned())),
        };
        std::future::ready(result).boxed()
    }

    fn usage(&self, id: ContainerId) -> RuntimeFuture<Usage> {
        let usage = self.state().usage.get(&id).copied();
        std::future::ready(Ok(usage.unwrap_or_default())).boxed()
    }

    fn update(&self, id: ContainerId, limits: Limits) -> RuntimeFuture<()> {
        drop(self.record(Call::Update(id, limits)));
        std::future::ready(Ok(())).boxed()
    }

    fn room(&self) -> RuntimeFuture<Room> {
        std::future::ready(Ok(self.state().room)).boxed()
    }

    fn update_sandbox(&self, _: SandboxId, _: Limits) -> RuntimeFuture<()> {
        std::future::ready(Ok(())).boxed()
    }

    fn on_disk(&self, id: ContainerId) -> RuntimeFuture<u64> {
        let bytes = self.state().on_disk.get(&id).copied();
        std::future::ready(Ok(bytes.unwrap_or(0))).boxed()
    }

    fn set_network(&self, rules: NetworkRules) -> RuntimeFuture<()> {
        drop(self.record(Call::SetNetwork(rules)));
        std::future::ready(Ok(())).boxed()
    }

    /// Nobody asks: scripted programs know no names.
    fn set_names(&self, _names: Arc<dyn Names>) {}

    /// Nobody connects: scripted programs know no API.
    fn set_api(&self, _api: Arc<dyn ApiServer>) {}

    fn shutdown(&self) -> BoxFuture<'static, ()> {
        let state = self.record(Call::Shutdown);
        for (_, handle) in state.containers.values() {
            handle.signal(libc::SIGKILL);
        }
        std::future::ready(()).boxed()
    }
}

/// A connection whose other end answers whatever comes first with `reply`, and closes.
fn answering(reply: Vec<u8>) -> Box<dyn Connection> {
    let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let mut request = [0; 4096];
        // Either end may go away at any time; then there is nobody left to tell.
        if theirs.read(&mut request).await.is_ok() {
            let _ = theirs.write_all(&reply).await;
        }
    });
    Box::new(ours)
}
