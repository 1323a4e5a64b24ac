//! How many Pods one metric asks for: a pure function of the Pods and of what they use.
//!
//! Amounts are in thousandths: millicores, and thousandths of bytes, as `MilliValue` upstream.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Reading;
use crate::{
    admission::{quantity::Quantity, resources::amounts},
    controllers::{conditions, name_of, pods},
    json::{at, has, int, items, text},
    node::endpoint::ContainerUsage,
    printers::age,
    store::Object,
};

/// How long after its start a Pod's use of the processor may be that of starting
/// (`--horizontal-pod-autoscaler-cpu-initialization-period`).
const STARTING: SignedDuration = SignedDuration::from_mins(5);
/// A Pod that turned unready this soon after its start has never been ready
/// (`--horizontal-pod-autoscaler-initial-readiness-delay`).
const FIRST_READY: SignedDuration = SignedDuration::from_secs(30);
/// Over how long a sample reaches back (the resolution of metrics-server).
const WINDOW: SignedDuration = SignedDuration::from_secs(15);
/// How far from the goal nothing is done, each way (`--horizontal-pod-autoscaler-tolerance`).
const TOLERANCE: f64 = 0.1;

/// What a metric is judged by.
pub(super) struct Scene<'a> {
    /// The Pods of the target.
    pub(super) pods: &'a [Object],
    /// How many are wanted now.
    pub(super) current: i64,
    pub(super) namespace: &'a str,
    pub(super) reading: &'a Reading,
    /// `spec.behavior`
    pub(super) behavior: &'a Value,
    pub(super) now: Timestamp,
}

/// What one metric asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Proposal {
    pub(super) replicas: i64,
    /// `cpu resource utilization (percentage of request)`
    pub(super) metric: String,
    /// Its entry in `status.currentMetrics`.
    pub(super) status: Value,
}

/// Why a metric says nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// `FailedGetResourceMetric`
    pub(super) reason: &'static str,
    pub(super) why: String,
    /// The same as it is told among other metrics.
    pub(super) whole: String,
}

/// What a metric of `spec.metrics` asks for.
pub(super) fn propose(metric: &Value, scene: &Scene<'_>) -> Result<Proposal, Unknown> {
    match text(metric, "type") {
        "Resource" => resource(metric, scene, None),
        "ContainerResource" => resource(metric, scene, Some(text(&metric["containerResource"], "container"))),
        "Pods" => Err(of_pods(&metric["pods"])),
        "Object" => Err(of_object(&metric["object"], scene.namespace)),
        _ => Err(external(&metric["external"], scene.namespace)),
    }
}

/// A metric of the Pods' own use: of all their containers, or of one in each.
fn resource(metric: &Value, scene: &Scene<'_>, container: Option<&str>) -> Result<Proposal, Unknown> {
    let (kind, field, reason, scope) = match container {
        None => ("Resource", "resource", "FailedGetResourceMetric", "resource"),
        Some(_) => ("ContainerResource", "containerResource", "FailedGetContainerResourceMetric", "container"),
    };
    let source = &metric[field];
    let (name, target) = (text(source, "name"), &source["target"]);
    let average = Quantity::from_json(&target["averageValue"]).ok().filter(|_| has(target, "averageValue"));
    let measured = match average {
        Some(goal) => by_average(scene, name, container, goal.milli()),
        None => by_share(scene, name, container, int(target, "averageUtilization").unwrap_or(0)),
    };
    let noun = if average.is_some() { "usage" } else { "utilization" };
    let (replicas, seen) = measured.map_err(|why| {
        let why = format!("failed to get {name} {noun}: {why}");
        Unknown { reason, whole: format!("failed to get {name} {scope} metric value: {why}"), why }
    })?;
    let mut current = json!({"averageValue": milli(seen.average)});
    if let Some(percent) = seen.percent {
        current["averageUtilization"] = percent.into();
    }
    let mut status = json!({"name": name, "current": current});
    if let Some(container) = container {
        status["container"] = container.into();
    }
    let scope = if container.is_some() { "container resource" } else { "resource" };
    let share = if average.is_some() { "" } else { " utilization (percentage of request)" };
    Ok(Proposal { replicas, metric: format!("{name} {scope}{share}"), status: json!({"type": kind, field: status}) })
}

/// Thousandths as the API writes them.
fn milli(amount: i64) -> String {
    format!("{amount}m").parse().map_or_else(|_| amount.to_string(), |amount: Quantity| amount.to_string())
}

/// What was seen, against what is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    ratio: f64,
    percent: Option<i64>,
    average: i64,
}

type Used<'a> = BTreeMap<&'a str, i64>;

fn by_share(scene: &Scene<'_>, name: &str, container: Option<&str>, goal: i64) -> Result<(i64, Seen), String> {
    let used = used(scene, name, container)?;
    let requests = requests(scene.pods, name, container);
    let seen = |used: &Used<'_>| {
        let requests = requests.as_ref().map_err(Clone::clone)?;
        let known = used.iter().filter_map(|(pod, amount)| Some((*amount, *requests.get(pod)?)));
        let (count, amount, asked) = known.fold((0, 0, 0), |(n, a, r), (amount, asked)| (n + 1, a + amount, r + asked));
        if asked == 0 {
            return Err("no metrics returned matched known pods".to_owned());
        }
        let percent = amount * 100 / asked;
        Ok(Seen { ratio: ratio(percent, goal), percent: Some(percent), average: amount / count })
    };
    // What a Pod without metrics is taken to use, when fewer Pods might do.
    let full = |pod: &str| {
        let asked = requests.as_ref().ok().and_then(|requests| requests.get(pod).copied()).unwrap_or(0);
        asked * goal.max(100) / 100
    };
    requests.as_ref().map_err(Clone::clone)?;
    replicas(scene, name, used, seen, full)
}

fn by_average(scene: &Scene<'_>, name: &str, container: Option<&str>, goal: i64) -> Result<(i64, Seen), String> {
    let used = used(scene, name, container)?;
    let seen = |used: &Used<'_>| {
        let average = used.values().sum::<i64>() / i64::try_from(used.len().max(1)).unwrap_or(1);
        Ok(Seen { ratio: ratio(average, goal), percent: None, average })
    };
    replicas(scene, name, used, seen, |_| goal)
}

#[expect(clippy::cast_precision_loss, reason = "upstream divides as floats too")]
fn ratio(seen: i64, goal: i64) -> f64 {
    seen as f64 / goal.max(1) as f64
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts of Pods are small")]
fn share(ratio: f64, pods: usize) -> i64 {
    (ratio * pods as f64).ceil() as i64
}

/// What each Pod uses of a resource.
fn used<'a>(scene: &Scene<'a>, name: &str, container: Option<&str>) -> Result<Used<'a>, String> {
    let why = |why: &str| Err(format!("unable to get metrics for resource {name}: {why}"));
    let all = match scene.reading {
        Reading::NoServer => {
            return why("unable to fetch metrics from resource metrics API: the server could not find the requested \
                        resource (get pods.metrics.k8s.io)");
        }
        Reading::Of(all) => all,
    };
    let mut used = Used::new();
    for one in all.iter().filter(|one| one.namespace == scene.namespace) {
        let pod = scene.pods.iter().map(|pod| name_of(pod)).find(|pod| *pod == one.pod);
        if let Some(pod) = pod
            && container.is_none_or(|wanted| wanted == one.container)
        {
            *used.entry(pod).or_default() += amount(one, name);
        }
    }
    if used.is_empty() {
        return why("no metrics returned from resource metrics API");
    }
    if scene.pods.is_empty() {
        return Err("no pods returned by selector while calculating replica count".to_owned());
    }
    Ok(used)
}

fn amount(usage: &ContainerUsage, resource: &str) -> i64 {
    let thousandths = match resource {
        "cpu" => usage.cpu_nanos.div_ceil(1_000_000),
        "memory" => (usage.memory / 1024 * 1024).saturating_mul(1000),
        _ => 0,
    };
    i64::try_from(thousandths).unwrap_or(i64::MAX)
}

/// What each Pod's containers ask for of a resource; every one has to.
fn requests<'a>(pods: &'a [Object], name: &str, wanted: Option<&str>) -> Result<Used<'a>, String> {
    let of_pod = |pod: &'a Object| {
        let spec = &pod["spec"];
        let sidecars = items(spec, "initContainers").iter().filter(|c| text(c, "restartPolicy") == "Always");
        let mut sum = 0;
        for container in items(spec, "containers").iter().chain(sidecars) {
            if wanted.is_some_and(|wanted| wanted != text(container, "name")) {
                continue;
            }
            let asked = amounts(at(container, &["resources", "requests"]));
            let Some(asked) = asked.get(name) else {
                let container = text(container, "name");
                return Err(format!("missing request for {name} in container {container} of Pod {}", name_of(pod)));
            };
            sum += asked.milli();
        }
        Ok((name_of(pod), sum))
    };
    pods.iter().map(of_pod).collect()
}

/// The Pods, by what their samples are worth.
#[derive(Debug, Default)]
struct Groups<'a> {
    ready: usize,
    /// Not counted yet, or not for long: a sample says nothing.
    unready: BTreeSet<&'a str>,
    /// Without a sample.
    missing: BTreeSet<&'a str>,
    /// Gone soon, or failed.
    ignored: BTreeSet<&'a str>,
}

fn groups<'a>(scene: &Scene<'a>, resource: &str, used: &Used<'_>) -> Groups<'a> {
    let mut groups = Groups::default();
    for pod in scene.pods {
        let (name, phase) = (name_of(pod), text(&pod["status"], "phase"));
        if pods::is_deleting(pod) || phase == "Failed" {
            groups.ignored.insert(name);
        } else if phase == "Pending" {
            groups.unready.insert(name);
        } else if !used.contains_key(name) {
            groups.missing.insert(name);
        } else if resource == "cpu" && is_starting(pod, scene.now) {
            groups.unready.insert(name);
        } else {
            groups.ready += 1;
        }
    }
    groups
}

/// Whether what a Pod uses of the processor is not yet what its work takes.
fn is_starting(pod: &Value, now: Timestamp) -> bool {
    let ready = conditions::find(&pod["status"], "Ready");
    let (Some(ready), Some(started)) = (ready, age::parse(&pod["status"]["startTime"])) else { return true };
    let since = age::parse(&ready["lastTransitionTime"]).unwrap_or(Timestamp::UNIX_EPOCH);
    let unready = text(ready, "status") == "False";
    if started + STARTING > now { unready || now < since + WINDOW } else { unready && started + FIRST_READY > since }
}

/// How many Pods would meet the goal. Pods whose samples say nothing are taken to use what speaks against a change.
fn replicas(
    scene: &Scene<'_>,
    resource: &str,
    mut used: Used<'_>,
    seen: impl Fn(&Used<'_>) -> Result<Seen, String>,
    full: impl Fn(&str) -> i64,
) -> Result<(i64, Seen), String> {
    let groups = groups(scene, resource, &used);
    used.retain(|pod, _| !groups.ignored.contains(pod) && !groups.unready.contains(pod));
    if used.is_empty() {
        return Err("did not receive metrics for any ready pods".to_owned());
    }
    let first = seen(&used)?;
    let more = first.ratio > 1.0;
    let unready = more && !groups.unready.is_empty();
    let near = |ratio: f64| is_near(scene.behavior, ratio);
    if !unready && groups.missing.is_empty() {
        let wanted = if near(first.ratio) { scene.current } else { share(first.ratio, groups.ready) };
        return Ok((wanted, first));
    }
    let mut assumed: BTreeMap<&str, i64> = used.iter().map(|(pod, amount)| (*pod, *amount)).collect();
    assumed.extend(groups.missing.iter().map(|pod| (*pod, if more { 0 } else { full(pod) })));
    assumed.extend(groups.unready.iter().filter(|_| unready).map(|pod| (*pod, 0)));
    let second = seen(&assumed)?.ratio;
    if near(second) || (first.ratio < 1.0 && second > 1.0) || (more && second < 1.0) {
        return Ok((scene.current, first));
    }
    let wanted = share(second, assumed.len());
    let backwards = (second < 1.0 && wanted > scene.current) || (second > 1.0 && wanted < scene.current);
    Ok((if backwards { scene.current } else { wanted }, first))
}

fn is_near(behavior: &Value, ratio: f64) -> bool {
    let tolerance = |way: &str| {
        let own = &behavior[way]["tolerance"];
        let own = Quantity::from_json(own).ok().filter(|_| !own.is_null());
        own.map_or(TOLERANCE, |own| self::ratio(own.milli(), 1000))
    };
    1.0 - tolerance("scaleDown") <= ratio && ratio <= 1.0 + tolerance("scaleUp")
}

const NO_CUSTOM: &str =
    "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";

fn of_pods(source: &Value) -> Unknown {
    let why = format!("unable to get metric {}: {NO_CUSTOM}", text(&source["metric"], "name"));
    Unknown { reason: "FailedGetPodsMetric", whole: format!("failed to get pods metric value: {why}"), why }
}

/// Upstream's words for an object have their error before the place.
fn of_object(source: &Value, namespace: &str) -> Unknown {
    let (object, name) = (&source["describedObject"], text(&source["metric"], "name"));
    let (kind, object) = (text(object, "kind"), text(object, "name"));
    let why = format!("unable to get metric {name}: {kind} on {namespace} {object}/{NO_CUSTOM}");
    Unknown { reason: "FailedGetObjectMetric", whole: format!("failed to get object metric value: {why}"), why }
}

fn external(source: &Value, namespace: &str) -> Unknown {
    let name = text(&source["metric"], "name");
    let why = format!(
        "unable to get external metric {namespace}/{name}/nil: unable to fetch metrics from external metrics API: the \
         server could not find the requested resource (get {name}.external.metrics.k8s.io)"
    );
    Unknown {
        reason: "FailedGetExternalMetric",
        whole: format!("failed to get {name} external metric value: {why}"),
        why,
    }
}

#[cfg(test)]
mod tests;
