//! What makes each Pod of a StatefulSet itself: name, host name, labels, volumes.

use serde_json::{Value, json};

use crate::{
    controllers::{
        history::{HASH_LABEL, Revision},
        name_of, pods,
    },
    json::{child, entries, items, put, text},
};

/// `db-0`
pub(super) fn pod_name(set: &Value, ordinal: i64) -> String {
    format!("{}-{ordinal}", name_of(set))
}

/// The number in a Pod's name.
pub(super) fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    name_of(pod).strip_prefix(name_of(set))?.strip_prefix('-')?.parse().ok()
}

fn claim_name(set: &Value, template: &Value, ordinal: i64) -> String {
    format!("{}-{}", text(&template["metadata"], "name"), pod_name(set, ordinal))
}

/// The claims of a Pod, from the set's templates.
pub(super) fn claims(set: &Value, ordinal: i64) -> Vec<Value> {
    let claim = |template: &Value| {
        let mut claim = template.clone();
        crate::json::take(&mut claim, "status");
        let metadata = child(&mut claim, "metadata");
        put(metadata, "name", claim_name(set, template, ordinal));
        // Besides its own labels it has those that the set's Pods are found by.
        for (label, value) in entries(&set["spec"]["selector"], "matchLabels") {
            put(child(metadata, "labels"), label, value.clone());
        }
        claim
    };
    items(&set["spec"], "volumeClaimTemplates").iter().map(claim).collect()
}

/// The Pod with a number, of a version.
pub(super) fn pod(set: &Value, ordinal: i64, revision: &Revision) -> Value {
    let name = pod_name(set, ordinal);
    let mut pod = pods::from_template(set, &revision.template);
    let metadata = child(&mut pod, "metadata");
    put(metadata, "name", name.as_str());
    let labels = child(metadata, "labels");
    put(labels, HASH_LABEL, revision.name.as_str());
    put(labels, "statefulset.kubernetes.io/pod-name", name.as_str());
    put(labels, "apps.kubernetes.io/pod-index", ordinal.to_string());
    let spec = child(&mut pod, "spec");
    put(spec, "hostname", name);
    if !text(&set["spec"], "serviceName").is_empty() {
        put(spec, "subdomain", text(&set["spec"], "serviceName"));
    }
    let templates = items(&set["spec"], "volumeClaimTemplates");
    let mut volumes: Vec<Value> = templates
        .iter()
        .map(|template| {
            let claim = json!({"claimName": claim_name(set, template, ordinal)});
            json!({"name": template["metadata"]["name"], "persistentVolumeClaim": claim})
        })
        .collect();
    let replaced = |volume: &&Value| !templates.iter().any(|template| template["metadata"]["name"] == volume["name"]);
    volumes.extend(items(spec, "volumes").iter().filter(replaced).cloned());
    if !volumes.is_empty() {
        put(spec, "volumes", volumes);
    }
    pod
}
