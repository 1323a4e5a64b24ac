//! The kinds of group `apps`.

use serde_json::{Value, json};

use super::{Findings, Path, claim, metadata, names, percent, pod};
use crate::{
    controllers::selector::map_matches,
    json::{at, has, int, items, text},
};

/// The kinds of group `apps`.
pub(super) fn apps(found: &mut Findings, kind: &str, object: &Value, old: Option<&Value>) {
    match old {
        Some(old) => metadata::update(found, old, object),
        None => metadata::create(found, object, if kind == "StatefulSet" { names::label } else { names::subdomain }),
    }
    let (spec, path) = (&object["spec"], Path::new("spec"));
    match kind {
        "Deployment" => deployment(found, spec, &path),
        "ReplicaSet" => {
            found.not_negative(&path, spec, "replicas");
            found.not_negative(&path, spec, "minReadySeconds");
            selected_template(found, spec, ("deployment", "ReplicaSet"), &path);
        }
        // Its selector is looked at again only after it was found to be the same.
        "DaemonSet" => {
            if let Some(old) = old {
                found.immutable(&path.child("selector"), &spec["selector"], &old["spec"]["selector"]);
            }
            return daemon_set(found, spec, &path);
        }
        "StatefulSet" => stateful_set(found, spec, &path),
        _ => return,
    }
    let Some(old) = old else { return };
    if kind == "StatefulSet" {
        stateful_update(found, &old["spec"], spec, &path);
    } else {
        found.immutable(&path.child("selector"), &spec["selector"], &old["spec"]["selector"]);
    }
}

/// The selector is there, says something, and means the template's own Pods. `owner` is what messages call the object
/// when they are about its selector and about its Pods.
fn selected_template(found: &mut Findings, spec: &Value, owner: (&str, &str), path: &Path) {
    let (at, given) = (path.child("selector"), &spec["selector"]);
    let before = found.len();
    if !has(spec, "selector") {
        found.required(&at, "");
    } else {
        metadata::selector(found, given, &at);
        if found.len() > before {
            return found.invalid(&at, given.clone(), "invalid label selector");
        }
        if metadata::selects_all(given) {
            found.invalid(&at, given.clone(), format!("empty selector is invalid for {}", owner.0));
        }
    }
    // None at all selects nothing, and an empty one everything.
    if !has(spec, "selector") || !metadata::selects_all(given) {
        metadata::template_labels(found, spec, path);
    }
    template(found, spec, owner.1, path);
}

fn template(found: &mut Findings, spec: &Value, owner: &str, path: &Path) {
    template_content(found, &spec["template"], &path.child("template"));
    endless(found, &spec["template"]["spec"], owner, &path.child("template").child("spec"));
}

/// Pods that are always replaced don't end.
fn endless(found: &mut Findings, pod: &Value, owner: &str, path: &Path) {
    let policy = text(pod, "restartPolicy");
    if !matches!(policy, "Always" | "") {
        found.not_supported(&path.child("restartPolicy"), policy, &["Always"]);
    }
    if has(pod, "activeDeadlineSeconds") {
        let message = format!("activeDeadlineSeconds in {owner} is not Supported");
        found.forbidden(&path.child("activeDeadlineSeconds"), message);
    }
}

/// What ReplicaSets came from: its selector is a plain map.
pub(super) fn replication_controller(found: &mut Findings, object: &Value) {
    let (spec, path) = (&object["spec"], Path::new("spec"));
    let (selector, template) = (&spec["selector"], path.child("template"));
    let selects = selector.as_object().is_some_and(|labels| !labels.is_empty());
    found.not_negative(&path, spec, "minReadySeconds");
    if !selects {
        found.required(&path.child("selector"), "");
    }
    found.not_negative(&path, spec, "replicas");
    if !has(spec, "template") {
        return found.required(&template, "");
    }
    let labels = at(spec, &["template", "metadata", "labels"]);
    if selects && !map_matches(selector, labels) {
        let message = "`selector` does not match template `labels`";
        found.invalid(&template.child("metadata").child("labels"), labels.clone(), message);
    }
    template_content(found, &spec["template"], &template);
    endless(found, &spec["template"]["spec"], "ReplicationController", &template.child("spec"));
}

/// What a template says of its Pods.
pub(super) fn template_content(found: &mut Findings, template: &Value, path: &Path) {
    metadata::labels(found, &template["metadata"]["labels"], &path.child("labels"));
    metadata::annotations(found, &template["metadata"]["annotations"], &path.child("annotations"));
    if !items(&template["spec"], "ephemeralContainers").is_empty() {
        let message = "ephemeral containers not allowed in pod template";
        found.forbidden(&path.child("spec").child("ephemeralContainers"), message);
    }
    pod::spec(found, &template["spec"], "", false, &path.child("spec"));
}

fn deployment(found: &mut Findings, spec: &Value, path: &Path) {
    found.not_negative(path, spec, "replicas");
    selected_template(found, spec, ("deployment", "ReplicaSet"), path);
    let (strategy, at) = (&spec["strategy"], path.child("strategy"));
    match text(strategy, "type") {
        "Recreate" if has(strategy, "rollingUpdate") => {
            let message = "may not be specified when strategy `type` is 'Recreate'";
            found.forbidden(&at.child("rollingUpdate"), message);
        }
        "Recreate" => {}
        "RollingUpdate" => rolling_update(found, &strategy["rollingUpdate"], &at.child("rollingUpdate")),
        other => found.not_supported_whole(&at, strategy_shown(other), &["Recreate", "RollingUpdate"]),
    }
    for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
        found.not_negative(path, spec, field);
    }
    if let Some(deadline) = int(spec, "progressDeadlineSeconds")
        && deadline <= int(spec, "minReadySeconds").unwrap_or(0)
    {
        found.invalid(&path.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
    }
}

/// A strategy of a type that there is not.
fn strategy_shown(kind: &str) -> String {
    format!("{{\"Type\":{},\"RollingUpdate\":null}}", json!(kind))
}

fn rolling_update(found: &mut Findings, update: &Value, path: &Path) {
    for field in ["maxUnavailable", "maxSurge"] {
        percent::number_or_percent(found, &update[field], &path.child(field));
    }
    if percent::is_nothing(&update["maxUnavailable"]) && percent::is_nothing(&update["maxSurge"]) {
        let shown = update["maxUnavailable"].clone();
        found.invalid(&path.child("maxUnavailable"), shown, "may not be 0 when `maxSurge` is 0");
    }
    percent::at_most_all(found, &update["maxUnavailable"], &path.child("maxUnavailable"));
}

fn daemon_set(found: &mut Findings, spec: &Value, path: &Path) {
    let (at, given) = (path.child("selector"), &spec["selector"]);
    let before = found.len();
    metadata::selector(found, given, &at);
    if found.len() == before && (!has(spec, "selector") || !metadata::selects_all(given)) {
        metadata::template_labels(found, spec, path);
    }
    if has(spec, "selector") && metadata::selects_all(given) {
        found.invalid(&at, given.clone(), "empty selector is invalid for daemonset");
    }
    template(found, spec, "DaemonSet", path);
    for field in ["minReadySeconds", "revisionHistoryLimit"] {
        found.not_negative(path, spec, field);
    }
    let (strategy, at) = (&spec["updateStrategy"], path.child("updateStrategy"));
    match text(strategy, "type") {
        "OnDelete" => {}
        "RollingUpdate" => daemon_update(found, &strategy["rollingUpdate"], &at.child("rollingUpdate")),
        other => found.not_supported_whole(&at, strategy_shown(other), &["RollingUpdate", "OnDelete"]),
    }
}

/// A node has one of a DaemonSet's Pods more or one less, and not both.
fn daemon_update(found: &mut Findings, update: &Value, path: &Path) {
    let (less, more) = (path.child("maxUnavailable"), path.child("maxSurge"));
    percent::number_or_percent(found, &update["maxUnavailable"], &less);
    percent::number_or_percent(found, &update["maxSurge"], &more);
    match (percent::is_nothing(&update["maxUnavailable"]), percent::is_nothing(&update["maxSurge"])) {
        (true, true) => found.required(&less, "cannot be 0 when maxSurge is 0"),
        (false, false) => {
            found.invalid(&more, update["maxSurge"].clone(), "may not be set when maxUnavailable is non-zero");
        }
        _ => {}
    }
    percent::at_most_all(found, &update["maxUnavailable"], &less);
    percent::at_most_all(found, &update["maxSurge"], &more);
}

/// The spec of a StatefulSet whose template has a volume for each of its claims: containers may mount them.
fn with_claims(spec: &Value) -> Value {
    let mut spec = spec.clone();
    let claims = items(&spec, "volumeClaimTemplates").to_vec();
    if let (false, Some(pod)) = (claims.is_empty(), spec["template"]["spec"].as_object_mut()) {
        let volumes = pod.entry("volumes").or_insert_with(|| json!([]));
        let claimed = claims.iter().map(|claim| json!({"name": claim["metadata"]["name"], "emptyDir": {}}));
        volumes.as_array_mut().into_iter().for_each(|volumes| {
            volumes.retain(|volume| claims.iter().all(|claim| claim["metadata"]["name"] != volume["name"]));
            volumes.extend(claimed.clone());
        });
    }
    spec
}

fn stateful_set(found: &mut Findings, spec: &Value, path: &Path) {
    match text(spec, "podManagementPolicy") {
        "OrderedReady" | "Parallel" => {}
        other => {
            let message = "must be 'OrderedReady' or 'Parallel'";
            found.invalid(&path.child("podManagementPolicy"), other, message);
        }
    }
    match text(&spec["updateStrategy"], "type") {
        "OnDelete" if has(&spec["updateStrategy"], "rollingUpdate") => {
            let partition = int(&spec["updateStrategy"]["rollingUpdate"], "partition").unwrap_or(0);
            let shown = format!("{{\"Partition\":{partition},\"MaxUnavailable\":null}}");
            let path = path.child("updateStrategy").child("rollingUpdate");
            found.invalid_shown(&path, shown, "only allowed for updateStrategy 'RollingUpdate'");
        }
        "RollingUpdate" | "OnDelete" => {}
        other => {
            let message = "must be 'RollingUpdate' or 'OnDelete'";
            found.invalid_shown(&path.child("updateStrategy"), strategy_shown(other), message);
        }
    }
    for field in ["replicas", "minReadySeconds"] {
        found.not_negative(path, spec, field);
    }
    let service = text(spec, "serviceName");
    if !service.is_empty() {
        found.invalid_each(&path.child("serviceName"), service, names::label(service));
    }
    selected_template(found, &with_claims(spec), ("statefulset", "StatefulSet"), path);
    if let Some(partition) = int(&spec["updateStrategy"]["rollingUpdate"], "partition").filter(|number| *number < 0) {
        let path = path.child("updateStrategy").child("rollingUpdate").child("partition");
        found.invalid(&path, partition, "must be greater than or equal to 0");
    }
    if let Some(start) = int(&spec["ordinals"], "start").filter(|start| *start < 0) {
        found.invalid(&path.child("ordinals").child("start"), start, "must be greater than or equal to 0");
    }
    let (retention, at) =
        (&spec["persistentVolumeClaimRetentionPolicy"], path.child("persistentVolumeClaimRetentionPolicy"));
    for field in ["whenDeleted", "whenScaled"] {
        found.one_of_if_set(&at, retention, field, &["Retain", "Delete"]);
    }
    for (index, template) in items(spec, "volumeClaimTemplates").iter().enumerate() {
        claim::spec(found, &template["spec"], &path.child("volumeClaimTemplates").index(index).child("spec"));
    }
}

/// Nearly nothing about a StatefulSet may change.
fn stateful_update(found: &mut Findings, old: &Value, new: &Value, path: &Path) {
    const FREE: [&str; 8] = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
        "podManagementPolicy",
    ];
    let fixed = |spec: &Value| {
        let mut spec = spec.clone();
        FREE[..7].iter().for_each(|field| drop(crate::json::take(&mut spec, field)));
        spec
    };
    if fixed(old) != fixed(new) {
        found.forbidden(
            path,
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', \
             'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        );
    }
}
