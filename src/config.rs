//! What `podyard` was asked to do: the command line and `PODYARD_…`, checked.
//!
//! The only place that reads the environment. Values are taken as text first and checked together, so that one start
//! shows every mistake, not the first.

pub mod data;
mod images;
mod kind;
mod kubernetes;
mod lessons;
mod limits;
mod oidc;
mod plan;
mod raw;
mod room;

#[cfg(test)]
mod tests;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use public_url::PublicUrl;

pub use self::{
    data::DataDirectory,
    images::ImageSettings,
    kind::{Bounds, Engine, KindSettings, Reach},
    kubernetes::{KubernetesSettings, PodSecurity, Quota},
    lessons::{LessonsTask, LessonsTest, site_of},
    limits::LimitSettings,
    oidc::OidcSettings,
    plan::PlanTask,
    room::Room,
};

pub mod public_url;

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// The web server.
    Serve(Box<Config>),
    /// One embedded cluster alone.
    Cluster(ClusterTask),
    /// The kubectl engine; the arguments after `kubectl`, untouched.
    Kubectl(KubectlTask),
    /// What authors do with lessons.
    Lessons(LessonsTask),
    /// What a workshop will need.
    Plan(PlanTask),
    /// What this machine can do.
    Doctor(Box<DoctorTask>),
    /// Whether a completion record holds.
    Verify(VerifyTask),
}

impl Task {
    /// What is logged; `kubectl` and `doctor` only say what they were asked.
    pub fn log(&self) -> Option<&str> {
        match self {
            Self::Serve(config) => Some(&config.log),
            Self::Cluster(task) => Some(&task.log),
            Self::Lessons(LessonsTask::Test(task)) => Some(&task.log),
            Self::Kubectl(_) | Self::Lessons(_) | Self::Plan(_) | Self::Doctor(_) | Self::Verify(_) => None,
        }
    }
}

/// What the server runs with.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The address learners use, when a proxy stands before the server.
    pub public_url: Option<PublicUrl>,
    /// The lessons' folder.
    pub content: PathBuf,
    /// Whether drafts are shown.
    pub drafts: bool,
    /// PostgreSQL's URL; without one learners are kept in a file of the data directory.
    pub database: Option<DatabaseUrl>,
    /// Where learners' Pods run.
    pub sandboxes: Sandboxes,
    /// How long a session may lie idle.
    pub session_idle: Duration,
    /// How long a session may last in all, unless the learner asks for more.
    pub session_total: Duration,
    /// How many sessions there may be at once.
    pub max_sessions: usize,
    /// What one learner and one address may take.
    pub limits: LimitSettings,
    /// Who may hold workshops: `NAME:PASSWORD` each.
    pub instructors: Vec<String>,
    /// Where others sign in who may hold workshops; only in builds with the feature `oidc`.
    pub oidc: Option<OidcSettings>,
    /// How long a shutdown may take.
    pub shutdown_timeout: Duration,
    /// What is logged, to standard error.
    pub log: String,
}

/// Where Pods run.
#[derive(Debug, Clone, PartialEq)]
pub struct Sandboxes {
    /// Where images and everything that outlives a start are kept.
    pub data: DataDirectory,
    /// The images of embedded ones.
    pub images: ImageSettings,
    /// What makes them.
    pub sandbox: SandboxKind,
    /// How much fits into an embedded one.
    pub room: Room,
    /// How kind clusters are made.
    pub kind: KindSettings,
    /// How an existing cluster is used.
    pub kubernetes: KubernetesSettings,
}

/// Where a PostgreSQL is; it may hold a password, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub String);

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// `podyard cluster`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterTask {
    /// Where its API listens.
    pub listen: SocketAddr,
    /// Where the kubeconfig is written.
    pub kubeconfig: PathBuf,
    /// How much fits into it.
    pub room: Room,
    /// Whether it serves what Pods use.
    pub metrics: bool,
    /// Where images are kept.
    pub data: DataDirectory,
    /// Descriptions of the lessons' own images, where there are any.
    pub lesson_images: Option<PathBuf>,
    /// Its other images.
    pub images: ImageSettings,
    /// What is logged, to standard error.
    pub log: String,
}

/// `podyard kubectl …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubectlTask {
    /// The arguments after `kubectl`.
    pub args: Vec<String>,
    /// `$KUBECONFIG`.
    pub kubeconfig: Option<String>,
    /// `$HOME`, under which the usual kubeconfig lies.
    pub home: Option<PathBuf>,
    /// The person's editor.
    pub editor: Option<String>,
}

/// `podyard doctor`.
#[derive(Debug, Clone, PartialEq)]
pub struct DoctorTask {
    /// Where images are kept.
    pub data: DataDirectory,
    /// How kind clusters would be made.
    pub kind: KindSettings,
    /// How an existing cluster would be used.
    pub kubernetes: KubernetesSettings,
}

/// `podyard verify FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyTask {
    /// The record.
    pub file: PathBuf,
    /// The server's key, if it is known.
    pub key: Option<String>,
}

/// Where learners' Pods run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxKind {
    /// A cluster in this process for each session.
    Embedded,
    /// A kind cluster for each session.
    Kind,
    /// A namespace for each session in a cluster that exists.
    Kubernetes,
}

impl fmt::Display for SandboxKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Kind => "kind",
            Self::Kubernetes => "kubernetes",
        })
    }
}

/// Everything that is wrong with how `podyard` was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

/// One wrong value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// `--listen`; `PODYARD_LISTEN` sets the same.
    pub flag: &'static str,
    /// As it was given.
    pub value: String,
    /// What is wrong and what would be right.
    pub why: String,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Mistake { flag, value, why }) in self.0.iter().enumerate() {
            let variable = format!("PODYARD_{}", flag.trim_start_matches('-').replace('-', "_").to_uppercase());
            write!(f, "{}{flag} ({variable}) '{value}': {why}", if n == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The command line itself can't be read, or help was asked for; clap's own text.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// Values that are wrong.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}

/// Reads the process's arguments and environment.
pub fn from_process() -> Result<Task, ConfigError> {
    let args: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let surroundings = raw::Surroundings {
        root: nix_root(),
        home: std::env::var_os("HOME").map(PathBuf::from),
        xdg_data_home: std::env::var_os("XDG_DATA_HOME").map(PathBuf::from),
        kubeconfig: std::env::var("KUBECONFIG").ok(),
        editor: std::env::var("KUBE_EDITOR").or_else(|_| std::env::var("EDITOR")).ok(),
    };
    raw::task(args, &surroundings)
}

/// Whether this process is root, which decides where data is kept.
fn nix_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}
