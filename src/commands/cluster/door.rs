//! One port for both: TLS for whoever begins with it, and plain http, which only this machine can reach.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::{ConnectInfo, Request, connect_info::Connected},
    middleware::Next,
    response::Response,
    serve::{IncomingStream, Listener},
};
use podyard_cluster::Credential;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

/// How long a client may take to say in which language it speaks, and to agree on keys.
const GREETING: Duration = Duration::from_secs(10);

/// How many connections may wait to be served.
const QUEUE: usize = 64;

/// What a TLS connection begins with: a record of a handshake.
const HANDSHAKE: u8 = 0x16;

/// A connection, in either form.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection, and what its client has shown.
pub(super) struct Guest {
    stream: Box<dyn Stream>,
    credential: Option<Credential>,
}

/// Lets connections in once they have agreed on how to speak.
pub(super) struct Door {
    address: SocketAddr,
    guests: mpsc::Receiver<(Guest, SocketAddr)>,
}

impl Door {
    /// Opens it on a listener.
    pub fn open(listener: TcpListener, tls: ServerConfig) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (send, guests) = mpsc::channel(QUEUE);
        tokio::spawn(receive(listener, TlsAcceptor::from(Arc::new(tls)), send));
        Ok(Self { address, guests })
    }
}

async fn receive(mut listener: TcpListener, tls: TlsAcceptor, send: mpsc::Sender<(Guest, SocketAddr)>) {
    loop {
        let accepted = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = send.closed() => return,
        };
        let (stream, address) = accepted;
        let (tls, send) = (tls.clone(), send.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(GREETING, greet(stream, tls)).await {
                // Whoever ends first leaves the other alone.
                Ok(Ok(guest)) => drop(send.send((guest, address)).await),
                Ok(Err(error)) => tracing::debug!(%error, "a client could not be understood"),
                Err(_) => tracing::debug!("a client said nothing"),
            }
        });
    }
}

async fn greet(stream: TcpStream, tls: TlsAcceptor) -> io::Result<Guest> {
    // Commands are small, and answers should not wait for more of the same.
    stream.set_nodelay(true)?;
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 || first[0] != HANDSHAKE {
        return Ok(Guest { stream: Box::new(stream), credential: None });
    }
    let stream = tls.accept(stream).await?;
    let shown = stream.get_ref().1.peer_certificates().is_some_and(|chain| !chain.is_empty());
    let credential = if shown { Credential::Administrator } else { Credential::Nothing };
    Ok(Guest { stream: Box::new(stream), credential: Some(credential) })
}

impl Listener for Door {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        match self.guests.recv().await {
            Some(guest) => guest,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// What the client of a connection has shown; nothing where it speaks plain http.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown(Option<Credential>);

impl Connected<IncomingStream<'_, Door>> for Shown {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self(stream.io().credential)
    }
}

/// Tells the API what the client has shown.
pub(super) async fn introduce(ConnectInfo(shown): ConnectInfo<Shown>, mut request: Request, next: Next) -> Response {
    if let Some(credential) = shown.0 {
        request.extensions_mut().insert(credential);
    }
    next.run(request).await
}

mod io_of_guest {
    //! A guest is its stream.

    use std::{
        io,
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::Guest;

    impl AsyncRead for Guest {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Guest {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.stream).poll_write(cx, buf)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }
}
