//! Nobody gives away what they do not have: what a new role or binding would grant beyond its author's own rights.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Attributes, GROUP, User, decide, granted, role, rule};
use crate::{
    json::{items, text},
    store::Store,
};

/// Why `user` may not write this role or binding; nothing when it may.
pub(crate) fn excess(store: &Store, user: &User, kind: &str, object: &Value) -> Option<String> {
    let namespace = text(&object["metadata"], "namespace");
    let held = granted(store, user, namespace);
    let may = |verb: &str, kind: &str, name: &str| {
        let asked = Attributes {
            verb: verb.into(),
            group: GROUP.into(),
            resource: format!("{}s", kind.to_lowercase()),
            name: name.into(),
            namespace: namespace.into(),
            ..Attributes::default()
        };
        decide(&held, user, &asked).allowed
    };
    let bound;
    let rules = if kind.ends_with("Binding") {
        let (kind, name) = (text(&object["roleRef"], "kind"), text(&object["roleRef"], "name"));
        if may("bind", kind, name) {
            return None;
        }
        bound = role(store, kind, name, namespace);
        match &bound {
            Some(role) => items(role, "rules"),
            None => return Some(format!("{}.{GROUP} {name:?} not found", kind.to_lowercase())),
        }
    } else {
        if may("escalate", kind, text(&object["metadata"], "name")) {
            return None;
        }
        items(object, "rules")
    };
    let held: Vec<&Value> = held.roles.iter().flat_map(|grant| grant.rules()).collect();
    let missing: BTreeSet<String> = rules.iter().filter_map(|rule| missing(rule, &held)).collect();
    (!missing.is_empty()).then(|| refusal(user, missing))
}

fn refusal(user: &User, missing: BTreeSet<String>) -> String {
    let groups: Vec<String> = user.groups.iter().map(|group| format!("{group:?}")).collect();
    let listed = missing.into_iter().collect::<Vec<_>>().join("\n");
    format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{listed}",
        user.name,
        groups.join(" "),
    )
}

/// The part of a rule that none of those held covers.
fn missing(wanted: &Value, held: &[&Value]) -> Option<String> {
    let covered = |asked: &Attributes| held.iter().any(|rule| rule::allows(rule, asked));
    let lacking: Vec<&str> =
        strings(wanted, "verbs").filter(|verb| atoms(wanted, verb).iter().any(|asked| !covered(asked))).collect();
    (!lacking.is_empty()).then(|| described(wanted, &lacking))
}

/// Everything that a rule allows to be done with one verb.
fn atoms(rule: &Value, verb: &str) -> Vec<Attributes> {
    let verb = verb.to_owned();
    let paths = strings(rule, "nonResourceURLs").map(|path| Attributes {
        verb: verb.clone(),
        path: path.into(),
        ..Attributes::default()
    });
    let names: Vec<&str> = match items(rule, "resourceNames") {
        [] => vec![""],
        _ => strings(rule, "resourceNames").collect(),
    };
    let mut all: Vec<Attributes> = paths.collect();
    for group in strings(rule, "apiGroups") {
        for whole in strings(rule, "resources") {
            let (resource, subresource) = whole.split_once('/').unwrap_or((whole, ""));
            all.extend(names.iter().map(|name| Attributes {
                verb: verb.clone(),
                group: group.into(),
                resource: resource.into(),
                subresource: subresource.into(),
                name: (*name).into(),
                ..Attributes::default()
            }));
        }
    }
    all
}

fn strings<'a>(rule: &'a Value, list: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    items(rule, list).iter().filter_map(Value::as_str)
}

/// `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`
fn described(rule: &Value, verbs: &[&str]) -> String {
    let quoted = |list: Vec<&str>| list.iter().map(|item| format!("{item:?}")).collect::<Vec<_>>().join(" ");
    let lists = [
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("ResourceNames", "resourceNames"),
    ];
    let mut parts: Vec<String> = lists
        .iter()
        .filter(|(_, key)| !items(rule, key).is_empty())
        .map(|(name, key)| format!("{name}:[{}]", quoted(strings(rule, key).collect())))
        .collect();
    parts.push(format!("Verbs:[{}]", quoted(verbs.to_vec())));
    format!("{{{}}}", parts.join(", "))
}
