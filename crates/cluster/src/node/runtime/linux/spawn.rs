//! Starting an agent.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ffi::OsString,
    fs::File,
    io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Mutex, PoisonError},
};

use nix::{
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::{
        memfd::{MFdFlags, memfd_create},
        socket::{AddressFamily, SockFlag, SockType, socketpair},
    },
};
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
};

use super::{
    channel::{self, Channel},
    streams,
    wire::{self, Report, Setup},
};
use crate::node::runtime::RuntimeError;

/// The program that becomes the agent, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentProgram {
    /// The file; it must call [`agent_main`](super::agent_main) when it gets `arguments`.
    pub path: PathBuf,
    /// What it is called with.
    pub arguments: Vec<OsString>,
}

impl AgentProgram {
    /// This very program, called with [`AGENT_ARGUMENT`](super::AGENT_ARGUMENT).
    pub fn this_program() -> Self {
        // The link names the running program even when its file has been replaced, as a new build does.
        Self { path: PathBuf::from("/proc/self/exe"), arguments: vec![super::AGENT_ARGUMENT.into()] }
    }
}

/// A running agent: what one says to it, and its janitor.
#[derive(Debug)]
pub(super) struct Started {
    pub channel: Channel,
    pub janitor: Child,
    /// Whether it has copies of its own of the images' layers.
    pub copies: bool,
}

/// Starts an agent and waits until it takes orders.
pub(super) async fn start(program: &AgentProgram, setup: &Setup, joins: &[OwnedFd]) -> Result<Started, RuntimeError> {
    let refused = |what: &str, error: io::Error| RuntimeError::Unavailable(format!("{what}: {error}"));
    let flags = SockFlag::SOCK_CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)
        .map_err(|error| refused("make a socket pair", error.into()))?;
    let file =
        executable(&program.path).map_err(|error| refused(&format!("read {}", program.path.display()), error))?;
    let mut janitor = command(&file, &program.arguments, theirs)
        .spawn()
        .map_err(|error| refused(&format!("start {}", program.path.display()), error))?;
    wire::send(ours.as_fd(), setup, &wire::borrowed(joins))
        .map_err(|error| refused("reach the node's agent", error))?;
    let socket = streams::watched(ours).map_err(|error| refused("watch a socket", error))?;
    match channel::receive(&socket).await {
        Ok(Some((Report::Ready { copies }, _))) => Ok(Started { channel: Channel::new(socket), janitor, copies }),
        Ok(Some((Report::Broken(why), _))) => {
            Err(RuntimeError::Unavailable(format!("containers can't be run here: {why}")))
        }
        _ => Err(RuntimeError::Unavailable(format!(
            "the node's agent ended at once: {}",
            last_words(&mut janitor).await
        ))),
    }
}

/// What is really executed. The agent's processes become containers' processes, which the kernel lets look at their
/// executable until they execute another (/proc/self/exe, CVE-2019-5736). Root's belongs to nobody in a container; an
/// ordinary user's own would be the container's root's own, so that one executes a copy in memory that can't be
/// written any more. One copy serves all sandboxes.
fn executable(path: &Path) -> io::Result<PathBuf> {
    static COPIES: Mutex<BTreeMap<PathBuf, File>> = Mutex::new(BTreeMap::new());
    if nix::unistd::geteuid().is_root() {
        return Ok(path.to_owned());
    }
    let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
    let copy = match copies.entry(path.to_owned()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(sealed_copy(path)?),
    };
    // The number means the same in the child, which has it until it executes it.
    Ok(PathBuf::from(format!("/proc/self/fd/{}", copy.as_raw_fd())))
}

fn sealed_copy(path: &Path) -> io::Result<File> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut copy = File::from(memfd_create("podyard-node", flags)?);
    io::copy(&mut File::open(path)?, &mut copy)?;
    let seals = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&copy, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(copy)
}

fn command(path: &Path, arguments: &[OsString], socket: OwnedFd) -> Command {
    let mut command = Command::new(path);
    command
        .arg0("podyard-node")
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

async fn last_words(janitor: &mut Child) -> String {
    let mut text = String::new();
    if let Some(stderr) = &mut janitor.stderr {
        // A program that said nothing is described by its exit status.
        let _ = stderr.read_to_string(&mut text).await;
    }
    match janitor.wait().await {
        Ok(status) if text.trim().is_empty() => status.to_string(),
        Ok(_) => text.trim().to_owned(),
        Err(error) => error.to_string(),
    }
}
