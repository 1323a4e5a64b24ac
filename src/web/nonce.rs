//! The word of one answer: its Content-Security-Policy names it, and only scripts and styles that carry it run.

/// Put into the request by the layer that writes the policy; templates write it into their script tags, from where
/// the editor takes it for the style sheet that it makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nonce(pub String);
