//! The scheduler: gives every Pod that has no node yet one that it fits on, or says why there is none.
//!
//! [`decide()`] is a function of the Pod and a [`Snapshot`]; the loop here keeps the snapshot up to date and writes what
//! was decided.

pub(crate) mod affinity;
mod decide;
mod fit;
mod preempt;
mod score;
mod snapshot;
pub(crate) mod taints;

use std::{cmp::Reverse, collections::BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    decide::{Decision, decide},
    preempt::Preemption,
    snapshot::Snapshot,
};
use crate::{
    clock::{SharedClock, api_time},
    controllers::deletion,
    events::{Recorder, Severity, Subject},
    json as tree,
    store::{Change, Event, Key, Next, Store, TooOld, Watch},
};

const PODS: &str = "pods";
const NODES: &str = "nodes";
const CLAIMS: &str = "persistentvolumeclaims";
/// `spec.schedulerName` of the Pods that are this scheduler's.
const NAME: &str = "default-scheduler";

/// Starts scheduling; it goes on until the token is cancelled.
pub fn start(store: &Store, clock: &SharedClock, tasks: &TaskTracker, closing: CancellationToken) {
    let (store, clock) = (store.clone(), clock.clone());
    let recorder = Recorder::scheduler(store.clone(), clock.clone(), "vm");
    let scheduler = Scheduler { store, clock, recorder, snapshot: Snapshot::default(), waiting: BTreeSet::new() };
    tasks.spawn(async move { closing.run_until_cancelled_owned(scheduler.run()).await });
}

struct Scheduler {
    store: Store,
    clock: SharedClock,
    recorder: Recorder,
    snapshot: Snapshot,
    /// Pods that no node would take.
    waiting: BTreeSet<Key>,
}

/// What the loop follows.
struct Watches {
    pods: Watch,
    nodes: Watch,
    claims: Watch,
}

impl Scheduler {
    async fn run(mut self) {
        loop {
            let Ok(watches) = self.begin() else { continue };
            // A loop that was too slow for the log begins anew with a list.
            let _too_old = self.follow(watches).await;
        }
    }

    /// Takes in everything that is there.
    fn begin(&mut self) -> Result<Watches, TooOld> {
        let (revision, nodes) = self.store.list(NODES, None);
        let watch = |resource| self.store.watch(resource, None, revision);
        let watches = Watches { pods: watch(PODS)?, nodes: watch(NODES)?, claims: watch(CLAIMS)? };
        self.snapshot = Snapshot::default();
        self.waiting.clear();
        for node in nodes {
            self.snapshot.put_node(node);
        }
        let pods = self.store.list(PODS, None).1;
        for pod in &pods {
            self.snapshot.put_pod(pod.clone());
        }
        for pod in pods {
            self.consider(&key_of(&pod));
        }
        Ok(watches)
    }

    async fn follow(&mut self, mut watches: Watches) -> Result<(), TooOld> {
        loop {
            tokio::select! {
                event = watches.pods.next() => self.pod_event(event?),
                event = watches.nodes.next() => self.node_event(event?),
                event = watches.claims.next() => { event?; self.retry(); }
            }
        }
    }

    fn pod_event(&mut self, event: Event) {
        if event.change == Change::Deleted {
            self.waiting.remove(&event.key);
            self.snapshot.remove_pod(&event.key);
            return self.retry();
        }
        let ended = is_ended(&event.object) && event.previous.as_ref().is_some_and(|before| !is_ended(before));
        let relabelled = event
            .previous
            .as_ref()
            .is_some_and(|before| before["metadata"]["labels"] != event.object["metadata"]["labels"]);
        let respecified = event.previous.as_ref().is_none_or(|before| before["spec"] != event.object["spec"]);
        let placed = self.snapshot.put_pod(event.object);
        // What the scheduler itself wrote about a Pod is no reason to think again.
        if respecified || relabelled {
            self.consider(&event.key);
        }
        if ended || relabelled || placed {
            self.retry();
        }
    }

    fn node_event(&mut self, event: Event) {
        if event.change == Change::Deleted {
            self.snapshot.remove_node(&event.key.name);
        } else {
            self.snapshot.put_node(event.object);
        }
        self.retry();
    }

    /// Tries the Pods again that found no node: the most important first, and of those who has waited longest.
    fn retry(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let mut queue: Vec<_> = waiting.into_iter().filter_map(|key| Some((self.store.get(&key)?, key))).collect();
        queue.sort_by_cached_key(|(pod, _)| {
            let created = tree::text(&pod["metadata"], "creationTimestamp").to_owned();
            (Reverse(preempt::priority(pod)), created)
        });
        for (_, key) in queue {
            self.consider(&key);
        }
    }

    /// Places a Pod if it needs a node.
    fn consider(&mut self, key: &Key) {
        let Some(pod) = self.store.get(key) else { return };
        if !needs_node(&pod) {
            self.waiting.remove(key);
            return;
        }
        match decide(&pod, &self.snapshot, &self.store) {
            Decision::Gated => self.tell_gated(key),
            Decision::Bind(node) => {
                self.waiting.remove(key);
                self.bind(key, &pod, &node);
            }
            Decision::Refuse(message) => {
                self.waiting.insert(key.clone());
                // Who waits for others to go has been told so.
                if !preempt::waits_for_victims(&pod, &self.snapshot) {
                    self.refuse(key, &pod, &message);
                }
            }
            Decision::Preempt(preemption, message) => {
                self.waiting.insert(key.clone());
                self.refuse(key, &pod, &message);
                self.preempt(key, &pod, preemption);
            }
        }
    }

    /// Makes Pods go, and notes for whom; the Pod is placed when they are gone.
    fn preempt(&mut self, key: &Key, pod: &Value, Preemption { node, victims }: Preemption) {
        let now = self.clock.now();
        let nominate = |pod: &Value| {
            let mut pod = pod.clone();
            pod["status"]["nominatedNodeName"] = json!(node);
            Ok::<_, std::convert::Infallible>(Next::Put(pod))
        };
        let _gone = self.store.modify(key, nominate);
        for victim in victims {
            let Some(object) = self.store.get(&victim) else { continue };
            let marked = self.store.modify(&victim, |pod| {
                let mut pod = pod.clone();
                let condition = disrupted(&pod, now);
                put_condition(&mut pod, condition);
                Ok::<_, std::convert::Infallible>(Next::Put(pod))
            });
            if marked.is_ok() {
                deletion::begin(&self.store, &victim, now);
                let message = format!("Preempted by pod {} on node {node}", tree::text(&pod["metadata"], "uid"));
                self.recorder.event(&Subject::of(&object), Severity::Normal, "Preempted", "Preempting", &message);
            }
            // Whoever is considered next counts with the room.
            if let Some(object) = self.store.get(&victim) {
                self.snapshot.put_pod(object);
            }
        }
    }

    fn bind(&mut self, key: &Key, pod: &Value, node: &str) {
        let now = self.clock.now();
        let bound = self.store.modify(key, |stored| {
            if stored["metadata"]["uid"] != pod["metadata"]["uid"] || !needs_node(stored) {
                return Err(());
            }
            let mut stored = stored.clone();
            stored["spec"]["nodeName"] = json!(node);
            let condition = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null,
                "lastTransitionTime": api_time(now)});
            put_condition(&mut stored, condition);
            // Where room was made for it matters no more.
            tree::take(&mut stored["status"], "nominatedNodeName");
            Ok(Next::Put(stored))
        });
        if let Ok(bound) = bound {
            self.snapshot.put_pod(bound);
            let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
            self.recorder.event(&Subject::of(pod), Severity::Normal, "Scheduled", "Binding", &message);
        }
    }

    /// Says why no node takes a Pod. The real one tries again only when it may turn out differently: what was said
    /// before is not said again.
    fn refuse(&self, key: &Key, pod: &Value, message: &str) {
        let is_news = self.store.get(key).is_some_and(|pod| !says(&pod, "Unschedulable", message));
        if is_news {
            let about = Subject::of(pod);
            self.recorder.event(&about, Severity::Warning, "FailedScheduling", "Scheduling", message);
            self.set_condition(key, "Unschedulable", message, self.clock.now());
        }
    }

    fn tell_gated(&self, key: &Key) {
        let message = "Scheduling is blocked due to non-empty scheduling gates";
        self.set_condition(key, "SchedulingGated", message, self.clock.now());
    }

    fn set_condition(&self, key: &Key, reason: &str, message: &str, now: Timestamp) {
        let _gone = self.store.modify(key, |pod| {
            let old = scheduled(pod);
            if says(pod, reason, message) {
                return Ok::<_, std::convert::Infallible>(Next::Keep);
            }
            let since = old.filter(|old| old["status"] == "False").map(|old| old["lastTransitionTime"].clone());
            let mut pod = pod.clone();
            let condition = json!({
                "type": "PodScheduled", "observedGeneration": pod["metadata"]["generation"], "status": "False",
                "lastProbeTime": null, "lastTransitionTime": since.unwrap_or_else(|| json!(api_time(now))),
                "reason": reason, "message": message,
            });
            put_condition(&mut pod, condition);
            put_manager(&mut pod, now);
            Ok(Next::Put(pod))
        });
    }
}

/// What a Pod says of whether it has a node.
fn scheduled(pod: &Value) -> Option<&Value> {
    tree::items(&pod["status"], "conditions").iter().find(|condition| condition["type"] == "PodScheduled")
}

fn says(pod: &Value, reason: &str, message: &str) -> bool {
    scheduled(pod).is_some_and(|told| told["reason"] == reason && told["message"] == message)
}

/// Why a Pod went that had to make room.
fn disrupted(pod: &Value, now: Timestamp) -> Value {
    json!({
        "type": "DisruptionTarget", "observedGeneration": pod["metadata"]["generation"], "status": "True", "lastProbeTime": null, "lastTransitionTime": api_time(now),
        "reason": "PreemptionByScheduler",
        "message": "default-scheduler: preempting to accommodate a higher priority pod",
    })
}

fn key_of(pod: &Value) -> Key {
    let metadata = &pod["metadata"];
    Key::new(PODS, tree::text(metadata, "namespace"), tree::text(metadata, "name"))
}

fn is_ended(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

fn needs_node(pod: &Value) -> bool {
    let spec = &pod["spec"];
    let ours = matches!(tree::text(spec, "schedulerName"), "" | NAME);
    tree::text(spec, "nodeName").is_empty()
        && ours
        && !is_ended(pod)
        && !tree::has(&pod["metadata"], "deletionTimestamp")
}

/// Puts a condition in the place of the one of its type, or at the end.
fn put_condition(pod: &mut Value, condition: Value) {
    let list = &mut pod["status"]["conditions"];
    if !list.is_array() {
        *list = json!([]);
    }
    let Some(list) = list.as_array_mut() else { return };
    match list.iter_mut().find(|old| old["type"] == condition["type"]) {
        Some(old) => *old = condition,
        None => list.push(condition),
    }
}

/// Records that the scheduler manages the condition.
fn put_manager(pod: &mut Value, now: Timestamp) {
    let fields = ["lastProbeTime", "lastTransitionTime", "message", "observedGeneration", "reason", "status", "type"];
    let mut condition: serde_json::Map<_, _> = fields.iter().map(|field| (format!("f:{field}"), json!({}))).collect();
    condition.insert(".".into(), json!({}));
    let entry = json!({
        "manager": "kube-scheduler", "operation": "Update", "apiVersion": "v1", "time": api_time(now),
        "fieldsType": "FieldsV1", "subresource": "status",
        "fieldsV1": {"f:status": {"f:conditions": {".": {}, "k:{\"type\":\"PodScheduled\"}": condition}}},
    });
    let list = &mut pod["metadata"]["managedFields"];
    if !list.is_array() {
        *list = json!([]);
    }
    if let Some(list) = list.as_array_mut() {
        list.retain(|old| old["manager"] != "kube-scheduler");
        list.push(entry);
    }
}

#[cfg(test)]
mod tests;
