//! `kubectl edit`: the person's own editor on a temporary file.

use std::{io, process::Stdio, sync::Arc};

use futures::{FutureExt as _, future::BoxFuture};
use podyard_kubectl::env::Editor;
use tokio::process::Command;

/// What is started when nobody names an editor, as kubectl does.
const USUAL: &str = "vi";

struct Program(String);

/// The editor that `$KUBE_EDITOR` or `$EDITOR` names.
pub(super) fn named(name: Option<&str>) -> Option<Arc<dyn Editor>> {
    Some(Arc::new(Program(name.unwrap_or(USUAL).to_owned())))
}

impl Editor for Program {
    fn edit(&self, name: &str, text: String) -> BoxFuture<'_, io::Result<String>> {
        let name = name.to_owned();
        async move {
            let folder = tempfile::Builder::new().prefix("kubectl-edit-").tempdir()?;
            let path = folder.path().join(name);
            tokio::fs::write(&path, text).await?;
            // The name of an editor may come with flags of its own: a shell takes it apart, as kubectl has it.
            let mut command = Command::new("sh");
            command.arg("-c").arg(format!("{} \"$1\"", self.0)).arg("sh").arg(&path).stdin(Stdio::inherit());
            let status = command.status().await?;
            if !status.success() {
                return Err(io::Error::other(format!("there was a problem with the editor {:?}", self.0)));
            }
            tokio::fs::read_to_string(&path).await
        }
        .boxed()
    }

    fn keep(&self, _: &str, text: String) -> BoxFuture<'_, io::Result<Option<String>>> {
        async move {
            let file = tempfile::Builder::new().prefix("kubectl-edit-").suffix(".yaml").tempfile()?;
            tokio::fs::write(file.path(), text).await?;
            let (_, path) = file.keep().map_err(|error| error.error)?;
            Ok(Some(path.to_string_lossy().into_owned()))
        }
        .boxed()
    }
}
