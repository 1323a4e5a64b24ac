//! What a resize may change: how much processor time and memory a Pod's containers, or the Pod as a whole, may have
//! (`ValidatePodResize` upstream).

use serde_json::Value;

use super::{Findings, Path, metadata, pod};
use crate::{
    admission::resources::{Amounts, amounts, qos_class},
    json::{at, has, items, text},
};

/// What a resize of one container or Pod is about; the rest of `resources` stays.
const RESIZABLE: [&str; 2] = ["cpu", "memory"];

/// A resized Pod. What is no resource has been put back before.
pub(super) fn resize(found: &mut Findings, old: &Value, new: &Value) {
    if let Some(why) = never(old) {
        found.forbidden(&Path::new(""), why);
        return;
    }
    metadata::update(found, old, new);
    pod::content(found, new);
    let (before, after, path) = (&old["spec"], &new["spec"], Path::new("spec"));
    let known = text(&old["status"], "qosClass");
    if (if known.is_empty() { qos_class(before) } else { known }) != qos_class(after) {
        found.invalid(&path, text(&new["status"], "qosClass"), "Pod QOS Class may not change as a result of resizing");
    }
    if !node_can(old) {
        found.forbidden(&path, "Pod running on node without support for resize");
    }
    whole(found, before, after, &path);
    let order = found.len();
    for list in ["containers", "initContainers"] {
        same_containers(found, before, after, list, &path.child(list));
    }
    if found.len() > order {
        return;
    }
    for list in ["initContainers", "containers"] {
        for (index, pair) in items(before, list).iter().zip(items(after, list)).enumerate() {
            none_removed(found, &pair.0["resources"], &pair.1["resources"], "", &path.child(list).index(index));
        }
    }
    regular(found, before, after, &path);
    init(found, before, after, &path.child("initContainers"));
}

/// Pods that can't be resized at all.
fn never(pod: &Value) -> Option<&'static str> {
    if has(at(pod, &["metadata", "annotations"]), "kubernetes.io/config.mirror") {
        return Some("static pods cannot be resized");
    }
    (text(at(pod, &["spec", "os"]), "name") == "windows").then_some("windows pods cannot be resized")
}

/// A node that can resize says what its running containers have.
fn node_can(pod: &Value) -> bool {
    let running = |status: &&Value| has(&status["state"], "running");
    items(&pod["status"], "containerStatuses").iter().find(running).is_none_or(|status| has(status, "resources"))
}

/// The resources of the Pod as a whole.
fn whole(found: &mut Findings, before: &Value, after: &Value, path: &Path) {
    let set = |spec: &Value| ["requests", "limits"].iter().any(|list| !list_of(&spec["resources"], list).is_empty());
    if !set(before) && !set(after) {
        return;
    }
    if has(before, "resources") && !has(after, "resources") {
        found.forbidden(&path.child("resources"), "pod-level resources cannot be removed");
        return;
    }
    none_removed(found, &before["resources"], &after["resources"], "pod-level ", path);
    if !same_rest(&before["resources"], &after["resources"]) {
        found.forbidden(path, "only cpu and memory resources are mutable at pod-level");
    }
}

fn same_containers(found: &mut Findings, before: &Value, after: &Value, list: &str, path: &Path) {
    let (before, after) = (items(before, list), items(after, list));
    if before.len() != after.len() {
        found.forbidden(path, format!("{list} may not be added or removed on resize"));
        return;
    }
    for (index, (old, new)) in before.iter().zip(after).enumerate() {
        if text(old, "name") != text(new, "name") {
            let why = format!("{list} may not be renamed or reordered on resize");
            found.forbidden(&path.index(index).child("name"), why);
        }
    }
}

/// `around` is the container, or the spec.
fn none_removed(found: &mut Findings, before: &Value, after: &Value, whose: &str, around: &Path) {
    for list in ["requests", "limits"] {
        let kept = list_of(after, list);
        if list_of(before, list).keys().any(|name| !kept.contains_key(name)) {
            let why = format!("{whose}resource {list} cannot be removed");
            found.forbidden(&around.child("resources").child(list), why);
        }
    }
}

fn regular(found: &mut Findings, before: &Value, after: &Value, path: &Path) {
    for (old, new) in items(before, "containers").iter().zip(items(after, "containers")) {
        if !same_but_size(old, new) {
            found.forbidden(path, "only cpu and memory resources are mutable");
        }
    }
}

fn init(found: &mut Findings, before: &Value, after: &Value, path: &Path) {
    for (index, (old, new)) in items(before, "initContainers").iter().zip(items(after, "initContainers")).enumerate() {
        if !same_but_size(old, new) {
            let why = "only cpu and memory resources for init or sidecar containers are mutable";
            found.forbidden(&path.index(index), why);
        }
        let restarts = items(new, "resizePolicy").iter().any(|rule| text(rule, "restartPolicy") == "RestartContainer");
        if old != new && text(new, "restartPolicy") != "Always" && restarts {
            let why = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
            found.forbidden(&path.index(index), why);
        }
    }
}

fn same_but_size(old: &Value, new: &Value) -> bool {
    old.get("resizePolicy") == new.get("resizePolicy") && same_rest(&old["resources"], &new["resources"])
}

/// Whether what can't be resized is the same in two `resources`.
fn same_rest(old: &Value, new: &Value) -> bool {
    let rest = |resources: &Value, list: &str| {
        let mut amounts = list_of(resources, list);
        amounts.retain(|name, _| !RESIZABLE.contains(&name.as_str()));
        amounts
    };
    ["requests", "limits"].iter().all(|list| rest(old, list) == rest(new, list))
        && items(old, "claims") == items(new, "claims")
}

fn list_of(resources: &Value, list: &str) -> Amounts {
    amounts(at(resources, &[list]))
}
