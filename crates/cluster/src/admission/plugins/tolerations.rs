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

#[cfg(test)]
mod tests {
    use super::*;

    /// Who replaces the list in an update keeps what every Pod tolerates: the update is allowed.
    #[test]
    fn what_every_pod_tolerates_comes_back() {
        let own = json!({"key": "a", "operator": "Exists"});
        let mut pod = json!({"spec": {"tolerations": [own]}});
        admit(&mut pod);
        let keys: Vec<&str> = items(&pod["spec"], "tolerations").iter().map(|t| text(t, "key")).collect();
        assert_eq!(keys, ["a", LOST[0], LOST[1]]);
        let once = pod.clone();
        admit(&mut pod);
        assert_eq!(pod, once);
    }
}
