//! Custom resources: the kinds that CustomResourceDefinitions add to a cluster.
//!
//! A definition is an object like any other; [`Definitions`] reads those that are established from the store, and gives
//! each served version as a [`CustomKind`]: its row for the API, and what its schema says. What the schema does to an
//! object is in `prune`, `defaults`, `validate` and `rules`, each a function over values.

mod columns;
mod defaults;
mod definitions;
mod formats;
mod json_path;
mod kind;
mod prune;
mod rules;
mod structs;
mod typed;
mod validate;

pub use self::{columns::CustomColumn, kind::CustomKind};
pub(crate) use self::{
    definitions::Definitions,
    json_path::JsonPath,
    kind::condition_holds,
    prune::is_pruned,
    rules::{Stranger, compile, strangers, type_of_field},
    validate::check_value,
};
use crate::registry::Resource;
use std::sync::Arc;

/// The store's name for definitions.
pub(crate) const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// Holds a deleted definition until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// A kind as a request names it: one that every cluster has, or one of this cluster's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// From the registry.
    BuiltIn(&'static Resource<'static>),
    /// From a definition.
    Custom(Arc<CustomKind>),
}

impl Kind {
    /// Its row.
    pub fn row(&self) -> Resource<'_> {
        match self {
            Self::BuiltIn(row) => **row,
            Self::Custom(kind) => kind.row(),
        }
    }
}

/// What a schema's `type` would be for a value.
pub(crate) fn type_of(value: &serde_json::Value) -> &'static str {
    use serde_json::Value;
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
