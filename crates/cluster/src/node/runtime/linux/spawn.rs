//! Starting an agent.

use std::{
    ffi::OsString,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    process::Stdio,
};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
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
}

/// Starts an agent and waits until it takes orders.
pub(super) async fn start(program: &AgentProgram, setup: &Setup, joins: &[OwnedFd]) -> Result<Started, RuntimeError> {
    let refused = |what: &str, error: std::io::Error| RuntimeError::Unavailable(format!("{what}: {error}"));
    let flags = SockFlag::SOCK_CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)
        .map_err(|error| refused("make a socket pair", error.into()))?;
    let mut janitor = command(&program.path, &program.arguments, theirs)
        .spawn()
        .map_err(|error| refused(&format!("start {}", program.path.display()), error))?;
    wire::send(ours.as_fd(), setup, &wire::borrowed(joins))
        .map_err(|error| refused("reach the node's agent", error))?;
    let socket = streams::watched(ours).map_err(|error| refused("watch a socket", error))?;
    match channel::receive(&socket).await {
        Ok(Some((Report::Ready, _))) => Ok(Started { channel: Channel::new(socket), janitor }),
        Ok(Some((Report::Broken(why), _))) => {
            Err(RuntimeError::Unavailable(format!("containers can't be run here: {why}")))
        }
        _ => Err(RuntimeError::Unavailable(format!(
            "the node's agent ended at once: {}",
            last_words(&mut janitor).await
        ))),
    }
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
