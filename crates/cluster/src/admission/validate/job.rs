//! Jobs and CronJobs.

use serde_json::{Value, json};

use super::{Findings, Path, cron, go_form, job_failure, job_success, metadata, names, workload::template_content};
use crate::{
    controllers::selector::map_matches,
    json::{at, flag, has, int, put, take, text},
};

/// How many indexes, and Pods at once, an indexed Job has at most when it can keep all of them in its status.
const MOST_INDEXED: i64 = 100_000;

/// What a Job that waits for its start may still be told about its Pods: where they go and what they need.
const SCHEDULING: [&str; 4] = ["nodeSelector", "affinity", "tolerations", "schedulingGates"];

/// A Job.
pub(super) fn job(found: &mut Findings, job: &Value, old: Option<&Value>) {
    match old {
        Some(old) => metadata::update(found, old, job),
        None => metadata::create(found, job, names::subdomain),
    }
    said(found, job);
    let Some(old) = old else { return };
    // A change is looked at as a new Job is, and then once more with what was before.
    spec_of(found, job);
    changed(found, &job["spec"], old);
}

/// What is wrong with a Job whatever was before.
fn said(found: &mut Findings, job: &Value) {
    generated(found, job);
    spec_of(found, job);
    let spec = &job["spec"];
    let last = int(spec, "completions").unwrap_or(0) - 1;
    if text(spec, "completionMode") == "Indexed" && last >= 0 {
        let name = text(&job["metadata"], "name");
        let host = format!("{name}-{last}");
        if !names::label(&host).is_empty() {
            let message = format!("will not able to create pod with invalid DNS label: {host}");
            found.invalid(&Path::new("metadata").child("name"), name, message);
        }
    }
}

fn spec_of(found: &mut Findings, job: &Value) {
    let (spec, path) = (&job["spec"], Path::new("spec"));
    job_spec(found, spec, &path);
    if has(spec, "selector") {
        metadata::selector(found, &spec["selector"], &path.child("selector"));
    } else {
        found.required(&path.child("selector"), "");
    }
    metadata::template_labels(found, spec, &path);
}

/// A Job that does not select its Pods by hand has the labels and the selector that it was given.
fn generated(found: &mut Findings, job: &Value) {
    let (spec, metadata) = (&job["spec"], &job["metadata"]);
    if flag(spec, "manualSelector") || !has(spec, "selector") {
        return;
    }
    let (uid, name) = (text(metadata, "uid"), text(metadata, "name"));
    let labels = at(spec, &["template", "metadata", "labels"]);
    let path = Path::new("spec").child("template").child("metadata").child("labels");
    let wanted = [
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", name),
        ("controller-uid", uid),
        ("job-name", name),
    ];
    for (label, value) in wanted {
        if has(labels, label) && text(labels, label) != value {
            found.invalid(&path.key(label), labels.clone(), format!("must be '{value}'"));
        }
    }
    let own: Value = wanted.iter().map(|(label, value)| ((*label).to_owned(), json!(value))).collect();
    let selector = &spec["selector"];
    if !map_matches(&selector["matchLabels"], &own) || has(selector, "matchExpressions") {
        found.invalid(&Path::new("spec").child("selector"), selector.clone(), "`selector` not auto-generated");
    }
}

/// What may not change, and what only in company.
fn changed(found: &mut Findings, spec: &Value, old: &Value) {
    let (before, path) = (&old["spec"], Path::new("spec"));
    completions(found, spec, before, &path);
    found.immutable(&path.child("selector"), at(spec, &["selector"]), at(before, &["selector"]));
    template(found, &spec["template"], old, &path.child("template"));
    found.immutable(&path.child("completionMode"), at(spec, &["completionMode"]), at(before, &["completionMode"]));
    policy(found, spec, before, ("podFailurePolicy", "PodFailurePolicy"));
    for field in ["backoffLimitPerIndex", "managedBy"] {
        found.immutable(&path.child(field), at(spec, &[field]), at(before, &[field]));
    }
    policy(found, spec, before, ("successPolicy", "SuccessPolicy"));
}

/// A policy may not change. It is shown in Go's form.
fn policy(found: &mut Findings, spec: &Value, before: &Value, (field, kind): (&str, &str)) {
    if spec[field] != before[field] {
        let shown = go_form::shown(kind, &spec[field]).compact();
        found.invalid_shown(&Path::new("spec").child(field), shown, "field is immutable");
    }
}

/// An indexed Job may grow and shrink, if as many Pods run at once as there are indexes.
fn completions(found: &mut Findings, spec: &Value, before: &Value, path: &Path) {
    let (new, old) = (at(spec, &["completions"]), at(before, &["completions"]));
    if new == old {
        return;
    }
    let at_path = path.child("completions");
    if text(spec, "completionMode") != "Indexed" || new.is_null() || old.is_null() {
        return found.immutable(&at_path, new, old);
    }
    if spec["parallelism"] != *new || before["parallelism"] != *old {
        found.invalid(&at_path, new.clone(), "can only be modified in tandem with spec.parallelism");
    }
}

/// Where the Pods go and what they need may change as long as the Job waits for its start.
fn template(found: &mut Findings, new: &Value, job: &Value, path: &Path) {
    let old = &job["spec"]["template"];
    if new == old {
        return;
    }
    let waits = flag(&job["spec"], "suspend") && !has(&job["status"], "startTime");
    if !waits {
        let shown = go_form::shown("PodTemplateSpec", new).compact();
        return found.invalid_shown(path, shown, "field is immutable");
    }
    let mut allowed = old.clone();
    if let Some(spec) = allowed.get_mut("spec") {
        SCHEDULING.into_iter().for_each(|field| carry(spec, &new["spec"], field));
    }
    for list in ["containers", "initContainers"] {
        let kept = allowed.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut);
        let (Some(kept), Some(given)) = (kept, new["spec"][list].as_array()) else { continue };
        for (kept, given) in kept.iter_mut().zip(given) {
            carry(kept, given, "resources");
        }
    }
    if allowed["spec"] != new["spec"] {
        let shown = go_form::shown("PodSpec", &new["spec"]).compact();
        found.invalid_shown(&path.child("spec"), shown, "field is immutable");
    }
}

/// Makes a field what it is elsewhere.
fn carry(target: &mut Value, source: &Value, field: &str) {
    match source.get(field) {
        Some(value) => put(target, field, value.clone()),
        None => drop(take(target, field)),
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
    job_success::policy(found, spec, path);
    let manager = text(spec, "managedBy");
    if has(spec, "managedBy") {
        found.invalid_each(&path.child("managedBy"), manager, names::domain_path(manager));
    }
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
        let completions = int(spec, "completions").unwrap_or(0);
        if let Some(many) = int(spec, "parallelism").filter(|many| *many > MOST_INDEXED) {
            let message = format!("must be less than or equal to {MOST_INDEXED} when completion mode is Indexed");
            found.invalid(&path.child("parallelism"), many, message);
        }
        if let Some(most) = int(spec, "maxFailedIndexes").filter(|most| *most > completions) {
            found.invalid(&path.child("maxFailedIndexes"), most, "must be less than or equal to completions");
        }
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
    } else {
        let (zone, rest) = zone_and_rest(schedule);
        if let Some(zone) = zone.filter(|zone| !known_zone(zone)) {
            let message = format!("provided bad location {zone}: unknown time zone {zone}");
            found.invalid(&path.child("schedule"), schedule, message);
        } else if let Err(wrong) = cron::Schedule::parse(rest) {
            found.invalid(&path.child("schedule"), schedule, wrong.to_string());
        }
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

/// The time zone that old schedules begin with, which the parser would take, and what follows.
fn zone_and_rest(schedule: &str) -> (Option<&str>, &str) {
    let zone = |first: &'_ str| first.starts_with("TZ=") || first.starts_with("CRON_TZ=");
    match schedule.split_once(' ') {
        Some((first, rest)) if zone(first) => (first.split_once('=').map(|(_, zone)| zone), rest.trim_start()),
        _ => (None, schedule),
    }
}

/// Whether there is a time zone of exactly this name.
fn known_zone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok_and(|zone| zone.iana_name() == Some(name))
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
    } else if !known_zone(zone) {
        found.invalid(path, zone, format!("unknown time zone {zone}"));
    }
}

/// The Jobs of a CronJob select their Pods themselves.
fn job_template(found: &mut Findings, spec: &Value, path: &Path) {
    if has(spec, "selector") {
        found.invalid(&path.child("selector"), spec["selector"].clone(), "`selector` will be auto-generated");
    }
    if flag(spec, "manualSelector") {
        found.not_supported_shown(&path.child("manualSelector"), &Value::Bool(true), &["nil", "false"]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(old: &Value, change: impl FnOnce(&mut Value)) -> String {
        let (mut new, mut found) = (old.clone(), Findings::default());
        change(&mut new["spec"]);
        changed(&mut found, &new["spec"], old);
        let errors: Vec<String> = found.into_errors().iter().map(ToString::to_string).collect();
        errors.join("\n").chars().take(120).collect()
    }

    #[test]
    fn a_job_that_waits_may_be_told_where_its_pods_go() {
        let template = json!({"spec": {"containers": [{"name": "c", "image": "x"}]}});
        let waiting = json!({"spec": {"suspend": true, "template": template}});
        assert_eq!(told(&waiting, |spec| spec["template"]["spec"]["nodeSelector"] = json!({"a": "b"})), "");
        assert_eq!(told(&waiting, |spec| spec["template"]["metadata"] = json!({"labels": {"a": "b"}})), "");
        let resources = json!({"requests": {"cpu": "1"}});
        assert_eq!(told(&waiting, |spec| spec["template"]["spec"]["containers"][0]["resources"] = resources), "");
        let other_image = |spec: &mut Value| spec["template"]["spec"]["containers"][0]["image"] = json!("y");
        assert!(told(&waiting, other_image).starts_with("spec.template.spec: Invalid value: {\"Volumes\":null,"));
        let running = json!({"spec": {"template": waiting["spec"]["template"]}});
        let selected = |spec: &mut Value| spec["template"]["spec"]["nodeSelector"] = json!({"a": "b"});
        assert!(told(&running, selected).starts_with("spec.template: Invalid value: {\"Spec\":{"));
    }

    #[test]
    fn an_indexed_job_grows_with_its_parallelism() {
        let job = json!({"spec": {"completionMode": "Indexed", "completions": 3, "parallelism": 3}});
        assert_eq!(
            told(&job, |spec| spec["completions"] = json!(5)),
            "spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism"
        );
        let both = |spec: &mut Value| {
            spec["completions"] = json!(5);
            spec["parallelism"] = json!(5);
        };
        assert_eq!(told(&job, both), "");
    }

    #[test]
    fn what_a_job_selects_by_is_its_own() {
        let labels = json!({"controller-uid": "x", "job-name": "a"});
        let job = json!({"metadata": {"name": "a", "uid": "u"}, "spec": {
            "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": labels}}}});
        let mut found = Findings::default();
        generated(&mut found, &job);
        let errors: Vec<String> = found.into_errors().iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(errors.join("\n"), @r#"
        spec.template.metadata.labels[controller-uid]: Invalid value: {"controller-uid":"x","job-name":"a"}: must be 'u'
        spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` not auto-generated
        "#);
    }
}
