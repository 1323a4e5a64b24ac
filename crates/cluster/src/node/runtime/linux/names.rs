//! The cluster's name server: its sockets are in the sandbox's own network, its knowledge is the server's.

use std::{
    io,
    net::{TcpListener as StdListener, UdpSocket as StdSocket},
    os::fd::OwnedFd,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::Semaphore,
    task::JoinHandle,
};

use crate::node::runtime::{RuntimeError, network::Names};

/// The most bytes of an answer by UDP, as no client here asks for more (RFC 1035, 4.2.1).
const DATAGRAM: usize = 512;
/// A query is one question: a name of at most 255 bytes.
const QUERY: usize = 2048;
/// How many connections are served at a time; others wait.
const CONNECTIONS: usize = 32;
/// How long a connection may be silent.
const PATIENCE: Duration = Duration::from_secs(5);

/// A name server at work; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct NameServer([JoinHandle<()>; 2]);

impl NameServer {
    /// Answers on the sockets that the agent has made.
    pub(super) fn start(sockets: Vec<OwnedFd>, names: &Arc<dyn Names>) -> Result<Self, RuntimeError> {
        let refused = |error: io::Error| RuntimeError::Failed(format!("serve names: {error}"));
        let [udp, tcp] = <[OwnedFd; 2]>::try_from(sockets)
            .map_err(|_| RuntimeError::Failed("the node's agent sent no sockets".to_owned()))?;
        let udp = UdpSocket::from_std(StdSocket::from(udp)).map_err(refused)?;
        let tcp = TcpListener::from_std(StdListener::from(tcp)).map_err(refused)?;
        Ok(Self([
            tokio::spawn(answer_datagrams(udp, Arc::clone(names))),
            tokio::spawn(answer_connections(tcp, Arc::clone(names))),
        ]))
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn answer_datagrams(socket: UdpSocket, names: Arc<dyn Names>) {
    let mut query = [0; QUERY];
    loop {
        // An error is about one datagram, such as an answer that its asker did not wait for.
        let Ok((length, from)) = socket.recv_from(&mut query).await else { continue };
        if let Some(answer) = names.answer(&query[..length], DATAGRAM) {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn answer_connections(listener: TcpListener, names: Arc<dyn Names>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let names = Arc::clone(&names);
        tokio::spawn(async move {
            // Whoever is silent, or does not speak DNS, is left.
            let _ = tokio::time::timeout(PATIENCE, answer_connection(stream, &*names)).await;
            drop(place);
        });
    }
}

/// Queries and answers with their lengths before them (RFC 1035, 4.2.2), until the client has none left.
async fn answer_connection(mut stream: TcpStream, names: &dyn Names) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut query = vec![0; usize::from(length).min(QUERY)];
        stream.read_exact(&mut query).await?;
        let Some(answer) = names.answer(&query, usize::from(u16::MAX)) else { return Ok(()) };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        stream.write_u16(length).await?;
        stream.write_all(&answer).await?;
    }
}
