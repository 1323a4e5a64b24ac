//! Jobs: Pods until enough of them succeeded, or too many failed.

mod counting;
mod failure;
mod indexed;
mod outcome;
mod status;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use self::{
    counting::Ended,
    outcome::{Outcome, Tally},
};
use super::{
    Controller, World, conditions, deletion, owned, pods,
    retry::Retries,
    write::{CreateError, put_status},
};
use crate::{
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{has, int, text},
    printers::age,
    store::{Change, Event, Key, Object},
};

pub(super) const RESOURCE: &str = "jobs.batch";
/// Who looks after a Job that does not say (`spec.managedBy`).
const NAME: &str = "kubernetes.io/job-controller";

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

    /// Makes and deletes Pods of a Job that goes on. Gives when to look again, if it has to wait.
    fn manage(
        &mut self,
        world: &World,
        job: &Value,
        pods: &[Object],
        tally: &Tally,
    ) -> Result<Option<Duration>, CreateError> {
        let wanted = outcome::wanted_active(&job["spec"], tally);
        let active: Vec<&Object> = pods.iter().filter(|pod| pods::is_active(pod)).collect();
        if active.len() > wanted {
            let mut extra = active.clone();
            extra.sort_by_key(|pod| pods::is_ready(pod));
            self.remove(world, job, extra.into_iter().take(active.len() - wanted));
            return Ok(None);
        }
        let missing = wanted.saturating_sub(active.len() + tally.leaving);
        let (now, ended) = (world.clock.now(), &self.ended[uid(job)]);
        let per_index = has(&job["spec"], "backoffLimitPerIndex");
        if missing == 0 {
            return Ok(None);
        }
        if let Some(wait) = ended.wait(now).filter(|_| !per_index) {
            return Ok(wait.try_into().ok());
        }
        let (new, wait) = new_pods(job, missing, pods, ended, now);
        for pod in new {
            pods::create(world, &self.recorder, job, pod)?;
        }
        Ok(wait.and_then(|wait| wait.try_into().ok()))
    }

    /// Deletes Pods; that is no failure of theirs.
    fn remove<'p>(&mut self, world: &World, job: &Value, pods: impl Iterator<Item = &'p Object>) {
        let ended = self.ended.entry(uid(job).to_owned()).or_default();
        for pod in pods {
            ended.let_go(pod);
            pods::delete(world, &self.recorder, job, pod);
        }
    }

    fn finish(&self, job: &Value, outcome: &Outcome) {
        let (severity, reason, message) = match outcome {
            Outcome::Failed(words) => (Severity::Warning, words.reason.as_str(), words.message.as_str()),
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
        let other = text(&job["spec"], "managedBy");
        if !matches!(other, "" | NAME) {
            return None;
        }
        let now = world.clock.now();
        let pods = owned::claim(world, &job, "pods");
        let ended = self.ended.entry(uid(&job).to_owned()).or_default();
        ended.count(&job, &pods, now);
        let mut tally = Tally::of(&job, &pods, ended);
        let outcome = outcome::decide(&job, &tally, ended.verdict.as_deref(), &pods, now);
        let mut again = outcome::deadline_left(&job, now);
        let mut failed = None;
        if outcome == Outcome::Open {
            if !has(&job["metadata"], "deletionTimestamp") {
                match self.manage(world, &job, &pods, &tally) {
                    Ok(wait) => again = [again, wait].into_iter().flatten().min(),
                    Err(error) => failed = Some(error),
                }
            }
            if let Some((reason, message)) = status::turn(&job) {
                self.recorder.event(&Subject::of(&job), Severity::Normal, reason, "", message);
            }
        } else {
            let running: Vec<&Object> = pods.iter().filter(|pod| pods::is_active(pod)).collect();
            if matches!(outcome, Outcome::Failed(_)) {
                // What a Job that has failed ends before its time has failed with it.
                let ended = self.ended.entry(uid(&job).to_owned()).or_default();
                running.iter().for_each(|pod| ended.give_up(pod));
                tally = Tally::of(&job, &pods, ended);
            }
            self.remove(world, &job, running.into_iter());
        }
        let mine = |pod: &Object| owned::controls(&job, pod);
        let left: Vec<Object> = world.store.list("pods", Some(&key.namespace)).1.into_iter().filter(mine).collect();
        let (status, finished) = status::status(&job, &left, &tally, &outcome, &api_time(now));
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

/// The Pods to make now, and how long the first of those has to wait that may not come yet.
fn new_pods(
    job: &Value,
    count: usize,
    pods: &[Object],
    ended: &Ended,
    now: Timestamp,
) -> (Vec<Value>, Option<SignedDuration>) {
    let plain = || pods::from_template(job, &job["spec"]["template"]);
    if text(&job["spec"], "completionMode") != "Indexed" {
        return ((0..count).map(|_| plain()).collect(), None);
    }
    let taken = |pod: &&Object| {
        pods::is_active(pod) || (counting::waits_for_ends(job) && pods::is_deleting(pod) && !pods::has_ended(pod))
    };
    let taken: BTreeSet<i64> = pods.iter().filter(taken).filter_map(|pod| indexed::of(pod)).collect();
    let given_up = ended.failed_indexes();
    let all = 0..int(&job["spec"], "completions").unwrap_or(0);
    let open = |index: &i64| !ended.indexes.contains(index) && !taken.contains(index) && !given_up.contains(index);
    let (later, ready): (Vec<i64>, Vec<i64>) = all.filter(open).partition(|index| ended.wait_of(*index, now).is_some());
    let make = |index: i64| {
        let mut pod = indexed::pod(job, plain(), index);
        if has(&job["spec"], "backoffLimitPerIndex") {
            indexed::note_trials(&mut pod, ended.trials.get(&index));
        }
        pod
    };
    let wait = later.into_iter().filter_map(|index| ended.wait_of(index, now)).min();
    (ready.into_iter().take(count).map(make).collect(), wait)
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
