//! What a command needs of the world around it.

use std::{fmt, io, sync::Arc};

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

/// Everything that a command reads from or writes to.
pub struct Env {
    /// The cluster.
    pub client: kube::Client,
    /// The namespace when no flag names one.
    pub namespace: String,
    /// Where `-f` looks.
    pub files: Arc<dyn Files>,
    /// Standard input.
    pub stdin: Box<dyn AsyncRead + Send + Unpin>,
    /// Standard output; a command waits while it is full.
    pub stdout: Box<dyn AsyncWrite + Send + Unpin>,
    /// Standard error.
    pub stderr: Box<dyn AsyncWrite + Send + Unpin>,
    /// Now.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Ends the command as Ctrl-C does.
    pub cancel: CancellationToken,
    /// Where `port-forward` listens.
    pub ports: Arc<dyn Ports>,
    /// The terminal, when standard input and output are one.
    pub terminal: Option<Terminal>,
    /// Lets a person change a text (`kubectl edit`); `None` where there is no editor.
    pub editor: Option<Arc<dyn Editor>>,
    /// The kubeconfig behind `client`.
    pub kubeconfig: Arc<dyn Kubeconfig>,
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// The files a command may name.
pub trait Files: Send + Sync {
    /// A file's bytes.
    fn read(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<u8>>>;
    /// Replaces or makes a file.
    fn write(&self, path: &str, bytes: &[u8]) -> BoxFuture<'_, io::Result<()>>;
    /// The names in a folder, sorted; an error of kind `NotADirectory` for a file.
    fn list(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<String>>>;
    /// Whether a URL may be fetched, and how; `None` refuses.
    fn fetch(&self, _url: &str) -> Option<BoxFuture<'_, io::Result<Vec<u8>>>> {
        None
    }
}

/// A byte stream of a forwarded connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where `port-forward` listens: real sockets for the program, the page's own preview for a learner.
pub trait Ports: Send + Sync {
    /// Listens on a local address and port (0: any).
    fn listen(&self, address: &str, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>>;
}

/// One listening port.
pub trait Listener: Send {
    /// The port it got.
    fn port(&self) -> u16;
    /// The next connection.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Stream>>>;
}

/// A terminal.
#[derive(Clone)]
pub struct Terminal {
    /// Columns and rows, as they change.
    pub size: tokio::sync::watch::Receiver<(u16, u16)>,
    /// Until what it returns is dropped, every key goes to the container: no echo, no line editing, no Ctrl-C of ours.
    pub raw: Arc<dyn Fn() -> Box<dyn Send> + Send + Sync>,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").field("size", &*self.size.borrow()).finish_non_exhaustive()
    }
}

/// Where `config` reads and writes, and what `cluster-info` calls the server.
pub trait Kubeconfig: Send + Sync {
    /// The address of the server.
    fn server(&self) -> String;
    /// How messages name the file.
    fn path(&self) -> String;
    /// The whole as YAML or JSON; empty when there is none.
    fn read(&self) -> BoxFuture<'_, io::Result<String>>;
    /// Replaces the whole.
    fn write(&self, text: String) -> BoxFuture<'_, io::Result<()>>;
}

/// The kubeconfig of a cluster that a command cannot leave: it may be read, not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlyCluster {
    /// The address of the server.
    pub server: String,
    /// The namespace of its context.
    pub namespace: String,
}

impl Kubeconfig for OnlyCluster {
    fn server(&self) -> String {
        self.server.clone()
    }

    fn path(&self) -> String {
        "the kubeconfig of this sandbox".to_owned()
    }

    fn read(&self) -> BoxFuture<'_, io::Result<String>> {
        let config = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "podyard",
            "clusters": [{"name": "podyard", "cluster": {"server": self.server}}],
            "contexts": [{"name": "podyard", "context": {"cluster": "podyard", "namespace": self.namespace, "user": "podyard"}}],
            "users": [{"name": "podyard", "user": {}}],
        });
        Box::pin(std::future::ready(Ok(config.to_string())))
    }

    fn write(&self, _: String) -> BoxFuture<'_, io::Result<()>> {
        let why = "the kubeconfig of this sandbox cannot be changed: say -n NAMESPACE with each command";
        Box::pin(std::future::ready(Err(io::Error::new(io::ErrorKind::PermissionDenied, why))))
    }
}

/// A person's editor.
pub trait Editor: Send + Sync {
    /// Shows `text` under `name` and gives what came of it.
    fn edit(&self, name: &str, text: String) -> BoxFuture<'_, io::Result<String>>;
    /// Keeps a text that could not be saved, and says where; `None` where texts are not kept.
    fn keep(&self, _name: &str, _text: String) -> BoxFuture<'_, io::Result<Option<String>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
