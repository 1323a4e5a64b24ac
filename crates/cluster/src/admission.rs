//! Defaulting and validation per kind, in the API server's own words.
//!
//! The API calls these in order, for a new object: [`default_object`], [`prepare_create`], [`validate_create`], [`taken`],
//! [`approve_create`]; for a change: [`prepare_update`], [`default_object`], [`validate_update`], [`taken`],
//! [`approve_update`].

mod defaults;
pub mod field;
mod image_name;
mod plugins;
pub mod quantity;
pub mod resources;
pub(crate) mod validate;

pub(crate) use self::plugins::{TEMPLATE_COUNT, quota_usage};
pub(crate) use self::validate::{validate_ephemeral, validate_resize, validate_status};
pub use self::{
    defaults::default_object,
    plugins::{approve_create, approve_update, prepare_create, prepare_update, taken},
    validate::{validate_create, validate_update},
};

use crate::{clock::Clock, store::Store};

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
