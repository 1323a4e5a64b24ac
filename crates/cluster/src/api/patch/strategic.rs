//! Strategic merge patch: maps merge, and lists merge by the key their field declares.
//!
//! Directives: `$patch: replace|delete|merge`, `$retainKeys`, `$deleteFromPrimitiveList/<field>`,
//! `$setElementOrder/<field>` (the API conventions' page on strategic merge patch).

mod order;

use serde_json::{Map, Value};

use self::order::{Identity, arrange};
use crate::{
    json::shown_by_go,
    openapi::{Field, Form, Schemas, Struct},
};

/// Why a patch can't be applied, in the merge's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StrategicError {
    /// An item of a merged list without its key.
    #[error("map: {item} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The item, as Go shows it.
        item: String,
        /// The missing key.
        key: String,
    },
    /// A directive that is none.
    #[error("unknown patch type: {directive} in map: {map}")]
    UnknownDirective {
        /// The directive.
        directive: String,
        /// The map that has it, as Go shows it.
        map: String,
    },
    /// The patch's items come in another order than the one that it wishes.
    #[error("The order in patch list:\n{items}\n doesn't match $setElementOrder list:\n{order}\n")]
    OtherOrder {
        /// The items, as Go shows them.
        items: String,
        /// The order, as Go shows it.
        order: String,
    },
    /// `$deleteFromPrimitiveList` without a list.
    #[error("invalid patch format of primitive list")]
    PrimitiveList,
    /// `$retainKeys` without a list, or with one that lacks a key the patch sets.
    #[error("invalid patch format of retainKeys")]
    RetainKeys,
    /// `$setElementOrder` without a list.
    #[error("expected a []interface {{}}, but received a {0}")]
    ElementOrder(&'static str),
}

impl StrategicError {
    /// Whether it is told as the client's mistake; the API server gives the others away as its own.
    pub(super) fn is_the_clients(&self) -> bool {
        matches!(self, Self::PrimitiveList | Self::RetainKeys)
    }
}

/// `original` with `patch` merged in. `known` is the structure of the object, where there is one.
pub(crate) fn merge(
    schemas: &Schemas,
    known: Option<&Struct>,
    original: &Value,
    patch: &Value,
) -> Result<Value, StrategicError> {
    let merger = Merger { schemas };
    match (original, patch) {
        (Value::Object(original), Value::Object(patch)) => {
            Ok(merger.map(Inside::of(known), original.clone(), patch)?.into())
        }
        _ => Ok(without_directives(patch)),
    }
}

/// What is known about the values of a map.
#[derive(Clone, Copy)]
enum Inside<'a> {
    Struct(&'a Struct),
    Map(&'a Field),
    Unknown,
}

impl<'a> Inside<'a> {
    fn of(known: Option<&'a Struct>) -> Self {
        known.map_or(Self::Unknown, Self::Struct)
    }

    fn field(self, key: &str) -> Option<&'a Field> {
        match self {
            Self::Struct(known) => known.fields.get(key),
            Self::Map(field) => Some(field),
            Self::Unknown => None,
        }
    }
}

struct Merger<'a> {
    schemas: &'a Schemas,
}

impl<'a> Merger<'a> {
    fn map(
        &self,
        inside: Inside<'_>,
        mut original: Map<String, Value>,
        patch: &Map<String, Value>,
    ) -> Result<Map<String, Value>, StrategicError> {
        match patch.get("$patch").map(|directive| directive.as_str().unwrap_or_default()) {
            Some("replace") => return Ok(fields_without_directives(patch)),
            Some("delete") => return Ok(Map::new()),
            Some("merge") | None => {}
            Some(other) => return Err(unknown_directive(other, &patch.clone().into())),
        }
        retain_keys(&mut original, patch)?;
        delete_primitives(&mut original, patch)?;
        let mut names: Vec<&str> = patch.keys().filter(|key| !key.starts_with('$')).map(String::as_str).collect();
        // A list whose order alone changes is named by its directive only.
        let ordered = patch.keys().filter_map(|key| key.strip_prefix("$setElementOrder/"));
        names.extend(ordered.filter(|name| !patch.contains_key(*name)));
        for name in names {
            let order = element_order(patch, name)?;
            self.entry(inside.field(name), &mut original, name, patch.get(name), order)?;
        }
        Ok(original)
    }

    /// Merges one field.
    fn entry(
        &self,
        field: Option<&Field>,
        original: &mut Map<String, Value>,
        name: &str,
        patch: Option<&Value>,
        order: Option<&[Value]>,
    ) -> Result<(), StrategicError> {
        let none = Value::Array(Vec::new());
        let patch = patch.unwrap_or(&none);
        if patch.is_null() {
            original.remove(name);
            return Ok(());
        }
        let Some(old) = original.get_mut(name) else {
            if patch != &none || order.is_none() {
                original.insert(name.to_owned(), without_directives(patch));
            }
            return Ok(());
        };
        let merged = match (&mut *old, patch) {
            (Value::Object(old), Value::Object(patch)) => self.map(self.inside(field), old.clone(), patch)?.into(),
            (Value::Array(old), Value::Array(patch)) => match field.filter(|field| field.merges) {
                Some(field) => self.list(field, old, patch, order)?.into(),
                None => without_directives(&patch.clone().into()),
            },
            _ => without_directives(patch),
        };
        *old = merged;
        Ok(())
    }

    fn inside<'b>(&'b self, field: Option<&'b Field>) -> Inside<'b> {
        match field.map(|field| &field.form) {
            Some(Form::Struct(name)) => Inside::of(self.schemas.named(name)),
            Some(Form::Map(value)) => Inside::Map(value),
            _ => Inside::Unknown,
        }
    }

    fn list(
        &self,
        field: &Field,
        old: &[Value],
        patch: &[Value],
        order: Option<&[Value]>,
    ) -> Result<Vec<Value>, StrategicError> {
        let (identity, merged) = match &field.merge_key {
            None => (Identity::Itself, union(old, patch)),
            Some(key) => {
                let Some(kept) = remove_and_check(key, old, patch)? else {
                    let plain = patch.iter().filter(|item| directive(item).is_none());
                    return Ok(plain.map(without_directives).collect());
                };
                (Identity::Key(key), self.merge_items(field, key, kept, patch)?)
            }
        };
        let plain: Vec<Value> = patch.iter().filter(|item| directive(item).is_none()).cloned().collect();
        if let Some(key) = &field.merge_key {
            check_order(key, &plain, order)?;
        }
        Ok(arrange(merged, old, order.unwrap_or(&plain), identity))
    }

    fn merge_items(
        &self,
        field: &Field,
        key: &str,
        mut merged: Vec<Value>,
        patch: &[Value],
    ) -> Result<Vec<Value>, StrategicError> {
        let Form::List(item_field) = &field.form else { return Ok(merged) };
        for item in patch.iter().filter(|item| directive(item).is_none()) {
            let Some(position) = merged.iter().position(|old| old.get(key) == item.get(key)) else {
                merged.push(without_directives(item));
                continue;
            };
            if let (Value::Object(old), Value::Object(item)) = (&merged[position], item) {
                merged[position] = self.map(self.inside(Some(item_field)), old.clone(), item)?.into();
            }
        }
        Ok(merged)
    }
}

/// The items that no directive deletes; `None` when one replaces the whole list.
fn remove_and_check(key: &str, old: &[Value], patch: &[Value]) -> Result<Option<Vec<Value>>, StrategicError> {
    let mut kept = old.to_vec();
    let mut replaced = false;
    for item in patch {
        match directive(item) {
            Some("replace") => replaced = true,
            Some("delete") => {
                let wanted = item.get(key).ok_or_else(|| no_key(item, key))?;
                kept.retain(|old| old.get(key) != Some(wanted));
            }
            Some("merge") | None => {
                item.get(key).ok_or_else(|| no_key(item, key))?;
            }
            Some(other) => return Err(unknown_directive(other, item)),
        }
    }
    Ok((!replaced).then_some(kept))
}

fn no_key(item: &Value, key: &str) -> StrategicError {
    StrategicError::NoMergeKey { item: shown_by_go(item), key: key.to_owned() }
}

fn unknown_directive(directive: &str, map: &Value) -> StrategicError {
    StrategicError::UnknownDirective { directive: directive.to_owned(), map: shown_by_go(map) }
}

/// The items that a patch has are wished for in the order that they have.
fn check_order(key: &str, plain: &[Value], order: Option<&[Value]>) -> Result<(), StrategicError> {
    let Some(order) = order else { return Ok(()) };
    let mut wished = order.iter();
    if plain.iter().all(|item| wished.any(|wish| wish.get(key) == item.get(key))) {
        return Ok(());
    }
    let shown = |items: &[Value]| shown_by_go(&items.to_vec().into());
    Err(StrategicError::OtherOrder { items: shown(plain), order: shown(order) })
}

/// `$patch` of a list's item; `merge` says nothing that is not so anyway.
fn directive(item: &Value) -> Option<&str> {
    item.get("$patch").map(|value| value.as_str().unwrap_or_default()).filter(|text| *text != "merge")
}

fn union(old: &[Value], patch: &[Value]) -> Vec<Value> {
    let mut all = old.to_vec();
    for item in patch {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    all
}

fn retain_keys(original: &mut Map<String, Value>, patch: &Map<String, Value>) -> Result<(), StrategicError> {
    let Some(retained) = patch.get("$retainKeys") else { return Ok(()) };
    let retained = retained.as_array().ok_or(StrategicError::RetainKeys)?;
    let names = |key: &str| retained.iter().any(|name| name == key);
    let covered = patch.iter().all(|(key, value)| key.starts_with('$') || value.is_null() || names(key));
    if !covered {
        return Err(StrategicError::RetainKeys);
    }
    original.retain(|key, _| names(key));
    Ok(())
}

fn delete_primitives(original: &mut Map<String, Value>, patch: &Map<String, Value>) -> Result<(), StrategicError> {
    for (key, value) in patch {
        let Some(name) = key.strip_prefix("$deleteFromPrimitiveList/") else { continue };
        let gone = value.as_array().ok_or(StrategicError::PrimitiveList)?;
        if let Some(items) = original.get_mut(name).and_then(Value::as_array_mut) {
            items.retain(|item| !gone.contains(item));
        }
    }
    Ok(())
}

fn element_order<'v>(patch: &'v Map<String, Value>, name: &str) -> Result<Option<&'v [Value]>, StrategicError> {
    match patch.get(&format!("$setElementOrder/{name}")) {
        None => Ok(None),
        Some(Value::Array(order)) => Ok(Some(order.as_slice())),
        Some(other) => Err(StrategicError::ElementOrder(match crate::api::decode::form_name(other) {
            "object" => "map[string]interface {}",
            "number" => "int64",
            form => form,
        })),
    }
}

/// What a patch sets where nothing was: its values without its directives, and without what it would delete.
fn without_directives(patch: &Value) -> Value {
    match patch {
        Value::Object(fields) => fields_without_directives(fields).into(),
        Value::Array(items) => {
            items.iter().filter(|item| directive(item) != Some("delete")).map(without_directives).collect()
        }
        other => other.clone(),
    }
}

fn fields_without_directives(fields: &Map<String, Value>) -> Map<String, Value> {
    let plain = fields.iter().filter(|(key, value)| !key.starts_with('$') && !value.is_null());
    plain.map(|(key, value)| (key.clone(), without_directives(value))).collect()
}

#[cfg(test)]
mod tests;
