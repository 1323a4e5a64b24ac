//! The machine's own files and ports, as kubectl uses them.

use std::io;

use futures::{FutureExt as _, future::BoxFuture};
use podyard_kubectl::env::{Files, Listener, Ports, Stream};
use tokio::{
    fs,
    net::{TcpListener, TcpStream},
};

/// The machine's files.
pub(super) struct RealFiles;

impl Files for RealFiles {
    fn read(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        fs::read(path.to_owned()).boxed()
    }

    fn write(&self, path: &str, bytes: &[u8]) -> BoxFuture<'_, io::Result<()>> {
        let (path, bytes) = (std::path::PathBuf::from(path), bytes.to_owned());
        async move {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).await?;
            }
            fs::write(path, bytes).await
        }
        .boxed()
    }

    fn list(&self, path: &str) -> BoxFuture<'_, io::Result<Vec<String>>> {
        let path = path.to_owned();
        async move {
            let mut names = Vec::new();
            let mut entries = fs::read_dir(path).await?;
            while let Some(entry) = entries.next_entry().await? {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
            names.sort();
            Ok(names)
        }
        .boxed()
    }
}

/// The machine's ports.
pub(super) struct RealPorts;

impl Ports for RealPorts {
    fn listen(&self, address: &str, port: u16) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        let address = address.to_owned();
        async move {
            let listener = TcpListener::bind((address.as_str(), port)).await?;
            let port = listener.local_addr()?.port();
            Ok(Box::new(RealListener { port, listener }) as Box<dyn Listener>)
        }
        .boxed()
    }
}

struct RealListener {
    port: u16,
    listener: TcpListener,
}

impl Listener for RealListener {
    fn port(&self) -> u16 {
        self.port
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        async move {
            let (stream, _): (TcpStream, _) = self.listener.accept().await?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        }
        .boxed()
    }
}
