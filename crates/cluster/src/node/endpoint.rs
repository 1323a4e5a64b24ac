//! What the API server asks of a node: the kubelet's own HTTP endpoints, without HTTP.

use std::net::SocketAddrV4;

use bytes::Bytes;
use futures::{future::BoxFuture, stream::BoxStream};
use jiff::Timestamp;

use super::runtime::{Connection, ExecSpec, Process};

/// Which lines of a container's log are wanted (the query of `GET …/pods/x/log`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogOptions {
    /// The container; the API server has filled it in and checked that the Pod has it.
    pub container: String,
    /// Go on as it grows.
    pub follow: bool,
    /// The run before this one.
    pub previous: bool,
    /// Put the time before each line.
    pub timestamps: bool,
    /// Only so many lines from the end.
    pub tail_lines: Option<u64>,
    /// Only what is younger than this.
    pub since: Option<Timestamp>,
    /// Stop after so many bytes.
    pub limit_bytes: Option<u64>,
}

/// Why the node could not do it: the HTTP code and the text the API server passes on.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct EndpointError {
    /// 400, 404 or 500.
    pub code: u16,
    /// In the kubelet's words.
    pub message: String,
}

/// What one container uses now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerUsage {
    /// The Pod's namespace.
    pub namespace: String,
    /// The Pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// Nanoseconds of processor time per second.
    pub cpu_nanos: u64,
    /// Bytes.
    pub memory: u64,
}

/// The kubelet's endpoints. Pods are named by namespace and name.
pub trait NodeEndpoint: Send + Sync + 'static {
    /// A container's log as bytes.
    fn logs(
        &self,
        namespace: &str,
        pod: &str,
        options: LogOptions,
    ) -> BoxFuture<'static, Result<BoxStream<'static, Bytes>, EndpointError>>;
    /// Runs a command in a container.
    fn exec(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        spec: ExecSpec,
    ) -> BoxFuture<'static, Result<Process, EndpointError>>;
    /// Joins a container's own streams from now on.
    fn attach(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        stdin: bool,
    ) -> BoxFuture<'static, Result<Process, EndpointError>>;
    /// What the running containers use.
    fn usage(&self) -> BoxFuture<'static, Vec<ContainerUsage>>;
    /// A connection to an address, made from inside a Pod.
    fn connect(
        &self,
        namespace: &str,
        pod: &str,
        to: SocketAddrV4,
    ) -> BoxFuture<'static, Result<Box<dyn Connection>, EndpointError>>;
}
