//! CustomResourceDefinitions: whose names are free, which are served, and how a deleted one is emptied.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Controller, World, conditions, deletion, name_of,
    write::{put_status, update},
};
use crate::{
    clock::api_time,
    custom::{CLEANUP, DEFINITIONS},
    json::{has, items, put, text},
    store::{Change, Event, Key},
};

/// Brings definitions into service and out of it.
pub(super) struct CustomDefinitions;

impl Controller for CustomDefinitions {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        if event.key.resource == DEFINITIONS {
            // Names that somebody gives up may be what another one waits for.
            for definition in world.store.list(DEFINITIONS, None).1 {
                mark(Key::new(DEFINITIONS, "", name_of(&definition)));
            }
        } else if event.change == Change::Deleted && event.key.resource.contains('.') {
            let definition = Key::new(DEFINITIONS, "", event.key.resource.as_str());
            if world.get(&definition).is_some_and(|definition| has(&definition["metadata"], "deletionTimestamp")) {
                mark(definition);
            }
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let definition = world.get(key)?;
        let now = api_time(world.clock.now());
        if has(&definition["metadata"], "deletionTimestamp") {
            empty(world, key, &definition, &now);
            return None;
        }
        let group = text(&definition["spec"], "group");
        let others: Vec<_> = world.store.list(DEFINITIONS, None).1;
        let others = others.iter().filter(|other| name_of(other) != key.name && text(&other["spec"], "group") == group);
        let taken: Vec<&Value> = others.map(|other| &other["status"]["acceptedNames"]).collect();
        let status = served(&definition, &taken, &now);
        if status != definition["status"] {
            put_status(world, key, status);
        }
        None
    }
}

/// The status of a definition beside others of its group: its names if nobody has them, and whether it is served.
fn served(definition: &Value, taken: &[&Value], now: &str) -> Value {
    let wanted = &definition["spec"]["names"];
    let mut status = definition["status"].clone();
    let mut accepted = if status["acceptedNames"].is_object() { status["acceptedNames"].clone() } else { json!({}) };
    let mut conflict = None;
    for (key, reason, kinds) in [
        ("plural", "PluralConflict", false),
        ("singular", "SingularConflict", false),
        ("shortNames", "ShortNamesConflict", false),
        ("kind", "KindConflict", true),
        ("listKind", "ListKindConflict", true),
    ] {
        let in_use: Vec<String> =
            names(&wanted[key]).into_iter().filter(|name| is_taken(name, &accepted, taken, kinds)).collect();
        match in_use.first() {
            Some(name) => conflict = Some((reason, format!("{name:?} is already in use"))),
            None if has(wanted, key) => put(&mut accepted, key, wanted[key].clone()),
            None => drop(crate::json::take(&mut accepted, key)),
        }
    }
    match wanted.get("categories") {
        Some(categories) => put(&mut accepted, "categories", categories.clone()),
        None => drop(crate::json::take(&mut accepted, "categories")),
    }
    put(&mut status, "acceptedNames", accepted);
    let (holds, reason, message) = match &conflict {
        Some((reason, message)) => ("False", *reason, message.as_str()),
        None => ("True", "NoConflicts", "no conflicts found"),
    };
    set(&mut status, "NamesAccepted", holds, reason, message, now);
    if conflict.is_none() {
        set(&mut status, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now);
    } else if !conditions::holds(&status, "Established") {
        set(&mut status, "Established", "False", "NotAccepted", "not all names are accepted", now);
    }
    status
}

fn names(value: &Value) -> Vec<String> {
    match value {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Whether another definition has a name; kinds and resources have names of their own.
fn is_taken(name: &str, accepted: &Value, taken: &[&Value], kinds: bool) -> bool {
    let keys: &[&str] = if kinds { &["kind", "listKind"] } else { &["plural", "singular", "shortNames"] };
    let has_it = |names_of: &Value| keys.iter().any(|key| names(&names_of[*key]).iter().any(|known| known == name));
    !has_it(accepted) && taken.iter().any(|other| has_it(other))
}

/// Sets a condition; nothing changes, the time neither, when it says so already.
fn set(status: &mut Value, kind: &str, holds: &str, reason: &str, message: &str, now: &str) {
    let known = conditions::find(status, kind);
    let same = known.filter(|known| text(known, "status") == holds);
    let since = same.map_or(now, |known| text(known, "lastTransitionTime")).to_owned();
    let condition = conditions::plain(kind, holds, reason, message, &since);
    let list = status.get_mut("conditions").and_then(Value::as_array_mut);
    match list.and_then(|list| list.iter_mut().find(|known| known["type"] == kind)) {
        Some(known) => *known = condition,
        None => conditions::replace(status, condition),
    }
}

/// Deletes the objects of a definition; when none is left, the definition goes.
fn empty(world: &World, key: &Key, definition: &Value, now: &str) {
    if !items(&definition["metadata"], "finalizers").iter().any(|name| name == CLEANUP) {
        return;
    }
    let message = "CustomResource deletion is in progress";
    update(world, key, |definition| {
        set(&mut definition["status"], "Terminating", "True", "InstanceDeletionInProgress", message, now);
    });
    let objects = |world: &World| world.store.list(&key.name, None).1;
    for object in objects(world) {
        let metadata = &object["metadata"];
        deletion::delete(world, &Key::new(key.name.as_str(), text(metadata, "namespace"), text(metadata, "name")));
    }
    if objects(world).is_empty() {
        let message = "removed all instances";
        update(world, key, |definition| {
            set(&mut definition["status"], "Terminating", "False", "InstanceDeletionCompleted", message, now);
        });
        deletion::release(world, key, CLEANUP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(names: Value) -> Value {
        json!({"metadata": {"name": "widgets.example.com"}, "spec": {"group": "example.com", "names": names}, "status": {}})
    }

    fn shown(status: &Value) -> Vec<String> {
        let line = |c: &Value| {
            format!("{}={} {}: {}", text(c, "type"), text(c, "status"), text(c, "reason"), text(c, "message"))
        };
        items(status, "conditions").iter().map(line).collect()
    }

    #[test]
    fn a_definition_with_free_names_is_served() {
        let names = json!({"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList", "shortNames": ["wd"]});
        let status = served(&definition(names.clone()), &[], "now");
        assert_eq!(status["acceptedNames"], names);
        let expected = [
            "NamesAccepted=True NoConflicts: no conflicts found",
            "Established=True InitialNamesAccepted: the initial names have been accepted",
        ];
        assert_eq!(shown(&status), expected);
    }

    #[test]
    fn a_name_that_another_has_is_not_given_away() {
        let names = json!({"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"});
        let other = json!({"plural": "things", "singular": "thing", "kind": "Widget", "listKind": "ThingList"});
        let status = served(&definition(names), &[&other], "now");
        assert!(status["acceptedNames"].get("kind").is_none());
        let expected = [
            "NamesAccepted=False KindConflict: \"Widget\" is already in use",
            "Established=False NotAccepted: not all names are accepted",
        ];
        assert_eq!(shown(&status), expected);
    }
}
