//! The programs behind kind: `kind` itself, and the one that speaks for the container engine.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::words::{self, Trouble, last_words};
use crate::config::{Bounds, Engine, KindSettings};

/// Within this everything but making a cluster has answered; kind's slowest, deleting, takes a second.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Within this an archive of the lessons' images has been loaded.
const LOAD_WITHIN: Duration = Duration::from_secs(120);
/// How much of what a create says is kept for its failure; kubeadm alone says some 20 kB.
const KEPT: usize = 64 * 1024;

/// Why a program did not do what it was to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub(super) struct Failure {
    /// What it means.
    pub trouble: Trouble,
    /// The program's own last words.
    pub said: String,
}

/// Where the programs are, and what each cluster is made of.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    kind: PathBuf,
    engine: Engine,
    image: Option<String>,
    config: Option<PathBuf>,
    bounds: Bounds,
}

impl Programs {
    pub(super) fn new(settings: &KindSettings) -> Self {
        Self {
            kind: settings.program.clone(),
            engine: settings.engine.clone(),
            image: settings.image.clone(),
            config: settings.config.clone(),
            bounds: settings.bounds,
        }
    }

    /// `kind version`, as `kind v0.33.0 go1.27.2 linux/amd64`.
    pub(super) async fn version(&self) -> Result<String, Failure> {
        Ok(self.kind(&["version"], ANSWER_WITHIN).await?.trim().to_owned())
    }

    /// All clusters that the engine has nodes of, whoever made them; stopped ones too.
    pub(super) async fn clusters(&self) -> Result<Vec<String>, Failure> {
        let said = self.kind(&["get", "clusters"], ANSWER_WITHIN).await?;
        Ok(said.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// The node containers of a cluster.
    pub(super) async fn nodes(&self, name: &str) -> Result<Vec<String>, Failure> {
        let said = self.kind(&["get", "nodes", "--name", name], ANSWER_WITHIN).await?;
        Ok(said.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// Makes a cluster and tells kind's stages. It is killed when it takes too long or `cancel` comes; what it then
    /// leaves is the caller's to clear away.
    pub(super) async fn create(
        &self,
        name: &str,
        kubeconfig: &Path,
        limit: Duration,
        cancel: &CancellationToken,
        tell: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<(), Failure> {
        let wait = format!("{}s", (limit / 2).as_secs().max(1));
        let mut command = self.command(&self.kind);
        command.args(["create", "cluster", "--name", name, "--wait", &wait, "--kubeconfig"]).arg(kubeconfig);
        if let Some(image) = &self.image {
            command.args(["--image", image]);
        }
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        let mut child = command.stdout(Stdio::null()).spawn().map_err(|error| self.cannot_start(&self.kind, &error))?;
        let mut said = String::new();
        let finished = timeout(limit, cancel.run_until_cancelled(listen(&mut child, &mut said, tell))).await;
        match finished {
            Ok(Some(Ok(status))) if status.success() => Ok(()),
            Ok(Some(Ok(_))) => Err(Failure { trouble: Trouble::of(&said), said: last_words(&said) }),
            Ok(Some(Err(error))) => Err(Failure { trouble: Trouble::Other, said: error.to_string() }),
            Ok(None) | Err(_) => {
                kill(&mut child).await;
                let said = format!("it was ended after {limit:?}; last it said: {}", last_words(&said));
                Err(Failure { trouble: Trouble::TooLong, said })
            }
        }
    }

    /// Deletes a cluster, whatever state it is in. That there is none is no failure.
    pub(super) async fn delete(&self, name: &str, kubeconfig: &Path) -> Result<(), Failure> {
        let path = kubeconfig.display().to_string();
        self.kind(&["delete", "cluster", "--name", name, "--kubeconfig", &path], ANSWER_WITHIN).await.map(drop)
    }

    /// A kubeconfig for clients within the engine's network.
    pub(super) async fn internal_kubeconfig(&self, name: &str) -> Result<String, Failure> {
        self.kind(&["get", "kubeconfig", "--internal", "--name", name], ANSWER_WITHIN).await
    }

    /// Brings an archive of images onto all nodes.
    pub(super) async fn load(&self, name: &str, archive: &Path) -> Result<(), Failure> {
        let path = archive.display().to_string();
        self.kind(&["load", "image-archive", &path, "--name", name], LOAD_WITHIN).await.map(drop)
    }

    /// Bounds what a node may use.
    pub(super) async fn bound(&self, node: &str) -> Result<(), Failure> {
        let (cpus, memory) = (format!("--cpus={}", self.bounds.cpus), format!("--memory={}", self.bounds.memory));
        // Without swap of its own: what a node may use is the memory that was said.
        let swap = format!("--memory-swap={}", self.bounds.memory);
        self.engine(&["update", &cpus, &memory, &swap, node]).await.map(drop)
    }

    /// Starts a node that has stopped, or wakes it; one that runs goes on.
    pub(super) async fn start(&self, node: &str) -> Result<(), Failure> {
        // It fails for a node that is not paused, which most are not.
        let _ = self.engine(&["unpause", node]).await;
        self.engine(&["start", node]).await.map(drop)
    }

    /// What the engine says of itself: its version, and where it keeps its files.
    pub(super) async fn engine_info(&self) -> Result<serde_json::Value, Failure> {
        let said = self.engine(&["info", "--format", "{{json .}}"]).await?;
        serde_json::from_str(&said).map_err(|error| Failure { trouble: Trouble::NoEngine, said: error.to_string() })
    }

    /// Whether the engine has this image.
    pub(super) async fn has_image(&self, image: &str) -> bool {
        self.engine(&["image", "inspect", "--format", "{{.Id}}", image]).await.is_ok()
    }

    async fn kind(&self, args: &[&str], limit: Duration) -> Result<String, Failure> {
        self.run(&self.kind, args, limit).await
    }

    async fn engine(&self, args: &[&str]) -> Result<String, Failure> {
        self.run(Path::new(self.engine.program()), args, ANSWER_WITHIN).await
    }

    /// Runs a program to its end; gives its standard output.
    async fn run(&self, program: &Path, args: &[&str], limit: Duration) -> Result<String, Failure> {
        let mut command = self.command(program);
        command.args(args).stdout(Stdio::piped()).kill_on_drop(true);
        let child = command.spawn().map_err(|error| self.cannot_start(program, &error))?;
        let shown = || format!("{} {}", program.display(), args.join(" "));
        match timeout(limit, child.wait_with_output()).await {
            Ok(Ok(output)) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(Ok(output)) => {
                let said = String::from_utf8_lossy(&output.stderr);
                Err(Failure { trouble: Trouble::of(&said), said: format!("{}: {}", shown(), last_words(&said)) })
            }
            Ok(Err(error)) => Err(Failure { trouble: Trouble::Other, said: format!("{}: {error}", shown()) }),
            Err(_) => {
                Err(Failure { trouble: Trouble::TooLong, said: format!("{} has not answered in {limit:?}", shown()) })
            }
        }
    }

    /// A command that is no part of our process group, so that Ctrl-C in a terminal ends the server and not a create
    /// that it waits for; and that never sees the user's own kubeconfig.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_remove("KUBECONFIG").env("KIND_EXPERIMENTAL_PROVIDER", self.engine.program());
        command.stdin(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        command
    }

    fn cannot_start(&self, program: &Path, error: &std::io::Error) -> Failure {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let trouble = if missing { Trouble::NoEngine } else { Trouble::Other };
        Failure { trouble, said: format!("{} can't be started: {error}", program.display()) }
    }
}

/// Reads what a create says until it ends.
async fn listen(
    child: &mut Child,
    said: &mut String,
    tell: &(dyn Fn(&str) + Send + Sync),
) -> std::io::Result<std::process::ExitStatus> {
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(stage) = words::stage(&line) {
            tell(stage);
        }
        if said.len() + line.len() < KEPT {
            said.push_str(&line);
            said.push('\n');
        }
    }
    child.wait().await
}

/// Ends a program and everything that it has started.
async fn kill(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) {
        // Its group has its number, since it was started so.
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
    let _ = child.wait().await;
}
