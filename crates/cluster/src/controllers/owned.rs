//! Who controls what: owner references, adoption and release.

use serde_json::{Value, json};

use super::{World, name_of, selector, write::update};
use crate::{
    json::{child, flag, has, items, put, take, text},
    store::{Key, Object},
};

/// The owner that controls an object: `kind` and `uid` beside its name.
pub(super) fn controller_of(object: &Value) -> Option<&Value> {
    items(&object["metadata"], "ownerReferences").iter().find(|owner| flag(owner, "controller"))
}

/// Whether `owner` controls `object`.
pub(super) fn controls(owner: &Value, object: &Value) -> bool {
    controller_of(object).is_some_and(|reference| reference["uid"] == owner["metadata"]["uid"])
}

/// The reference that makes `owner` the controller.
pub(super) fn reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// The objects of `resource` beside `owner` that it controls. Those that its selector means and nobody controls are
/// adopted; those that it does not mean any more are let go.
pub(super) fn claim(world: &World, owner: &Value, resource: &str) -> Vec<Object> {
    claim_those(world, owner, resource, |_| true)
}

/// The same for who has only objects of some kind: others are neither adopted nor kept.
pub(super) fn claim_those(
    world: &World,
    owner: &Value,
    resource: &str,
    may_belong: impl Fn(&Value) -> bool,
) -> Vec<Object> {
    let namespace = text(&owner["metadata"], "namespace");
    let deleting = has(&owner["metadata"], "deletionTimestamp");
    let mut claimed = Vec::new();
    for object in world.store.list(resource, Some(namespace)).1 {
        let means = may_belong(&object) && selector::owner_matches(owner, selector::labels(&object));
        let key = Key::new(resource, namespace, name_of(&object));
        if controls(owner, &object) {
            if means || deleting {
                claimed.push(object);
            } else {
                update(world, &key, |object| release(object, owner));
            }
        } else if means
            && !deleting
            && controller_of(&object).is_none()
            && !has(&object["metadata"], "deletionTimestamp")
            && let Some(adopted) = update(world, &key, |object| adopt(object, owner))
        {
            claimed.push(adopted);
        }
    }
    claimed
}

fn adopt(object: &mut Value, owner: &Value) {
    let metadata = child(object, "metadata");
    let mut owners = items(metadata, "ownerReferences").to_vec();
    owners.push(reference(owner));
    put(metadata, "ownerReferences", owners);
}

fn release(object: &mut Value, owner: &Value) {
    let metadata = child(object, "metadata");
    let mut owners = items(metadata, "ownerReferences").to_vec();
    owners.retain(|reference| reference["uid"] != owner["metadata"]["uid"]);
    if owners.is_empty() {
        take(metadata, "ownerReferences");
    } else {
        put(metadata, "ownerReferences", owners);
    }
}

/// Marks the controllers of kind `kind` that an event about a dependent concerns: the one it has, the one it had, and,
/// when it has none, all that would have it.
pub(super) fn concerned(
    world: &World,
    event: &crate::store::Event,
    kind: &str,
    resource: &str,
    mark: &mut dyn FnMut(Key),
) {
    let namespace = event.key.namespace.as_str();
    let states = [Some(&event.object), event.previous.as_ref()];
    let owners = states.into_iter().flatten().filter_map(|object| controller_of(object));
    for owner in owners.filter(|owner| text(owner, "kind") == kind) {
        mark(Key::new(resource, namespace, text(owner, "name")));
    }
    if controller_of(&event.object).is_none() {
        for owner in world.store.list(resource, Some(namespace)).1 {
            if selector::owner_matches(&owner, selector::labels(&event.object)) {
                mark(Key::new(resource, namespace, name_of(&owner)));
            }
        }
    }
}
