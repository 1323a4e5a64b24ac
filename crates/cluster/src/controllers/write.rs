//! Writing objects as a controller does.

use std::convert::Infallible;

use serde_json::{Value, json};

use super::World;
use crate::{
    json::put,
    store::{Key, Next, Object},
};

/// Changes an object in place; nothing happens when it is gone or stays the same. A changed spec counts up
/// `metadata.generation` where there is one.
pub(super) fn update(world: &World, key: &Key, change: impl FnOnce(&mut Value)) -> Option<Object> {
    let decide = |before: &Value| {
        let mut after = before.clone();
        change(&mut after);
        if let Some(generation) = before["metadata"]["generation"].as_i64()
            && before.get("spec") != after.get("spec")
        {
            after["metadata"]["generation"] = json!(generation + 1);
        }
        Ok::<_, Infallible>(Next::Put(after))
    };
    world.store.modify(key, decide).ok()
}

/// Replaces the status.
pub(super) fn put_status(world: &World, key: &Key, status: Value) -> Option<Object> {
    update(world, key, |object| put(object, "status", status))
}
