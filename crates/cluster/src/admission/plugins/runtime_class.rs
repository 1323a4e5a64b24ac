//! RuntimeClass: a Pod's class must be there, and what it says of its Pods is put into them.

use serde_json::Value;

use super::{Context, Forbidden};
use crate::{
    admission::resources::amounts,
    json::{at, child, entries, has, items, put, text},
    store::Key,
};

/// Puts overhead and scheduling of a Pod's runtime class into it.
///
/// # Errors
/// There is no such class, or the Pod says otherwise.
pub(super) fn admit(pod: &mut Value, context: &Context<'_>) -> Result<(), Forbidden> {
    let name = text(&pod["spec"], "runtimeClassName").to_owned();
    if name.is_empty() {
        return match has(&pod["spec"], "overhead") {
            true => rejected("Pod Overhead set without corresponding RuntimeClass defined Overhead"),
            false => Ok(()),
        };
    }
    let class = context.store.get(&Key::new("runtimeclasses.node.k8s.io", "", &*name));
    let Some(class) = class else { return rejected(&format!("RuntimeClass {name:?} not found")) };
    let spec = child(pod, "spec");
    overhead(spec, &class)?;
    scheduling(spec, &class["scheduling"])
}

fn rejected(why: &str) -> Result<(), Forbidden> {
    Err(Forbidden(format!("pod rejected: {why}")))
}

fn overhead(spec: &mut Value, class: &Value) -> Result<(), Forbidden> {
    let fixed = at(class, &["overhead", "podFixed"]);
    match (has(spec, "overhead"), fixed.is_null()) {
        (true, true) => rejected("Pod Overhead set without corresponding RuntimeClass defined Overhead"),
        (true, false) if amounts(&spec["overhead"]) != amounts(fixed) => {
            rejected("Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        }
        (false, false) => {
            put(spec, "overhead", fixed.clone());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn scheduling(spec: &mut Value, scheduling: &Value) -> Result<(), Forbidden> {
    for (key, value) in entries(scheduling, "nodeSelector") {
        let wanted = at(spec, &["nodeSelector", key]).clone();
        if !wanted.is_null() && wanted != *value {
            let (theirs, ours) = (value.as_str().unwrap_or_default(), wanted.as_str().unwrap_or_default());
            return Err(Forbidden(format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {theirs}; pod.spec.nodeSelector[{key}] = {ours}"
            )));
        }
        put(child(spec, "nodeSelector"), key, value.clone());
    }
    let mut tolerations = items(spec, "tolerations").to_vec();
    for toleration in items(scheduling, "tolerations") {
        if !tolerations.contains(toleration) {
            tolerations.push(toleration.clone());
        }
    }
    if !tolerations.is_empty() {
        put(spec, "tolerations", tolerations);
    }
    Ok(())
}
