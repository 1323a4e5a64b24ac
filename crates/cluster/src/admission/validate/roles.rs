//! Roles and their bindings.

use serde_json::{Value, json};

use super::{Findings, Path, metadata, names};
use crate::{
    json::{has, items, text},
    rbac::GROUP,
};

/// A Role, ClusterRole, RoleBinding or ClusterRoleBinding.
pub(super) fn rbac(found: &mut Findings, kind: &str, object: &Value, old: Option<&Value>) {
    match kind {
        "RoleBinding" | "ClusterRoleBinding" => binding(found, kind == "RoleBinding", object, old),
        _ => role(found, kind == "Role", object),
    }
}

fn binding(found: &mut Findings, namespaced: bool, binding: &Value, old: Option<&Value>) {
    let (reference, path) = (&binding["roleRef"], Path::new("roleRef"));
    if text(reference, "apiGroup") != GROUP {
        found.not_supported(&path.child("apiGroup"), text(reference, "apiGroup"), &[GROUP]);
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&text(reference, "kind")) {
        found.not_supported(&path.child("kind"), text(reference, "kind"), kinds);
    }
    match text(reference, "name") {
        "" => found.required(&path.child("name"), ""),
        name => found.invalid_each(&path.child("name"), name, names::path_segment(name)),
    }
    for (index, subject) in items(binding, "subjects").iter().enumerate() {
        self::subject(found, namespaced, subject, &Path::new("subjects").index(index));
    }
    if let Some(old) = old
        && old["roleRef"] != *reference
    {
        let field = |key: &str| json!(text(reference, key));
        let shown =
            format!("{{\"APIGroup\":{},\"Kind\":{},\"Name\":{}}}", field("apiGroup"), field("kind"), field("name"));
        found.invalid_shown(&path, shown, "cannot change roleRef");
    }
}

fn subject(found: &mut Findings, namespaced: bool, subject: &Value, path: &Path) {
    let (kind, name, group) = (text(subject, "kind"), text(subject, "name"), text(subject, "apiGroup"));
    if name.is_empty() {
        found.required(&path.child("name"), "");
    }
    match kind {
        "ServiceAccount" => {
            if !name.is_empty() {
                found.invalid_each(&path.child("name"), name, names::subdomain(name));
            }
            if !group.is_empty() {
                found.not_supported(&path.child("apiGroup"), group, &[""]);
            }
            if !namespaced && text(subject, "namespace").is_empty() {
                found.required(&path.child("namespace"), "");
            }
        }
        "User" | "Group" if group != GROUP => found.not_supported(&path.child("apiGroup"), group, &[GROUP]),
        "User" | "Group" => {}
        other => found.not_supported(&path.child("kind"), other, &["ServiceAccount", "User", "Group"]),
    }
}

fn role(found: &mut Findings, namespaced: bool, role: &Value) {
    for (index, rule) in items(role, "rules").iter().enumerate() {
        self::rule(found, namespaced, rule, &Path::new("rules").index(index));
    }
    if !has(role, "aggregationRule") {
        return;
    }
    let path = Path::new("aggregationRule").child("clusterRoleSelectors");
    let selectors = items(&role["aggregationRule"], "clusterRoleSelectors");
    if selectors.is_empty() {
        found.required(&path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
    }
    for (index, selector) in selectors.iter().enumerate() {
        metadata::selector(found, selector, &path.index(index));
    }
}

fn rule(found: &mut Findings, namespaced: bool, rule: &Value, path: &Path) {
    if items(rule, "verbs").is_empty() {
        found.required(&path.child("verbs"), "verbs must contain at least one value");
    }
    let urls = items(rule, "nonResourceURLs");
    if !urls.is_empty() {
        let at = path.child("nonResourceURLs");
        if namespaced {
            found.invalid(&at, urls.to_vec(), "namespaced rules cannot apply to non-resource URLs");
        }
        if ["apiGroups", "resources", "resourceNames"].iter().any(|list| !items(rule, list).is_empty()) {
            found.invalid(&at, urls.to_vec(), "rules cannot apply to both regular resources and non-resource URLs");
        }
        return;
    }
    if items(rule, "apiGroups").is_empty() {
        found.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
    }
    if items(rule, "resources").is_empty() {
        found.required(&path.child("resources"), "resource rules must supply at least one resource");
    }
}
