//! The versions of a Deployment: their ReplicaSets, hashes and numbers.

use serde_json::{Value, json};

use super::{
    HASH_LABEL,
    plan::{Rollout, Strategy},
    with_label,
};
use crate::{
    controllers::{name_of, owned, revision_hash::hash},
    json::{at, child, int, put, text},
    store::Object,
};

/// The number of a version.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// The numbers it had before, when an older version came back.
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// How many Pods the Deployment asked for when the set was last told.
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Whether two templates are the same but for the hash.
pub(super) fn same_template(a: &Value, b: &Value) -> bool {
    let bare = |template: &Value| {
        let mut template = template.clone();
        if let Some(labels) = template["metadata"].get_mut("labels") {
            crate::json::take(labels, HASH_LABEL);
            if labels.as_object().is_some_and(serde_json::Map::is_empty) {
                crate::json::take(&mut template["metadata"], "labels");
            }
        }
        template
    };
    bare(a) == bare(b)
}

/// The number of a ReplicaSet.
pub(super) fn of(set: &Value) -> i64 {
    text(at(set, &["metadata", "annotations"]), REVISION).parse().unwrap_or(0)
}

/// The number that the set `name` has as the newest.
pub(super) fn next(sets: &[Object], name: &str) -> i64 {
    sets.iter().filter(|set| name_of(set) != name).map(|set| of(set)).max().unwrap_or(0) + 1
}

/// The ReplicaSet for a Deployment's current template.
pub(super) fn new_set(deployment: &Value, sets: &[Object], rollout: &Rollout, collisions: i64) -> Value {
    let spec = &deployment["spec"];
    let hash = hash(&spec["template"], collisions);
    let mut template = spec["template"].clone();
    put(child(child(&mut template, "metadata"), "labels"), HASH_LABEL, hash.as_str());
    let mut set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", name_of(deployment)),
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owned::reference(deployment)],
        },
        "spec": {
            "replicas": rollout.new_size(),
            "selector": with_label(&spec["selector"], HASH_LABEL, &hash),
            "template": template,
        },
    });
    if let Some(seconds) = int(spec, "minReadySeconds").filter(|seconds| *seconds > 0) {
        put(&mut set["spec"], "minReadySeconds", seconds);
    }
    annotate(&mut set, deployment, next(sets, ""));
    annotate_size(&mut set, &rollout.strategy);
    set
}

/// Numbers a set, and copies the Deployment's annotations to it.
pub(super) fn annotate(set: &mut Value, deployment: &Value, revision: i64) {
    let own = [LAST_APPLIED, REVISION, HISTORY, DESIRED, MAX];
    let copied = at(deployment, &["metadata", "annotations"]).as_object().cloned().unwrap_or_default();
    let before = of(set);
    let annotations = child(child(set, "metadata"), "annotations");
    for (key, value) in copied.into_iter().filter(|(key, _)| !own.contains(&key.as_str())) {
        put(annotations, &key, value);
    }
    if before >= revision {
        return;
    }
    if before > 0 {
        let history = text(annotations, HISTORY);
        let history = if history.is_empty() { before.to_string() } else { format!("{history},{before}") };
        put(annotations, HISTORY, history);
    }
    put(annotations, REVISION, revision.to_string());
}

/// Tells a set how many Pods the Deployment wants in all.
pub(super) fn annotate_size(set: &mut Value, strategy: &Strategy) {
    let annotations = child(child(set, "metadata"), "annotations");
    put(annotations, DESIRED, strategy.replicas.to_string());
    put(annotations, MAX, (strategy.replicas + strategy.surge).to_string());
}

/// The empty old sets beyond the limit, oldest version first.
pub(super) fn beyond(sets: &[Object], new: Option<&str>, limit: i64) -> Vec<String> {
    let empty = |set: &&Object| {
        int(&set["spec"], "replicas").unwrap_or(0) == 0
            && int(&set["status"], "replicas").unwrap_or(0) == 0
            && Some(name_of(set)) != new
    };
    let mut old: Vec<&Object> = sets.iter().filter(empty).collect();
    old.sort_by_key(|set| of(set));
    let too_many = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    old.into_iter().take(too_many).map(|set| name_of(set).to_owned()).collect()
}
