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

/// A person's editor.
pub trait Editor: Send + Sync {
    /// Shows `text` under `name` and gives what came of it.
    fn edit(&self, name: &str, text: String) -> BoxFuture<'_, io::Result<String>>;
}
