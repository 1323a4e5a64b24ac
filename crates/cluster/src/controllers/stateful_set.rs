//! StatefulSets: Pods with names that last, made and removed in order.

mod identity;

use std::time::Duration;

use serde_json::{Value, json};

use self::identity::{ordinal, pod_name};
use super::{
    Controller, World, deletion,
    history::{self, HASH_LABEL, Revision},
    name_of, owned, pods,
    retry::Retries,
    selector,
    write::{self, put_status},
};
use crate::{
    events::{Recorder, Severity, Subject},
    json::{has, int, items, put, text},
    store::{Event, Key, Object},
};

const RESOURCE: &str = "statefulsets.apps";

pub(super) struct StatefulSets {
    recorder: Recorder,
    retries: Retries,
}

/// What to do next: one thing at a time when the set is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Create(i64),
    Delete(i64),
}

impl StatefulSets {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "statefulset-controller");
        Self { recorder, retries: Retries::default() }
    }

    fn say(&self, set: &Value, verb: &str, pod: &str, error: Option<&str>) {
        let head = format!("{verb} Pod {pod} in StatefulSet {}", name_of(set));
        let (severity, reason, message) = match error {
            None => (Severity::Normal, format!("Successful{verb}"), format!("{head} successful")),
            Some(error) => (Severity::Warning, format!("Failed{verb}"), format!("{head} failed error: {error}")),
        };
        self.recorder.event(&Subject::of(set), severity, &reason, "", &message);
    }

    fn create(&self, world: &World, set: &Value, ordinal: i64, revision: &Revision) -> bool {
        let namespace = text(&set["metadata"], "namespace");
        let claims = crate::registry::find_kind("v1", "PersistentVolumeClaim").expect("the core group has claims");
        for claim in identity::claims(set, ordinal) {
            // A claim from an earlier life of the Pod is what keeps its data.
            let _ = write::create(world, claims, namespace, claim);
        }
        let pods = crate::registry::find_kind("v1", "Pod").expect("the core group has Pods");
        let name = pod_name(set, ordinal);
        let created = write::create(world, pods, namespace, identity::pod(set, ordinal, revision));
        match created {
            Ok(_) => self.say(set, "Create", &name, None),
            Err(ref error) => self.say(set, "Create", &name, Some(&error.to_string())),
        }
        created.is_ok()
    }

    fn delete(&self, world: &World, set: &Value, ordinal: i64) {
        let name = pod_name(set, ordinal);
        deletion::delete(world, &Key::new("pods", text(&set["metadata"], "namespace"), name.as_str()));
        self.say(set, "Delete", &name, None);
    }
}

impl Controller for StatefulSets {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        match event.key.resource.as_str() {
            RESOURCE => mark(event.key.clone()),
            "pods" => owned::concerned(world, event, "StatefulSet", RESOURCE, mark),
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let Some(set) = world.get(key) else {
            self.retries.worked(key);
            return None;
        };
        let current_name = text(&set["status"], "currentRevision");
        let update = history::current(world, &set, &[current_name])?;
        let current = history::named(world, &set, current_name).unwrap_or_else(|| update.clone());
        let claimed = owned::claim(world, &set, "pods");
        let mut all = true;
        if !has(&set["metadata"], "deletionTimestamp") {
            for step in next_steps(&set, &claimed, &update) {
                match step {
                    Step::Create(ordinal) => {
                        let partition = int(&set["spec"]["updateStrategy"]["rollingUpdate"], "partition").unwrap_or(0);
                        let revision = if ordinal < partition { &current } else { &update };
                        all &= self.create(world, &set, ordinal, revision);
                    }
                    Step::Delete(ordinal) => self.delete(world, &set, ordinal),
                }
            }
        }
        let mine = |pod: &Object| owned::controls(&set, pod);
        let after: Vec<Object> = world.store.list("pods", Some(&key.namespace)).1.into_iter().filter(mine).collect();
        put_status(world, key, status(&set, &after, &current, &update));
        if all {
            self.retries.worked(key);
            None
        } else {
            Some(self.retries.failed(key))
        }
    }
}

/// What to do with the Pods of a set. An ordered one waits for each Pod to be ready before the next, and removes from
/// the end; when all are there, Pods of an old version go one by one from the end, down to the partition.
fn next_steps(set: &Value, claimed: &[Object], update: &Revision) -> Vec<Step> {
    let spec = &set["spec"];
    let first = int(&spec["ordinals"], "start").unwrap_or(0);
    let wanted = first..first + int(spec, "replicas").unwrap_or(1);
    let ordered = text(spec, "podManagementPolicy") != "Parallel";
    let find = |number: i64| claimed.iter().find(|pod| ordinal(set, pod) == Some(number));
    let mut steps = Vec::new();
    for number in wanted.clone() {
        match find(number) {
            None => steps.push(Step::Create(number)),
            Some(pod) if pods::has_ended(pod) && !pods::is_deleting(pod) => steps.push(Step::Delete(number)),
            Some(pod) if pods::is_ready(pod) && !pods::is_deleting(pod) => continue,
            Some(_) => {}
        }
        if ordered {
            return steps;
        }
    }
    let mut extra: Vec<i64> =
        claimed.iter().filter_map(|pod| ordinal(set, pod)).filter(|number| !wanted.contains(number)).collect();
    extra.sort_unstable_by(|a, b| b.cmp(a));
    for number in extra {
        if find(number).is_some_and(|pod| !pods::is_deleting(pod)) {
            steps.push(Step::Delete(number));
        }
        if ordered {
            return steps;
        }
    }
    if steps.is_empty() {
        steps.extend(outdated(set, wanted, find, update).map(Step::Delete));
    }
    steps
}

/// The last Pod of an old version, when every later one is new and ready.
fn outdated<'a>(
    set: &Value,
    wanted: std::ops::Range<i64>,
    find: impl Fn(i64) -> Option<&'a Object>,
    update: &Revision,
) -> Option<i64> {
    let strategy = &set["spec"]["updateStrategy"];
    if text(strategy, "type") != "RollingUpdate" {
        return None;
    }
    let partition = int(&strategy["rollingUpdate"], "partition").unwrap_or(0);
    for number in wanted.rev().filter(|number| *number >= partition) {
        let pod = find(number)?;
        if pods::is_deleting(pod) {
            return None;
        }
        if text(selector::labels(pod), HASH_LABEL) != update.name {
            return Some(number);
        }
        if !pods::is_ready(pod) {
            return None;
        }
    }
    None
}

fn status(set: &Value, pods: &[Object], current: &Revision, update: &Revision) -> Value {
    let alive: Vec<&Object> = pods.iter().filter(|pod| !pods::is_deleting(pod) && !pods::has_ended(pod)).collect();
    let of = |revision: &Revision| {
        alive.iter().filter(|pod| text(selector::labels(pod), HASH_LABEL) == revision.name).count()
    };
    let ready = alive.iter().filter(|pod| pods::is_ready(pod)).count();
    let wanted = usize::try_from(int(&set["spec"], "replicas").unwrap_or(1)).unwrap_or(0);
    let updated = of(update);
    let done = updated == wanted && ready == wanted && alive.len() == wanted;
    let current = if done { update } else { current };
    let mut status = json!({
        "replicas": pods.len(),
        "availableReplicas": ready,
        "currentRevision": current.name,
        "updateRevision": update.name,
        "collisionCount": 0,
        "observedGeneration": int(&set["metadata"], "generation").unwrap_or(1),
    });
    for (field, count) in [("readyReplicas", ready), ("currentReplicas", of(current)), ("updatedReplicas", updated)] {
        if count > 0 {
            put(&mut status, field, count);
        }
    }
    if !items(&set["status"], "conditions").is_empty() {
        put(&mut status, "conditions", set["status"]["conditions"].clone());
    }
    status
}
