//! `podyard kubectl …`: the engine on a kubeconfig, real files and real ports.

mod connect;
mod editor;
mod kubeconfig;
mod terminal;
mod world;

use std::sync::Arc;

use jiff::Timestamp;
use podyard_kubectl::Env;
use tokio::io::{AsyncWriteExt as _, stderr, stdin, stdout};

use self::{
    connect::{Connection, Wanted},
    world::{RealFiles, RealPorts},
};
use super::signals;
use crate::config::KubectlTask;

/// Runs one command line; its exit code is kubectl's.
pub(super) async fn run(task: KubectlTask) -> anyhow::Result<u8> {
    let cancel = signals::closing()?;
    let wanted = Wanted::read(&task.args);
    let Connection { client, namespace, kubeconfig } = match connect::connect(&wanted, &task).await {
        Ok(connection) => connection,
        // What mends a kubeconfig must run with a broken one.
        Err(_) if task.args.first().is_some_and(|verb| verb == "config") => {
            connect::nowhere(&wanted, &task).map_err(anyhow::Error::msg)?
        }
        Err(why) => {
            let mut stderr = stderr();
            stderr.write_all(format!("{why}\n").as_bytes()).await?;
            stderr.flush().await?;
            return Ok(1);
        }
    };
    let env = Env {
        client,
        namespace,
        files: Arc::new(RealFiles),
        stdin: Box::new(stdin()),
        stdout: Box::new(stdout()),
        stderr: Box::new(stderr()),
        clock: Arc::new(Timestamp::now),
        cancel,
        ports: Arc::new(RealPorts),
        terminal: terminal::open(),
        editor: editor::named(task.editor.as_deref()),
        kubeconfig: Arc::new(kubeconfig),
    };
    let code = podyard_kubectl::run(&task.args, env).await;
    // Tokio's standard output is written by another thread: what was given to it has to get out before the end.
    let (out, err) = (stdout().flush().await, stderr().flush().await);
    // A reader that has left, as `head` does, is no failure of ours.
    drop((out, err));
    Ok(u8::try_from(code).unwrap_or(1))
}
