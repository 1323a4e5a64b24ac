//! CronJobs: a Job at each time that the schedule names.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    Controller, World, conditions, deletion, job, name_of, owned,
    write::{self, put_status},
};
use crate::{
    admission::validate::cron::Schedule,
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{at, child, flag, has, int, items, put, text},
    printers::age,
    store::{Event, Key, Object},
};

const RESOURCE: &str = "cronjobs.batch";
const SCHEDULED_AT: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// How many missed times are looked through for the last one.
const MISSED: usize = 10_000;

pub(super) struct CronJobs {
    recorder: Recorder,
}

impl CronJobs {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "cronjob-controller");
        Self { recorder }
    }

    fn say(&self, cron: &Value, reason: &str, message: &str) {
        self.recorder.event(&Subject::of(cron), Severity::Normal, reason, "", message);
    }

    /// Takes finished Jobs off the list of active ones, and removes those beyond the history limits.
    fn tidy(&self, world: &World, cron: &Value, jobs: &[Object], status: &mut Value) {
        let active = items(&cron["status"], "active").to_vec();
        for job in jobs.iter().filter(|job| finished(job).is_some()) {
            if active.iter().any(|entry| entry["uid"] == job["metadata"]["uid"]) {
                let condition = finished(job).unwrap_or("");
                let message = format!("Saw completed job: {}, condition: {condition}", name_of(job));
                self.say(cron, "SawCompletedJob", &message);
                if condition == "Complete" {
                    put(status, "lastSuccessfulTime", job["status"]["completionTime"].clone());
                }
            }
        }
        let missing = |entry: &&Value| !jobs.iter().any(|job| job["metadata"]["uid"] == entry["uid"]);
        for entry in active.iter().filter(missing) {
            self.say(cron, "MissingJob", &format!("Active job went missing: {}", text(entry, "name")));
        }
        for (kind, field) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
            let Some(limit) = int(&cron["spec"], field) else { continue };
            let mut done: Vec<&Object> = jobs.iter().filter(|job| finished(job) == Some(kind)).collect();
            done.sort_by_key(|job| age::parse(&job["status"]["startTime"]));
            let extra = done.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
            for job in done.into_iter().take(extra) {
                delete(world, job);
                self.say(cron, "SuccessfulDelete", &format!("Deleted job {}", name_of(job)));
            }
        }
    }

    /// Makes the Job of a time that has come, as far as the concurrency policy lets it.
    fn run(&self, world: &World, cron: &Value, running: &[&Object], due: Timestamp) -> bool {
        match text(&cron["spec"], "concurrencyPolicy") {
            "Forbid" if !running.is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                self.say(cron, "JobAlreadyActive", message);
                return false;
            }
            "Replace" => running.iter().for_each(|job| {
                delete(world, job);
                self.say(cron, "SuccessfulDelete", &format!("Deleted job {}", name_of(job)));
            }),
            _ => {}
        }
        let resource = crate::registry::find_kind("batch/v1", "Job").expect("the group batch has Jobs");
        match write::create(world, resource, text(&cron["metadata"], "namespace"), new_job(cron, due)) {
            Ok(job) => self.say(cron, "SuccessfulCreate", &format!("Created job {}", name_of(&job))),
            Err(write::CreateError::Exists(_)) => {}
            Err(error) => {
                let message = format!("Error creating job: {error}");
                self.recorder.event(&Subject::of(cron), Severity::Warning, "FailedCreate", "", &message);
                return false;
            }
        }
        true
    }
}

impl Controller for CronJobs {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        let _ = world;
        match event.key.resource.as_str() {
            RESOURCE => mark(event.key.clone()),
            job::RESOURCE => {
                let owner = owned::controller_of(&event.object).filter(|owner| text(owner, "kind") == "CronJob");
                if let Some(owner) = owner {
                    mark(Key::new(RESOURCE, event.key.namespace.as_str(), text(owner, "name")));
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let cron = world.get(key)?;
        let now = world.clock.now();
        let of_mine = |job: &Object| owned::controls(&cron, job);
        let jobs: Vec<Object> =
            world.store.list(job::RESOURCE, Some(&key.namespace)).1.into_iter().filter(of_mine).collect();
        let mut status = if cron["status"].is_object() { cron["status"].clone() } else { json!({}) };
        self.tidy(world, &cron, &jobs, &mut status);
        let mut again = None;
        if !flag(&cron["spec"], "suspend")
            && !has(&cron["metadata"], "deletionTimestamp")
            && let Ok(schedule) = Schedule::parse(text(&cron["spec"], "schedule"))
        {
            let zone = zone(&cron["spec"]);
            let running: Vec<&Object> = jobs.iter().filter(|job| finished(job).is_none()).collect();
            if let Some(due) = last_missed(&cron, &schedule, &zone, now)
                && self.run(world, &cron, &running, due)
            {
                put(&mut status, "lastScheduleTime", api_time(due));
            }
            again = schedule.next(now, &zone).and_then(|next| next.duration_since(now).try_into().ok());
        }
        put_active(world, key, &cron, &mut status);
        put_status(world, key, status);
        again
    }
}

/// The condition a Job finished with.
fn finished(job: &Value) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|kind| conditions::holds(&job["status"], kind))
}

fn delete(world: &World, job: &Value) {
    deletion::delete(world, &Key::new(job::RESOURCE, text(&job["metadata"], "namespace"), name_of(job)));
}

fn zone(spec: &Value) -> TimeZone {
    TimeZone::get(text(spec, "timeZone")).unwrap_or(TimeZone::UTC)
}

/// The last time that has come since the last Job, unless its starting deadline is over.
fn last_missed(cron: &Value, schedule: &Schedule, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let last = age::parse(&cron["status"]["lastScheduleTime"]);
    let mut from = last.or_else(|| age::parse(&cron["metadata"]["creationTimestamp"]))?;
    if let Some(seconds) = int(&cron["spec"], "startingDeadlineSeconds") {
        from = from.max(now - SignedDuration::from_secs(seconds));
    }
    let mut missed = None;
    for _ in 0..MISSED {
        match schedule.next(from, zone) {
            Some(next) if next <= now => {
                missed = Some(next);
                from = next;
            }
            _ => break,
        }
    }
    missed
}

/// The Job of a time; its name says the minute, so that it can't be made twice.
fn new_job(cron: &Value, due: Timestamp) -> Value {
    let template = &cron["spec"]["jobTemplate"];
    let mut job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": format!("{}-{}", name_of(cron), due.as_second() / 60),
            "ownerReferences": [owned::reference(cron)],
        },
        "spec": template["spec"],
    });
    for field in ["labels", "annotations"] {
        let value = at(template, &["metadata", field]);
        if !value.is_null() {
            put(child(&mut job, "metadata"), field, value.clone());
        }
    }
    put(child(child(&mut job, "metadata"), "annotations"), SCHEDULED_AT, api_time(due));
    job
}

fn put_active(world: &World, key: &Key, cron: &Value, status: &mut Value) {
    let reference = |job: Object| {
        json!({
            "apiVersion": "batch/v1", "kind": "Job", "name": name_of(&job), "namespace": key.namespace,
            "resourceVersion": job["metadata"]["resourceVersion"], "uid": job["metadata"]["uid"],
        })
    };
    let known = items(&cron["status"], "active");
    let running = world.store.list(job::RESOURCE, Some(&key.namespace)).1.into_iter();
    let running = running.filter(|job| owned::controls(cron, job) && finished(job).is_none());
    let active: Vec<Value> = running
        .map(|job| {
            let same = known.iter().find(|entry| entry["uid"] == job["metadata"]["uid"]);
            same.cloned().unwrap_or_else(|| reference(job))
        })
        .collect();
    if active.is_empty() {
        crate::json::take(status, "active");
    } else {
        put(status, "active", active);
    }
}
