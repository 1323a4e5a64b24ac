//! What probes and lifecycle hooks do: run a command in the container, ask over HTTP, connect, ask over gRPC.

mod grpc;
mod http;

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
    time::Duration,
};

use k8s_openapi::{
    api::core::v1::{Container, HTTPGetAction},
    apimachinery::pkg::util::intstr::IntOrString,
};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::runtime::{Connection, ContainerId, ExecSpec, Runtime, RuntimeError, SandboxId};

/// So much of a command's output is kept (the kubelet's `maxReadLength`).
const OUTPUT_BYTES: usize = 10 * 1024;

/// Whom a handler is for.
#[derive(Clone)]
pub struct Target {
    /// What runs the container.
    pub runtime: Arc<dyn Runtime>,
    /// The Pod's sandbox.
    pub sandbox: SandboxId,
    /// The Pod's address.
    pub address: Ipv4Addr,
    /// The container's id.
    pub id: ContainerId,
    /// The container's manifest, which names its ports.
    pub container: Container,
}

/// What a command said, which the kubelet hears one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// On standard output.
    pub stdout: String,
    /// On standard error.
    pub stderr: String,
}

impl Said {
    /// Both, as far as they are kept.
    pub fn both(self) -> String {
        let mut bytes = (self.stdout + &self.stderr).into_bytes();
        bytes.truncate(OUTPUT_BYTES);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It went well; what was said.
    Success(String),
    /// It went well, but for something a learner should know.
    Warning(String),
    /// It did not; what was said.
    Failure(String),
    /// It could not even be tried.
    Unknown(String),
}

impl Target {
    /// Runs a command to its end; gives its exit code and what it said.
    ///
    /// # Errors
    /// It could not be run, or took too long.
    pub async fn command(&self, command: &[String], timeout: Duration) -> Result<(i32, Said), Outcome> {
        let spec = ExecSpec { argv: command.to_vec(), tty: false, stdin: false };
        let not_running = || Outcome::Unknown("container not running".to_owned());
        let run = async {
            let process = match self.runtime.exec(self.id.clone(), spec).await {
                Ok(process) => process,
                Err(RuntimeError::NotFound(_)) => return Err(not_running()),
                Err(error) => return Err(Outcome::Unknown(format!("rpc error: code = Unknown desc = {error}"))),
            };
            let stderr = process.streams.stderr.unwrap_or_else(|| Box::new(tokio::io::empty()));
            let (stdout, stderr) = tokio::join!(read(process.streams.stdout), read(stderr));
            let exit = process.exit.await.map_err(|_| not_running())?;
            Ok((exit.code, Said { stdout, stderr }))
        };
        tokio::time::timeout(timeout, run).await.unwrap_or_else(|_| {
            let (text, seconds) = (command.join(" "), timeout.as_secs());
            Err(Outcome::Failure(format!("command timed out: {text:?} timed out after {seconds}s")))
        })
    }

    /// Runs a command; exit code 0 is success.
    pub async fn exec(&self, command: &[String], timeout: Duration) -> Outcome {
        match self.command(command, timeout).await {
            Ok((0, said)) => Outcome::Success(said.both()),
            Ok((_, said)) => Outcome::Failure(said.both()),
            Err(outcome) => outcome,
        }
    }

    /// Asks over HTTP; a code from 200 to 399 is success.
    pub async fn http(&self, action: &HTTPGetAction, agent: &str, timeout: Duration) -> Outcome {
        let Some(port) = self.port(&action.port) else { return Outcome::Unknown(unknown_port(&action.port)) };
        http::get(self, action, port, agent, timeout).await
    }

    /// Connects; that is all.
    pub async fn tcp(&self, host: Option<&str>, port: &IntOrString, timeout: Duration) -> Outcome {
        let Some(number) = self.port(port) else { return Outcome::Unknown(unknown_port(port)) };
        match self.connect(host, number, timeout).await {
            Ok(_) => Outcome::Success(String::new()),
            Err(why) => Outcome::Failure(why),
        }
    }

    /// Asks `grpc.health.v1.Health`.
    pub async fn grpc(&self, port: i32, service: &str, timeout: Duration) -> Outcome {
        let Ok(port) = u16::try_from(port) else { return Outcome::Unknown(format!("invalid port {port}")) };
        grpc::check(self, port, service, timeout).await
    }

    /// A connection to the Pod, or why there is none, in Go's words.
    async fn connect(&self, host: Option<&str>, port: u16, timeout: Duration) -> Result<Box<dyn Connection>, String> {
        let to = self.to(host, port);
        let connect = self.runtime.connect(self.sandbox.clone(), to);
        match tokio::time::timeout(timeout, connect).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(format!("dial tcp {to}: {error}")),
            Err(_) => Err(format!("dial tcp {to}: i/o timeout")),
        }
    }

    /// Where a request goes: to the Pod, unless the manifest names another address.
    fn to(&self, host: Option<&str>, port: u16) -> SocketAddrV4 {
        let named = host.and_then(|host| host.parse().ok());
        SocketAddrV4::new(named.unwrap_or(self.address), port)
    }

    /// A port by number, or by the name the container gives it.
    fn port(&self, port: &IntOrString) -> Option<u16> {
        match port {
            IntOrString::Int(number) => u16::try_from(*number).ok(),
            IntOrString::String(name) => {
                let ports = self.container.ports.iter().flatten();
                let named = ports.into_iter().find(|port| port.name.as_ref() == Some(name));
                let number = named.map(|port| port.container_port).or_else(|| name.parse().ok())?;
                u16::try_from(number).ok()
            }
        }
    }
}

fn unknown_port(port: &IntOrString) -> String {
    match port {
        IntOrString::Int(number) => format!("invalid port number: {number}"),
        IntOrString::String(name) => format!("strconv.Atoi: parsing {name:?}: invalid syntax"),
    }
}

/// What a command writes, up to [`OUTPUT_BYTES`]; what comes then is read and forgotten.
async fn read(mut from: Box<dyn AsyncRead + Send + Unpin>) -> String {
    let (mut text, mut piece) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        text.extend_from_slice(&piece[..count.min(OUTPUT_BYTES - text.len())]);
    }
    String::from_utf8_lossy(&text).into_owned()
}
