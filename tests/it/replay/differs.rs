//! Scenarios that do not hold yet, each with its reason.

/// One of them.
pub struct Reason {
    /// `lessons/run-hello`
    pub scenario: &'static str,
    /// What is missing.
    pub why: &'static str,
    /// Whether it holds now and then: a race that the recording decided one way.
    pub races: bool,
}

const fn race(scenario: &'static str, why: &'static str) -> Reason {
    Reason { scenario, why, races: true }
}

const TWO_STREAMS: Reason =
    race("config/security-context", "a line on stderr before one on stdout: two pipes have no order between them");

const LABELS: Reason = race("verbs/label-annotate", "kubectl prints the labels of --list in Go's order of a map: any");

/// With the real kubectl.
pub const WITH_REAL_KUBECTL: &[Reason] = &[
    TWO_STREAMS,
    LABELS,
    race("verbs/cp", "kubectl ends without waiting for what tar says on stderr"),
    race("workloads/quota-and-limits", "kubectl describes the resources of a LimitRange in Go's order of a map: any"),
    race("verbs/wait", "kubectl warns of a watch under a second when its own timeout of 1 s closes it"),
];

/// With `podyard kubectl`.
pub const WITH_PODYARD_KUBECTL: &[Reason] =
    &[TWO_STREAMS, race("verbs/cp", "the real kubectl ended before tar had complained; ours always says it")];
