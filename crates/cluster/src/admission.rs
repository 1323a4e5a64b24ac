//! Defaulting and validation per kind, in the API server's own words.
//!
//! The API calls these in order, for a new object: [`default_object`], [`prepare_create`], [`validate_create`],
//! [`approve_create`]; for a change: [`default_object`], [`prepare_update`], [`validate_update`].

mod defaults;
pub mod field;
mod image_name;
mod plugins;
pub mod quantity;
pub mod resources;

use serde_json::Value;

pub(crate) use self::plugins::quota_usage;
pub use self::{
    defaults::default_object,
    plugins::{approve_create, prepare_create, prepare_update},
};

use self::field::FieldError;
use crate::{clock::Clock, registry::Resource, store::Store};

/// What admission may look at beside the object itself.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The rest of the cluster.
    pub store: &'a Store,
    /// Now, and generated names.
    pub clock: &'a dyn Clock,
    /// Whether nothing will be stored (`dryRun=All`).
    pub dry_run: bool,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("dry_run", &self.dry_run).finish_non_exhaustive()
    }
}

/// Why an admission plugin refused; the API puts `pods "x" is forbidden: ` before the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Forbidden(pub String);

/// Everything that is wrong with a new object.
pub fn validate_create(_resource: &Resource, _object: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// Everything that is wrong with a change.
pub fn validate_update(_resource: &Resource, _old: &Value, _new: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// A kind as tests need it: its names, and a status of its own.
#[cfg(test)]
pub(crate) fn kind_for_tests(group: &'static str, kind: &'static str, plural: &'static str) -> Resource {
    Resource {
        group,
        version: "v1",
        kind,
        plural,
        singular: "",
        short_names: &[],
        categories: &[],
        namespaced: true,
        verbs: &[],
        subresources: &[],
        has_generation: true,
        awaits: None,
        stored_as: None,
    }
}
