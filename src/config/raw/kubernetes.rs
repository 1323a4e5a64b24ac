//! The flags of `--sandbox kubernetes`.

use std::path::PathBuf;

use clap::Args;

use super::Checker;
use crate::config::{KubernetesSettings, PodSecurity, Quota};

#[derive(Debug, Args)]
#[command(next_help_heading = "With --sandbox kubernetes")]
pub(super) struct KubernetesArgs {
    /// The cluster's kubeconfig [default: the Pod's own service account, else the usual kubeconfig]
    #[arg(long, env = "PODYARD_KUBERNETES_CONFIG", value_name = "FILE")]
    kubernetes_config: Option<PathBuf>,
    /// The kubeconfig's context [default: its current one]
    #[arg(long, env = "PODYARD_KUBERNETES_CONTEXT", value_name = "CONTEXT")]
    kubernetes_context: Option<String>,
    /// Tells this server's namespaces from another's in the same cluster; the same for all replicas
    #[arg(long, env = "PODYARD_INSTANCE", default_value = "podyard", value_name = "NAME")]
    instance: String,
    /// What the cluster refuses in learners' Pods: baseline or restricted
    #[arg(long, env = "PODYARD_POD_SECURITY", default_value = "baseline", value_name = "LEVEL")]
    pod_security: String,
    /// Cores that all Pods of a session may use together
    #[arg(long, env = "PODYARD_SESSION_CPU", default_value = "2", value_name = "QUANTITY")]
    session_cpu: String,
    /// Memory that all Pods of a session may use together
    #[arg(long, env = "PODYARD_SESSION_MEMORY", default_value = "2Gi", value_name = "QUANTITY")]
    session_memory: String,
    /// How many Pods a session may have
    #[arg(long, env = "PODYARD_SESSION_PODS", default_value = "20", value_name = "NUMBER")]
    session_pods: String,
    /// Let learners' Pods reach what lies outside of their namespace
    #[arg(long, env = "PODYARD_ALLOW_EGRESS")]
    allow_egress: bool,
    /// A ClusterRole that the server binds itself to in each namespace that it makes (see deploy/)
    #[arg(long, env = "PODYARD_KEEPER_ROLE", value_name = "CLUSTERROLE")]
    keeper_role: Option<String>,
}

pub(super) fn check(args: KubernetesArgs, check: &mut Checker) -> Option<KubernetesSettings> {
    let instance = check.take("--instance", &args.instance, label(&args.instance));
    let security = check.take("--pod-security", &args.pod_security, security(&args.pod_security));
    let cpu = check.take("--session-cpu", &args.session_cpu, quantity(&args.session_cpu));
    let memory = check.take("--session-memory", &args.session_memory, quantity(&args.session_memory));
    let pods = args.session_pods.parse().ok().filter(|pods| *pods > 0);
    let pods = check.take("--session-pods", &args.session_pods, pods.ok_or("must be a number above 0".to_owned()));
    Some(KubernetesSettings {
        kubeconfig: args.kubernetes_config.filter(|path| !path.as_os_str().is_empty()),
        context: args.kubernetes_context.filter(|context| !context.is_empty()),
        instance: instance?,
        security: security?,
        quota: Quota { cpu: cpu?, memory: memory?, pods: pods? },
        egress: args.allow_egress,
        keeper: args.keeper_role.filter(|role| !role.is_empty()),
    })
}

/// A name that fits into labels and, with what is added, into a namespace's name.
fn label(text: &str) -> Result<String, String> {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let right =
        text.len() <= 20 && text.starts_with(edge) && text.ends_with(edge) && text.chars().all(|c| edge(c) || c == '-');
    if right {
        Ok(text.to_owned())
    } else {
        Err("must be at most 20 lower case letters, digits and '-', with no '-' at the ends".to_owned())
    }
}

fn security(text: &str) -> Result<PodSecurity, String> {
    match text {
        "baseline" => Ok(PodSecurity::Baseline),
        "restricted" => Ok(PodSecurity::Restricted),
        _ => Err("must be baseline or restricted".to_owned()),
    }
}

fn quantity(text: &str) -> Result<String, String> {
    match text.parse::<podyard_cluster::admission::quantity::Quantity>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("must be a Kubernetes quantity such as 2, 500m or 2Gi".to_owned()),
    }
}
