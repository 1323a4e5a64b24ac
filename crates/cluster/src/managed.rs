//! `metadata.managedFields`: who wrote which field last, and what server-side apply makes of that.
//!
//! A set of fields is a `FieldSet`; [`fields`] reads one off an object, [`compare()`] off two states of it. [`track`]
//! keeps the record for ordinary writes, [`apply()`] does server-side apply (kubernetes.io, "Server-Side Apply").

mod apply;
mod compare;
mod entries;
mod fields;
mod set;
mod typed;

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use self::{
    apply::{ApplyError, Conflict, apply},
    typed::mistyped,
};
use self::{
    compare::{Comparison, compare},
    entries::{Entries, Identity, Operation},
    fields::Shape,
};
use crate::{
    clock::api_time,
    openapi::{Schemas, schemas_of},
    registry::Resource,
};

/// How many managers of ordinary writes are told apart; older ones are put together.
const MAX_UPDATE_MANAGERS: usize = 10;

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Writer<'a> {
    /// `kubectl-create`, `kubelet`, …
    pub manager: &'a str,
    /// Empty for the object itself.
    pub subresource: &'a str,
    /// When.
    pub now: Timestamp,
}

/// Brings the record in `new` up to date with what changed since `old`. `old` is the kind's empty object when `new` is
/// created.
pub(crate) fn track(resource: &Resource, old: &Value, new: &mut Value, writer: &Writer<'_>, created: bool) {
    let mut entries = Entries::of(old, new);
    // An object that nobody tracked from the start is not tracked from the middle.
    if entries.is_empty() && !created {
        return entries.write(new);
    }
    let comparison = difference(schemas_of(resource), resource, old, new, writer.subresource);
    entries.take_away(None, &comparison.changed());
    entries.take_away(None, &comparison.removed);
    let changed = comparison.changed();
    if !changed.is_empty() {
        let identity = Identity {
            manager: writer.manager.to_owned(),
            operation: Operation::Update,
            api_version: resource.api_version(),
            subresource: writer.subresource.to_owned(),
        };
        entries.add(identity, changed, &api_time(writer.now));
    }
    entries.merge_oldest(MAX_UPDATE_MANAGERS, &api_time(writer.now));
    entries.write(new);
}

/// What changed between two states of an object, without what nobody can own.
fn difference(schemas: &Schemas, resource: &Resource, old: &Value, new: &Value, subresource: &str) -> Comparison {
    let shape = schemas.of(resource).map_or(Shape::Leaf, Shape::Fields);
    let mut comparison = compare(schemas, shape, old, new);
    for set in [&mut comparison.added, &mut comparison.modified, &mut comparison.removed] {
        set.disown(resource, subresource);
    }
    comparison
}

#[cfg(test)]
mod tests;
