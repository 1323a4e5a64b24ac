//! The kubeconfig file that `config` shows and changes.

use std::{io, path::PathBuf};

use futures::{FutureExt as _, future::BoxFuture};
use kube::config::Kubeconfig as Merged;
use podyard_kubectl::env::Kubeconfig;

/// The files that were merged, the first of which is the one to write to.
pub(super) struct KubeconfigFiles {
    pub server: String,
    pub files: Vec<PathBuf>,
}

impl Kubeconfig for KubeconfigFiles {
    fn server(&self) -> String {
        self.server.clone()
    }

    fn path(&self) -> String {
        self.files.first().map(|path| path.display().to_string()).unwrap_or_default()
    }

    fn read(&self) -> BoxFuture<'_, io::Result<String>> {
        let read = || {
            let there: Vec<&PathBuf> = self.files.iter().filter(|path| path.exists()).collect();
            match there.as_slice() {
                [] => Ok(String::new()),
                [one] => std::fs::read_to_string(one),
                many => merged(many),
            }
        };
        async move { read() }.boxed()
    }

    fn write(&self, text: String) -> BoxFuture<'_, io::Result<()>> {
        let write = move || {
            let Some(path) = self.files.first() else { return Err(io::ErrorKind::NotFound.into()) };
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, text)
        };
        async move { write() }.boxed()
    }
}

fn merged(files: &[&PathBuf]) -> io::Result<String> {
    let mut all = Merged::default();
    for file in files {
        let next = Merged::read_from(file).map_err(io::Error::other)?;
        all = all.merge(next).map_err(io::Error::other)?;
    }
    serde_yaml::to_string(&all).map_err(io::Error::other)
}
