//! POST to a part of an object: binding of Pods.

use serde_json::{Value, json};

use super::{Api, call::Call, create::text, decode, failure::Failure, respond::Reply};
use crate::{
    clock::api_time,
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
}

/// What is answered when there is nothing more to say.
pub(super) fn success() -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
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

/// The row of Bindings, for what is POSTed to `…/bindings` itself.
pub(super) fn binding_target(call: &Call, body: &[u8]) -> Result<Call, Failure> {
    let mut target = call.clone();
    target.name = text(&decode::body(call, body)?, "name").to_owned();
    target.place.kind = Kind::BuiltIn(registry::find("", "v1", "pods").expect("the core group has Pods"));
    Ok(target)
}
