//! Jobs and CronJobs.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, date, list, or_none, selector, yes_no},
    pod::controller,
    template,
};
use crate::output::age;

/// A Job.
pub fn job(subject: &Subject<'_>) -> String {
    let job = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(job, "/metadata/name"));
    page.field(0, "Namespace", at(job, "/metadata/namespace"));
    page.field(0, "Selector", selector(job.pointer("/spec/selector")));
    page.labels("Labels", job.pointer("/metadata/labels"));
    page.annotations(job.pointer("/metadata/annotations"));
    if let Some(owner) = controller(job) {
        page.field(0, "Controlled By", owner);
    }
    spec(&mut page, job);
    times(&mut page, job);
    let number = |pointer: &str| job.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let ready = job
        .pointer("/status/ready")
        .and_then(Value::as_i64)
        .map(|ready| format!(" ({ready} Ready)"))
        .unwrap_or_default();
    page.field(
        0,
        "Pods Statuses",
        format!(
            "{} Active{ready} / {} Succeeded / {} Failed",
            number("/status/active"),
            number("/status/succeeded"),
            number("/status/failed")
        ),
    );
    if at(job, "/spec/completionMode") == "Indexed" {
        page.field(0, "Completed Indexes", or_none(at(job, "/status/completedIndexes")));
    }
    template::add(&mut page, &job["spec"]["template"]);
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

fn spec(page: &mut Page, job: &Value) {
    let given = |page: &mut Page, name: &str, pointer: &str| {
        let value = at(job, pointer);
        if !value.is_empty() {
            page.field(0, name, value);
        }
    };
    given(page, "Parallelism", "/spec/parallelism");
    page.field(0, "Completions", unset(at(job, "/spec/completions")));
    given(page, "Completion Mode", "/spec/completionMode");
    given(page, "Suspend", "/spec/suspend");
    given(page, "Backoff Limit", "/spec/backoffLimit");
    given(page, "TTL Seconds After Finished", "/spec/ttlSecondsAfterFinished");
}

fn unset(text: String) -> String {
    if text.is_empty() { "<unset>".to_owned() } else { text }
}

fn times(page: &mut Page, job: &Value) {
    let (start, end) = (at(job, "/status/startTime"), at(job, "/status/completionTime"));
    if !start.is_empty() {
        page.field(0, "Start Time", date(&start));
    }
    if !end.is_empty() {
        page.field(0, "Completed At", date(&end));
    }
    if let (Ok(start), Ok(end)) = (start.parse::<Timestamp>(), end.parse::<Timestamp>()) {
        page.field(0, "Duration", age::between(start, end));
    }
    let deadline = at(job, "/spec/activeDeadlineSeconds");
    if !deadline.is_empty() {
        page.field(0, "Active Deadline Seconds", format!("{deadline}s"));
    }
}

/// A CronJob.
pub fn cron_job(subject: &Subject<'_>) -> String {
    let cron = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(cron, "/metadata/name"));
    page.field(0, "Namespace", at(cron, "/metadata/namespace"));
    page.labels("Labels", cron.pointer("/metadata/labels"));
    page.annotations(cron.pointer("/metadata/annotations"));
    page.field(0, "Schedule", at(cron, "/spec/schedule"));
    page.field(0, "Concurrency Policy", at(cron, "/spec/concurrencyPolicy"));
    let suspended = cron.pointer("/spec/suspend").and_then(Value::as_bool);
    page.field(0, "Suspend", suspended.map_or("<unset>", yes_no));
    page.field(0, "Time Zone", unset(at(cron, "/spec/timeZone")));
    page.field(0, "Successful Job History Limit", unset(at(cron, "/spec/successfulJobsHistoryLimit")));
    page.field(0, "Failed Job History Limit", unset(at(cron, "/spec/failedJobsHistoryLimit")));
    let deadline = at(cron, "/spec/startingDeadlineSeconds");
    page.field(
        0,
        "Starting Deadline Seconds",
        if deadline.is_empty() { unset(deadline) } else { format!("{deadline}s") },
    );
    let job = &cron["spec"]["jobTemplate"];
    page.field(
        0,
        "Selector",
        job.pointer("/spec/selector").map_or_else(|| "<unset>".to_owned(), |found| selector(Some(found))),
    );
    page.field(0, "Parallelism", unset(at(job, "/spec/parallelism")));
    page.field(0, "Completions", unset(at(job, "/spec/completions")));
    let deadline = at(job, "/spec/activeDeadlineSeconds");
    if !deadline.is_empty() {
        page.field(0, "Active Deadline Seconds", format!("{deadline}s"));
    }
    template::add(&mut page, &job["spec"]["template"]);
    let last = at(cron, "/status/lastScheduleTime");
    page.field(0, "Last Schedule Time", if last.is_empty() { unset(last) } else { date(&last) });
    let active: Vec<String> = list(cron, "/status/active").iter().map(|job| at(job, "/name")).collect();
    page.field(0, "Active Jobs", or_none(active.join(", ")));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}
