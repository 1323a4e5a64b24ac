//! What the arguments of each command are.

/// What may stand where arguments do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Any kind, and then names; `KIND/NAME` as well.
    Objects,
    /// One of these kinds, and then names.
    Of(&'static [&'static str]),
    /// One name of this kind.
    Names(&'static str),
    /// A Pod or what runs Pods, and then the Pod's containers or ports.
    Pod(Then),
    /// A file here or in a container.
    Copy,
    /// An entry of the kubeconfig.
    Config(&'static str),
    /// These words.
    Words(&'static [&'static str]),
    /// Files, if anything.
    Anything,
}

/// What stands behind a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    Container,
    Ports,
}

/// What runs Pods, as it is proposed before a slash.
pub(super) const RUNNERS: [&str; 8] =
    ["daemonsets", "deployments", "pods", "jobs", "replicasets", "replicationcontrollers", "services", "statefulsets"];

const ROLLED_OUT: &[&str] = &["deployment", "daemonset", "statefulset"];
const SCALED: &[&str] = &["deployment", "replicaset", "replicationcontroller", "statefulset"];
const WITH_IMAGES: &[&str] =
    &["daemonsets", "deployments", "pods", "cronjobs", "replicasets", "replicationcontrollers", "statefulsets"];

/// What the arguments of a command are.
pub(super) fn what(path: &str) -> What {
    match path {
        "get"
        | "describe"
        | "delete"
        | "edit"
        | "label"
        | "annotate"
        | "patch"
        | "debug"
        | "apply view-last-applied"
        | "apply edit-last-applied" => What::Objects,
        "rollout history" | "rollout restart" | "rollout status" | "rollout undo" => What::Of(ROLLED_OUT),
        "rollout pause" | "rollout resume" => What::Of(&["deployment"]),
        "scale" | "autoscale" => What::Of(SCALED),
        "expose" => What::Of(&["pod", "service", "replicationcontroller", "deployment", "replicaset"]),
        "set image" => What::Of(WITH_IMAGES),
        "taint" => What::Of(&["node"]),
        "cordon" | "uncordon" | "drain" | "top node" => What::Names("nodes"),
        "top pod" => What::Names("pods"),
        "create token" => What::Names("serviceaccounts"),
        "logs" => What::Pod(Then::Container),
        "exec" | "attach" => What::Pod(Then::Nothing),
        "port-forward" => What::Pod(Then::Ports),
        "cp" => What::Copy,
        "config use-context" | "config rename-context" | "config delete-context" | "config set-context" => {
            What::Config("contexts")
        }
        "config delete-cluster" => What::Config("clusters"),
        "config delete-user" => What::Config("users"),
        "completion" => What::Words(&["bash", "zsh", "fish", "powershell"]),
        _ => What::Anything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    #[test]
    fn the_commands_here_are_commands() {
        for path in ["get", "apply edit-last-applied", "rollout resume", "config set-context", "create token"] {
            assert!(args::find(path).is_some() && what(path) != What::Anything, "{path}");
        }
        assert_eq!(what("wait"), What::Anything);
    }
}
