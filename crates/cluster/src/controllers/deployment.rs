//! Deployments: a ReplicaSet for each version of the template, and the way from one to the next.

mod plan;
mod revisions;
mod status;

use std::time::Duration;

use serde_json::{Value, json};

use self::plan::{Rollout, Set, Strategy};
use super::{
    Controller, World, conditions, deletion, name_of, owned, pods,
    retry::Retries,
    write::{self, CreateError, update},
};
use crate::{
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{at, child, flag, has, int, put, text},
    store::{Event, Key, Object},
};

const RESOURCE: &str = "deployments.apps";
const SETS: &str = "replicasets.apps";
const HASH_LABEL: &str = "pod-template-hash";

pub(super) struct Deployments {
    recorder: Recorder,
    retries: Retries,
}

impl Deployments {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "deployment-controller");
        Self { recorder, retries: Retries::default() }
    }
}

impl Controller for Deployments {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        match event.key.resource.as_str() {
            RESOURCE => mark(event.key.clone()),
            SETS => owned::concerned(world, event, "Deployment", RESOURCE, mark),
            // With `Recreate`, the new Pods wait until the last old one is gone.
            "pods" if event.change == crate::store::Change::Deleted => {
                let set = owned::controller_of(&event.object).filter(|owner| text(owner, "kind") == "ReplicaSet");
                let set = set.map(|owner| Key::new(SETS, event.key.namespace.as_str(), text(owner, "name")));
                let owner = set.and_then(|key| world.get(&key));
                if let Some(owner) = owner.as_deref().and_then(owned::controller_of) {
                    mark(Key::new(RESOURCE, event.key.namespace.as_str(), text(owner, "name")));
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let deployment = world.get(key)?;
        let sets = owned::claim(world, &deployment, SETS);
        let mut turn = Turn { world, recorder: &self.recorder, key, deployment, sets, failed: false };
        if has(&turn.deployment["metadata"], "deletionTimestamp") {
            return turn.write_status();
        }
        turn.note_pause();
        if flag(&turn.deployment["spec"], "paused") || turn.was_scaled() {
            turn.proportion();
        } else {
            turn.roll_out();
        }
        let failed = turn.failed;
        let again = turn.write_status();
        if failed {
            return Some(self.retries.failed(key));
        }
        self.retries.worked(key);
        again
    }
}

/// One look at one Deployment.
struct Turn<'a> {
    world: &'a World,
    recorder: &'a Recorder,
    key: &'a Key,
    deployment: Object,
    sets: Vec<Object>,
    /// A ReplicaSet could not be made.
    failed: bool,
}

impl Turn<'_> {
    /// The ReplicaSet of the current template.
    fn new_set(&self) -> Option<&Object> {
        let template = &self.deployment["spec"]["template"];
        let same = |set: &&Object| revisions::same_template(template, &set["spec"]["template"]);
        let created = |set: &&Object| text(&set["metadata"], "creationTimestamp").to_owned();
        self.sets.iter().filter(same).min_by_key(created)
    }

    fn rollout(&self) -> Rollout {
        let new = self.new_set().map(|set| name_of(set).to_owned());
        let set = |set: &Object| Set {
            name: name_of(set).to_owned(),
            created: text(&set["metadata"], "creationTimestamp").to_owned(),
            is_new: new.as_deref() == Some(name_of(set)),
            wanted: int(&set["spec"], "replicas").unwrap_or(0),
            actual: int(&set["status"], "replicas").unwrap_or(0),
            available: int(&set["status"], "availableReplicas").unwrap_or(0),
        };
        Rollout { strategy: Strategy::of(&self.deployment["spec"]), sets: self.sets.iter().map(set).collect() }
    }

    /// Whether the number of replicas was changed since the ReplicaSets were last told.
    fn was_scaled(&self) -> bool {
        let wanted = int(&self.deployment["spec"], "replicas").unwrap_or(1);
        self.sets.iter().any(|set| {
            let told = text(at(set, &["metadata", "annotations"]), revisions::DESIRED).parse::<i64>();
            int(&set["spec"], "replicas").unwrap_or(0) > 0 && told.is_ok_and(|told| told != wanted)
        })
    }

    fn proportion(&mut self) {
        if self.new_set().is_some() {
            self.sync_revision();
        }
        let scales = self.rollout().proportions();
        self.apply(scales, true);
    }

    fn roll_out(&mut self) {
        let rollout = self.rollout();
        if rollout.strategy.recreate {
            let scales = rollout.end_old();
            if !scales.is_empty() {
                return self.apply(scales, false);
            }
            if self.old_pods_run() {
                return;
            }
        }
        if !self.ensure_new_set() {
            return;
        }
        self.sync_revision();
        let rollout = self.rollout();
        let up = rollout.scale_new();
        if up.is_empty() {
            let down = rollout.scale_old();
            self.apply(down, false);
        } else {
            self.apply(up, false);
        }
        if status::is_complete(&self.deployment, &self.deployment["status"]) {
            self.forget_old();
        }
    }

    /// Whether Pods of an old template are still there.
    fn old_pods_run(&self) -> bool {
        let new = self.new_set().map(|set| set["metadata"]["uid"].clone());
        let (_, pods) = self.world.store.list("pods", Some(&self.key.namespace));
        pods.iter().filter(|pod| !pods::has_ended(pod)).any(|pod| {
            let owner = owned::controller_of(pod).map(|owner| &owner["uid"]);
            owner.is_some_and(|uid| {
                Some(uid) != new.as_ref() && self.sets.iter().any(|set| set["metadata"]["uid"] == *uid)
            })
        })
    }

    /// Makes the ReplicaSet of the current template. Gives whether there is one now.
    fn ensure_new_set(&mut self) -> bool {
        if self.new_set().is_some() {
            return true;
        }
        let collisions = int(&self.deployment["status"], "collisionCount").unwrap_or(0);
        let set = revisions::new_set(&self.deployment, &self.sets, &self.rollout(), collisions);
        let resource = crate::registry::find_kind("apps/v1", "ReplicaSet").expect("the group apps has ReplicaSets");
        match write::create(self.world, resource, &self.key.namespace, set) {
            Ok(set) => {
                self.created(&set);
                self.sets.push(set);
                true
            }
            Err(CreateError::Exists(_)) => {
                // Another template has the same hash: the next try is made with another count.
                self.change(|deployment| put(child(deployment, "status"), "collisionCount", collisions + 1));
                false
            }
            Err(error) => {
                let message = format!("Failed to create new replica set: {error}");
                self.recorder.event(
                    &Subject::of(&self.deployment),
                    Severity::Warning,
                    "ReplicaSetCreateError",
                    "",
                    &message,
                );
                self.progress("False", "ReplicaSetCreateError", &message);
                self.failed = true;
                false
            }
        }
    }

    fn created(&mut self, set: &Value) {
        let count = int(&set["spec"], "replicas").unwrap_or(0);
        if count > 0 {
            self.say_scaled("up", name_of(set), 0, count);
        }
        let message = format!("Created new replica set {:?}", name_of(set));
        self.progress("True", "NewReplicaSetCreated", &message);
    }

    /// Keeps the annotations that number the versions.
    fn sync_revision(&mut self) {
        let Some(new) = self.new_set().cloned() else { return };
        let revision = revisions::next(&self.sets, name_of(&new));
        let key = Key::new(SETS, self.key.namespace.as_str(), name_of(&new));
        let deployment = self.deployment.clone();
        let changed = update(self.world, &key, |set| revisions::annotate(set, &deployment, revision));
        let current = changed.as_deref().map_or(0, revisions::of).max(revision);
        if let Some(set) = changed {
            self.replace_set(set);
        }
        self.change(|deployment| {
            let annotations = child(child(deployment, "metadata"), "annotations");
            put(annotations, revisions::REVISION, current.to_string());
        });
    }

    /// Says when a rollout was paused and resumed.
    fn note_pause(&mut self) {
        if !has(&self.deployment["spec"], "progressDeadlineSeconds") {
            return;
        }
        let paused = flag(&self.deployment["spec"], "paused");
        let reason =
            conditions::find(&self.deployment["status"], "Progressing").map(|condition| text(condition, "reason"));
        match (paused, reason) {
            (true, Some("ProgressDeadlineExceeded" | "DeploymentPaused")) => {}
            (true, _) => self.progress("Unknown", "DeploymentPaused", "Deployment is paused"),
            (false, Some("DeploymentPaused")) => self.progress("Unknown", "DeploymentResumed", "Deployment is resumed"),
            _ => {}
        }
    }

    fn progress(&mut self, state: &str, reason: &str, message: &str) {
        if !has(&self.deployment["spec"], "progressDeadlineSeconds") {
            return;
        }
        let now = api_time(self.world.clock.now());
        let condition = status::condition("Progressing", state, reason, message, &now);
        self.change(|deployment| status::set(child(deployment, "status"), condition));
    }

    fn apply(&mut self, scales: Vec<(String, i64)>, proportional: bool) {
        let strategy = Strategy::of(&self.deployment["spec"]);
        for (name, wanted) in scales {
            let key = Key::new(SETS, self.key.namespace.as_str(), name.as_str());
            let before = self.world.get(&key).and_then(|set| int(&set["spec"], "replicas")).unwrap_or(0);
            if before == wanted && !proportional {
                continue;
            }
            let changed = update(self.world, &key, |set| {
                put(child(set, "spec"), "replicas", wanted);
                revisions::annotate_size(set, &strategy);
            });
            if let Some(set) = changed {
                self.replace_set(set);
            }
            if before != wanted {
                self.say_scaled(if before < wanted { "up" } else { "down" }, &name, before, wanted);
            }
        }
    }

    fn say_scaled(&self, direction: &str, set: &str, from: i64, to: i64) {
        let message = format!("Scaled {direction} replica set {set} from {from} to {to}");
        self.recorder.event(&Subject::of(&self.deployment), Severity::Normal, "ScalingReplicaSet", "", &message);
    }

    /// Old ReplicaSets beyond the history limit go.
    fn forget_old(&self) {
        let limit = int(&self.deployment["spec"], "revisionHistoryLimit").unwrap_or(10);
        for name in revisions::beyond(&self.sets, self.new_set().map(|set| name_of(set)), limit) {
            deletion::delete(self.world, &Key::new(SETS, self.key.namespace.as_str(), name));
        }
    }

    fn replace_set(&mut self, set: Object) {
        if let Some(place) = self.sets.iter_mut().find(|known| name_of(known) == name_of(&set)) {
            *place = set;
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Value)) {
        if let Some(deployment) = update(self.world, self.key, change) {
            self.deployment = deployment;
        }
    }

    fn write_status(&mut self) -> Option<Duration> {
        let now = self.world.clock.now();
        let new = self.new_set().cloned();
        let (status, again) = status::calculate(&self.deployment, &self.sets, new.as_deref(), now);
        self.change(|deployment| put(deployment, "status", status));
        again
    }
}

/// What a label selector is with one label more.
fn with_label(selector: &Value, key: &str, value: &str) -> Value {
    let mut selector = if selector.is_object() { selector.clone() } else { json!({}) };
    put(child(&mut selector, "matchLabels"), key, value);
    selector
}
