//! DaemonSets: a Pod on each node that fits.

mod plan;

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};

use self::plan::Plan;
use super::{
    Controller, World,
    history::{self, HASH_LABEL, Revision},
    name_of, owned, pods,
    retry::Retries,
    selector,
    write::put_status,
};
use crate::{
    admission::TEMPLATE_COUNT,
    events::{Recorder, Severity, Subject},
    json::{at, child, has, int, items, put, text},
    scheduler::{affinity, taints},
    store::{Event, Key, Object},
};

const RESOURCE: &str = "daemonsets.apps";

/// Taints that a daemon's Pods bear, as their work is the node itself.
const BORNE: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

pub(super) struct DaemonSets {
    recorder: Recorder,
    retries: Retries,
}

impl DaemonSets {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "daemonset-controller");
        Self { recorder, retries: Retries::default() }
    }

    /// Does what is planned. Gives whether all Pods could be made.
    fn carry_out(&self, world: &World, set: &Value, plan: &Plan<'_>, revision: &Revision) -> bool {
        for pod in &plan.delete {
            if pods::has_ended(pod) {
                self.say_ended(set, pod);
            }
            pods::delete(world, &self.recorder, set, pod);
        }
        let create = |node: &&str| pods::create(world, &self.recorder, set, new_pod(set, node, revision)).is_ok();
        plan.create.iter().filter(|node| !create(node)).count() == 0
    }

    /// Says that a Pod ended, which a daemon does not.
    fn say_ended(&self, set: &Value, pod: &Value) {
        let (namespace, name) = (text(&pod["metadata"], "namespace"), name_of(pod));
        let node = node_of(pod).unwrap_or("");
        let (severity, reason, how, what) = if text(&pod["status"], "phase") == "Failed" {
            (Severity::Warning, "FailedDaemonPod", "failed", "kill")
        } else {
            (Severity::Normal, "SucceededDaemonPod", "succeeded", "delete")
        };
        let message = format!("Found {how} daemon pod {namespace}/{name} on node {node}, will try to {what} it");
        self.recorder.event(&Subject::of(set), severity, reason, "", &message);
    }
}

impl Controller for DaemonSets {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        match event.key.resource.as_str() {
            RESOURCE => mark(event.key.clone()),
            "pods" => owned::concerned(world, event, "DaemonSet", RESOURCE, mark),
            "nodes" => {
                for set in world.store.list(RESOURCE, None).1 {
                    mark(Key::new(RESOURCE, text(&set["metadata"], "namespace"), name_of(&set)));
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let Some(set) = world.get(key) else {
            self.retries.worked(key);
            return None;
        };
        let revision = history::current(world, &set, &[])?;
        let claimed = owned::claim(world, &set, "pods");
        let nodes: Vec<String> = fitting(world, &set);
        let deleting = has(&set["metadata"], "deletionTimestamp");
        let now = world.clock.now();
        let all = deleting || {
            let plan = plan::plan(&set, &nodes, &claimed, &revision, now);
            self.carry_out(world, &set, &plan, &revision)
        };
        let mine = |pod: &Object| owned::controls(&set, pod);
        let after: Vec<Object> = world.store.list("pods", Some(&key.namespace)).1.into_iter().filter(mine).collect();
        put_status(world, key, status(&set, &nodes, &after, &revision, now));
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

/// The names of the nodes that the set's Pods may be on.
fn fitting(world: &World, set: &Value) -> Vec<String> {
    let spec = &set["spec"]["template"]["spec"];
    let pod = json!({"spec": spec});
    let fits = |node: &Object| {
        affinity::node(&pod, node).is_ok() && items(&node["spec"], "taints").iter().all(|taint| tolerated(spec, taint))
    };
    world.store.list("nodes", None).1.iter().filter(|node| fits(node)).map(|node| name_of(node).to_owned()).collect()
}

fn tolerated(spec: &Value, taint: &Value) -> bool {
    let (key, effect) = (text(taint, "key"), text(taint, "effect"));
    if effect == "PreferNoSchedule" || BORNE.contains(&(key, effect)) {
        return true;
    }
    items(spec, "tolerations").iter().any(|toleration| taints::matches(toleration, taint))
}

/// Where a Pod is, or is meant to be.
pub(super) fn node_of(pod: &Value) -> Option<&str> {
    let placed = text(&pod["spec"], "nodeName");
    if !placed.is_empty() {
        return Some(placed);
    }
    let terms = at(pod, &["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]);
    items(terms, "nodeSelectorTerms").first()?["matchFields"][0]["values"][0].as_str()
}

/// A Pod for one node: it says which, and bears what befalls nodes.
fn new_pod(set: &Value, node: &str, revision: &Revision) -> Value {
    let mut pod = pods::from_template(set, &set["spec"]["template"]);
    let count = text(at(set, &["metadata", "annotations"]), TEMPLATE_COUNT);
    let labels = child(child(&mut pod, "metadata"), "labels");
    put(labels, HASH_LABEL, revision.hash.as_str());
    put(labels, "pod-template-generation", if count.is_empty() { "1" } else { count });
    let spec = child(&mut pod, "spec");
    let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]});
    let required = json!({"nodeSelectorTerms": [term]});
    put(child(child(spec, "affinity"), "nodeAffinity"), "requiredDuringSchedulingIgnoredDuringExecution", required);
    let mut tolerations = items(spec, "tolerations").to_vec();
    tolerations.extend(BORNE.map(|(key, effect)| json!({"key": key, "operator": "Exists", "effect": effect})));
    put(spec, "tolerations", tolerations);
    pod
}

fn status(set: &Value, nodes: &[String], pods: &[Object], revision: &Revision, now: Timestamp) -> Value {
    let here: Vec<&Object> = pods.iter().filter(|pod| !pods::is_deleting(pod) && !pods::has_ended(pod)).collect();
    let at_home = |pod: &&&Object| node_of(pod).is_some_and(|node| nodes.iter().any(|known| known == node));
    let placed: Vec<&Object> = here.iter().filter(at_home).copied().collect();
    let homes = |means: &dyn Fn(&Object) -> bool| {
        // While a set surges, a node has two Pods and counts once.
        placed.iter().filter(|pod| means(pod)).filter_map(|pod| node_of(pod)).collect::<BTreeSet<_>>().len()
    };
    let ready = homes(&|pod| pods::is_ready(pod));
    let available = homes(&|pod| pods::is_available(pod, min_ready(set), now));
    let updated = homes(&|pod| text(selector::labels(pod), HASH_LABEL) == revision.hash);
    let mut status = json!({
        "currentNumberScheduled": homes(&|_| true),
        "desiredNumberScheduled": nodes.len(),
        "numberMisscheduled": here.len() - placed.len(),
        "numberReady": ready,
        "observedGeneration": int(&set["metadata"], "generation").unwrap_or(1),
    });
    let counts = [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", available),
        ("numberUnavailable", nodes.len().saturating_sub(available)),
    ];
    for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        put(&mut status, field, count);
    }
    status
}
