//! The streams between commands: bounded, clonable at the writing end, so that `2>&1` keeps the order of what was
//! written.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::SinkExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tokio_util::{io::StreamReader, sync::PollSender};

use super::Stream;

/// How many pieces may wait in a pipe, and how long one is: together what a kernel's pipe holds.
const PIECES: usize = 16;
const PIECE_BYTES: usize = 4096;

/// What goes through a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// What was written, and to which of the two streams.
    Bytes(Stream, Bytes),
    /// `clear`; only the console itself heeds it.
    Clear,
}

/// The writing end. Clones write to the same pipe.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    /// `None` is `/dev/null`.
    to: Option<PollSender<Piece>>,
    stream: Stream,
}

/// A pipe.
pub(super) fn pipe() -> (Writer, mpsc::Receiver<Piece>) {
    let (send, receive) = mpsc::channel(PIECES);
    let to = Some(PollSender::new(send));
    (Writer { to, stream: Stream::Stdout }, receive)
}

/// A pipe's reading end as bytes.
pub(super) fn reader(pieces: mpsc::Receiver<Piece>) -> impl AsyncRead + Send + Unpin {
    let bytes = ReceiverStream::new(pieces).filter_map(|piece| match piece {
        Piece::Bytes(_, bytes) => Some(Ok::<_, io::Error>(bytes)),
        Piece::Clear => None,
    });
    StreamReader::new(bytes)
}

impl Writer {
    /// Takes everything and keeps nothing.
    pub fn null() -> Self {
        Self { to: None, stream: Stream::Stdout }
    }

    /// The same pipe, marked as the other stream.
    pub fn tagged(&self, stream: Stream) -> Self {
        Self { stream, ..self.clone() }
    }

    /// Waits until nobody reads any more, as SIGPIPE tells a program; here also one that is not writing just now.
    pub fn broken(&self) -> impl Future<Output = ()> + use<> {
        let sender = self.to.as_ref().and_then(PollSender::get_ref).cloned();
        async move {
            match sender {
                Some(sender) => sender.closed().await,
                None => std::future::pending().await,
            }
        }
    }

    /// Writes all of `text`; that nobody reads is no error to the caller, who is stopped by [`Writer::broken`].
    pub async fn say(&mut self, text: &str) {
        let _ = tokio::io::AsyncWriteExt::write_all(self, text.as_bytes()).await;
    }

    /// Empties the console, if this leads there.
    pub async fn clear(&mut self) {
        if let Some(to) = &mut self.to {
            let _ = to.send(Piece::Clear).await;
        }
    }
}

impl AsyncWrite for Writer {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let stream = self.stream;
        let Some(to) = &mut self.to else { return Poll::Ready(Ok(bytes.len())) };
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let piece = &bytes[..bytes.len().min(PIECE_BYTES)];
        let sent = match ready!(to.poll_reserve(cx)) {
            Ok(()) => to.send_item(Piece::Bytes(stream, Bytes::copy_from_slice(piece))),
            Err(closed) => Err(closed),
        };
        Poll::Ready(match sent {
            Ok(()) => Ok(piece.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
