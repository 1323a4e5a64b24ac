//! What one rule allows, and whom a subject means.

use serde_json::Value;

use super::{Attributes, User};
use crate::json::{items, text};

/// What the names of service accounts begin with.
pub(super) const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// Whether a rule allows it.
pub(super) fn allows(rule: &Value, asked: &Attributes) -> bool {
    if !holds(rule, "verbs", |verb| verb == "*" || verb == asked.verb) {
        return false;
    }
    if asked.resource.is_empty() {
        return holds(rule, "nonResourceURLs", |url| covers_path(url, &asked.path));
    }
    holds(rule, "apiGroups", |group| group == "*" || group == asked.group)
        && holds(rule, "resources", |resource| covers_resource(resource, asked))
        && (items(rule, "resourceNames").is_empty() || holds(rule, "resourceNames", |name| name == asked.name))
}

fn holds(rule: &Value, list: &str, test: impl Fn(&str) -> bool) -> bool {
    items(rule, list).iter().filter_map(Value::as_str).any(test)
}

fn covers_path(url: &str, path: &str) -> bool {
    url == "*" || url == path || url.strip_suffix('*').is_some_and(|start| path.starts_with(start))
}

/// `*/scale` means the part of every kind.
fn covers_resource(resource: &str, asked: &Attributes) -> bool {
    let any_kind = !asked.subresource.is_empty() && resource.strip_prefix("*/") == Some(asked.subresource.as_str());
    resource == "*" || any_kind || resource == asked.qualified()
}

/// Whether a binding's subject means this user. A service account without a namespace is of the binding's own.
pub(super) fn means(subject: &Value, user: &User, namespace: &str) -> bool {
    let name = text(subject, "name");
    match text(subject, "kind") {
        "User" => user.name == name,
        "Group" => user.groups.iter().any(|group| group == name),
        "ServiceAccount" => {
            let namespace = home(subject, namespace);
            !namespace.is_empty() && User::account(&user.name) == Some((namespace, name))
        }
        _ => false,
    }
}

fn home<'a>(subject: &'a Value, namespace: &'a str) -> &'a str {
    match text(subject, "namespace") {
        "" => namespace,
        own => own,
    }
}

/// `ServiceAccount "builder/default"`
pub(super) fn named(subject: &Value, namespace: &str) -> String {
    let (kind, name) = (text(subject, "kind"), text(subject, "name"));
    match kind {
        "ServiceAccount" => format!("{kind} \"{name}/{}\"", home(subject, namespace)),
        _ => format!("{kind} {name:?}"),
    }
}
