//! A program's streams, from descriptors to tokio.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use nix::fcntl::{FcntlArg, OFlag};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf, unix::AsyncFd},
    net::unix::pipe,
};

use crate::node::runtime::Streams;

/// The pipes of a program: standard output, standard error and perhaps standard input, in the agent's order.
pub(super) fn of_pipes(fds: Vec<OwnedFd>) -> io::Result<Streams> {
    let mut fds = fds.into_iter();
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "the agent sent too few streams");
    let stdout = pipe::Receiver::from_owned_fd(fds.next().ok_or_else(missing)?)?;
    let stderr = pipe::Receiver::from_owned_fd(fds.next().ok_or_else(missing)?)?;
    let stdin = fds.next().map(pipe::Sender::from_owned_fd).transpose()?;
    Ok(Streams {
        stdout: Box::new(stdout),
        stderr: Some(Box::new(stderr)),
        stdin: stdin.map(|sender| Box::new(sender) as _),
        resize: None,
    })
}

/// A program's terminal.
pub(super) fn of_terminal(fds: Vec<OwnedFd>, stdin: bool) -> io::Result<Streams> {
    let fd = fds
        .into_iter()
        .next()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the agent sent no terminal"))?;
    let terminal = Terminal(Arc::new(watched(File::from(fd))?));
    let sized = terminal.clone();
    Ok(Streams {
        stdout: Box::new(terminal.clone()),
        stderr: None,
        stdin: if stdin { Some(Box::new(terminal)) } else { None },
        resize: Some(Box::new(move |columns, rows| sized.resize(columns, rows))),
    })
}

/// A descriptor that tokio watches; it is made non-blocking.
pub(super) fn watched<T: OwnsDescriptor>(inner: T) -> io::Result<AsyncFd<T>> {
    nix::fcntl::fcntl(&inner, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    // SAFETY: the types that own a descriptor keep it open and give always the same one.
    unsafe { AsyncFd::register(inner) }.map_err(io::Error::from)
}

/// Types that own one descriptor for all their life.
pub(super) trait OwnsDescriptor: AsFd + AsRawFd {}
impl OwnsDescriptor for OwnedFd {}
impl OwnsDescriptor for File {}

/// The controlling end of a terminal.
#[derive(Clone)]
struct Terminal(Arc<AsyncFd<File>>);

impl Terminal {
    fn resize(&self, columns: u16, rows: u16) {
        let size = libc::winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: TIOCSWINSZ reads the structure, which outlives the call. A terminal that has gone refuses, which
        // changes nothing.
        unsafe { libc::ioctl(self.0.get_ref().as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    }
}

impl AsyncRead for Terminal {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.0.poll_read_ready(context))?;
            match guard.try_io(|file| file.get_ref().read(buffer.initialize_unfilled())) {
                Ok(Ok(count)) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                // The last program on the terminal has ended.
                Ok(Err(error)) if error.raw_os_error() == Some(libc::EIO) => return Poll::Ready(Ok(())),
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for Terminal {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.0.poll_write_ready(context))?;
            match guard.try_io(|file| file.get_ref().write(data)) {
                Ok(result) => return Poll::Ready(result),
                Err(_would_block) => {}
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// A terminal's input has no end of its own; typing it (Ctrl-D) is up to whoever types.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
