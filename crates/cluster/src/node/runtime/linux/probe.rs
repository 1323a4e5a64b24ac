//! Trying whether containers can be run here.

use std::path::Path;

use tokio::io::AsyncReadExt;

use super::{
    AgentProgram, Linux, LinuxConfig,
    cgroups::{self, Found},
};
use crate::node::runtime::{
    ContainerId, ContainerSpec, Limits, Runtime, RuntimeError, SandboxId, SandboxSpec, Security,
};

/// What was found out about one ability of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was tried: `containers`, `limits`.
    pub about: &'static str,
    /// Whether it works.
    pub works: bool,
    /// How it works, or what is missing and what to do.
    pub words: String,
}

/// Really runs a container: an agent, a Pod with its address, and a program from a file system made for the purpose
/// beneath `directory`, which must exist. The first finding says whether containers can be run at all.
pub async fn probe(agent: AgentProgram, directory: &Path) -> Vec<Finding> {
    vec![containers(agent, directory).await, limits()]
}

async fn containers(agent: AgentProgram, directory: &Path) -> Finding {
    let about = "containers";
    match try_one(agent, directory).await {
        Ok(()) => Finding { about, works: true, words: how() },
        Err(why) => Finding { about, works: false, words: why },
    }
}

fn how() -> String {
    if nix::unistd::geteuid().is_root() {
        "with a range of user ids for each sandbox".to_owned()
    } else {
        "as an ordinary user, in a user namespace".to_owned()
    }
}

fn limits() -> Finding {
    let (works, words) = match cgroups::found() {
        Found::Group(_) => (true, "memory, processes and processor time by control groups".to_owned()),
        Found::Nothing(why) => (false, why.clone()),
    };
    Finding { about: "limits", works, words }
}

async fn try_one(agent: AgentProgram, directory: &Path) -> Result<(), String> {
    let place = |error: std::io::Error| format!("{}: {error}", directory.display());
    let own = directory.join(format!("probe-{}", std::process::id()));
    std::fs::create_dir_all(own.join("images/root/bin")).map_err(place)?;
    let result = match copy_shell(&own.join("images/root/bin/sh")) {
        Ok(()) => run(agent, &own).await.map_err(|error| error.to_string()),
        Err(why) => Err(why),
    };
    // What is left is empty directories.
    let _ = std::fs::remove_dir_all(&own);
    result
}

/// The machine's static busybox, which the offline images are made of too.
fn copy_shell(to: &Path) -> Result<(), String> {
    std::fs::copy(crate::node::images::BUSYBOX, to).map(drop).map_err(|error| {
        format!(
            "{}: {error}: install busybox-static, which the offline images are made of",
            crate::node::images::BUSYBOX
        )
    })
}

async fn run(agent: AgentProgram, own: &Path) -> Result<(), RuntimeError> {
    let config = LinuxConfig { agent, ..LinuxConfig::new(own.join("images"), own.join("state")) };
    let runtime = Linux::new(config);
    let result = run_in(&runtime, own).await;
    runtime.shutdown().await;
    result
}

async fn run_in(runtime: &Linux, own: &Path) -> Result<(), RuntimeError> {
    let sandbox = SandboxId("probe".to_owned());
    runtime.create_sandbox(pod(sandbox.clone())).await?;
    let mut process = runtime.start_container(container(sandbox, own)).await?;
    let mut said = String::new();
    let read = process.streams.stdout.read_to_string(&mut said).await;
    let exit = process.exit.await.map_err(|_| RuntimeError::Failed("the node's agent has ended".to_owned()))?;
    if read.is_ok() && said == "yes\n" && exit.code == 0 {
        Ok(())
    } else {
        Err(RuntimeError::Failed(format!("a container said {said:?} and ended with code {}", exit.code)))
    }
}

fn pod(id: SandboxId) -> SandboxSpec {
    SandboxSpec {
        id,
        hostname: "probe".to_owned(),
        address: Some([10, 244, 0, 2].into()),
        range: Default::default(),
        limits: Default::default(),
        sysctls: Vec::new(),
        share_processes: false,
        hosts: String::new(),
        resolv_conf: String::new(),
    }
}

fn container(sandbox: SandboxId, own: &Path) -> ContainerSpec {
    ContainerSpec {
        id: ContainerId("container".to_owned()),
        sandbox,
        layers: vec![own.join("images/root")],
        argv: ["/bin/sh", "-c", "echo yes"].map(str::to_owned).to_vec(),
        env: Vec::new(),
        working_dir: String::new(),
        tty: false,
        stdin: false,
        mounts: Vec::new(),
        processes_of: None,
        security: Security::default(),
        limits: Limits::default(),
    }
}
