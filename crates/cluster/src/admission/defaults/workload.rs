//! Defaults of the kinds that make Pods from a template.

use serde_json::{Value, json};

use super::pod_spec;
use crate::json::{at, child, each, fill, fill_zero, has, inside, put, text, zero};

/// A Pod template: its metadata is always there.
pub(super) fn template(template: &mut Value) {
    child(template, "metadata");
    pod_spec(child(template, "spec"));
}

/// A ReplicationController is found by the labels of its template, and has them itself, unless it says otherwise.
pub(super) fn replication_controller(object: &mut Value) {
    let labels = at(object, &["spec", "template", "metadata", "labels"]).clone();
    let none = |labels: &Value| labels.as_object().is_none_or(serde_json::Map::is_empty);
    if !none(&labels) {
        for part in ["spec", "metadata"] {
            let field = if part == "spec" { "selector" } else { "labels" };
            if none(&object[part][field]) {
                put(child(object, part), field, labels.clone());
            }
        }
    }
    let spec = child(object, "spec");
    fill(spec, "replicas", 1);
    inside(spec, "template", template);
    fill(child(object, "status"), "replicas", 0);
}

/// The kinds of group `apps`.
pub(super) fn apps(kind: &str, object: &mut Value) {
    if kind == "ControllerRevision" {
        fill(object, "revision", 0);
        return;
    }
    let spec = child(object, "spec");
    fill(spec, "selector", Value::Null);
    template(child(spec, "template"));
    match kind {
        "Deployment" => deployment(spec),
        "ReplicaSet" => fill(spec, "replicas", 1),
        "DaemonSet" => daemon_set(spec),
        "StatefulSet" => stateful_set(spec),
        _ => {}
    }
    let status = child(object, "status");
    match kind {
        "ReplicaSet" | "StatefulSet" => fill(status, "replicas", 0),
        "DaemonSet" => {
            for count in ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"] {
                fill(status, count, 0);
            }
        }
        _ => {}
    }
    if kind == "StatefulSet" {
        fill(status, "availableReplicas", 0);
    }
}

fn deployment(spec: &mut Value) {
    fill(spec, "replicas", 1);
    let strategy = child(spec, "strategy");
    fill_zero(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        let rolling = child(strategy, "rollingUpdate");
        fill(rolling, "maxUnavailable", "25%");
        fill(rolling, "maxSurge", "25%");
    }
    fill(spec, "revisionHistoryLimit", 10);
    fill(spec, "progressDeadlineSeconds", 600);
}

fn daemon_set(spec: &mut Value) {
    let strategy = child(spec, "updateStrategy");
    fill_zero(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        let rolling = child(strategy, "rollingUpdate");
        fill(rolling, "maxUnavailable", 1);
        fill(rolling, "maxSurge", 0);
    }
    fill(spec, "revisionHistoryLimit", 10);
}

fn stateful_set(spec: &mut Value) {
    fill_zero(spec, "podManagementPolicy", "OrderedReady");
    let strategy = child(spec, "updateStrategy");
    if zero(strategy, "type") {
        put(strategy, "type", "RollingUpdate");
        child(strategy, "rollingUpdate");
    }
    if text(strategy, "type") == "RollingUpdate" {
        inside(strategy, "rollingUpdate", |rolling| fill(rolling, "partition", 0));
    }
    let retention = child(spec, "persistentVolumeClaimRetentionPolicy");
    fill_zero(retention, "whenDeleted", "Retain");
    fill_zero(retention, "whenScaled", "Retain");
    fill(spec, "replicas", 1);
    fill(spec, "revisionHistoryLimit", 10);
    fill(spec, "serviceName", "");
    each(spec, "volumeClaimTemplates", |claim| {
        put(claim, "apiVersion", "v1");
        put(claim, "kind", "PersistentVolumeClaim");
        child(claim, "metadata");
        super::simple::claim(claim);
    });
}

/// A Job.
pub(super) fn job(job: &mut Value) {
    let spec = child(job, "spec");
    job_templates(spec);
    if !has(spec, "completions") && !has(spec, "parallelism") {
        put(spec, "completions", 1);
    }
    fill(spec, "parallelism", 1);
    let retries = if has(spec, "backoffLimitPerIndex") { i64::from(i32::MAX) } else { 6 };
    fill(spec, "backoffLimit", retries);
    fill(spec, "completionMode", "NonIndexed");
    fill(spec, "suspend", false);
    let replacement = if has(spec, "podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    fill(spec, "podReplacementPolicy", replacement);
    fill(spec, "manualSelector", false);
    let labels = at(spec, &["template", "metadata", "labels"]).clone();
    if labels.is_object() && at(job, &["metadata", "labels"]).as_object().is_none_or(serde_json::Map::is_empty) {
        put(child(job, "metadata"), "labels", labels);
    }
    child(job, "status");
}

/// What the Job spec inside a CronJob gets too: the defaults of its Pod template and failure policy.
fn job_templates(spec: &mut Value) {
    template(child(spec, "template"));
    inside(spec, "podFailurePolicy", |policy| {
        each(policy, "rules", |rule| {
            each(rule, "onPodConditions", |condition| fill_zero(condition, "status", "True"));
        });
    });
}

/// A CronJob.
pub(super) fn cron_job(cron: &mut Value) {
    let spec = child(cron, "spec");
    fill_zero(spec, "concurrencyPolicy", "Allow");
    fill(spec, "suspend", false);
    fill(spec, "successfulJobsHistoryLimit", 3);
    fill(spec, "failedJobsHistoryLimit", 1);
    let template = child(spec, "jobTemplate");
    child(template, "metadata");
    job_templates(child(template, "spec"));
    put(cron, "status", cron.get("status").filter(|status| status.is_object()).cloned().unwrap_or(json!({})));
}
