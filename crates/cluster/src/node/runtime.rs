//! Running containers: what the node asks of a runtime, and nothing of how it is done.
//!
//! The Linux runtime does it with namespaces; the scripted one lets tests say what each container does.

pub mod linux;
pub mod network;
pub mod scripted;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddrV4},
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};

use self::network::{ApiServer, Names, NetworkRules, PodRange};

/// A future of the runtime; it may outlive the borrow that made it.
pub type RuntimeFuture<T> = BoxFuture<'static, Result<T, RuntimeError>>;

/// A 64-digit hexadecimal id of a Pod sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SandboxId(pub String);

/// A 64-digit hexadecimal id of a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerId(pub String);

impl fmt::Display for ContainerId {
    /// As `status.containerStatuses[].containerID` shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "containerd://{}", self.0)
    }
}

/// What the containers of one Pod share: address, host name, IPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxSpec {
    /// Made by the caller.
    pub id: SandboxId,
    /// The Pod's host name (its name, unless `spec.hostname` is set), at most 63 bytes.
    pub hostname: String,
    /// The Pod's address on the sandbox's own network, chosen by the node from its range; `None` leaves the Pod in the
    /// node's own network (`hostNetwork`).
    pub address: Option<Ipv4Addr>,
    /// The node's addresses for Pods.
    pub range: PodRange,
    /// What its containers may use together.
    pub limits: Limits,
    /// Settings of the kernel that are the Pod's own, such as `net.ipv4.tcp_syncookies`, and their values.
    pub sysctls: Vec<(String, String)>,
    /// Whether the containers see each other's processes (`shareProcessNamespace`).
    pub share_processes: bool,
    /// The lines of `/etc/hosts`.
    pub hosts: String,
    /// The lines of `/etc/resolv.conf`.
    pub resolv_conf: String,
}

impl SandboxSpec {
    /// A sandbox with a name and an address, and nothing else of its own.
    pub fn plain(id: SandboxId, hostname: &str, address: impl Into<Ipv4Addr>) -> Self {
        Self {
            id,
            hostname: hostname.to_owned(),
            address: Some(address.into()),
            range: PodRange::default(),
            limits: Limits::default(),
            sysctls: Vec::new(),
            share_processes: false,
            hosts: String::new(),
            resolv_conf: String::new(),
        }
    }
}

/// A container to be started in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSpec {
    /// Made by the caller.
    pub id: ContainerId,
    /// The sandbox it belongs to; it must exist.
    pub sandbox: SandboxId,
    /// Unpacked layers of the image, lowest first, as the image store gives them.
    pub layers: Vec<PathBuf>,
    /// The program and its arguments, after ENTRYPOINT, CMD, `command` and `args` have been put together.
    pub argv: Vec<String>,
    /// `NAME=value`, in the order they are to be set. The runtime adds what containerd adds: `PATH` when it is missing,
    /// `HOSTNAME`, `TERM` with a terminal, and `HOME` from the image's `/etc/passwd`.
    pub env: Vec<(String, String)>,
    /// The working directory; made if it is missing.
    pub working_dir: String,
    /// Whether a terminal is wanted.
    pub tty: bool,
    /// Whether standard input stays open.
    pub stdin: bool,
    /// Directories and files of the node shown inside the container.
    pub mounts: Vec<Mount>,
    /// The running container of the same Pod whose processes this one shares (`targetContainerName`).
    pub processes_of: Option<ContainerId>,
    /// Who the process is and what it may.
    pub security: Security,
    /// What it may use.
    pub limits: Limits,
}

/// What a container sees at a path of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSource {
    /// A directory or file that exists, beneath the directory that the runtime was told to be the node's volumes.
    /// It belongs to whom the container shall see as its owner: 0 is the container's root.
    Path(PathBuf),
    /// What is in an image, from its unpacked layers, lowest first; it can't be written.
    Image {
        /// As the image store gives them.
        layers: Vec<PathBuf>,
        /// Only this path of it; empty is all.
        path: String,
    },
    /// A file system in memory, made with its first use, shared by the containers of the Pod, gone with its sandbox.
    Memory {
        /// Tells the memory volumes of a Pod apart.
        name: String,
        /// Bytes it may hold; `None` leaves only the containers' own memory limits.
        size: Option<u64>,
    },
}

/// A directory or file of the node shown inside a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What is shown.
    pub source: MountSource,
    /// Absolute path in the container; made if it is missing.
    pub target: String,
    /// Whether the container may only read it.
    pub read_only: bool,
}

/// Who a container's process is and what it may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    /// User id; 0 unless the image or the manifest says otherwise.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
    /// Whether the root file system can't be written.
    pub read_only_root: bool,
    /// Capabilities added to containerd's default set, without `CAP_`; `ALL` for all.
    pub add_capabilities: Vec<String>,
    /// Capabilities taken from it.
    pub drop_capabilities: Vec<String>,
    /// Everything that the Pod's own user namespace allows; never more than that.
    pub privileged: bool,
}

/// What a container may use. `None` is no limit beyond the sandbox's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes.
    pub memory: Option<u64>,
    /// Thousandths of a processor.
    pub cpu_milli: Option<u64>,
    /// Its part of the processors where there is not enough for all: `cpu.shares` of control groups, 1024 for who says
    /// nothing.
    pub cpu_shares: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u64>,
}

impl Limits {
    /// The larger of each bound, and the other's part of the processors.
    pub fn wider(&self, other: &Self) -> Self {
        let larger = |own: Option<u64>, others: Option<u64>| own.zip(others).map(|(own, others)| own.max(others));
        Self {
            memory: larger(self.memory, other.memory),
            cpu_milli: larger(self.cpu_milli, other.cpu_milli),
            cpu_shares: other.cpu_shares,
            pids: larger(self.pids, other.pids),
        }
    }
}

/// How much of something there may be, and how much there is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// At most.
    pub limit: u64,
    /// Now.
    pub used: u64,
}

/// What all containers of a sandbox may use together, and do; `None` where nothing bounds them or nobody counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Memory that is in use and can't be dropped.
    pub memory: Option<Bound>,
    /// Files of containers and volumes.
    pub disk: Option<Bound>,
}

/// The two ends that come back from a started container or exec.
pub struct Streams {
    /// Standard output; of a terminal, everything it shows.
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// Standard error; `None` with a terminal.
    pub stderr: Option<Box<dyn AsyncRead + Send + Unpin>>,
    /// Standard input, when it was asked for.
    pub stdin: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Sets the terminal's size in columns and rows, when there is one.
    pub resize: Option<Box<dyn Fn(u16, u16) + Send + Sync>>,
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}

/// A process that was started: its streams, and its end when it comes.
#[derive(Debug)]
pub struct Process {
    /// When `execve` had succeeded.
    pub started_at: Timestamp,
    /// Its standard streams.
    pub streams: Streams,
    /// Resolves once, when the process has ended. An error here means that the runtime itself is gone.
    pub exit: tokio::sync::oneshot::Receiver<Exit>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// 0 to 255; 128 + the signal's number when a signal ended it.
    pub code: i32,
    /// The signal that ended it, or 0.
    pub signal: i32,
    /// Whether the kernel ended it for want of memory.
    pub oom_killed: bool,
    /// When.
    pub at: Timestamp,
}

/// Why the runtime could not do it.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum RuntimeError {
    /// The program could not be executed, in the whole text that containerd hands to the kubelet: `failed to create
    /// containerd task: … exec: "nope": executable file not found in $PATH` for a container, which then counts as ended
    /// with exit code 128; `failed to exec in container: failed to start exec "…": …` for an exec.
    #[error("{0}")]
    Start(String),
    /// No such sandbox or container, or it has ended.
    #[error("{0} not found")]
    NotFound(String),
    /// This machine can't run containers; what is missing and what to do.
    #[error("{0}")]
    Unavailable(String),
    /// Anything else the kernel refused.
    #[error("{0}")]
    Failed(String),
}

/// A command to run in a running container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecSpec {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Whether a terminal is wanted.
    pub tty: bool,
    /// Whether standard input is wanted.
    pub stdin: bool,
}

/// A byte stream into a Pod's port.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// What the node asks of a container runtime. One runtime serves one learner's sandbox; when it is dropped, all its
/// processes end.
pub trait Runtime: Send + Sync + 'static {
    /// What `status.nodeInfo.containerRuntimeVersion` says, such as `containerd://2.1.0`.
    fn version(&self) -> String;
    /// Makes new files of a volume that containers see already belong to whom these shall see as their owners, where that
    /// is not so by itself.
    ///
    /// # Errors
    /// They are not there, or the system forbids it.
    fn own(&self, _files: &Path) -> io::Result<()> {
        Ok(())
    }
    /// What it can't do on this machine.
    fn caveats(&self) -> Vec<Caveat>;
    /// Makes a Pod's sandbox.
    fn create_sandbox(&self, spec: SandboxSpec) -> RuntimeFuture<()>;
    /// Ends what still runs in it and takes it away. Removing what is gone is no error.
    fn remove_sandbox(&self, id: SandboxId) -> RuntimeFuture<()>;
    /// Starts a container. [`RuntimeError::Start`] when its program can't be executed.
    fn start_container(&self, spec: ContainerSpec) -> RuntimeFuture<Process>;
    /// Sends a signal to a container's first process. A container that has ended is no error.
    fn signal(&self, id: ContainerId, signal: i32) -> RuntimeFuture<()>;
    /// Takes an ended container's file system away.
    fn remove_container(&self, id: ContainerId) -> RuntimeFuture<()>;
    /// Runs a command in a running container.
    fn exec(&self, id: ContainerId, spec: ExecSpec) -> RuntimeFuture<Process>;
    /// Connects from within a Pod: to its own address as a probe does, to 127.0.0.1 as port forwarding does. A refusal
    /// is [`RuntimeError::Failed`] with `connect: connection refused`, as Go words it.
    fn connect(&self, id: SandboxId, to: SocketAddrV4) -> RuntimeFuture<Box<dyn Connection>>;
    /// Bytes of memory and thousandths of a processor a container uses now.
    fn usage(&self, id: ContainerId) -> RuntimeFuture<Usage>;
    /// What all containers of the sandbox may use together, and do.
    fn room(&self) -> RuntimeFuture<Room>;
    /// Gives a running container other limits; `None` leaves one as it is.
    fn update(&self, id: ContainerId, limits: Limits) -> RuntimeFuture<()>;
    /// Gives the containers of a Pod other limits together; `None` leaves one as it is.
    fn update_sandbox(&self, id: SandboxId, limits: Limits) -> RuntimeFuture<()>;
    /// Bytes that a container has written to its root file system.
    fn on_disk(&self, id: ContainerId) -> RuntimeFuture<u64>;
    /// Puts rules for the Pods' network in place of those before; before the first Pod they only are kept.
    fn set_network(&self, rules: NetworkRules) -> RuntimeFuture<()>;
    /// Has Pods' questions at [`network::NAME_SERVER`] answered.
    fn set_names(&self, names: Arc<dyn Names>);
    /// Has Pods' connections to [`network::API_SERVICE`] and [`network::API_SERVER`] served.
    fn set_api(&self, api: Arc<dyn ApiServer>);
    /// Ends everything. Further calls fail.
    fn shutdown(&self) -> BoxFuture<'static, ()>;
}

/// What a container uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes.
    pub memory: u64,
    /// Nanoseconds of processor time since it started.
    pub cpu_nanos: u64,
}

/// Something that a runtime can't do on this machine: a condition of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caveat {
    /// The condition's type.
    pub kind: &'static str,
    /// Its reason.
    pub reason: &'static str,
    /// What is missing and what to do.
    pub message: String,
}
