//! Patches: what changed between three versions of an object.
//!
//! A three-way merge takes what was applied last time, what is to be applied now and what the server has; it changes
//! what differs from the server and removes what was applied before and is no longer. Everything else stays.

mod apply;
mod keys;
pub mod steps;
mod strategic;

use serde_json::{Map, Value};

pub use apply::{json_merge, strategic as strategic_merge};
pub use keys::{Type, shape};
pub use strategic::three_way as strategic_three_way;

/// A three-way merge for kinds whose lists have no keys (RFC 7386).
pub fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch = changed(current, modified);
    removed(original, modified, &mut patch);
    patch
}

/// What has to change so that `from` has all that `to` has; nothing is removed.
fn changed(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let mut patch = Map::new();
    for (key, wanted) in to {
        match from.get(key) {
            Some(have) if have == wanted => {}
            Some(have @ Value::Object(_)) if wanted.is_object() => {
                let inner = changed(have, wanted);
                if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
                    patch.insert(key.clone(), inner);
                }
            }
            _ => {
                patch.insert(key.clone(), wanted.clone());
            }
        }
    }
    Value::Object(patch)
}

/// Adds a `null` for everything that `original` has and `modified` has not.
fn removed(original: &Value, modified: &Value, patch: &mut Value) {
    let (Value::Object(original), Value::Object(modified)) = (original, modified) else { return };
    for (key, before) in original {
        match modified.get(key) {
            None => set(patch, key, Value::Null),
            Some(now @ Value::Object(_)) if before.is_object() => {
                let mut inner = patch.get(key).cloned().unwrap_or_else(|| Value::Object(Map::new()));
                removed(before, now, &mut inner);
                if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
                    set(patch, key, inner);
                }
            }
            Some(_) => {}
        }
    }
}

fn set(patch: &mut Value, key: &str, value: Value) {
    if let Some(map) = patch.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}

/// The patch that makes one value of another (RFC 7386).
pub fn between(from: &Value, to: &Value) -> Value {
    let mut patch = changed(from, to);
    removed(from, to, &mut patch);
    patch
}

#[cfg(test)]
mod tests;
