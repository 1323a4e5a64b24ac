//! Writing objects as a controller does: through admission, with the metadata the API would give them.

use std::convert::Infallible;

use serde_json::{Value, json};

use super::World;
use crate::{
    admission::{Context, approve_create, default_object, field::FieldError, prepare_create, validate_create},
    clock::api_time,
    json::{child, fill, put, text},
    registry::Resource,
    store::{Key, Next, Object},
};

/// Why an object was not made. The text is what the API would have answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum CreateError {
    /// An object of this name is there.
    #[error("{0} already exists")]
    Exists(String),
    /// Admission or validation refused.
    #[error("{0}")]
    Refused(String),
}

/// Creates an object in `namespace` (empty for none). A `generateName` gets its suffix here.
pub(super) fn create(
    world: &World,
    resource: &Resource,
    namespace: &str,
    mut object: Value,
) -> Result<Object, CreateError> {
    let metadata = child(&mut object, "metadata");
    if !namespace.is_empty() {
        put(metadata, "namespace", namespace);
    }
    if text(metadata, "name").is_empty() {
        let name = format!("{}{}", text(metadata, "generateName"), world.clock.suffix(5));
        put(metadata, "name", name);
    }
    fill(metadata, "uid", world.clock.uid());
    put(metadata, "creationTimestamp", api_time(world.clock.now()));
    if resource.has_generation {
        put(metadata, "generation", 1);
    }
    let name = text(metadata, "name").to_owned();
    admit(world, resource, &name, &mut object)?;
    let key = Key::new(resource.store_name(), namespace, name.as_str());
    let shown = || CreateError::Exists(format!("{} \"{name}\"", resource.store_name()));
    world.store.insert(key, object).map_err(|_| shown())
}

fn admit(world: &World, resource: &Resource, name: &str, object: &mut Value) -> Result<(), CreateError> {
    let context = Context { store: &world.store, clock: &*world.clock, dry_run: false };
    let forbidden = |refused: crate::admission::Forbidden| {
        CreateError::Refused(format!("{} \"{name}\" is forbidden: {refused}", resource.store_name()))
    };
    default_object(resource, object);
    prepare_create(resource, object, &context).map_err(forbidden)?;
    let found = validate_create(resource, object);
    if !found.is_empty() {
        return Err(CreateError::Refused(invalid(resource, name, &found)));
    }
    approve_create(resource, object, &context).map_err(forbidden)?;
    Ok(())
}

fn invalid(resource: &Resource, name: &str, found: &[FieldError]) -> String {
    let causes: Vec<String> = found.iter().map(ToString::to_string).collect();
    let causes = if causes.len() == 1 { causes[0].clone() } else { format!("[{}]", causes.join(", ")) };
    format!("{} \"{name}\" is invalid: {causes}", resource.kind)
}

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
