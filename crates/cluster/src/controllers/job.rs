//! Jobs: Pods until enough of them succeeded, or too many failed.

mod indexed;
mod outcome;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use self::outcome::{Outcome, Tally};
use super::{
    Controller, World, conditions, deletion, owned, pods,
    retry::Retries,
    write::{CreateError, put_status},
};
use crate::{
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{flag, has, int, items, put, text},
    printers::age,
    store::{Change, Event, Key, Object},
};

pub(super) const RESOURCE: &str = "jobs.batch";

/// The Pods of a Job that have ended, also those that are gone since.
#[derive(Debug, Default)]
struct Ended {
    succeeded: BTreeSet<String>,
    failed: BTreeSet<String>,
    indexes: BTreeSet<i64>,
    /// Failures since the last success, and when the last one was.
    streak: u32,
    last_failure: Option<Timestamp>,
}

pub(super) struct Jobs {
    recorder: Recorder,
    retries: Retries,
    ended: HashMap<String, Ended>,
}

impl Jobs {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "job-controller");
        Self { recorder, retries: Retries::default(), ended: HashMap::new() }
    }

    /// Counts the Pods that have ended since the last look, each once.
    fn count(&mut self, job: &Value, pods: &[Object]) -> &Ended {
        let ended = self.ended.entry(uid(job).to_owned()).or_default();
        for pod in pods.iter().filter(|pod| pods::has_ended(pod)) {
            let id = uid(pod).to_owned();
            if text(&pod["status"], "phase") == "Succeeded" {
                if ended.succeeded.insert(id) {
                    ended.streak = 0;
                    ended.indexes.extend(indexed::of(pod));
                }
            } else if ended.failed.insert(id) {
                ended.streak += 1;
                ended.last_failure = ended.last_failure.max(end_of(pod));
            }
        }
        ended
    }

    /// Makes and deletes Pods of a Job that goes on. Gives when to look again, if it has to wait.
    fn manage(
        &self,
        world: &World,
        job: &Value,
        active: &[Object],
        tally: &Tally,
    ) -> Result<Option<Duration>, CreateError> {
        let spec = &job["spec"];
        let wanted = outcome::wanted_active(spec, tally);
        if active.len() > wanted {
            let mut extra: Vec<&Object> = active.iter().collect();
            extra.sort_by_key(|pod| pods::is_ready(pod));
            extra.iter().take(active.len() - wanted).for_each(|pod| pods::delete(world, &self.recorder, job, pod));
            return Ok(None);
        }
        let missing = wanted - active.len();
        if missing == 0 {
            return Ok(None);
        }
        let ended = &self.ended[uid(job)];
        if let Some(wait) = back_off(ended, world.clock.now()) {
            return Ok(Some(wait));
        }
        for pod in new_pods(job, missing, active, &ended.indexes) {
            pods::create(world, &self.recorder, job, pod)?;
        }
        Ok(None)
    }

    fn finish(&self, job: &Value, outcome: &Outcome) {
        let (severity, reason, message) = match outcome {
            Outcome::Failed { reason, message } => (Severity::Warning, *reason, *message),
            _ => (Severity::Normal, "Completed", "Job completed"),
        };
        self.recorder.event(&Subject::of(job), severity, reason, "", message);
    }
}

impl Controller for Jobs {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        match event.key.resource.as_str() {
            RESOURCE => {
                if event.change == Change::Deleted {
                    self.ended.remove(uid(&event.object));
                }
                mark(event.key.clone());
            }
            "pods" => owned::concerned(world, event, "Job", RESOURCE, mark),
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let Some(job) = world.get(key) else {
            self.retries.worked(key);
            return None;
        };
        if conditions::holds(&job["status"], "Complete") || conditions::holds(&job["status"], "Failed") {
            return expire(world, key, &job);
        }
        let now = world.clock.now();
        let pods = owned::claim(world, &job, "pods");
        let active: Vec<Object> = pods.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
        let ended = self.count(&job, &pods);
        let tally = Tally::of(&job, &active, &ended.succeeded, &ended.failed, &ended.indexes);
        let outcome = outcome::decide(&job, &tally, &pods, now);
        let mut again = outcome::deadline_left(&job, now);
        let mut failed = None;
        if outcome == Outcome::Open {
            if !has(&job["metadata"], "deletionTimestamp") {
                match self.manage(world, &job, &active, &tally) {
                    Ok(wait) => again = [again, wait].into_iter().flatten().min(),
                    Err(error) => failed = Some(error),
                }
            }
        } else {
            active.iter().for_each(|pod| pods::delete(world, &self.recorder, &job, pod));
        }
        let mine = |pod: &Object| owned::controls(&job, pod);
        let left: Vec<Object> = world.store.list("pods", Some(&key.namespace)).1.into_iter().filter(mine).collect();
        let (status, finished) = status(&job, &left, &tally, &outcome, &api_time(now));
        put_status(world, key, status);
        if finished {
            self.finish(&job, &outcome);
        }
        if failed.is_some() {
            return Some(self.retries.failed(key));
        }
        self.retries.worked(key);
        again
    }
}

fn uid(object: &Value) -> &str {
    text(&object["metadata"], "uid")
}

/// When a Pod's last container ended.
fn end_of(pod: &Value) -> Option<Timestamp> {
    let statuses = items(&pod["status"], "containerStatuses").iter();
    statuses.filter_map(|status| age::parse(&status["state"]["terminated"]["finishedAt"])).max()
}

/// Ten seconds after a failure, doubled for each further one, up to ten minutes.
fn back_off(ended: &Ended, now: Timestamp) -> Option<Duration> {
    let steps = ended.streak.checked_sub(1)?;
    let delay = SignedDuration::from_secs((10_i64 << steps.min(6)).min(600));
    let left = (ended.last_failure? + delay).duration_since(now);
    left.is_positive().then(|| left.try_into().ok()).flatten()
}

fn new_pods(job: &Value, count: usize, active: &[Object], done: &BTreeSet<i64>) -> Vec<Value> {
    let plain = || pods::from_template(job, &job["spec"]["template"]);
    if text(&job["spec"], "completionMode") != "Indexed" {
        return (0..count).map(|_| plain()).collect();
    }
    let running: BTreeSet<i64> = active.iter().filter_map(|pod| indexed::of(pod)).collect();
    let all = 0..int(&job["spec"], "completions").unwrap_or(0);
    let open = all.filter(|index| !done.contains(index) && !running.contains(index));
    open.take(count).map(|index| indexed::pod(job, plain(), index)).collect()
}

/// A finished Job goes by itself after its `ttlSecondsAfterFinished`.
fn expire(world: &World, key: &Key, job: &Value) -> Option<Duration> {
    let ttl = int(&job["spec"], "ttlSecondsAfterFinished")?;
    let finished = ["Complete", "Failed"].iter().find_map(|kind| conditions::find(&job["status"], kind))?;
    let left = (age::parse(&finished["lastTransitionTime"])? + SignedDuration::from_secs(ttl))
        .duration_since(world.clock.now());
    if left.is_positive() {
        return left.try_into().ok();
    }
    deletion::delete(world, key);
    None
}

/// The whole status, and whether the Job finishes with it.
fn status(job: &Value, pods: &[Object], tally: &Tally, outcome: &Outcome, now: &str) -> (Value, bool) {
    let active: Vec<&Object> = pods.iter().filter(|pod| pods::is_active(pod)).collect();
    let terminating = pods.iter().filter(|pod| pods::is_deleting(pod) && !pods::has_ended(pod)).count();
    let mut status = json!({
        "ready": active.iter().filter(|pod| pods::is_ready(pod)).count(),
        "terminating": terminating,
        "uncountedTerminatedPods": {},
    });
    for (field, count) in [("active", active.len()), ("succeeded", tally.succeeded), ("failed", tally.failed)] {
        if count > 0 {
            put(&mut status, field, count);
        }
    }
    if text(&job["spec"], "completionMode") == "Indexed" && !tally.indexes.is_empty() {
        put(&mut status, "completedIndexes", indexed::ranges(&tally.indexes));
    }
    for field in ["startTime", "conditions"] {
        if has(&job["status"], field) {
            put(&mut status, field, job["status"][field].clone());
        }
    }
    let suspended = flag(&job["spec"], "suspend");
    note_suspension(&mut status, suspended, now);
    if !suspended && !has(&status, "startTime") {
        put(&mut status, "startTime", now);
    }
    let finished = active.is_empty() && terminating == 0;
    conclude(&mut status, outcome, finished, now);
    (status, finished && *outcome != Outcome::Open)
}

fn note_suspension(status: &mut Value, suspended: bool, now: &str) {
    let was = conditions::find(status, "Suspended").map(|condition| text(condition, "status") == "True");
    let (state, reason, message) = match (suspended, was) {
        (true, None | Some(false)) => ("True", "JobSuspended", "Job suspended"),
        (false, Some(true)) => ("False", "JobResumed", "Job resumed"),
        _ => return,
    };
    crate::json::take(status, "startTime");
    conditions::replace(status, condition("Suspended", state, reason, message, now));
}

fn condition(kind: &str, state: &str, reason: &str, message: &str, now: &str) -> Value {
    let mut condition = conditions::plain(kind, state, reason, message, now);
    put(&mut condition, "lastProbeTime", now);
    condition
}

/// The outcome is announced first, and stated when the last Pod is gone.
fn conclude(status: &mut Value, outcome: &Outcome, finished: bool, now: &str) {
    let (announced, stated, reason, message) = match outcome {
        Outcome::Open => return,
        Outcome::Complete => {
            ("SuccessCriteriaMet", "Complete", "CompletionsReached", "Reached expected number of succeeded pods")
        }
        Outcome::Failed { reason, message } => ("FailureTarget", "Failed", *reason, *message),
    };
    if conditions::find(status, announced).is_none() {
        conditions::replace(status, condition(announced, "True", reason, message, now));
    }
    if finished {
        conditions::replace(status, condition(stated, "True", reason, message, now));
        if stated == "Complete" {
            put(status, "completionTime", now);
        }
    }
}
