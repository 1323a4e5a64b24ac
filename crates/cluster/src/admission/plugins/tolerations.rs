//! DefaultTolerationSeconds: Pods stay five minutes on a node that is lost.

use serde_json::{Value, json};

use crate::json::{child, has, items, put, text};

const LOST: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

pub(super) fn admit(pod: &mut Value) {
    let spec = child(pod, "spec");
    let mut tolerations = items(spec, "tolerations").to_vec();
    let given = tolerations.clone();
    for taint in LOST {
        let covers = |toleration: &Value| {
            (text(toleration, "key") == taint || text(toleration, "key").is_empty())
                && matches!(text(toleration, "effect"), "NoExecute" | "")
        };
        if !given.iter().any(covers) {
            tolerations
                .push(json!({"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
    if has(spec, "tolerations") || !tolerations.is_empty() {
        put(spec, "tolerations", tolerations);
    }
}
