//! Jobs and CronJobs.

use serde_json::Value;

use super::{Findings, Path, cron, go_form, job_failure, metadata, names, workload::template_content};
use crate::json::{at, flag, has, int, text};

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
    if spec["template"] != before["template"] {
        let shown = go_form::shown("PodTemplateSpec", &spec["template"]).compact();
        found.invalid_shown(&path.child("template"), shown, "field is immutable");
    }
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
    indexes(found, spec, path);
    let replacement = path.child("podReplacementPolicy");
    match (text(spec, "podReplacementPolicy"), has(spec, "podFailurePolicy")) {
        ("" | "Failed", _) | ("TerminatingOrFailed", false) => {}
        (other, true) => found.not_supported(&replacement, other, &["Failed"]),
        (other, false) => found.not_supported(&replacement, other, &["Failed", "TerminatingOrFailed"]),
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
    job_failure::policy(found, spec, path);
}

/// What only a Job whose Pods have indexes can say.
fn indexes(found: &mut Findings, spec: &Value, path: &Path) {
    if has(spec, "maxFailedIndexes") && !has(spec, "backoffLimitPerIndex") {
        found.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    if text(spec, "completionMode") == "Indexed" {
        return;
    }
    for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
        if let Some(number) = int(spec, field) {
            found.invalid(&path.child(field), number, "requires indexed completion mode");
        }
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
    } else if let Err(wrong) = cron::Schedule::parse(without_zone(schedule)) {
        found.invalid(&path.child("schedule"), schedule, wrong.to_string());
    }
    if schedule.contains("TZ") {
        let message = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        found.invalid(&path.child("schedule"), schedule, message);
    }
    time_zone(found, spec, &path.child("timeZone"));
    found.not_negative(&path, spec, "startingDeadlineSeconds");
    found.one_of(&path, spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"]);
    job_template(found, &spec["jobTemplate"]["spec"], &path.child("jobTemplate").child("spec"));
    job_spec(found, &spec["jobTemplate"]["spec"], &path.child("jobTemplate").child("spec"));
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        found.not_negative(&path, spec, field);
    }
}

/// A schedule less the time zone that old ones begin with, which the parser would take.
fn without_zone(schedule: &str) -> &str {
    match schedule.split_once(' ') {
        Some((zone, rest)) if zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=") => rest.trim_start(),
        _ => schedule,
    }
}

fn time_zone(found: &mut Findings, spec: &Value, path: &Path) {
    let zone = text(spec, "timeZone");
    if !has(spec, "timeZone") {
        return;
    }
    if zone.is_empty() {
        found.invalid(path, zone, "timeZone must be nil or non-empty string");
    } else if zone.eq_ignore_ascii_case("local") {
        found.invalid(
            path,
            zone,
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        );
    } else if jiff::tz::TimeZone::get(zone).is_err() {
        found.invalid(path, zone, format!("unknown time zone {zone}"));
    }
}

/// The Jobs of a CronJob select their Pods themselves.
fn job_template(found: &mut Findings, spec: &Value, path: &Path) {
    if has(spec, "selector") {
        found.invalid(&path.child("selector"), spec["selector"].clone(), "`selector` will be auto-generated");
    }
    if flag(spec, "manualSelector") {
        found.not_supported_shown(&path.child("manualSelector"), &Value::Bool(true), &["false"]);
    }
}
