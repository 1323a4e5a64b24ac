//! StatefulSets: Pods with names that last, made and removed in order.

mod identity;
mod retention;
mod steps;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::{identity::pod_name, steps::Step};
use super::{
    Controller, World, deletion,
    history::{self, HASH_LABEL, Revision},
    name_of, owned, pods,
    retry::Retries,
    selector,
    write::{self, CreateError, put_status},
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

impl StatefulSets {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "statefulset-controller");
        Self { recorder, retries: Retries::default() }
    }

    /// Says how it went with a Pod, or with the claim of one.
    fn say(&self, set: &Value, verb: &str, what: &str, error: Option<&str>) {
        let head = format!("{verb} {what} in StatefulSet {}", name_of(set));
        let done = if what.starts_with("Claim") { "success" } else { "successful" };
        let (severity, reason, message) = match error {
            None => (Severity::Normal, format!("Successful{verb}"), format!("{head} {done}")),
            Some(error) => (Severity::Warning, format!("Failed{verb}"), format!("{head} failed error: {error}")),
        };
        self.recorder.event(&Subject::of(set), severity, &reason, "", &message);
    }

    fn create(&self, world: &World, set: &Value, ordinal: i64, revision: &Revision) -> bool {
        let namespace = text(&set["metadata"], "namespace");
        let claims = crate::registry::find_kind("v1", "PersistentVolumeClaim").expect("the core group has claims");
        let name = pod_name(set, ordinal);
        for claim in identity::claims(set, ordinal) {
            let claim_name = name_of(&claim).to_owned();
            match write::create(world, claims, namespace, claim) {
                Ok(_) => self.say(set, "Create", &format!("Claim {claim_name} Pod {name}"), None),
                // A claim from an earlier life of the Pod is what keeps its data.
                Err(CreateError::Exists(_)) => {}
                Err(error) => {
                    self.say(set, "Create", &format!("Claim {claim_name} for Pod {name}"), Some(&error.to_string()));
                    return false;
                }
            }
        }
        let pods = crate::registry::find_kind("v1", "Pod").expect("the core group has Pods");
        let created = write::create(world, pods, namespace, identity::pod(set, ordinal, revision));
        let error = created.as_ref().err().map(ToString::to_string);
        self.say(set, "Create", &format!("Pod {name}"), error.as_deref());
        created.is_ok()
    }

    fn delete(&self, world: &World, set: &Value, ordinal: i64) {
        let name = pod_name(set, ordinal);
        deletion::delete(world, &Key::new("pods", text(&set["metadata"], "namespace"), name.as_str()));
        self.say(set, "Delete", &format!("Pod {name}"), None);
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
        // What has no name of a set's is none of its Pods.
        let named = |pod: &Value| identity::ordinal(&set, pod).is_some();
        let claimed = owned::claim_those(world, &set, "pods", named);
        let (mut all, now) = (true, world.clock.now());
        if !has(&set["metadata"], "deletionTimestamp") {
            retention::apply(world, &set, &claimed);
            for step in steps::next(&set, &claimed, &update, now) {
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
        put_status(world, key, status(&set, &after, &current, &update, now));
        if all {
            self.retries.worked(key);
            pods::next_available(&after, min_ready(&set), now)
        } else {
            Some(self.retries.failed(key))
        }
    }
}

/// How long a Pod has to be ready before it counts as available.
fn min_ready(set: &Value) -> i64 {
    int(&set["spec"], "minReadySeconds").unwrap_or(0)
}

fn status(set: &Value, pods: &[Object], current: &Revision, update: &Revision, now: Timestamp) -> Value {
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
        "availableReplicas": alive.iter().filter(|pod| pods::is_available(pod, min_ready(set), now)).count(),
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
