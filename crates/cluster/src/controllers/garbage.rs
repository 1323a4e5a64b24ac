//! The garbage collector: objects go when their owners are gone ("Garbage Collection", owners and dependents).

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use serde_json::Value;

use super::{
    Controller, World,
    deletion::{self, FOREGROUND, ORPHAN},
    write::update,
};
use crate::{
    json::{flag, has, items, put, take, text},
    store::{Change, Event, Key, Object},
};

/// Knows which objects there are and who owns whom.
#[derive(Debug, Default)]
pub(super) struct Garbage {
    alive: HashMap<String, Key>,
    dependents: HashMap<String, BTreeSet<Key>>,
}

fn uid(object: &Value) -> &str {
    text(&object["metadata"], "uid")
}

fn owners(object: &Value) -> &[Value] {
    items(&object["metadata"], "ownerReferences")
}

fn has_finalizer(object: &Value, name: &str) -> bool {
    items(&object["metadata"], "finalizers").iter().any(|finalizer| finalizer == name)
}

fn deleting(object: &Value) -> bool {
    has(&object["metadata"], "deletionTimestamp")
}

impl Garbage {
    fn index(&mut self, event: &Event) {
        for owner in event.previous.as_deref().map_or(&[][..], owners) {
            if let Some(dependents) = self.dependents.get_mut(text(owner, "uid")) {
                dependents.remove(&event.key);
                if dependents.is_empty() {
                    self.dependents.remove(text(owner, "uid"));
                }
            }
        }
        if event.change == Change::Deleted {
            self.alive.remove(uid(&event.object));
            return;
        }
        self.alive.insert(uid(&event.object).to_owned(), event.key.clone());
        for owner in owners(&event.object) {
            self.dependents.entry(text(owner, "uid").to_owned()).or_default().insert(event.key.clone());
        }
    }

    fn dependents_of(&self, world: &World, owner: &Value) -> Vec<(Key, Object)> {
        let keys = self.dependents.get(uid(owner)).into_iter().flatten();
        keys.filter_map(|key| Some((key.clone(), world.get(key)?))).collect()
    }

    /// An owner that waits for its dependents: each is deleted, and when none holds it back any more, it goes.
    fn foreground(&self, world: &World, key: &Key, owner: &Value) {
        let dependents = self.dependents_of(world, owner);
        let holds = |object: &Value| {
            owners(object).iter().any(|o| text(o, "uid") == uid(owner) && flag(o, "blockOwnerDeletion"))
        };
        for (dependent, object) in &dependents {
            if deleting(object) {
                continue;
            }
            if self.dependents.contains_key(uid(object)) {
                deletion::delete_foreground(world, dependent);
            } else {
                deletion::delete(world, dependent);
            }
        }
        let left = dependents.iter().any(|(key, object)| holds(object) && world.get(key).is_some());
        if !left {
            deletion::release(world, key, FOREGROUND);
        }
    }

    fn orphan(&self, world: &World, key: &Key, owner: &Value) {
        for (dependent, _) in self.dependents_of(world, owner) {
            update(world, &dependent, |object| drop_owner(object, uid(owner)));
        }
        deletion::release(world, key, ORPHAN);
    }

    /// An object whose owners are all gone goes too; owners that are gone beside one that is not are forgotten.
    fn check_owners(&self, world: &World, key: &Key, object: &Value) {
        let gone = |owner: &&Value| !self.alive.contains_key(text(owner, "uid"));
        let lost: Vec<&Value> = owners(object).iter().filter(gone).collect();
        if lost.is_empty() || deleting(object) {
            return;
        }
        if lost.len() == owners(object).len() {
            deletion::delete(world, key);
            return;
        }
        for owner in lost {
            update(world, key, |object| drop_owner(object, text(owner, "uid")));
        }
    }
}

fn drop_owner(object: &mut Value, owner: &str) {
    let kept: Vec<Value> = owners(object).iter().filter(|o| text(o, "uid") != owner).cloned().collect();
    let metadata = crate::json::child(object, "metadata");
    if kept.is_empty() {
        take(metadata, "ownerReferences");
    } else {
        put(metadata, "ownerReferences", kept);
    }
}

impl Controller for Garbage {
    fn concerns(&mut self, _world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        self.index(event);
        if event.change == Change::Deleted {
            self.dependents.get(uid(&event.object)).into_iter().flatten().cloned().for_each(&mut *mark);
            let waiting = owners(&event.object).iter().filter_map(|owner| self.alive.get(text(owner, "uid")));
            waiting.cloned().for_each(mark);
        } else if deleting(&event.object) || !owners(&event.object).is_empty() {
            mark(event.key.clone());
        }
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let object = world.get(key)?;
        if deleting(&object) && has_finalizer(&object, ORPHAN) {
            self.orphan(world, key, &object);
        } else if deleting(&object) && has_finalizer(&object, FOREGROUND) {
            self.foreground(world, key, &object);
        } else {
            self.check_owners(world, key, &object);
        }
        None
    }
}
