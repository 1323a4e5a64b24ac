//! Taints and tolerations (kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/).

use serde_json::Value;

use super::decide::Refusal;
use crate::json as tree;

/// The taint of a cordoned node; a Pod that tolerates it is placed there all the same.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Whether the node is open for new Pods.
pub fn schedulable(pod: &Value, node: &Value) -> Result<(), Refusal> {
    let taint = serde_json::json!({"key": UNSCHEDULABLE, "effect": "NoSchedule"});
    if tree::flag(&node["spec"], "unschedulable") && !tolerates(pod, &taint) {
        return Err(Refusal::for_good("node(s) were unschedulable"));
    }
    Ok(())
}

/// Whether the Pod tolerates all taints that keep Pods away.
pub fn tolerated(pod: &Value, node: &Value) -> Result<(), Refusal> {
    let hard = |taint: &&Value| matches!(tree::text(taint, "effect"), "NoSchedule" | "NoExecute");
    let refused = tree::items(&node["spec"], "taints").iter().filter(hard).any(|taint| !tolerates(pod, taint));
    if refused { Err(Refusal::for_good("node(s) had untolerated taint(s)")) } else { Ok(()) }
}

fn tolerates(pod: &Value, taint: &Value) -> bool {
    tree::items(&pod["spec"], "tolerations").iter().any(|toleration| matches(toleration, taint))
}

/// Whether a toleration is about a taint.
pub(crate) fn matches(toleration: &Value, taint: &Value) -> bool {
    let (effect, key) = (tree::text(toleration, "effect"), tree::text(toleration, "key"));
    let same_effect = effect.is_empty() || effect == tree::text(taint, "effect");
    let same_key = key.is_empty() || key == tree::text(taint, "key");
    let value = match tree::text(toleration, "operator") {
        "Exists" => true,
        "" | "Equal" => !key.is_empty() && tree::text(toleration, "value") == tree::text(taint, "value"),
        _ => false,
    };
    same_effect && same_key && value
}
