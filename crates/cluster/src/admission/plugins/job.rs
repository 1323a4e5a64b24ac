//! A Job selects the Pods it made by its own uid.

use serde_json::{Value, json};

use crate::json::{child, fill, flag, text};

/// The labels on a Job's Pods; the short names are from before they had a prefix.
const UID_LABELS: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];
const NAME_LABELS: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];

/// Writes the selector and the labels of the template, unless the Job has a selector of its own.
pub(super) fn generate_selector(job: &mut Value) {
    let name = text(&job["metadata"], "name").to_owned();
    let uid = text(&job["metadata"], "uid").to_owned();
    let spec = child(job, "spec");
    if flag(spec, "manualSelector") {
        return;
    }
    let labels = child(child(child(spec, "template"), "metadata"), "labels");
    // Who has written one of them is told by the validation.
    for label in UID_LABELS {
        fill(labels, label, uid.as_str());
    }
    for label in NAME_LABELS {
        fill(labels, label, name.as_str());
    }
    let selector = child(spec, "selector");
    let labels = child(selector, "matchLabels");
    fill(labels, UID_LABELS[0], json!(uid));
}
