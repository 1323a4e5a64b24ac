//! Nobody gives away what they do not have: what a new role or binding would grant beyond its author's own rights.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Attributes, GROUP, User, decide, granted, role, rule};
use crate::{
    json::{items, text},
    store::Store,
};

/// Why a role or a binding may not be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// It grants what its author has not.
    NotHeld(String),
    /// The role that it binds is not there.
    NoRole(String),
}

/// Why `user` may not write this role or binding, an object of `kind` among `plural`; nothing when it may.
pub(crate) fn excess(store: &Store, user: &User, (kind, plural): (&str, &str), object: &Value) -> Option<Excess> {
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
            None => return Some(Excess::NoRole(name.to_owned())),
        }
    } else {
        if may("escalate", kind, text(&object["metadata"], "name")) {
            return None;
        }
        items(object, "rules")
    };
    let all: Vec<&Value> = held.roles.iter().flat_map(|grant| grant.rules()).collect();
    let missing = missing(rules, &all);
    (!missing.is_empty()).then(|| {
        // What stands in the user's own bindings and is not there is told by its name, as of the kind being written.
        let name = |trouble: &String| trouble.split('"').nth(1).unwrap_or("").to_owned();
        let unresolved: Vec<String> =
            held.missing.iter().map(|trouble| format!("{plural}.{GROUP} {:?} not found", name(trouble))).collect();
        Excess::NotHeld(refusal(user, missing, &unresolved))
    })
}

fn refusal(user: &User, missing: BTreeSet<String>, unresolved: &[String]) -> String {
    let groups: Vec<String> = user.groups.iter().map(|group| format!("{group:?}")).collect();
    let listed = missing.into_iter().collect::<Vec<_>>().join("\n");
    let errors = match unresolved {
        [] => String::new(),
        some => format!("; resolution errors: [{}]", some.join(", ")),
    };
    format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{listed}{errors}",
        user.name,
        groups.join(" "),
    )
}

/// What of the rules none of those held covers: a line for each resource or path, with the verbs that lack.
fn missing(wanted: &[Value], held: &[&Value]) -> BTreeSet<String> {
    let covered = |asked: &Attributes| held.iter().any(|rule| rule::allows(rule, asked));
    let mut lacking: BTreeMap<[String; 5], Vec<&str>> = BTreeMap::new();
    for rule in wanted {
        for verb in strings(rule, "verbs") {
            for asked in atoms(rule, verb).into_iter().filter(|asked| !covered(asked)) {
                let Attributes { group, resource, subresource, name, path, .. } = asked;
                let verbs = lacking.entry([group, resource, subresource, name, path]).or_default();
                if !verbs.contains(&verb) {
                    verbs.push(verb);
                }
            }
        }
    }
    lacking.into_iter().map(|(thing, verbs)| described(&thing, &verbs)).collect()
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
fn described([group, resource, subresource, name, path]: &[String; 5], verbs: &[&str]) -> String {
    let verbs: Vec<String> = verbs.iter().map(|verb| format!("{verb:?}")).collect();
    let verbs = format!("Verbs:[{}]", verbs.join(" "));
    if !path.is_empty() {
        return format!("{{NonResourceURLs:[{path:?}], {verbs}}}");
    }
    let whole = if subresource.is_empty() { resource.clone() } else { format!("{resource}/{subresource}") };
    let named = if name.is_empty() { String::new() } else { format!("ResourceNames:[{name:?}], ") };
    format!("{{APIGroups:[{group:?}], Resources:[{whole:?}], {named}{verbs}}}")
}
