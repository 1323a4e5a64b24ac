//! What kind says while it makes a cluster, and what its failures mean to a learner and to whoever runs the server.
//!
//! Recorded from kind 0.33: progress and errors come on standard error; a stage is announced by ` • … ...` and closed
//! by ` ✓ …` or ` ✗ …`; the last line of a failure begins with `ERROR: `.

/// A stage that has begun, in kind's own words: `Preparing nodes 📦`.
pub(super) fn stage(line: &str) -> Option<&str> {
    let words = line.strip_prefix(" • ")?.strip_suffix("...")?.trim_end();
    (!words.is_empty()).then_some(words)
}

/// Why a cluster could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The container engine does not answer.
    NoEngine,
    /// The node image is neither on the machine nor to be had.
    NoImage,
    /// The node image is no node image.
    WrongImage,
    /// The configuration or a flag is not kind's.
    Configuration,
    /// A cluster or container of this name is there already.
    NameTaken,
    /// The node did not become a control plane: most often the machine is out of something.
    ControlPlane,
    /// It took too long.
    TooLong,
    /// Anything else.
    Other,
}

impl Trouble {
    /// What a failed command's standard error tells.
    pub(super) fn of(said: &str) -> Self {
        let all = [
            (
                Self::NoEngine,
                [
                    "Cannot connect to the Docker daemon",
                    "failed to get docker info",
                    "unable to connect to Podman",
                    "executable file not found in $PATH",
                ]
                .as_slice(),
            ),
            (Self::NoImage, &["failed to pull image"]),
            (Self::WrongImage, &["could not find a log line that matches"]),
            (
                Self::Configuration,
                &[
                    "is not a valid cluster name",
                    "unknown flag",
                    "error reading file",
                    "unable to decode config",
                    "unknown apiVersion",
                ],
            ),
            (Self::NameTaken, &["node(s) already exist", "is already in use by container"]),
            (Self::ControlPlane, &["failed to init node with kubeadm"]),
        ];
        let found = all.into_iter().find(|(_, words)| words.iter().any(|words| said.contains(words)));
        found.map_or(Self::Other, |(trouble, _)| trouble)
    }

    /// Whether the same may work when it is tried again at once.
    pub(super) fn may_pass(self) -> bool {
        match self {
            Self::NameTaken | Self::ControlPlane | Self::TooLong | Self::Other => true,
            Self::NoEngine | Self::NoImage | Self::WrongImage | Self::Configuration => false,
        }
    }

    /// A sentence for the learner, who can't mend it.
    pub(super) fn for_the_learner(self) -> &'static str {
        match self {
            Self::NoEngine => "the container engine on this server does not answer.",
            Self::NoImage => "the node image is not on this server and could not be fetched.",
            Self::WrongImage => "the node image on this server is no node image of kind.",
            Self::Configuration => "this server's configuration of kind is wrong.",
            Self::NameTaken => "its name was taken.",
            Self::ControlPlane => {
                "its control plane did not start; the server may be out of memory or of inotify instances."
            }
            Self::TooLong => "it took too long.",
            Self::Other => "kind failed.",
        }
    }

    /// What whoever runs the server can do.
    pub(super) fn for_the_operator(self) -> &'static str {
        match self {
            Self::NoEngine => {
                "start Docker (or name another engine by --kind-engine), and see that this user may use it"
            }
            Self::NoImage => "load the image into the engine, or name one that is there by --kind-image",
            Self::WrongImage => "name a kindest/node image by --kind-image",
            Self::Configuration => "mend the file of --kind-config, or --kind-image",
            Self::NameTaken => {
                "nothing: what has the name bears this server's mark, so it is removed and its name is tried again"
            }
            Self::ControlPlane => {
                "podyard doctor shows memory, disk and inotify instances; sysctl fs.inotify.max_user_instances=1024 is the usual cure"
            }
            Self::TooLong => "make fewer at once (--kind-at-once), or allow more time (--kind-timeout)",
            Self::Other => "kind's own words are in the log",
        }
    }
}

/// The end of what a command said, which is where it says why; without the warning of every create.
pub(super) fn last_words(said: &str) -> String {
    const LINES: usize = 12;
    let told: Vec<&str> =
        said.lines().filter(|line| !line.trim().is_empty() && !line.contains("cgroup v1 is deprecated")).collect();
    let error = told.iter().rposition(|line| line.starts_with("ERROR: "));
    let from = error.unwrap_or(told.len().saturating_sub(LINES));
    told[from..].iter().take(LINES).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_what_kind_announces() {
        assert_eq!(stage(" • Preparing nodes 📦   ..."), Some("Preparing nodes 📦"));
        assert_eq!(
            stage(" • Waiting ≤ 1m0s for control-plane = Ready ⏳  ..."),
            Some("Waiting ≤ 1m0s for control-plane = Ready ⏳")
        );
        for other in [
            " ✓ Preparing nodes 📦 ",
            " • Ready after 6s 💚",
            "Creating cluster \"podyard-abc\" ...",
            "Have a nice day! 👋",
            "",
        ] {
            assert_eq!(stage(other), None, "{other}");
        }
    }

    /// As kind 0.33 was recorded.
    #[test]
    fn failures_are_told_apart_by_kinds_own_words() {
        let said =
            |words: &str| Trouble::of(&format!("Creating cluster \"x\" ...\nERROR: failed to create cluster: {words}"));
        assert_eq!(said("node(s) already exist for a cluster with the name \"x\""), Trouble::NameTaken);
        assert_eq!(said("failed to pull image \"podyard-test/absent:v0\": command failed"), Trouble::NoImage);
        assert_eq!(said("could not find a log line that matches \"Reached target\""), Trouble::WrongImage);
        assert_eq!(said("failed to init node with kubeadm: command failed"), Trouble::ControlPlane);
        assert_eq!(said("'X!' is not a valid cluster name, cluster names must match"), Trouble::Configuration);
        assert_eq!(said("failed to get docker info: command \"docker info\" failed"), Trouble::NoEngine);
        assert_eq!(said("failed to lock config file: open KC.lock: file exists"), Trouble::Other);
        assert!(!Trouble::NoEngine.may_pass() && Trouble::ControlPlane.may_pass());
    }

    #[test]
    fn the_last_words_begin_with_the_error() {
        let said = "cgroup v1 is deprecated in Kubernetes and will not\nCreating\n ✗ Preparing nodes 📦 \nERROR: failed\n\nCommand Output: why\n";
        assert_eq!(last_words(said), "ERROR: failed\nCommand Output: why");
        assert_eq!(last_words("one\ntwo\n"), "one\ntwo");
    }
}
