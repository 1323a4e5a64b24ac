//! The kinds that make Pods from a template.

use serde_json::{Value, json};

use super::{Findings, Path, claim, cron, metadata, names, pod};
use crate::json::{at, has, int, items, text};

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
            selector(found, spec, "deployment", &path);
            template(found, spec, &path);
        }
        "DaemonSet" => daemon_set(found, spec, &path),
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

/// The selector is there, says something, and means the template's own Pods.
fn selector(found: &mut Findings, spec: &Value, owner: &str, path: &Path) {
    let at = path.child("selector");
    if !has(spec, "selector") {
        found.required(&at, "");
        return;
    }
    metadata::selector(found, &spec["selector"], &at);
    if metadata::selects_all(&spec["selector"]) {
        let message = format!("empty selector is invalid for {owner}");
        found.invalid(&at, spec["selector"].clone(), message);
    }
}

fn template(found: &mut Findings, spec: &Value, path: &Path) {
    let before = found.len();
    if has(spec, "selector") && !metadata::selects_all(&spec["selector"]) {
        metadata::template_labels(found, spec, path);
    }
    if found.len() == before || has(spec, "template") {
        template_content(found, &spec["template"], &path.child("template"));
    }
    let policy = text(at(spec, &["template", "spec"]), "restartPolicy");
    let at = path.child("template").child("spec");
    if !matches!(policy, "Always" | "") {
        found.not_supported(&at.child("restartPolicy"), policy, &["Always"]);
    }
    if has(&spec["template"]["spec"], "activeDeadlineSeconds") {
        found.forbidden(&at.child("activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported");
    }
}

fn template_content(found: &mut Findings, template: &Value, path: &Path) {
    metadata::labels(found, &template["metadata"]["labels"], &path.child("labels"));
    pod::spec(found, &template["spec"], "", false, &path.child("spec"));
}

fn deployment(found: &mut Findings, spec: &Value, path: &Path) {
    found.not_negative(path, spec, "replicas");
    selector(found, spec, "deployment", path);
    template(found, spec, path);
    let (strategy, at) = (&spec["strategy"], path.child("strategy"));
    match text(strategy, "type") {
        "Recreate" if has(strategy, "rollingUpdate") => {
            let message = "may not be specified when strategy `type` is 'Recreate'";
            found.forbidden(&at.child("rollingUpdate"), message);
        }
        "Recreate" => {}
        "RollingUpdate" => rolling_update(found, &strategy["rollingUpdate"], &at.child("rollingUpdate")),
        other => found.not_supported(&at.child("type"), other, &["Recreate", "RollingUpdate"]),
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

fn rolling_update(found: &mut Findings, update: &Value, path: &Path) {
    for field in ["maxUnavailable", "maxSurge"] {
        number_or_percent(found, &update[field], &path.child(field));
    }
    let nothing = |field: &str| matches!(update[field].as_str(), Some("0%")) || update[field].as_i64() == Some(0);
    if nothing("maxUnavailable") && nothing("maxSurge") {
        let shown = update["maxUnavailable"].clone();
        found.invalid(&path.child("maxUnavailable"), shown, "may not be 0 when `maxSurge` is 0");
    }
    let percent = update["maxUnavailable"].as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    if percent.is_some_and(|percent| percent > 100) {
        let shown = update["maxUnavailable"].clone();
        found.invalid(&path.child("maxUnavailable"), shown, "must not be greater than 100%");
    }
}

fn number_or_percent(found: &mut Findings, value: &Value, path: &Path) {
    match value {
        Value::String(text) => {
            let digits = text.strip_suffix('%').unwrap_or("");
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let message = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
                found.invalid(path, text.as_str(), message);
            }
        }
        Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => {
            found.invalid(path, value.clone(), "must be greater than or equal to 0");
        }
        _ => {}
    }
}

fn daemon_set(found: &mut Findings, spec: &Value, path: &Path) {
    selector(found, spec, "daemonset", path);
    template(found, spec, path);
    for field in ["minReadySeconds", "revisionHistoryLimit"] {
        found.not_negative(path, spec, field);
    }
    let (strategy, at) = (&spec["updateStrategy"], path.child("updateStrategy"));
    match text(strategy, "type") {
        "OnDelete" => {}
        "RollingUpdate" => rolling_update(found, &strategy["rollingUpdate"], &at.child("rollingUpdate")),
        other => found.not_supported(&at.child("type"), other, &["RollingUpdate", "OnDelete"]),
    }
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
        "RollingUpdate" | "OnDelete" => {}
        other => {
            let message = "must be 'RollingUpdate' or 'OnDelete'";
            found.invalid(&path.child("updateStrategy"), json!(other), message);
        }
    }
    for field in ["replicas", "minReadySeconds"] {
        found.not_negative(path, spec, field);
    }
    selector(found, spec, "statefulset", path);
    template(found, spec, path);
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

/// A Job.
pub(super) fn job(found: &mut Findings, job: &Value, old: Option<&Value>) {
    match old {
        Some(old) => metadata::update(found, old, job),
        None => metadata::create(found, job, names::subdomain),
    }
    let (spec, path) = (&job["spec"], Path::new("spec"));
    job_spec(found, spec, &path);
    if !has(spec, "selector") {
        found.required(&path.child("selector"), "");
    } else {
        metadata::selector(found, &spec["selector"], &path.child("selector"));
        metadata::template_labels(found, spec, &path);
    }
    let Some(old) = old else { return };
    let before = &old["spec"];
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "selector"] {
        found.immutable(&path.child(field), at(spec, &[field]), at(before, &[field]));
    }
    if text(spec, "completionMode") != "Indexed" {
        found.immutable(&path.child("completions"), at(spec, &["completions"]), at(before, &["completions"]));
    }
    found.immutable(&path.child("template"), &spec["template"], &before["template"]);
}

/// What a Job, or a CronJob's template of one, says.
fn job_spec(found: &mut Findings, spec: &Value, path: &Path) {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        found.not_negative(path, spec, field);
    }
    if has(spec, "completionMode") {
        match text(spec, "completionMode") {
            "NonIndexed" => {}
            "Indexed" if has(spec, "completions") => {}
            "Indexed" => found.required(&path.child("completions"), "when completion mode is Indexed"),
            other => found.not_supported(&path.child("completionMode"), other, &["NonIndexed", "Indexed"]),
        }
    }
    template_content(found, &spec["template"], &path.child("template"));
    let policy = text(at(spec, &["template", "spec"]), "restartPolicy");
    let at = path.child("template").child("spec").child("restartPolicy");
    match policy {
        "OnFailure" | "Never" => {}
        "" | "Always" => found.required(&at, "valid values: \"OnFailure\", \"Never\""),
        other => found.not_supported(&at, other, &["OnFailure", "Never"]),
    }
    if has(spec, "podFailurePolicy") && policy != "Never" {
        found.invalid(&at, policy, "only \"Never\" is supported when podFailurePolicy is specified");
    }
}

/// How long a CronJob's name may be, so that its Jobs' names fit.
const CRON_NAME: usize = 52;

/// A CronJob.
pub(super) fn cron_job(found: &mut Findings, object: &Value, old: Option<&Value>) {
    match old {
        Some(old) => metadata::update(found, old, object),
        None => metadata::create(found, object, names::subdomain),
    }
    if text(&object["metadata"], "name").len() > CRON_NAME && old.is_none() {
        let path = Path::new("metadata").child("name");
        let message = format!("must be no more than {CRON_NAME} characters");
        found.invalid(&path, text(&object["metadata"], "name"), message);
    }
    let (spec, path) = (&object["spec"], Path::new("spec"));
    let schedule = text(spec, "schedule");
    if schedule.is_empty() {
        found.required(&path.child("schedule"), "");
    } else if let Err(wrong) = cron::Schedule::parse(schedule) {
        found.invalid(&path.child("schedule"), schedule, wrong.to_string());
    }
    found.not_negative(&path, spec, "startingDeadlineSeconds");
    found.one_of(&path, spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"]);
    job_spec(found, &spec["jobTemplate"]["spec"], &path.child("jobTemplate").child("spec"));
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        found.not_negative(&path, spec, field);
    }
}
