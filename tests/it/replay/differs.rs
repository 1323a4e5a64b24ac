//! Scenarios that do not hold yet, each with its reason.

/// One of them.
pub struct Reason {
    /// `lessons/run-hello`
    pub scenario: &'static str,
    /// What is missing.
    pub why: &'static str,
}

/// With the real kubectl.
pub const WITH_REAL_KUBECTL: &[Reason] = &[];

/// With `podyard kubectl`.
pub const WITH_PODYARD_KUBECTL: &[Reason] = &[];
