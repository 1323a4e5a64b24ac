//! `metadata`: names, labels, annotations, owners, finalizers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Findings, Path, names};
use crate::json::{at, entries, flag, has, items, text};

/// All annotations of an object together, keys and values.
const ANNOTATION_BYTES: usize = 256 * 1024;

/// What a kind's names look like.
pub(super) type NameRule = fn(&str) -> Vec<String>;

/// The metadata of a new object.
pub(super) fn create(found: &mut Findings, object: &Value, rule: NameRule) {
    let (metadata, path) = (&object["metadata"], Path::new("metadata"));
    let base = text(metadata, "generateName");
    if !base.is_empty() {
        // The base may end with what a name may not end with: something will follow.
        let probe = if base.ends_with(['-', '.']) { format!("{}a", &base[..base.len() - 1]) } else { base.to_owned() };
        found.invalid_each(&path.child("generateName"), base, rule(&probe));
    }
    if text(metadata, "name").is_empty() {
        found.required(&path.child("name"), "name or generateName is required");
    } else {
        found.invalid_each(&path.child("name"), text(metadata, "name"), rule(text(metadata, "name")));
    }
    common(found, metadata, &path);
    finalizers(found, metadata, &path.child("finalizers"));
}

/// The metadata of a changed object.
pub(super) fn update(found: &mut Findings, old: &Value, new: &Value) {
    let (before, after, path) = (&old["metadata"], &new["metadata"], Path::new("metadata"));
    if has(before, "deletionTimestamp") {
        no_new_finalizers(found, before, after, &path.child("finalizers"));
    }
    for field in ["name", "namespace", "uid", "creationTimestamp"] {
        found.immutable(&path.child(field), at(after, &[field]), at(before, &[field]));
    }
    common(found, after, &path);
}

fn common(found: &mut Findings, metadata: &Value, path: &Path) {
    labels(found, &metadata["labels"], &path.child("labels"));
    annotations(found, &metadata["annotations"], &path.child("annotations"));
    owners(found, metadata, &path.child("ownerReferences"));
}

/// A map of labels.
pub(super) fn labels(found: &mut Findings, labels: &Value, path: &Path) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        found.invalid_each(path, key, names::qualified(key));
        let value = value.as_str().unwrap_or("");
        found.invalid_each(path, value, names::label_value(value));
    }
}

/// A map of annotations.
pub(super) fn annotations(found: &mut Findings, annotations: &Value, path: &Path) {
    let mut bytes = 0;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        found.invalid_each(path, key, names::qualified(&key.to_lowercase()));
        bytes += key.len() + value.as_str().map_or(0, str::len);
    }
    if bytes > ANNOTATION_BYTES {
        found.too_long(path, ANNOTATION_BYTES);
    }
}

fn owners(found: &mut Findings, metadata: &Value, path: &Path) {
    let mut controller: Option<String> = None;
    for owner in items(metadata, "ownerReferences") {
        let version = text(owner, "apiVersion");
        if version.is_empty() || version.matches('/').count() > 1 {
            found.invalid(&path.child("apiVersion"), version, "version must not be empty");
        }
        for field in ["kind", "name", "uid"] {
            if text(owner, field).is_empty() {
                found.invalid(&path.child(field), "", "must not be empty");
            }
        }
        if (version, text(owner, "kind")) == ("v1", "Event") {
            found.invalid_shown(path, owner_shown(owner), "/v1, Kind=Event is disallowed from being an owner");
        }
        if !flag(owner, "controller") {
            continue;
        }
        let name = format!("{}/{}", text(owner, "kind"), text(owner, "name"));
        match &controller {
            Some(first) => found.invalid_shown(
                path,
                format!(
                    "[{}]",
                    items(metadata, "ownerReferences").iter().map(owner_shown).collect::<Vec<_>>().join(",")
                ),
                format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                ),
            ),
            None => controller = Some(name),
        }
    }
}

/// An owner reference with its fields in the API's own order.
fn owner_shown(owner: &Value) -> String {
    const FIELDS: [&str; 6] = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
    let given = FIELDS.iter().filter(|field| has(owner, field));
    let shown: Vec<String> = given.map(|field| format!("{field:?}:{}", owner[*field])).collect();
    format!("{{{}}}", shown.join(","))
}

/// Finalizers are qualified names, or one of those that were there before they had to be.
fn finalizers(found: &mut Findings, metadata: &Value, path: &Path) {
    const STANDARD: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
    for (index, name) in items(metadata, "finalizers").iter().filter_map(Value::as_str).enumerate() {
        found.invalid_each(path, name, names::qualified(name));
        if !name.contains('/') && !STANDARD.contains(&name) && names::qualified(name).is_empty() {
            found.invalid(
                &path.index(index),
                name,
                "name is neither a standard finalizer name nor is it fully qualified",
            );
        }
    }
    let named = |name: &str| items(metadata, "finalizers").iter().any(|finalizer| finalizer == name);
    if named("orphan") && named("foregroundDeletion") {
        let message = "finalizer orphan and foregroundDeletion cannot be both set";
        found.invalid(path, metadata["finalizers"].clone(), message);
    }
}

fn no_new_finalizers(found: &mut Findings, before: &Value, after: &Value, path: &Path) {
    let names =
        |metadata| -> BTreeSet<&str> { items(metadata, "finalizers").iter().filter_map(Value::as_str).collect() };
    let extra: Vec<&str> = names(after).difference(&names(before)).copied().collect();
    if !extra.is_empty() {
        let shown: Vec<String> = extra.iter().map(|name| format!("{name:?}")).collect();
        found.forbidden(
            path,
            format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                shown.join(", ")
            ),
        );
    }
}

/// A LabelSelector.
pub(super) fn selector(found: &mut Findings, selector: &Value, path: &Path) {
    labels(found, &selector["matchLabels"], &path.child("matchLabels"));
    for (index, term) in items(selector, "matchExpressions").iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        match (text(term, "operator"), items(term, "values").is_empty()) {
            ("In" | "NotIn", true) => {
                found.required(&path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
            }
            ("Exists" | "DoesNotExist", false) => {
                found.forbidden(
                    &path.child("values"),
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                );
            }
            ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
            (other, _) => found.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
        found.invalid_each(&path.child("key"), text(term, "key"), names::qualified(text(term, "key")));
        for (index, value) in items(term, "values").iter().enumerate() {
            let value = value.as_str().unwrap_or("");
            found.invalid_each(&path.child("values").index(index), value, names::label_value(value));
        }
    }
}

/// Whether a selector selects everything.
pub(super) fn selects_all(selector: &Value) -> bool {
    entries(selector, "matchLabels").next().is_none() && items(selector, "matchExpressions").is_empty()
}

/// A selector's own words about a template that it does not match.
pub(super) fn template_labels(found: &mut Findings, spec: &Value, path: &Path) {
    let labels = at(spec, &["template", "metadata", "labels"]);
    if !crate::controllers::selector::matches(&spec["selector"], labels) {
        let shown = if labels.is_object() { labels.clone() } else { json!(null) };
        found.invalid(
            &path.child("template").child("metadata").child("labels"),
            shown,
            "`selector` does not match template `labels`",
        );
    }
}
