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
    /// Runs a command to its end; gives its exit code and what it said on both outputs.
    ///
    /// # Errors
    /// It could not be run, or took too long.
    pub async fn command(&self, command: &[String], timeout: Duration) -> Result<(i32, String), Outcome> {
        let spec = ExecSpec { argv: command.to_vec(), tty: false, stdin: false };
        let not_running = || Outcome::Unknown("container not running".to_owned());
        let run = async {
            let process = match self.runtime.exec(self.id.clone(), spec).await {
                Ok(process) => process,
                Err(RuntimeError::NotFound(_)) => return Err(not_running()),
                Err(error) => return Err(Outcome::Unknown(format!("rpc error: code = Unknown desc = {error}"))),
            };
            let output = read_both(process.streams.stdout, process.streams.stderr).await;
            let exit = process.exit.await.map_err(|_| not_running())?;
            Ok((exit.code, output))
        };
        tokio::time::timeout(timeout, run).await.unwrap_or_else(|_| {
            let (text, seconds) = (command.join(" "), timeout.as_secs());
            Err(Outcome::Failure(format!("command timed out: {text:?} timed out after {seconds}s")))
        })
    }

    /// Runs a command; exit code 0 is success.
    pub async fn exec(&self, command: &[String], timeout: Duration) -> Outcome {
        match self.command(command, timeout).await {
            Ok((0, said)) => Outcome::Success(said),
            Ok((_, said)) => Outcome::Failure(said),
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

/// Both outputs, in the order they come, up to [`OUTPUT_BYTES`].
async fn read_both(
    mut out: Box<dyn AsyncRead + Send + Unpin>,
    err: Option<Box<dyn AsyncRead + Send + Unpin>>,
) -> String {
    let mut err = err.unwrap_or_else(|| Box::new(tokio::io::empty()));
    let (mut text, mut more_out, mut more_err) = (Vec::new(), true, true);
    let (mut from_out, mut from_err) = ([0; 1024], [0; 1024]);
    while more_out || more_err {
        tokio::select! {
            read = out.read(&mut from_out), if more_out => match read {
                Ok(count @ 1..) => text.extend_from_slice(&from_out[..count]),
                _ => more_out = false,
            },
            read = err.read(&mut from_err), if more_err => match read {
                Ok(count @ 1..) => text.extend_from_slice(&from_err[..count]),
                _ => more_err = false,
            },
        }
    }
    text.truncate(OUTPUT_BYTES);
    String::from_utf8_lossy(&text).into_owned()
}
