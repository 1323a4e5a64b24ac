//! POST to a part of an object: binding and eviction of Pods.

use serde_json::{Value, json};

use super::{Api, call::Call, create::text, decode, failure::Failure, respond::Reply};
use crate::{
    clock::api_time,
    controllers::selector,
    custom::Kind,
    registry,
    store::{Key, Next, WriteError},
};

impl Api {
    /// Puts a Pod on a node.
    pub(super) fn bind(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let binding = decode::body(call, body)?;
        if text(&binding, "name") != call.name {
            return Err(Failure::bad_request("name in URL does not match name in Binding object"));
        }
        let node = binding["target"]["name"].as_str().unwrap_or_default().to_owned();
        let now = api_time(self.clock.now());
        let outcome = self.store.modify(&Key::new("pods", call.namespace(), &*call.name), |pod| {
            if let Some(why) = unbindable(pod) {
                return Err(binding_conflict(call, &why));
            }
            let mut pod = pod.clone();
            pod["spec"]["nodeName"] = node.as_str().into();
            mark_scheduled(&mut pod, &now);
            Ok(if call.query.dry_run() { Next::Keep } else { Next::Put(pod) })
        });
        done(call, outcome)
    }

    /// Deletes a Pod unless a budget forbids it.
    pub(super) fn evict(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let eviction = decode::body(call, body)?;
        if text(&eviction, "name") != call.name {
            return Err(Failure::bad_request("name in URL does not match name in Eviction object"));
        }
        let pod = self.find(call)?;
        if !is_over(&pod) {
            self.check_budgets(call, &pod)?;
        }
        let options = eviction["deleteOptions"].to_string();
        let body = if eviction["deleteOptions"].is_object() { options.as_bytes() } else { &[] };
        let mut deletion = call.clone();
        deletion.part = None;
        deletion.headers.remove(http::header::CONTENT_TYPE);
        self.delete(&deletion, body)?;
        Ok(Reply::created(success()))
    }

    /// A budget that allows no more disruptions stands in the way (`429 Too Many Requests`).
    fn check_budgets(&self, call: &Call, pod: &Value) -> Result<(), Failure> {
        let (_, budgets) = self.store.list("poddisruptionbudgets.policy", Some(call.namespace()));
        let guards: Vec<_> = budgets
            .iter()
            .filter(|budget| selector::matches(&budget["spec"]["selector"], selector::labels(pod)))
            .collect();
        let [budget] = guards.as_slice() else {
            if guards.is_empty() {
                return Ok(());
            }
            let why =
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(Failure::new(500, "", why));
        };
        if budget["status"]["disruptionsAllowed"].as_i64().unwrap_or(0) > 0 {
            return Ok(());
        }
        let name = text(budget, "name");
        let count = |key: &str| budget["status"][key].as_i64().unwrap_or(0);
        let why = format!(
            "The disruption budget {name} needs {} healthy pods and has {} currently",
            count("desiredHealthy"),
            count("currentHealthy")
        );
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        let mut failure = Failure::new(429, "TooManyRequests", message);
        failure.details = Some(json!({"causes": [{"reason": "DisruptionBudget", "message": why}]}));
        Err(failure)
    }
}

fn success() -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})
}

fn done<T>(call: &Call, outcome: Result<T, WriteError<Failure>>) -> Result<Reply, Failure> {
    match outcome {
        Ok(_) => Ok(Reply::created(success())),
        Err(WriteError::NotFound) => Err(Failure::not_found(&call.resource(), &call.name)),
        Err(WriteError::Refused(failure)) => Err(failure),
    }
}

/// Why a Pod can't be put on a node.
fn unbindable(pod: &Value) -> Option<String> {
    let name = text(pod, "name");
    if pod["metadata"].get("deletionTimestamp").is_some() {
        return Some(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    if let Some(node) = pod["spec"]["nodeName"].as_str().filter(|node| !node.is_empty()) {
        return Some(format!("pod {name} is already assigned to node \"{node}\""));
    }
    let gated = pod["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty());
    gated.then(|| format!("pod {name} has non-empty .spec.schedulingGates"))
}

fn binding_conflict(call: &Call, why: &str) -> Failure {
    let message = format!("Operation cannot be fulfilled on pods/binding \"{}\": {why}", call.name);
    let mut failure = Failure::new(409, "Conflict", message);
    failure.details = Some(json!({"name": call.name, "kind": "pods/binding"}));
    failure
}

fn mark_scheduled(pod: &mut Value, now: &str) {
    let condition = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now});
    let mut conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.retain(|known| known["type"] != "PodScheduled");
    conditions.push(condition);
    pod["status"]["conditions"] = conditions.into();
}

/// A Pod that has ended, or has not begun, disrupts nothing by going.
fn is_over(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed" | "Pending"))
        || pod["metadata"].get("deletionTimestamp").is_some()
}

/// The row of Bindings, for what is POSTed to `…/bindings` itself.
pub(super) fn binding_target(call: &Call, body: &[u8]) -> Result<Call, Failure> {
    let mut target = call.clone();
    target.name = text(&decode::body(call, body)?, "name").to_owned();
    target.place.kind = Kind::BuiltIn(registry::find("", "v1", "pods").expect("the core group has Pods"));
    Ok(target)
}
