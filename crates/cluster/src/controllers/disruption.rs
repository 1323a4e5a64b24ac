//! PodDisruptionBudgets: how many of their Pods may be evicted now.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Controller, World, conditions, name_of, owned, pods, portion, selector, write::put_status};
use crate::{
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{int, items, put, text},
    printers::age,
    registry,
    store::{Event, Key, Object},
};

const RESOURCE: &str = "poddisruptionbudgets.policy";
/// How long an evicted Pod may take to be deleted before it counts again.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);

pub(super) struct Budgets {
    recorder: Recorder,
}

impl Budgets {
    pub(super) fn new(world: &World) -> Self {
        Self { recorder: Recorder::controller(world.store.clone(), world.clock.clone(), "controllermanager") }
    }

    fn say(&self, budget: &Value, severity: Severity, reason: &str, message: &str) {
        self.recorder.event(&Subject::of(budget), severity, reason, "", message);
    }

    fn complain(&self, budget: &Value, pods: &[Object], expected: &Result<Expected, String>) {
        if pods.is_empty() {
            self.say(budget, Severity::Normal, "NoPods", "No matching pods found");
        }
        match expected {
            Err(why) => {
                let message = format!("Failed to calculate the number of expected pods: {why}");
                self.say(budget, Severity::Warning, "CalculateExpectedPodCountFailed", &message);
            }
            Ok(expected) if expected.unmanaged => {
                let selector = go_selector(&budget["spec"]["selector"]);
                let message = format!(
                    "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a \
                     result, the status of the PDB cannot be calculated correctly, which may result in undefined \
                     behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an \
                     integer value."
                );
                self.say(budget, Severity::Warning, "UnmanagedPods", &message);
            }
            Ok(_) => {}
        }
    }
}

/// What a budget asks for.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    pods: i64,
    healthy: i64,
    /// Whether there are Pods that nobody controls.
    unmanaged: bool,
}

/// How many Pods there should be, and how many healthy ones; `scale` knows the size of what controls a Pod.
fn expected(
    spec: &Value,
    pods: &[Object],
    scale: impl Fn(&Value) -> Result<(String, i64), String>,
) -> Result<Expected, String> {
    let least = &spec["minAvailable"];
    if spec["maxUnavailable"].is_null()
        && let Some(healthy) = least.as_i64()
    {
        let pods = i64::try_from(pods.len()).unwrap_or(i64::MAX);
        return Ok(Expected { pods, healthy, unmanaged: false });
    }
    if spec["maxUnavailable"].is_null() && least.is_null() {
        return Ok(Expected { pods: 0, healthy: 0, unmanaged: false });
    }
    let mut sizes = BTreeMap::new();
    for owner in pods.iter().filter_map(|pod| owned::controller_of(pod)) {
        let (uid, size) = scale(owner)?;
        sizes.insert(uid, size);
    }
    let unmanaged = pods.iter().any(|pod| owned::controller_of(pod).is_none());
    let total = sizes.values().sum();
    let healthy = match &spec["maxUnavailable"] {
        Value::Null => portion::up(least, total),
        most => (total - portion::up(most, total)).max(0),
    };
    Ok(Expected { pods: total, healthy, unmanaged })
}

/// The uid and the size of what controls a Pod: for a ReplicaSet of a Deployment, the Deployment's.
fn scale(world: &World, namespace: &str, owner: &Value) -> Result<(String, i64), String> {
    let (version, kind, name) = (text(owner, "apiVersion"), text(owner, "kind"), text(owner, "name"));
    let none = || format!("no matches for kind {kind:?} in version {version:?}");
    let resource = registry::find_kind(version, kind).ok_or_else(none)?;
    if resource.subresource("scale").is_none() {
        return Err(format!("{} does not implement the scale subresource", resource.qualified()));
    }
    let object = world.get(&Key::new(resource.store_name(), namespace, name));
    let object = object.filter(|object| object["metadata"]["uid"] == owner["uid"]);
    let Some(object) = object else { return Ok((text(owner, "uid").to_owned(), 0)) };
    match owned::controller_of(&object) {
        Some(above) => scale(world, namespace, above),
        None => Ok((text(&object["metadata"], "uid").to_owned(), int(&object["spec"], "replicas").unwrap_or(1))),
    }
}

/// Those evicted Pods that are not being deleted yet: they count as gone, for a while.
fn disrupted(budget: &Value, pods: &[Object], now: Timestamp) -> BTreeMap<String, Timestamp> {
    let since = |pod: &Object| {
        let name = name_of(pod);
        let at = age::parse(&budget["status"]["disruptedPods"][name])?;
        (!pods::is_deleting(pod) && at + PATIENCE > now).then(|| (name.to_owned(), at))
    };
    pods.iter().filter_map(since).collect()
}

/// The whole status. When what is expected can't be said, nothing may be evicted.
fn status(
    budget: &Value,
    pods: &[Object],
    expected: &Result<Expected, String>,
    disrupted: &BTreeMap<String, Timestamp>,
    now: Timestamp,
) -> Value {
    let mut status = budget["status"].clone();
    let (allowed, holds, reason, message) = match expected {
        Err(why) => (0, false, "SyncFailed", why.as_str()),
        Ok(expected) => {
            let healthy =
                |pod: &&Object| !pods::is_deleting(pod) && pods::is_ready(pod) && !disrupted.contains_key(name_of(pod));
            let healthy = i64::try_from(pods.iter().filter(healthy).count()).unwrap_or(i64::MAX);
            let spare = if expected.pods > 0 { (healthy - expected.healthy).max(0) } else { 0 };
            let counts =
                [("currentHealthy", healthy), ("desiredHealthy", expected.healthy), ("expectedPods", expected.pods)];
            counts.into_iter().for_each(|(field, count)| put(&mut status, field, count));
            (spare, spare > 0, if spare > 0 { "SufficientPods" } else { "InsufficientPods" }, "")
        }
    };
    put(&mut status, "disruptionsAllowed", allowed);
    let generation = int(&budget["metadata"], "generation").unwrap_or(1);
    put(&mut status, "observedGeneration", generation);
    crate::json::take(&mut status, "disruptedPods");
    if !disrupted.is_empty() {
        let times: BTreeMap<&String, String> = disrupted.iter().map(|(name, at)| (name, api_time(*at))).collect();
        put(&mut status, "disruptedPods", json!(times));
    }
    let holds = if holds { "True" } else { "False" };
    let since = conditions::find(&status, "DisruptionAllowed").filter(|known| text(known, "status") == holds);
    let since = since.map_or_else(|| api_time(now), |known| text(known, "lastTransitionTime").to_owned());
    let mut condition = conditions::plain("DisruptionAllowed", holds, reason, message, &since);
    put(&mut condition, "observedGeneration", generation);
    conditions::replace(&mut status, condition);
    status
}

/// A selector as Go prints it.
fn go_selector(selector: &Value) -> String {
    let pairs = crate::json::entries(selector, "matchLabels")
        .map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or("")));
    let labels: String = pairs.collect();
    let terms: String = items(selector, "matchExpressions")
        .iter()
        .map(|term| {
            let values: Vec<&str> = items(term, "values").iter().filter_map(Value::as_str).collect();
            let (key, operator) = (text(term, "key"), text(term, "operator"));
            format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values.join(" "))
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{terms}}},}}"
    )
}

impl Controller for Budgets {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        match event.key.resource.as_str() {
            RESOURCE => {
                let news = |before: &Object| {
                    before["spec"] != event.object["spec"]
                        || before["status"]["disruptedPods"] != event.object["status"]["disruptedPods"]
                };
                if event.previous.as_ref().is_none_or(news) {
                    mark(event.key.clone());
                }
            }
            "pods" => {
                let states = [Some(&event.object), event.previous.as_ref()];
                for budget in world.store.list(RESOURCE, Some(&event.key.namespace)).1 {
                    let meant = |pod: &&Object| selector::matches(&budget["spec"]["selector"], selector::labels(pod));
                    if states.iter().flatten().any(meant) {
                        mark(Key::new(RESOURCE, event.key.namespace.as_str(), name_of(&budget)));
                    }
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let budget = world.get(key)?;
        let mut pods = world.store.list("pods", Some(&key.namespace)).1;
        pods.retain(|pod| selector::matches(&budget["spec"]["selector"], selector::labels(pod)));
        let now = world.clock.now();
        let expected = expected(&budget["spec"], &pods, |owner| scale(world, &key.namespace, owner));
        self.complain(&budget, &pods, &expected);
        let disrupted = disrupted(&budget, &pods, now);
        let again = disrupted.values().map(|at| (*at + PATIENCE).duration_since(now)).min();
        put_status(world, key, status(&budget, &pods, &expected, &disrupted, now));
        again.and_then(|left| left.try_into().ok())
    }
}

#[cfg(test)]
mod tests;
