//! How kind clusters are made: `--kind-…`.

use std::{fmt, path::PathBuf, time::Duration};

/// What `--sandbox kind` runs with.
#[derive(Debug, Clone, PartialEq)]
pub struct KindSettings {
    /// The `kind` program: a name to be found on PATH, or a path.
    pub program: PathBuf,
    /// What runs kind's nodes.
    pub engine: Engine,
    /// The node image; `None` is kind's own choice.
    pub image: Option<String>,
    /// A kind configuration (`kind.x-k8s.io/v1alpha4`) for every cluster.
    pub config: Option<PathBuf>,
    /// How many clusters are kept ready for whoever comes next.
    pub pool: usize,
    /// How many there may be in all; `None` is as many as the machine carries.
    pub max: Option<usize>,
    /// How many may be made at the same time.
    pub at_once: usize,
    /// How long making one may take.
    pub timeout: Duration,
    /// What each node may use.
    pub bounds: Bounds,
    /// How the server reaches a cluster's API.
    pub reach: Reach,
    /// Whether learners' clusters outlive an orderly end of the server.
    pub keep: bool,
}

/// What a node container may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Cores; fractions are allowed.
    pub cpus: f64,
    /// Bytes.
    pub memory: u64,
}

/// The container engine behind kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// nerdctl.
    Nerdctl,
}

impl Engine {
    /// The program that speaks for it, which is also kind's name for it.
    pub fn program(&self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Nerdctl => "nerdctl",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
            Self::Nerdctl => "nerdctl",
        })
    }
}

/// How the server reaches a cluster's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// By a port of this machine.
    Host,
    /// By the node's own name, from within the engine's network `kind`: for a server that runs in a container.
    Network,
}
