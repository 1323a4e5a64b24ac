//! What may change on a Pod that is there.

use serde_json::Value;

use super::{Findings, Path, go_form, metadata, names, pod, scheduling};
use crate::json::{at, child, has, int, items, put, take, text};

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
    `spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set \
    to 1 if it was previously negative)";

/// A changed Pod.
pub(super) fn update(found: &mut Findings, old: &Value, new: &Value) {
    metadata::update(found, old, new);
    pod::content(found, new);
    let (before, after, path) = (&old["spec"], &new["spec"], Path::new("spec"));
    for list in ["containers", "initContainers"] {
        if !same_containers(found, before, after, list, &path) {
            return;
        }
    }
    if !deadline(found, before, after, &path.child("activeDeadlineSeconds")) {
        return;
    }
    tolerations(found, before, after, &path.child("tolerations"));
    scheduling_gates(found, before, after, &path.child("schedulingGates"));
    let mut allowed = with_allowed_changes_undone(before, after);
    if !items(before, "schedulingGates").is_empty() {
        gated(found, before, &mut allowed, &path);
    }
    if allowed != *before {
        let diff = go_form::unified_diff(&go_form::shown("PodSpec", before), &go_form::shown("PodSpec", &allowed));
        found.forbidden(&path, format!("pod updates may not change fields other than {UPDATABLE}\n{diff}"));
    }
}

/// Ephemeral containers are added; none is taken away or changed.
pub(super) fn ephemeral(found: &mut Findings, old: &Value, new: &Value) {
    metadata::update(found, old, new);
    pod::content(found, new);
    let (before, after) = (items(&old["spec"], "ephemeralContainers"), items(&new["spec"], "ephemeralContainers"));
    let path = Path::new("spec").child("ephemeralContainers");
    let named = |list: &[Value], name: &str| list.iter().position(|container| text(container, "name") == name);
    for (index, container) in after.iter().enumerate() {
        let name = text(container, "name");
        if let Some(known) = named(before, name)
            && before[known] != *container
        {
            let message = format!("existing ephemeral containers {name:?} may not be changed\n");
            found.forbidden(&path.index(index), message);
        }
    }
    for name in before.iter().map(|container| text(container, "name")).filter(|name| named(after, name).is_none()) {
        let message = format!("existing ephemeral containers {name:?} may not be removed\n");
        found.forbidden(&path, message);
    }
}

fn same_containers(found: &mut Findings, before: &Value, after: &Value, list: &str, path: &Path) -> bool {
    let path = path.child(list);
    if items(before, list).len() != items(after, list).len() {
        found.forbidden(&path, "pod updates may not add or remove containers");
        return false;
    }
    for (index, container) in items(after, list).iter().enumerate() {
        if text(container, "image").is_empty() {
            found.required(&path.index(index).child("image"), "");
        }
        super::container::trimmed_image(found, container, &path.index(index));
    }
    true
}

/// A deadline may be set, and brought forward.
fn deadline(found: &mut Findings, before: &Value, after: &Value, path: &Path) -> bool {
    const FIELD: &str = "activeDeadlineSeconds";
    let most = i64::from(i32::MAX);
    match (int(before, FIELD), int(after, FIELD)) {
        (_, Some(new)) if !(0..=most).contains(&new) => {
            found.invalid(path, new, names::range(0, most));
            false
        }
        (Some(old), Some(new)) if old < new => {
            found.invalid(path, new, "must be less than or equal to previous value");
            false
        }
        (Some(_), None) => {
            found.invalid(path, Value::Null, "must not update from a positive integer to nil value");
            true
        }
        _ => true,
    }
}

fn tolerations(found: &mut Findings, before: &Value, after: &Value, path: &Path) {
    let bare = |toleration: &Value| {
        let mut toleration = toleration.clone();
        take(&mut toleration, "tolerationSeconds");
        toleration
    };
    let kept = |old: &Value| items(after, "tolerations").iter().any(|new| bare(new) == bare(old));
    if !items(before, "tolerations").iter().all(kept) {
        found.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
        return;
    }
    scheduling::tolerations(found, after, path);
}

fn scheduling_gates(found: &mut Findings, before: &Value, after: &Value, path: &Path) {
    let known: Vec<&str> = items(before, "schedulingGates").iter().map(|gate| text(gate, "name")).collect();
    for (index, gate) in items(after, "schedulingGates").iter().enumerate() {
        let name = text(gate, "name");
        if !known.contains(&name) {
            let message = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            found.forbidden(&path.index(index).child("name"), message);
        }
    }
}

/// The new spec with everything that may change put back.
fn with_allowed_changes_undone(before: &Value, after: &Value) -> Value {
    let mut spec = after.clone();
    for list in ["containers", "initContainers"] {
        let images: Vec<Value> = items(before, list).iter().map(|container| container["image"].clone()).collect();
        let mut images = images.into_iter();
        crate::json::each(&mut spec, list, |container| {
            if let Some(image) = images.next() {
                put(container, "image", image);
            }
        });
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        restore(&mut spec, before, field);
    }
    let shortened = int(before, "terminationGracePeriodSeconds").is_some_and(|seconds| seconds < 0);
    if shortened && int(after, "terminationGracePeriodSeconds") == Some(1) {
        restore(&mut spec, before, "terminationGracePeriodSeconds");
    }
    spec
}

fn restore(spec: &mut Value, before: &Value, field: &str) {
    match before.get(field) {
        Some(value) => put(spec, field, value.clone()),
        None => drop(take(spec, field)),
    }
}

/// While a Pod is gated, what it asks of nodes may get narrower.
fn gated(found: &mut Findings, before: &Value, spec: &mut Value, path: &Path) {
    if before.get("nodeSelector") != spec.get("nodeSelector") {
        let kept = |(key, value): (&String, &Value)| spec["nodeSelector"].get(key) == Some(value);
        if !before["nodeSelector"].as_object().into_iter().flatten().all(kept) {
            let message = "only additions are allowed (no mutations or deletions)";
            found.invalid(&path.child("nodeSelector"), spec["nodeSelector"].clone(), message);
        }
        restore(spec, before, "nodeSelector");
    }
    let (old, new) =
        (at(before, &["affinity", "nodeAffinity"]).clone(), at(spec, &["affinity", "nodeAffinity"]).clone());
    if old == new {
        return;
    }
    node_affinity(found, &old, &new, &path.child("affinity").child("nodeAffinity"));
    if has(before, "affinity") || spec["affinity"].as_object().is_some_and(|parts| parts.len() > 1) {
        restore(child(spec, "affinity"), &before["affinity"], "nodeAffinity");
    } else {
        restore(spec, before, "affinity");
    }
}

fn node_affinity(found: &mut Findings, old: &Value, new: &Value, path: &Path) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = |affinity: &Value| items(at(affinity, &[REQUIRED]), "nodeSelectorTerms").to_vec();
    let (before, after) = (terms(old), terms(new));
    let path = path.child(REQUIRED).child("nodeSelectorTerms");
    if before.is_empty() {
        return;
    }
    if before.len() != after.len() {
        found.invalid(&path, after, "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
        return;
    }
    for (index, (old, new)) in before.iter().zip(&after).enumerate() {
        let kept = |list: &str| {
            items(old, list).iter().zip(items(new, list)).all(|(a, b)| a == b)
                && items(new, list).len() >= items(old, list).len()
        };
        if !kept("matchExpressions") || !kept("matchFields") {
            found.invalid(&path.index(index), new.clone(), "only additions are allowed (no mutations or deletions)");
        }
    }
}
