//! Ports that `kubectl port-forward` holds open: in place of the machine's own, each session has a "localhost".

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use futures::future::BoxFuture;
use podyard_kubectl::env::{Listener, Ports, Stream};
use tokio::{
    io::DuplexStream,
    sync::{mpsc, watch},
};

use super::ids::Token;

/// How many ports a session may hold open.
const MAX_FORWARDS: usize = 16;
/// How many connections may wait to be accepted.
const BACKLOG: usize = 32;
/// What a connection holds in each direction.
const BUFFER: usize = 64 * 1024;
/// Where port 0 looks for a free one: the range Linux uses.
const EPHEMERAL: std::ops::RangeInclusive<u16> = 32768..=60999;

/// An open port as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// The port on the learner's "localhost".
    pub port: u16,
    /// `pod/pythonapp`
    pub target: String,
    /// What the preview's address carries.
    pub token: Token,
}

#[derive(Debug)]
struct Open {
    target: String,
    token: Token,
    connections: mpsc::Sender<DuplexStream>,
}

/// The open ports of one session. Clones share them.
#[derive(Debug, Clone)]
pub struct Forwards(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    open: Mutex<BTreeMap<u16, Open>>,
    changed: watch::Sender<Vec<Forward>>,
}

impl Default for Forwards {
    fn default() -> Self {
        Self(Arc::new(Inner { open: Mutex::default(), changed: watch::Sender::new(Vec::new()) }))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u16, Open>> {
        self.open.lock().expect("nothing panics while it holds the ports")
    }

    fn announce(&self, open: &BTreeMap<u16, Open>) {
        let forward =
            |(port, o): (&u16, &Open)| Forward { port: *port, target: o.target.clone(), token: o.token.clone() };
        self.changed.send_replace(open.iter().map(forward).collect());
    }
}

impl Forwards {
    /// What is open, and when that changes.
    pub fn watch(&self) -> watch::Receiver<Vec<Forward>> {
        self.0.changed.subscribe()
    }

    /// Where a forward to `target` listens.
    pub fn ports(&self, target: &str) -> Arc<dyn Ports> {
        Arc::new(TargetPorts { forwards: self.clone(), target: target.to_owned() })
    }

    /// A connection to a port; `ConnectionRefused` when nothing listens there or too many wait.
    pub fn connect(&self, port: u16) -> io::Result<DuplexStream> {
        let connections = self.0.lock().get(&port).map(|open| open.connections.clone());
        connect(connections)
    }

    /// A connection to the port whose preview has this token.
    pub fn connect_preview(&self, token: &str) -> io::Result<DuplexStream> {
        let connections = self.0.lock().values().find(|o| o.token.matches(token)).map(|o| o.connections.clone());
        connect(connections)
    }

    fn listen(&self, port: u16, target: &str) -> io::Result<PreviewListener> {
        let mut open = self.0.lock();
        if open.len() >= MAX_FORWARDS {
            return Err(io::Error::other(format!("{MAX_FORWARDS} ports are open already")));
        }
        let port = match port {
            0 => EPHEMERAL.into_iter().find(|p| !open.contains_key(p)).ok_or(io::ErrorKind::AddrInUse)?,
            port => port,
        };
        if open.contains_key(&port) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (send, receive) = mpsc::channel(BACKLOG);
        open.insert(port, Open { target: target.to_owned(), token: Token::random(), connections: send });
        self.0.announce(&open);
        Ok(PreviewListener { port, connections: receive, forwards: self.clone() })
    }
}

fn connect(connections: Option<mpsc::Sender<DuplexStream>>) -> io::Result<DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(BUFFER);
    let connections = connections.ok_or(io::ErrorKind::ConnectionRefused)?;
    connections.try_send(theirs).map_err(|_| io::ErrorKind::ConnectionRefused)?;
    Ok(ours)
}

struct TargetPorts {
    forwards: Forwards,
    target: String,
}

impl Ports for TargetPorts {
    fn listen(&self, address: &str, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        // kubectl listens on 127.0.0.1 and on ::1 beside it; here they are the same port, and the first takes all.
        let listening = match (address, port) {
            ("::1", 0) => Err(io::ErrorKind::AddrNotAvailable.into()),
            ("::1", port) => Ok(Box::new(SamePort(port)) as Box<dyn Listener>),
            _ => self.forwards.listen(port, &self.target).map(|l| Box::new(l) as Box<dyn Listener>),
        };
        Box::pin(async move { listening })
    }
}

/// The IPv6 side of a port, whose connections all come to the other side.
struct SamePort(u16);

impl Listener for SamePort {
    fn port(&self) -> u16 {
        self.0
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(std::future::pending())
    }
}

/// Closes its port when it is dropped.
struct PreviewListener {
    port: u16,
    connections: mpsc::Receiver<DuplexStream>,
    forwards: Forwards,
}

impl Listener for PreviewListener {
    fn port(&self) -> u16 {
        self.port
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let stream = self.connections.recv().await.ok_or(io::ErrorKind::ConnectionAborted)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

impl Drop for PreviewListener {
    fn drop(&mut self) {
        let mut open = self.forwards.0.lock();
        open.remove(&self.port);
        self.forwards.0.announce(&open);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_forward_is_announced_reachable_and_gone_when_its_command_ends() {
        let forwards = Forwards::default();
        let mut watch = forwards.watch();
        let mut listener = forwards.ports("pod/pythonapp").listen("127.0.0.1", 5000).await.unwrap();
        watch.changed().await.unwrap();
        let shown = watch.borrow_and_update().clone();
        assert_eq!((shown[0].port, shown[0].target.as_str()), (5000, "pod/pythonapp"));

        let mut browser = forwards.connect_preview(shown[0].token.as_str()).unwrap();
        browser.write_all(b"GET").await.unwrap();
        let mut stream = listener.accept().await.unwrap();
        let mut got = [0; 3];
        stream.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"GET");

        assert!(forwards.connect_preview("0").is_err() && forwards.connect(5001).is_err());
        drop(listener);
        assert_eq!(*watch.borrow_and_update(), []);
        assert_eq!(forwards.connect(5000).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }

    #[tokio::test]
    async fn a_port_is_taken_once_and_any_port_is_a_free_one() {
        let forwards = Forwards::default();
        let ports = forwards.ports("pod/a");
        let _first = ports.listen("127.0.0.1", 8080).await.unwrap();
        assert_eq!(ports.listen("127.0.0.1", 8080).await.err().unwrap().kind(), io::ErrorKind::AddrInUse);
        let (a, b) = (ports.listen("127.0.0.1", 0).await.unwrap(), ports.listen("127.0.0.1", 0).await.unwrap());
        assert_ne!(a.port(), b.port());
    }
}
