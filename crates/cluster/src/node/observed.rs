//! What the node knows of a Pod's containers: plain values that the decisions are made from.

use std::{collections::BTreeMap, net::Ipv4Addr};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ResourceRequirements;

use super::resize::Resize;

/// How a run ended: `state.terminated`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `containerd://…`
    pub container_id: String,
    /// Exit code; 128 when the program could not be started.
    pub code: i32,
    /// `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown`, `RestartingAllContainers`.
    pub reason: String,
    /// The termination message; empty when there is none.
    pub message: String,
    /// When it started; the epoch when it did not, or nobody knows.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// Where a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// Since when.
    Running(Timestamp),
    /// It is over.
    Ended(Ended),
}

/// Who a container's process runs as: `user.linux`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// All groups.
    pub groups: Vec<u32>,
}

/// One run of a container.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// `containerd://…`
    pub container_id: String,
    /// How many runs came before it.
    pub restarts: u32,
    /// The image as the manifest had it when this run began: a change means a restart.
    pub asked_image: String,
    /// The image's full name: `docker.io/library/busybox:1.36`.
    pub image: String,
    /// Its digest.
    pub image_id: String,
    /// Who it runs as.
    pub user: User,
    /// What it may use now: `containerStatuses[].resources`.
    pub resources: Option<ResourceRequirements>,
    /// Where it is.
    pub state: RunState,
}

impl Run {
    /// How it ended, if it has.
    pub fn ended(&self) -> Option<&Ended> {
        match &self.state {
            RunState::Ended(ended) => Some(ended),
            RunState::Running(_) => None,
        }
    }

    /// Whether it is running.
    pub fn running(&self) -> bool {
        matches!(self.state, RunState::Running(_))
    }
}

/// Why a container is not running though it should be: `state.waiting`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// `ErrImagePull`, `CrashLoopBackOff`, …
    pub reason: String,
    /// More words; may be empty.
    pub message: String,
    /// It is not told before this.
    pub visible_from: Timestamp,
}

/// What the probes of the current run have said; `None` until one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Probed {
    /// Whether the startup probe has passed (true) or given up (false).
    pub startup: Option<bool>,
    /// Whether the liveness probe passes.
    pub liveness: Option<bool>,
    /// Whether the readiness probe passes.
    pub readiness: Option<bool>,
}

/// A container's present and its last end.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Container {
    /// The newest run.
    pub run: Option<Run>,
    /// How many runs there were before this node began to look after the Pod.
    pub earlier: u32,
    /// How the run before it ended: `lastState`.
    pub last: Option<Ended>,
    /// Why it can't run now.
    pub waiting: Option<Waiting>,
    /// What the probes said.
    pub probed: Probed,
    /// Whether the postStart hook of the current run is through.
    pub post_started: bool,
    /// Whether it was stopped only to be started again, whatever the restart policy says.
    pub again: bool,
}

impl Container {
    /// Whether it is running.
    pub fn running(&self) -> bool {
        self.run.as_ref().is_some_and(Run::running)
    }

    /// How the newest run ended, if it has.
    pub fn ended(&self) -> Option<&Ended> {
        self.run.as_ref().and_then(Run::ended)
    }
}

/// Why a container waits, and ended, when all containers are started anew.
pub const RESTARTING_ALL: &str = "RestartingAllContainers";

/// All containers started anew, in place: the condition `AllContainersRestarting`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restarting {
    /// They are being ended for it.
    Now,
    /// They have been; some may be on their way.
    Before,
}

/// Why the node ends a Pod: `status.reason` and `status.message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// `DeadlineExceeded` or `Evicted`.
    pub reason: String,
    /// In the kubelet's words.
    pub message: String,
    /// Seconds that the containers have left, when it is not the Pod's own grace period.
    pub grace: Option<i64>,
}

/// What the node knows of one Pod.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// When the node first saw it: `startTime`.
    pub start_time: Timestamp,
    /// Whether its sandbox stands.
    pub sandbox: bool,
    /// Its address, once it may be told.
    pub address: Option<Ipv4Addr>,
    /// Containers by name.
    pub containers: BTreeMap<String, Container>,
    /// Where its resize is.
    pub resize: Resize,
    /// Whether all containers have been started anew in place.
    pub restarting: Option<Restarting>,
    /// A failure that the node decided on.
    pub failure: Option<Failure>,
    /// Why the node has evicted it, when it was not the Pod's own limit.
    pub disrupted: Option<String>,
    /// Whether nothing of it runs any more and nothing will: only then is a final phase told.
    pub finished: bool,
    /// Whether the node is through with it: what has not ended by then never will have been seen to.
    pub closed: bool,
}

impl Observed {
    /// A Pod that was just seen.
    pub fn new(start_time: Timestamp) -> Self {
        Self {
            start_time,
            sandbox: false,
            address: None,
            containers: BTreeMap::new(),
            disrupted: None,
            resize: Resize::default(),
            restarting: None,
            failure: None,
            finished: false,
            closed: false,
        }
    }

    /// Whether containers of it ran before this node began to look after it, and none has since.
    pub fn ran_before(&self) -> bool {
        self.containers.values().any(|c| c.earlier > 0) && !self.containers.values().any(Container::running)
    }

    /// What is known of a container.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.get(name)
    }

    /// The same, to be changed; made when nothing was known.
    pub fn container_mut(&mut self, name: &str) -> &mut Container {
        self.containers.entry(name.to_owned()).or_default()
    }
}
