//! HorizontalPodAutoscalers: as many Pods as their use asks for (kubernetes.io/docs/concepts/workloads/autoscaling/
//! horizontal-pod-autoscale/).
//!
//! What Pods use is asked of the node, and only while there is an autoscaler: hence a task of its own. [`measure`] says
//! how many Pods a metric asks for, [`pace`] how fast a size may follow.

mod measure;
mod pace;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::{
    measure::{Proposal, Scene, Unknown, propose},
    pace::Memory,
};
use super::{World, conditions, name_of, selector, write};
use crate::{
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{child, int, items, put, text},
    node::endpoint::ContainerUsage,
    printers::selector::parsed,
    registry::{self, Resource},
    store::{Change, Event, Key, Object, Watch},
};

const RESOURCE: &str = "horizontalpodautoscalers.autoscaling";
/// How often an autoscaler looks (`--horizontal-pod-autoscaler-sync-period`).
const PERIOD: Duration = Duration::from_secs(15);

/// Asks what all containers use now.
pub(crate) type Meter = Arc<dyn Fn() -> BoxFuture<'static, Vec<ContainerUsage>> + Send + Sync>;

/// What is known of use.
#[derive(Debug)]
pub(super) enum Reading {
    /// Nobody serves `metrics.k8s.io`, as in a new kind cluster.
    NoServer,
    /// What containers use.
    Of(Vec<ContainerUsage>),
}

/// What a controller does about a target of some size.
#[derive(Debug, PartialEq, Eq)]
enum Size {
    /// Somebody switched it off.
    Zero,
    /// It is between the least and the most: metrics tell more.
    Within,
    /// It has to become this, for this reason.
    Change(i64, &'static str),
}

fn size(spec: &Value, current: i64) -> Size {
    let (least, most) = (int(spec, "minReplicas").unwrap_or(1), int(spec, "maxReplicas").unwrap_or(0));
    match current {
        0 if least > 0 => Size::Zero,
        _ if current > most => Size::Change(most, "Current number of replicas above Spec.MaxReplicas"),
        _ if current < least => Size::Change(least, "Current number of replicas below Spec.MinReplicas"),
        _ => Size::Within,
    }
}

pub(super) struct Autoscalers {
    world: World,
    recorder: Recorder,
    memories: HashMap<Key, Memory>,
    /// When each has to be looked at.
    due: BTreeMap<Key, Instant>,
}

impl Autoscalers {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "horizontal-pod-autoscaler");
        Self { world: world.clone(), recorder, memories: HashMap::new(), due: BTreeMap::new() }
    }

    /// Looks at autoscalers when it is time, until the token is cancelled.
    pub(super) async fn run(mut self, meter: Option<Meter>, cancel: CancellationToken) {
        let work = async {
            loop {
                let mut watch = self.start_over();
                while let Some(watch) = watch.as_mut() {
                    self.look_at_due(meter.as_ref()).await;
                    let Ok(()) = self.wait(watch).await else { break };
                }
            }
        };
        cancel.run_until_cancelled(work).await;
    }

    /// Takes up all that are there; `None` when the log moved on meanwhile.
    fn start_over(&mut self) -> Option<Watch> {
        let (revision, autoscalers) = self.world.store.list(RESOURCE, None);
        let key = |object: &Object| Key::new(RESOURCE, text(&object["metadata"], "namespace"), name_of(object));
        self.due = autoscalers.iter().map(|object| (key(object), Instant::now())).collect();
        self.memories.retain(|key, _| self.due.contains_key(key));
        self.world.store.watch(RESOURCE, None, revision).ok()
    }

    /// Waits for the next to be due, or for one that is new or changed.
    async fn wait(&mut self, watch: &mut Watch) -> Result<(), crate::store::TooOld> {
        let next = self.due.values().min().copied();
        let alarm = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = watch.next() => self.hear(&event?),
            () = alarm => {}
        }
        Ok(())
    }

    fn hear(&mut self, event: &Event) {
        if event.change == Change::Deleted {
            self.due.remove(&event.key);
            self.memories.remove(&event.key);
        } else if event.previous.as_ref().is_none_or(|before| before["spec"] != event.object["spec"]) {
            self.due.insert(event.key.clone(), Instant::now());
        }
    }

    async fn look_at_due(&mut self, meter: Option<&Meter>) {
        let now = Instant::now();
        let due: Vec<Key> = self.due.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
        if due.is_empty() {
            return;
        }
        let reading = match meter {
            Some(meter) => Reading::Of(meter().await),
            None => Reading::NoServer,
        };
        for key in due {
            self.look(&key, &reading);
            self.due.insert(key, Instant::now() + PERIOD);
        }
    }

    /// Brings one target to the size that it should have.
    pub(super) fn look(&mut self, key: &Key, reading: &Reading) {
        let Some(autoscaler) = self.world.get(key) else { return };
        let memory = self.memories.entry(key.clone()).or_default();
        let mut look = Look {
            world: &self.world,
            recorder: &self.recorder,
            memory,
            status: autoscaler["status"].clone(),
            autoscaler,
        };
        look.run(reading);
        let status = look.status;
        write::put_status(&self.world, key, status);
    }
}

/// One look at one autoscaler.
struct Look<'a> {
    world: &'a World,
    recorder: &'a Recorder,
    memory: &'a mut Memory,
    autoscaler: Object,
    status: Value,
}

impl Look<'_> {
    fn run(&mut self, reading: &Reading) {
        let (target, object) = match self.target() {
            Ok(found) => found,
            Err(why) => {
                self.warn("FailedGetScale", &why);
                let message = format!("the HPA controller was unable to get the target's current scale: {why}");
                return self.say("AbleToScale", false, "FailedGetScale", &message);
            }
        };
        let message = "the HPA controller was able to get the target's current scale";
        self.say("AbleToScale", true, "SucceededGetScale", message);
        let current = int(&object["spec"], "replicas").unwrap_or(1);
        put(&mut self.status, "currentReplicas", current);
        self.memory.begin(current, self.world.clock.now());
        match size(&self.autoscaler["spec"], current) {
            Size::Zero => {
                let message = "scaling is disabled since the replica count of the target is zero";
                self.say("ScalingActive", false, "ScalingDisabled", message);
                put(&mut self.status, "desiredReplicas", 0);
                put(&mut self.status, "currentMetrics", Value::Null);
            }
            Size::Change(wanted, reason) => {
                put(&mut self.status, "currentMetrics", Value::Null);
                self.rescale(&target, (current, wanted), reason);
            }
            Size::Within => self.follow_metrics(&target, &object, current, reading),
        }
    }

    /// What is scaled.
    fn target(&self) -> Result<(Key, Object), String> {
        let (reference, namespace) =
            (&self.autoscaler["spec"]["scaleTargetRef"], text(&self.autoscaler["metadata"], "namespace"));
        let (resource, key) = target(&self.autoscaler, namespace).ok_or_else(|| {
            let group = text(reference, "apiVersion").split_once('/').map_or("", |(group, _)| group);
            format!("no matches for kind {:?} in group {group:?}", text(reference, "kind"))
        })?;
        let missing = || format!("{} {:?} not found", resource.qualified(), text(reference, "name"));
        let object = self.world.get(&key).ok_or_else(missing)?;
        Ok((key, object))
    }

    fn follow_metrics(&mut self, target: &Key, object: &Object, current: i64, reading: &Reading) {
        let pods = self.pods(object);
        if let Some(why) = self.ambiguous(object, &pods) {
            self.warn("AmbiguousSelector", &why);
            self.say("ScalingActive", false, "AmbiguousSelector", &why);
            return self.warn("FailedComputeMetricsReplicas", &why);
        }
        let autoscaler = self.autoscaler.clone();
        let now = self.world.clock.now();
        let scene = Scene {
            pods: &pods,
            current,
            namespace: text(&autoscaler["metadata"], "namespace"),
            reading,
            behavior: &autoscaler["spec"]["behavior"],
            now,
        };
        let found: Vec<_> =
            items(&autoscaler["spec"], "metrics").iter().map(|metric| propose(metric, &scene)).collect();
        let seen = |found: &Result<Proposal, Unknown>| {
            found.as_ref().map_or_else(|_| json!({"type": ""}), |proposal| proposal.status.clone())
        };
        put(&mut self.status, "currentMetrics", found.iter().map(seen).collect::<Vec<_>>());
        let Some(proposal) = self.strongest(&found, current) else { return };
        let message = format!("the HPA was able to successfully calculate a replica count from {}", proposal.metric);
        self.say("ScalingActive", true, "ValidMetricFound", &message);
        let verdict = self.memory.judge(&autoscaler["spec"], current, proposal.replicas, now);
        self.say("AbleToScale", true, verdict.able.0, verdict.able.1);
        let (limited, reason, message) = verdict.limited;
        self.say("ScalingLimited", limited, reason, message);
        if verdict.replicas == current {
            return put(&mut self.status, "desiredReplicas", current);
        }
        let reason = if proposal.replicas > current {
            format!("{} above target", proposal.metric)
        } else if proposal.replicas < current {
            "All metrics below target".to_owned()
        } else {
            String::new()
        };
        self.rescale(target, (current, verdict.replicas), &reason);
    }

    /// The Pods of the target.
    fn pods(&self, object: &Object) -> Vec<Object> {
        let mut pods = self.world.store.list("pods", Some(text(&object["metadata"], "namespace"))).1;
        pods.retain(|pod| selector::owner_matches(object, selector::labels(pod)));
        pods
    }

    /// Why the Pods are not this autoscaler's alone.
    fn ambiguous(&self, object: &Object, pods: &[Object]) -> Option<String> {
        let namespace = text(&object["metadata"], "namespace");
        let shares = |other: &&Object| {
            let object = target(other, namespace).and_then(|(_, key)| self.world.get(&key));
            let means = |pod: &Object| {
                object.as_ref().is_some_and(|object| selector::owner_matches(object, selector::labels(pod)))
            };
            pods.iter().any(means)
        };
        let all = self.world.store.list(RESOURCE, Some(namespace)).1;
        let names: Vec<String> =
            all.iter().filter(shares).map(|other| format!("{namespace}/{}", name_of(other))).collect();
        let selector = parsed(&object["spec"]["selector"]);
        let all = names.join(" ");
        (names.len() > 1).then(|| format!("pods by selector {selector} are controlled by multiple HPAs: [{all}]"))
    }

    /// The proposal for the most Pods. Says so when there is none to go by: with some metrics unknown, nothing shrinks.
    fn strongest<'p>(&mut self, found: &'p [Result<Proposal, Unknown>], current: i64) -> Option<&'p Proposal> {
        // Of equal ones, the first.
        let best = found.iter().flatten().rev().max_by_key(|proposal| proposal.replicas);
        let unknown: Vec<&Unknown> = found.iter().filter_map(|found| found.as_ref().err()).collect();
        for unknown in &unknown {
            self.warn(unknown.reason, &unknown.why);
        }
        let Some(first) = unknown.first().filter(|_| best.is_none_or(|best| best.replicas < current)) else {
            return best;
        };
        let message = format!("the HPA was unable to compute the replica count: {}", first.why);
        self.say("ScalingActive", false, first.reason, &message);
        let (count, all) = (unknown.len(), found.len());
        let message = format!("invalid metrics ({count} invalid out of {all}), first error is: {}", first.whole);
        self.warn("FailedComputeMetricsReplicas", &message);
        None
    }

    fn rescale(&mut self, target: &Key, (current, wanted): (i64, i64), reason: &str) {
        let now = self.world.clock.now();
        write::update(self.world, target, |object| put(child(object, "spec"), "replicas", wanted));
        self.memory.changed(current, wanted, now);
        let message = format!("New size: {wanted}; reason: {reason}");
        self.recorder.event(&Subject::of(&self.autoscaler), Severity::Normal, "SuccessfulRescale", "", &message);
        let message = format!("the HPA controller was able to update the target scale to {wanted}");
        self.say("AbleToScale", true, "SucceededRescale", &message);
        put(&mut self.status, "desiredReplicas", wanted);
        put(&mut self.status, "lastScaleTime", api_time(now));
    }

    fn warn(&self, reason: &str, message: &str) {
        self.recorder.event(&Subject::of(&self.autoscaler), Severity::Warning, reason, "", message);
    }

    /// Sets a condition; its time stays as long as its status does.
    fn say(&mut self, kind: &str, holds: bool, reason: &str, message: &str) {
        let now = api_time(self.world.clock.now());
        let holds = if holds { "True" } else { "False" };
        set(&mut self.status, kind, holds, reason, message, &now);
    }
}

/// The kind and the place of what an autoscaler scales.
fn target(autoscaler: &Value, namespace: &str) -> Option<(&'static Resource<'static>, Key)> {
    let reference = &autoscaler["spec"]["scaleTargetRef"];
    let resource = registry::find_kind(text(reference, "apiVersion"), text(reference, "kind"))?;
    resource.subresource("scale")?;
    Some((resource, Key::new(resource.store_name(), namespace, text(reference, "name"))))
}

fn set(status: &mut Value, kind: &str, holds: &str, reason: &str, message: &str, now: &str) {
    let since = conditions::find(status, kind).filter(|known| text(known, "status") == holds);
    let since = since.map_or(now, |known| text(known, "lastTransitionTime")).to_owned();
    let condition = conditions::plain(kind, holds, reason, message, &since);
    let list = status.get_mut("conditions").and_then(Value::as_array_mut);
    match list.and_then(|list| list.iter_mut().find(|known| known["type"] == kind)) {
        Some(known) => *known = condition,
        None => conditions::replace(status, condition),
    }
}

#[cfg(test)]
mod tests;
