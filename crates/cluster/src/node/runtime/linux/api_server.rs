//! The API for Pods: its sockets are in the sandbox's own network, what it knows is the server's.

use std::{io, net::TcpListener as StdListener, os::fd::OwnedFd, sync::Arc};

use tokio::{
    net::TcpListener,
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
};

use crate::node::runtime::{RuntimeError, network::ApiServer};

/// How many connections of Pods are served at a time; others wait. A client that watches has a few.
const CONNECTIONS: usize = 64;

/// How long nobody is let in after that failed.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Lets Pods' connections in; it ends, and they with it, when this is dropped.
#[derive(Debug)]
pub(super) struct ApiListener(Vec<JoinHandle<()>>);

impl ApiListener {
    /// Serves on the sockets that the agent has made.
    pub(super) fn start(sockets: Vec<OwnedFd>, api: &Arc<dyn ApiServer>) -> Result<Self, RuntimeError> {
        let refused = |error: io::Error| RuntimeError::Failed(format!("serve the API to Pods: {error}"));
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let listen = |socket| -> Result<JoinHandle<()>, RuntimeError> {
            let listener = TcpListener::from_std(StdListener::from(socket)).map_err(refused)?;
            Ok(tokio::spawn(accept(listener, Arc::clone(api), Arc::clone(&room))))
        };
        sockets.into_iter().map(listen).collect::<Result<_, _>>().map(Self)
    }
}

impl Drop for ApiListener {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

async fn accept(listener: TcpListener, api: Arc<dyn ApiServer>, room: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // There may be no descriptors left: to ask again at once would give nobody the time to return one.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Answers are written whole; one that waits for more of itself only comes later.
        let _ = stream.set_nodelay(true);
        let serving = api.serve(Box::new(stream));
        connections.spawn(async move {
            serving.await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
}
