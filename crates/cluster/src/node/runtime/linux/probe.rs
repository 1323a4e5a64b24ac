//! Trying whether containers can be run here.

use std::path::Path;

use tokio::io::AsyncReadExt;

use super::{
    AgentProgram, Linux, LinuxConfig,
    cgroups::{self, Found},
    ids,
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

/// What it means that layers are copied.
pub(super) const COPIED: &str = "this kernel or the file system of the data directory has no idmapped mounts, so each sandbox has copies of its \
     images: its first Pods start later, and it needs more disk. Linux 5.19 has them on ext4, XFS, Btrfs and overlay";

/// Bytes of disk below which images and learners' files will soon have no room.
const LEAST_DISK: u64 = 2 << 30;

/// Really runs a container: an agent, a Pod with its address, and a program from a file system made for the purpose
/// beneath `directory`, which must exist. The first finding says whether containers can be run at all.
pub async fn probe(agent: AgentProgram, directory: &Path) -> Vec<Finding> {
    let tried = try_one(agent, directory).await;
    let containers = match &tried {
        Ok(_) => Finding { about: "containers", works: true, words: how() },
        Err(why) => Finding { about: "containers", works: false, words: why.clone() },
    };
    let images = tried.ok().map(images);
    [containers].into_iter().chain(images).chain([limits(), filter(), disk(directory)]).collect()
}

fn images(copies: bool) -> Finding {
    let words = if copies { COPIED } else { "unpacked once, for all sandboxes" };
    Finding { about: "images", works: !copies, words: words.to_owned() }
}

/// Whether the kernel filters system calls; without that no container is started.
fn filter() -> Finding {
    let works = Path::new("/proc/sys/kernel/seccomp/actions_avail").exists();
    let words = if works {
        "seccomp, in every container"
    } else {
        "this kernel has no seccomp, without which no container is started: use one that was built with \
         CONFIG_SECCOMP_FILTER, as every distribution's is"
    };
    Finding { about: "system call filter", works, words: words.to_owned() }
}

fn disk(directory: &Path) -> Finding {
    let about = "disk";
    match nix::sys::statvfs::statvfs(directory) {
        Ok(found) => room(found.blocks_available() * found.fragment_size(), found.blocks() * found.fragment_size()),
        Err(error) => Finding { about, works: false, words: format!("{}: {error}", directory.display()) },
    }
}

/// What the free part of a disk is enough for.
fn room(free: u64, size: u64) -> Finding {
    // Tenths of a GiB are exact enough for people.
    let shown = |bytes: u64| format!("{}.{} GiB", bytes >> 30, ((bytes % (1 << 30)) * 10) >> 30);
    let (about, works) = ("disk", free >= LEAST_DISK);
    let mut words = format!("{} free of {}", shown(free), shown(size));
    if !works {
        words.push_str(": images and what learners write need more; --data names a directory on another disk");
    }
    Finding { about, works, words }
}

fn how() -> String {
    if ids::has_ranges() {
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

/// Runs a container; true when it had a copy of its image.
async fn try_one(agent: AgentProgram, directory: &Path) -> Result<bool, String> {
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

async fn run(agent: AgentProgram, own: &Path) -> Result<bool, RuntimeError> {
    let config = LinuxConfig { agent, ..LinuxConfig::new(own.join("images"), own.join("state")) };
    let runtime = Linux::new(config);
    let result = run_in(&runtime, own).await;
    runtime.shutdown().await;
    result.map(|()| runtime.copies())
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
    SandboxSpec::plain(id, "probe", [10, 244, 0, 2])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_nearly_full_is_told_with_what_to_do() {
        assert_eq!(room(5 << 30, 21 << 29).words, "5.0 GiB free of 10.5 GiB");
        let full = room(1 << 29, 1 << 33);
        assert!(!full.works && full.words.starts_with("0.5 GiB free of 8.0 GiB: images and what learners write"));
    }
}
