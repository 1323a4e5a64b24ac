//! The Pod template of a workload.

use serde_json::{Value, json};

use super::{
    containers,
    page::{Page, at, list},
    pod::{spread, tolerations},
    volumes,
};

/// Adds `Pod Template:`.
pub fn add(page: &mut Page, template: &Value) {
    // A template looks like a Pod without a kind and a status.
    let pod = json!({"metadata": template["metadata"], "spec": template["spec"]});
    page.line(0, "Pod Template:");
    page.labels_in("", "  Labels", template.pointer("/metadata/labels"), &[]);
    if template.pointer("/metadata/annotations").and_then(Value::as_object).is_some_and(|map| !map.is_empty()) {
        page.annotations_in("  Annotations", template.pointer("/metadata/annotations"));
    }
    let account = at(&pod, "/spec/serviceAccountName");
    if !account.is_empty() {
        page.field(1, "Service Account", account);
    }
    if !list(&pod, "/spec/initContainers").is_empty() {
        containers::add(page, "Init Containers", &pod, "initContainers", "  ");
    }
    containers::add(page, "Containers", &pod, "containers", "  ");
    volumes::add(page, list(&pod, "/spec/volumes"), "  ");
    spread(page, "  Topology Spread Constraints", list(&pod, "/spec/topologySpreadConstraints"));
    let class = at(&pod, "/spec/priorityClassName");
    if !class.is_empty() {
        page.field(1, "Priority Class Name", class);
    }
    page.labels_in("", "  Node-Selectors", pod.pointer("/spec/nodeSelector"), &[]);
    tolerations(page, "  Tolerations", list(&pod, "/spec/tolerations"));
}
