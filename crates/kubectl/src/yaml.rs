//! Reads YAML as Go's `sigs.k8s.io/yaml` does: YAML 1.1 scalars, JSON out, and its words for mistakes.
//!
//! The events come from serde-saphyr's parser, with limits of our own: what aliases expand to is counted.

mod build;
mod complaint;
pub mod scalar;

use serde_json::Value;

pub use complaint::complaint;

/// How much a document may come to, all aliases expanded: nodes.
pub const MAX_NODES: usize = 500_000;
/// How deep a document may be nested.
pub const MAX_DEPTH: usize = 200;

/// Reads one document; an empty one is `null`. Errors are in the words of Go's library, `yaml: line 3: …`.
pub fn read(text: &str) -> Result<Value, String> {
    build::document(text)
}
