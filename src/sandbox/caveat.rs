//! What a learner should know about every sandbox of a server. Pages say it in the reader's language; the English here
//! is for whoever runs the server.

/// What is amiss with all sandboxes of a server, though they can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Caveat {
    /// Containers can't be run; why, in the node's words.
    #[error("Containers can't be run on this machine, so Pods will not start: {0} (podyard doctor says more)")]
    NoContainers(String),
    /// The images are missing that need no network; why.
    #[error("The offline images are missing: {0}")]
    NoImages(String),
    /// The cluster refuses Pods whose containers run as root.
    #[error(
        "This cluster takes Pods only that run as an ordinary user (Pod Security restricted); the lessons' own \
         manifests may need a securityContext."
    )]
    OrdinaryUsers,
}
