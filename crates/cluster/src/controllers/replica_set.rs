//! ReplicaSets, and the ReplicationControllers that they came from: as many Pods as asked for.

mod victims;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Controller, World, conditions, owned, pods,
    retry::Retries,
    selector,
    write::{CreateError, put_status},
};
use crate::{
    clock::api_time,
    events::Recorder,
    json::{at, has, int, put, text},
    store::{Event, Key, Object},
};

/// How many Pods are made or deleted in one go.
const BURST: usize = 500;

/// One of the two kinds.
struct Sort {
    resource: &'static str,
    kind: &'static str,
    /// What its Events come from.
    component: &'static str,
}

const SETS: Sort = Sort { resource: "replicasets.apps", kind: "ReplicaSet", component: "replicaset-controller" };
const CONTROLLERS: Sort =
    Sort { resource: "replicationcontrollers", kind: "ReplicationController", component: "replication-controller" };

pub(super) struct ReplicaSets {
    sort: Sort,
    recorder: Recorder,
    retries: Retries,
}

impl ReplicaSets {
    pub(super) fn new(world: &World) -> Self {
        Self::of(SETS, world)
    }

    /// The same for ReplicationControllers.
    pub(super) fn replication_controllers(world: &World) -> Self {
        Self::of(CONTROLLERS, world)
    }

    fn of(sort: Sort, world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), sort.component);
        Self { sort, recorder, retries: Retries::default() }
    }

    /// Makes and deletes Pods. Gives why not all could be made.
    fn manage(&self, world: &World, set: &Value, active: &[Object]) -> Result<(), CreateError> {
        let wanted = usize::try_from(int(&set["spec"], "replicas").unwrap_or(1)).unwrap_or(0);
        match wanted.checked_sub(active.len()) {
            Some(missing) => {
                for _ in 0..missing.min(BURST) {
                    let pod = pods::from_template(set, &set["spec"]["template"]);
                    pods::create(world, &self.recorder, set, pod)?;
                }
            }
            None => {
                for pod in victims::choose(active, active.len() - wanted).into_iter().take(BURST) {
                    pods::delete(world, &self.recorder, set, pod);
                }
            }
        }
        Ok(())
    }
}

impl Controller for ReplicaSets {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        match event.key.resource.as_str() {
            resource if resource == self.sort.resource => mark(event.key.clone()),
            "pods" => owned::concerned(world, event, self.sort.kind, self.sort.resource, mark),
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let Some(set) = world.get(key) else {
            self.retries.worked(key);
            return None;
        };
        let claimed = owned::claim(world, &set, "pods");
        let active: Vec<Object> = claimed.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
        let deleting = has(&set["metadata"], "deletionTimestamp");
        let outcome = if deleting { Ok(()) } else { self.manage(world, &set, &active) };
        let set = world.get(key)?;
        let now = world.clock.now();
        let mine = |pod: &Object| owned::controls(&set, pod);
        let after: Vec<Object> = world.store.list("pods", Some(&key.namespace)).1.into_iter().filter(mine).collect();
        put_status(world, key, status(&set, &after, outcome.as_ref().err(), now));
        match outcome {
            Ok(()) => {
                self.retries.worked(key);
                pods::next_available(&after, min_ready(&set), now)
            }
            Err(_) => Some(self.retries.failed(key)),
        }
    }
}

fn min_ready(set: &Value) -> i64 {
    int(&set["spec"], "minReadySeconds").unwrap_or(0)
}

/// The counts of a ReplicaSet's Pods, and whether making them failed.
fn status(set: &Value, pods: &[Object], failure: Option<&CreateError>, now: Timestamp) -> Value {
    let active: Vec<&Object> = pods.iter().filter(|pod| pods::is_active(pod)).collect();
    let template = at(set, &["spec", "template", "metadata", "labels"]);
    let available = |pod: &&&Object| pods::is_available(pod, min_ready(set), now);
    let mut status = json!({"replicas": active.len()});
    if text(set, "kind") != CONTROLLERS.kind {
        let terminating = pods.iter().filter(|pod| pods::is_deleting(pod) && !pods::has_ended(pod)).count();
        put(&mut status, "terminatingReplicas", terminating);
    }
    let counts = [
        (
            "fullyLabeledReplicas",
            active.iter().filter(|pod| selector::map_matches(template, selector::labels(pod))).count(),
        ),
        ("readyReplicas", active.iter().filter(|pod| pods::is_ready(pod)).count()),
        ("availableReplicas", active.iter().filter(available).count()),
    ];
    for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        put(&mut status, field, count);
    }
    if let Some(generation) = int(&set["metadata"], "generation") {
        put(&mut status, "observedGeneration", generation);
    }
    if let Some(conditions) = set["status"].get("conditions") {
        put(&mut status, "conditions", conditions.clone());
    }
    match (failure, conditions::find(&status, "ReplicaFailure")) {
        (Some(error), None) => {
            let time = api_time(now);
            conditions::replace(
                &mut status,
                conditions::plain("ReplicaFailure", "True", "FailedCreate", &error.to_string(), &time),
            );
        }
        (None, Some(_)) => conditions::remove(&mut status, "ReplicaFailure"),
        _ => {}
    }
    status
}
