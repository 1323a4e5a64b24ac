//! DaemonSets: a Pod on each node that fits.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Controller, World,
    history::{self, HASH_LABEL, Revision},
    name_of, owned, pods,
    retry::Retries,
    selector,
    write::put_status,
};
use crate::{
    events::Recorder,
    json::{at, child, has, int, items, put, text},
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

    /// Makes missing Pods, and removes those that are in the wrong place, have ended, or are of an old version when
    /// enough others are ready. Gives whether all could be made.
    fn manage(&self, world: &World, set: &Value, nodes: &[String], claimed: &[Object], revision: &Revision) -> bool {
        let place = |pod: &Value| node_of(pod).map(str::to_owned);
        for pod in claimed.iter().filter(|pod| !pods::is_deleting(pod)) {
            let stray = place(pod).is_none_or(|node| !nodes.contains(&node));
            if stray || pods::has_ended(pod) {
                pods::delete(world, &self.recorder, set, pod);
            }
        }
        let mut all = true;
        for node in nodes {
            if !claimed.iter().any(|pod| place(pod).as_ref() == Some(node)) {
                all &= pods::create(world, &self.recorder, set, new_pod(set, node, revision)).is_ok();
            }
        }
        if text(&set["spec"]["updateStrategy"], "type") == "RollingUpdate" {
            self.update(world, set, nodes.len(), claimed, revision);
        }
        all
    }

    fn update(&self, world: &World, set: &Value, nodes: usize, claimed: &[Object], revision: &Revision) {
        let is_old =
            |pod: &&Object| !pods::is_deleting(pod) && text(selector::labels(pod), HASH_LABEL) != revision.hash;
        let ready = claimed.iter().filter(|pod| !pods::is_deleting(pod) && pods::is_ready(pod)).count();
        let mut spare = (max_unavailable(set, nodes) + ready).saturating_sub(nodes);
        let (unready_old, ready_old): (Vec<&Object>, Vec<&Object>) =
            claimed.iter().filter(is_old).partition(|pod| !pods::is_ready(pod));
        unready_old.into_iter().for_each(|pod| pods::delete(world, &self.recorder, set, pod));
        for pod in ready_old {
            if spare == 0 {
                return;
            }
            spare -= 1;
            pods::delete(world, &self.recorder, set, pod);
        }
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
        let all = deleting || self.manage(world, &set, &nodes, &claimed, &revision);
        let mine = |pod: &Object| owned::controls(&set, pod);
        let after: Vec<Object> = world.store.list("pods", Some(&key.namespace)).1.into_iter().filter(mine).collect();
        put_status(world, key, status(&set, &nodes, &after, &revision));
        if all {
            self.retries.worked(key);
            None
        } else {
            Some(self.retries.failed(key))
        }
    }
}

/// The names of the nodes that the set's Pods may be on.
fn fitting(world: &World, set: &Value) -> Vec<String> {
    let spec = &set["spec"]["template"]["spec"];
    let fits = |node: &Object| {
        selector::map_matches(&spec["nodeSelector"], selector::labels(node))
            && items(&node["spec"], "taints").iter().all(|taint| tolerated(spec, taint))
    };
    world.store.list("nodes", None).1.iter().filter(|node| fits(node)).map(|node| name_of(node).to_owned()).collect()
}

fn tolerated(spec: &Value, taint: &Value) -> bool {
    let (key, effect) = (text(taint, "key"), text(taint, "effect"));
    if effect == "PreferNoSchedule" || BORNE.contains(&(key, effect)) {
        return true;
    }
    items(spec, "tolerations").iter().any(|toleration| {
        let same_key = text(toleration, "key").is_empty() || text(toleration, "key") == key;
        let same_effect = text(toleration, "effect").is_empty() || text(toleration, "effect") == effect;
        let same_value = text(toleration, "operator") == "Exists" || text(toleration, "value") == text(taint, "value");
        same_key && same_effect && same_value
    })
}

/// Where a Pod is, or is meant to be.
fn node_of(pod: &Value) -> Option<&str> {
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
    let generation = int(&set["metadata"], "generation").unwrap_or(1);
    let labels = child(child(&mut pod, "metadata"), "labels");
    put(labels, HASH_LABEL, revision.hash.as_str());
    put(labels, "pod-template-generation", generation.to_string());
    let spec = child(&mut pod, "spec");
    let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]});
    let required = json!({"nodeSelectorTerms": [term]});
    put(child(child(spec, "affinity"), "nodeAffinity"), "requiredDuringSchedulingIgnoredDuringExecution", required);
    let mut tolerations = items(spec, "tolerations").to_vec();
    tolerations.extend(BORNE.map(|(key, effect)| json!({"key": key, "operator": "Exists", "effect": effect})));
    put(spec, "tolerations", tolerations);
    pod
}

fn max_unavailable(set: &Value, nodes: usize) -> usize {
    let value = &set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"];
    match value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<usize>().ok()) {
        Some(percent) => (percent * nodes).div_ceil(100),
        None => usize::try_from(value.as_i64().unwrap_or(1)).unwrap_or(0),
    }
}

fn status(set: &Value, nodes: &[String], pods: &[Object], revision: &Revision) -> Value {
    let here: Vec<&Object> = pods.iter().filter(|pod| !pods::is_deleting(pod) && !pods::has_ended(pod)).collect();
    let at_home = |pod: &&&Object| node_of(pod).is_some_and(|node| nodes.iter().any(|known| known == node));
    let placed: Vec<&Object> = here.iter().filter(at_home).copied().collect();
    let ready = placed.iter().filter(|pod| pods::is_ready(pod)).count();
    let updated = placed.iter().filter(|pod| text(selector::labels(pod), HASH_LABEL) == revision.hash).count();
    let mut status = json!({
        "currentNumberScheduled": placed.len(),
        "desiredNumberScheduled": nodes.len(),
        "numberMisscheduled": here.len() - placed.len(),
        "numberReady": ready,
        "observedGeneration": int(&set["metadata"], "generation").unwrap_or(1),
    });
    let counts = [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", ready),
        ("numberUnavailable", nodes.len().saturating_sub(ready)),
    ];
    for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        put(&mut status, field, count);
    }
    status
}
