//! HorizontalPodAutoscalers, as in a cluster without a metrics server: sizes are kept between the least and the most,
//! and each says in its conditions and events that there is nothing to measure by.

use std::time::Duration;

use serde_json::Value;

use super::{Controller, World, conditions, name_of, write};
use crate::{
    clock::api_time,
    events::{Recorder, Severity, Subject},
    json::{child, int, items, put, text},
    registry::{self, Resource},
    store::{Event, Key},
};

const RESOURCE: &str = "horizontalpodautoscalers.autoscaling";
/// How often a real controller looks again (`--horizontal-pod-autoscaler-sync-period`).
const PERIOD: Duration = Duration::from_secs(15);
const NO_METRICS: &str = "unable to fetch metrics from resource metrics API: the server could not find the requested \
    resource (get pods.metrics.k8s.io)";

pub(super) struct Autoscalers {
    recorder: Recorder,
}

/// What a controller does about a target of some size.
#[derive(Debug, PartialEq, Eq)]
enum Size {
    /// Somebody switched it off.
    Zero,
    /// It is between the least and the most; only metrics could tell more.
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

impl Autoscalers {
    pub(super) fn new(world: &World) -> Self {
        let recorder = Recorder::controller(world.store.clone(), world.clock.clone(), "horizontal-pod-autoscaler");
        Self { recorder }
    }

    fn warn(&self, autoscaler: &Value, reason: &str, message: &str) {
        self.recorder.event(&Subject::of(autoscaler), Severity::Warning, reason, "", message);
    }

    /// Says that there are no metrics, for the first metric that is asked for.
    fn without_metrics(&self, autoscaler: &Value, status: &mut Value, now: &str) {
        let metric = items(&autoscaler["spec"], "metrics").first().unwrap_or(&Value::Null);
        let name = text(&metric["resource"], "name");
        let average = text(&metric["resource"]["target"], "type") == "AverageValue";
        let why = if average {
            format!("unable to get metrics for resource {name}: {NO_METRICS}")
        } else {
            format!("failed to get {name} utilization: unable to get metrics for resource {name}: {NO_METRICS}")
        };
        let message = format!("the HPA was unable to compute the replica count: {why}");
        set(status, "ScalingActive", "False", "FailedGetResourceMetric", &message, now);
        let count = items(&autoscaler["spec"], "metrics").len();
        let first = format!("failed to get {name} resource metric value: {why}");
        self.warn(autoscaler, "FailedGetResourceMetric", &why);
        let invalid = format!("invalid metrics ({count} invalid out of {count}), first error is: {first}");
        self.warn(autoscaler, "FailedComputeMetricsReplicas", &invalid);
    }

    fn rescale(&self, world: &World, autoscaler: &Value, target: &Key, status: &mut Value, change: (i64, &str)) {
        let ((wanted, reason), now) = (change, api_time(world.clock.now()));
        write::update(world, target, |object| put(child(object, "spec"), "replicas", wanted));
        let message = format!("New size: {wanted}; reason: {reason}");
        self.recorder.event(&Subject::of(autoscaler), Severity::Normal, "SuccessfulRescale", "", &message);
        let message = format!("the HPA controller was able to update the target scale to {wanted}");
        set(status, "AbleToScale", "True", "SucceededRescale", &message, &now);
        put(status, "desiredReplicas", wanted);
        put(status, "lastScaleTime", now);
    }
}

/// The kind and the place of what an autoscaler scales.
fn target(autoscaler: &Value, namespace: &str) -> Option<(&'static Resource<'static>, Key)> {
    let reference = &autoscaler["spec"]["scaleTargetRef"];
    let resource = registry::find_kind(text(reference, "apiVersion"), text(reference, "kind"))?;
    resource.subresource("scale")?;
    Some((resource, Key::new(resource.store_name(), namespace, text(reference, "name"))))
}

/// Sets a condition; its time stays as long as its status does.
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

impl Controller for Autoscalers {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        if event.key.resource == RESOURCE {
            // Its own status is no news.
            if event.previous.as_ref().is_none_or(|before| before["spec"] != event.object["spec"]) {
                mark(event.key.clone());
            }
            return;
        }
        const SCALED: [&str; 4] =
            ["deployments.apps", "replicasets.apps", "statefulsets.apps", "replicationcontrollers"];
        if !SCALED.contains(&event.key.resource.as_str()) {
            return;
        }
        let resized =
            event.previous.as_ref().is_none_or(|before| before["spec"]["replicas"] != event.object["spec"]["replicas"]);
        for autoscaler in world.store.list(RESOURCE, Some(&event.key.namespace)).1.iter().filter(|_| resized) {
            if target(autoscaler, &event.key.namespace).is_some_and(|(_, key)| key == event.key) {
                mark(Key::new(RESOURCE, event.key.namespace.as_str(), name_of(autoscaler)));
            }
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let autoscaler = world.get(key)?;
        let now = api_time(world.clock.now());
        let mut status = autoscaler["status"].clone();
        let reference = &autoscaler["spec"]["scaleTargetRef"];
        let found = target(&autoscaler, &key.namespace);
        let object = found.as_ref().and_then(|(_, target)| world.get(target));
        let (Some((_, target)), Some(object)) = (&found, object) else {
            let name = text(reference, "name");
            let why = match &found {
                Some((resource, _)) => format!("{} {name:?} not found", resource.qualified()),
                None => format!("no matches for kind {:?} in group \"\"", text(reference, "kind")),
            };
            self.warn(&autoscaler, "FailedGetScale", &why);
            let message = format!("the HPA controller was unable to get the target's current scale: {why}");
            set(&mut status, "AbleToScale", "False", "FailedGetScale", &message, &now);
            write::put_status(world, key, status);
            return Some(PERIOD);
        };
        let message = "the HPA controller was able to get the target's current scale";
        set(&mut status, "AbleToScale", "True", "SucceededGetScale", message, &now);
        put(&mut status, "currentReplicas", int(&object["status"], "replicas").unwrap_or(0));
        match size(&autoscaler["spec"], int(&object["spec"], "replicas").unwrap_or(1)) {
            Size::Zero => {
                let message = "scaling is disabled since the replica count of the target is zero";
                set(&mut status, "ScalingActive", "False", "ScalingDisabled", message, &now);
                put(&mut status, "desiredReplicas", 0);
            }
            Size::Within => self.without_metrics(&autoscaler, &mut status, &now),
            Size::Change(wanted, reason) => self.rescale(world, &autoscaler, target, &mut status, (wanted, reason)),
        }
        write::put_status(world, key, status);
        Some(PERIOD)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_kept_between_the_least_and_the_most() {
        let spec = json!({"minReplicas": 2, "maxReplicas": 4});
        assert_eq!(size(&spec, 0), Size::Zero);
        assert_eq!(size(&spec, 1), Size::Change(2, "Current number of replicas below Spec.MinReplicas"));
        assert_eq!(size(&spec, 3), Size::Within);
        assert_eq!(size(&spec, 9), Size::Change(4, "Current number of replicas above Spec.MaxReplicas"));
    }

    #[test]
    fn a_condition_keeps_its_time_as_long_as_its_status() {
        let mut status = json!({});
        set(&mut status, "A", "True", "X", "x", "then");
        set(&mut status, "B", "True", "X", "x", "then");
        set(&mut status, "A", "True", "Y", "y", "now");
        set(&mut status, "B", "False", "Y", "y", "now");
        let shown: Vec<String> = items(&status, "conditions")
            .iter()
            .map(|c| format!("{} {} {}", text(c, "type"), text(c, "reason"), text(c, "lastTransitionTime")))
            .collect();
        assert_eq!(shown, ["A Y then", "B Y now"]);
    }
}
