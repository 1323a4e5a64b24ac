//! Defaulting and validation per kind, in the API server's own words.
//!
//! The API calls these in order: [`default_object`], [`prepare_create`], [`validate_create`] or [`validate_update`].

mod defaults;
pub mod field;
mod image_name;
pub mod quantity;
pub mod resources;

use serde_json::Value;

pub use self::defaults::default_object;

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

/// What happens to a new object before it is validated: the kind's own strategy (status, generation-independent
/// fields) and the mutating admission plugins. Gives warnings for the client.
///
/// # Errors
/// [`Forbidden`] when a plugin refuses (limit range, quota, service account, Pod Security).
pub fn prepare_create(
    _resource: &Resource,
    _object: &mut Value,
    _context: &Context<'_>,
) -> Result<Vec<String>, Forbidden> {
    Ok(Vec::new())
}

/// Everything that is wrong with a new object.
pub fn validate_create(_resource: &Resource, _object: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// Everything that is wrong with a change.
pub fn validate_update(_resource: &Resource, _old: &Value, _new: &Value) -> Vec<FieldError> {
    Vec::new()
}
