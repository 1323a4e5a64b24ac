//! What becomes of each Pod when its Node is drained. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::failure::text_at;

/// What the flags allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Pods that nobody would make anew may be lost.
    pub force: bool,
    /// Pods of DaemonSets stay.
    pub ignore_daemon_sets: bool,
    /// What is in an emptyDir may be lost.
    pub delete_local_data: bool,
}

/// What becomes of a Pod, and what is said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes.
    Moved(Option<&'static str>),
    /// It stays.
    Skipped(Option<&'static str>),
    /// Nothing is done on this Node because of it.
    Refused(&'static str),
}

/// Judges one Pod.
pub fn of(pod: &Value, manner: Manner) -> Verdict {
    let ended = matches!(text_at(pod, "/status/phase"), "Succeeded" | "Failed");
    let controller = pod
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array)
        .and_then(|owners| owners.iter().find(|owner| owner["controller"] == true));
    let of_daemon_set = controller.is_some_and(|owner| owner["kind"] == "DaemonSet");
    let mirror = pod.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some();
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let local = volumes.iter().any(|volume| volume.get("emptyDir").is_some());
    match (of_daemon_set && !ended, manner.ignore_daemon_sets) {
        (true, true) => return Verdict::Skipped(Some("ignoring DaemonSet-managed Pods")),
        (true, false) => {
            return Verdict::Refused("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)");
        }
        _ => {}
    }
    if mirror {
        return Verdict::Skipped(None);
    }
    if local && !ended && !manner.delete_local_data {
        return Verdict::Refused("cannot delete Pods with local storage (use --delete-emptydir-data to override)");
    }
    match (ended || controller.is_some(), manner.force) {
        (true, _) => Verdict::Moved(None),
        (false, true) => Verdict::Moved(Some("deleting Pods that declare no controller")),
        (false, false) => Verdict::Refused("cannot delete Pods that declare no controller (use --force to override)"),
    }
}

/// `namespace/name`.
pub fn name(pod: &Value) -> String {
    format!("{}/{}", text_at(pod, "/metadata/namespace"), text_at(pod, "/metadata/name"))
}

/// Each reason with the Pods it is about.
pub fn by_reason(judged: &[(Value, Verdict)], reason: impl Fn(&Verdict) -> Option<&'static str>) -> Vec<String> {
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (pod, verdict) in judged {
        if let Some(why) = reason(verdict) {
            found.entry(why).or_default().push(name(pod));
        }
    }
    found.into_iter().map(|(why, pods)| format!("{why}: {}", pods.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOTHING: Manner = Manner { force: false, ignore_daemon_sets: false, delete_local_data: false };

    #[test]
    fn what_would_be_lost_needs_a_flag() {
        let bare = json!({"spec": {}});
        assert!(matches!(of(&bare, NOTHING), Verdict::Refused(_)));
        assert!(matches!(of(&bare, Manner { force: true, ..NOTHING }), Verdict::Moved(Some(_))));
        let owned = |kind: &str| json!({"metadata": {"ownerReferences": [{"kind": kind, "controller": true}]}});
        assert_eq!(of(&owned("ReplicaSet"), NOTHING), Verdict::Moved(None));
        assert!(matches!(of(&owned("DaemonSet"), NOTHING), Verdict::Refused(_)));
        assert!(matches!(of(&owned("DaemonSet"), Manner { ignore_daemon_sets: true, ..NOTHING }), Verdict::Skipped(_)));
        let mut local = owned("ReplicaSet");
        local["spec"] = json!({"volumes": [{"emptyDir": {}}]});
        assert!(matches!(of(&local, NOTHING), Verdict::Refused(_)));
        assert_eq!(of(&local, Manner { delete_local_data: true, ..NOTHING }), Verdict::Moved(None));
    }

    #[test]
    fn what_has_ended_goes_without_a_word() {
        let ended = json!({"status": {"phase": "Failed"}, "spec": {"volumes": [{"emptyDir": {}}]}});
        assert_eq!(of(&ended, NOTHING), Verdict::Moved(None));
    }
}
