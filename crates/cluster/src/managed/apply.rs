//! Server-side apply: a configuration is merged into the object, and its manager owns what it names.

use serde_json::{Map, Value};

use super::{
    MAX_UPDATE_MANAGERS, Writer, difference,
    entries::{Entries, Identity, Operation},
    fields::{Shape, item_step, named_fields},
    set::{FieldSet, shown},
};
use crate::{
    clock::api_time,
    openapi::{Schemas, schemas_of},
    registry::Resource,
};

/// A field that someone else owns with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// Who, as messages name it: `"kubectl"`, `"kubelet" with subresource "status" using v1`.
    pub manager: String,
    /// Which: `.data.color`.
    pub field: String,
}

/// Why a configuration can't be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApplyError {
    /// Others own some of its fields, and it is not to take them.
    Conflicts(Vec<Conflict>),
}

/// The object that results, with its record; the stored one when nothing changes.
///
/// # Errors
/// [`ApplyError::Conflicts`] unless `force` takes the fields over.
pub(crate) fn apply(
    resource: &Resource,
    live: &Value,
    config: &Value,
    writer: &Writer<'_>,
    force: bool,
) -> Result<Value, ApplyError> {
    let schemas = schemas_of(resource);
    let shape = schemas.of(resource).map_or(Shape::Leaf, Shape::Fields);
    let now = api_time(writer.now);
    let identity = Identity {
        manager: writer.manager.to_owned(),
        operation: Operation::Apply,
        api_version: resource.api_version(),
        subresource: writer.subresource.to_owned(),
    };
    let mut entries = known_entries(schemas, resource, shape, live, writer.subresource);
    let before = entries.clone();
    let mut named = named_fields(schemas, shape, config);
    named.disown(resource, writer.subresource);
    let last = entries.fields_of(&identity).cloned().unwrap_or_default();

    let mut new = merge(schemas, shape, live, config);
    let others = entries.iter().filter(|entry| entry.identity != identity);
    let owned = others.fold(named.clone(), |all, entry| all.union(&entry.fields));
    let gone = last.difference(&owned);
    prune(schemas, shape, &mut new, &gone, &owned, &mut Vec::new());

    let comparison = difference(schemas, resource, live, &new, writer.subresource);
    let changed = comparison.changed();
    let conflicts = conflicts(&entries, &identity, &changed);
    if !conflicts.is_empty() && !force {
        return Err(ApplyError::Conflicts(conflicts));
    }
    entries.take_away(Some(&identity), &changed);
    entries.take_away(Some(&identity), &comparison.removed);
    let same = comparison.is_same() && last == named;
    let time = if same { time_of(&before, &identity) } else { None };
    entries.set(identity, named, time.as_deref().unwrap_or(&now));
    entries.merge_oldest(MAX_UPDATE_MANAGERS, &now);
    entries.write(&mut new);
    Ok(new)
}

fn time_of(entries: &Entries, identity: &Identity) -> Option<String> {
    entries.iter().find(|entry| entry.identity == *identity).map(|entry| entry.time.clone())
}

/// The record; of an object without one, everything belongs to whoever was there before the first apply.
fn known_entries(schemas: &Schemas, resource: &Resource, shape: Shape<'_>, live: &Value, subresource: &str) -> Entries {
    let mut entries = Entries::read(&live["metadata"]["managedFields"]);
    let stored = live["metadata"].get("uid").is_some();
    if entries.is_empty() && stored {
        let mut fields = named_fields(schemas, shape, live);
        fields.disown(resource, subresource);
        let identity = Identity {
            manager: "before-first-apply".into(),
            operation: Operation::Update,
            api_version: resource.api_version(),
            subresource: String::new(),
        };
        let time = live["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
        entries.add(identity, fields, &time);
    }
    entries
}

fn conflicts(entries: &Entries, own: &Identity, changed: &FieldSet) -> Vec<Conflict> {
    let mut found = Vec::new();
    for entry in entries.iter().filter(|entry| entry.identity != *own) {
        let manager = describe(&entry.identity);
        let fields = entry.fields.intersection(changed);
        found.extend(fields.paths().iter().map(|path| Conflict { manager: manager.clone(), field: shown(path) }));
    }
    found
}

fn describe(identity: &Identity) -> String {
    let mut text = format!("\"{}\"", identity.manager);
    if !identity.subresource.is_empty() {
        text.push_str(&format!(" with subresource \"{}\"", identity.subresource));
    }
    if identity.operation == Operation::Update {
        text.push_str(&format!(" using {}", identity.api_version));
    }
    text
}

/// The configuration on top of the object: containers merge, one-value parts are replaced.
fn merge(schemas: &Schemas, shape: Shape<'_>, live: &Value, config: &Value) -> Value {
    match (shape, live, config) {
        (Shape::Fields(_) | Shape::Entries(_), Value::Object(fields), Value::Object(_)) => {
            let mut merged = fields.clone();
            for (step, part, inner) in shape.parts(schemas, config) {
                let key = step.trim_start_matches("f:");
                let value = fields.get(key).map_or_else(|| part.clone(), |old| merge(schemas, inner, old, part));
                merged.insert(key.to_owned(), value);
            }
            merged.into()
        }
        (Shape::Values, Value::Array(items), Value::Array(wanted)) => {
            let added = wanted.iter().filter(|item| !items.contains(item));
            items.iter().chain(added).cloned().collect()
        }
        (Shape::Items(_, keys), Value::Array(items), Value::Array(_)) => {
            merge_items(schemas, shape, items, config, keys)
        }
        _ => config.clone(),
    }
}

/// The configuration's items in its own order, each after the stored ones that stood before it.
fn merge_items(schemas: &Schemas, shape: Shape<'_>, items: &[Value], config: &Value, keys: &[String]) -> Value {
    let wanted = shape.parts(schemas, config);
    let stored: Vec<String> = items.iter().map(|item| item_step(item, keys)).collect();
    let mut merged = Vec::new();
    let mut next = 0;
    for (step, part, inner) in &wanted {
        let Some(place) = stored.iter().position(|known| known == step) else {
            merged.push((*part).clone());
            continue;
        };
        while next < place {
            if !wanted.iter().any(|(other, _, _)| *other == stored[next]) {
                merged.push(items[next].clone());
            }
            next += 1;
        }
        next = next.max(place + 1);
        merged.push(merge(schemas, *inner, &items[place], part));
    }
    let rest =
        items.iter().zip(&stored).skip(next).filter(|(_, step)| !wanted.iter().any(|(other, _, _)| other == *step));
    merged.extend(rest.map(|(item, _)| item.clone()));
    merged.into()
}

/// Takes out what the manager named last time and nobody names any more.
fn prune(
    schemas: &Schemas,
    shape: Shape<'_>,
    value: &mut Value,
    gone: &FieldSet,
    owned: &FieldSet,
    path: &mut Vec<String>,
) {
    let parts: Vec<String> = shape.parts(schemas, value).into_iter().map(|(step, _, _)| step).collect();
    for step in parts {
        path.push(step.clone());
        if gone.reaches(path) {
            if gone.contains(path) && !owned.reaches(path) {
                remove(shape, value, &step);
            } else if let Some((part, inner)) = part_mut(schemas, shape, value, &step) {
                prune(schemas, inner, part, gone, owned, path);
                if is_hollow(part) && !owned.contains(path) {
                    remove(shape, value, &step);
                }
            }
        }
        path.pop();
    }
}

fn is_hollow(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn part_mut<'v, 'a>(
    schemas: &'a Schemas,
    shape: Shape<'a>,
    value: &'v mut Value,
    step: &str,
) -> Option<(&'v mut Value, Shape<'a>)> {
    let inner =
        shape.parts(schemas, value).into_iter().find(|(known, _, _)| known == step).map(|(_, _, inner)| inner)?;
    let part = match shape {
        Shape::Items(_, keys) => value.as_array_mut()?.iter_mut().find(|item| item_step(item, keys) == step)?,
        _ => value.get_mut(step.trim_start_matches("f:"))?,
    };
    Some((part, inner))
}

fn remove(shape: Shape<'_>, value: &mut Value, step: &str) {
    match (shape, value) {
        (Shape::Values, Value::Array(items)) => items.retain(|item| format!("v:{item}") != step),
        (Shape::Items(_, keys), Value::Array(items)) => items.retain(|item| item_step(item, keys) != step),
        (_, Value::Object(fields)) => {
            fields.remove(step.trim_start_matches("f:"));
        }
        _ => {}
    }
}
