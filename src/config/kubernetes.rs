//! How an existing cluster is used: `--kubernetes-…`.

use std::{fmt, path::PathBuf};

/// What `--sandbox kubernetes` runs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesSettings {
    /// The kubeconfig; `None` is the Pod's own service account, or the usual kubeconfig outside of a cluster.
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context; `None` is its current one.
    pub context: Option<String>,
    /// Names this server among others in the same cluster; all its replicas have the same.
    pub instance: String,
    /// What the cluster refuses in learners' Pods.
    pub security: PodSecurity,
    /// What all Pods of a session may use together.
    pub quota: Quota,
    /// Whether learners' Pods may reach what lies outside of their namespace.
    pub egress: bool,
    /// A ClusterRole that the server binds itself to in every namespace that it makes, so that it needs no such rights
    /// elsewhere; `None` when it has them anyway.
    pub keeper: Option<String>,
}

/// A level of the Pod Security Standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodSecurity {
    /// No known way to higher rights; root within a container is allowed, as most images need.
    Baseline,
    /// Hardened; containers run as an ordinary user.
    Restricted,
}

impl fmt::Display for PodSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        })
    }
}

/// What all Pods of a session may use together, as Kubernetes writes quantities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Cores: `2`, `500m`.
    pub cpu: String,
    /// Bytes: `2Gi`.
    pub memory: String,
    /// How many.
    pub pods: u32,
}
