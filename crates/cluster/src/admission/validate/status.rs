//! The status that somebody writes to a workload: counts that can be.

use serde_json::Value;

use super::{Findings, Path};
use crate::json::{has, int};

/// What the status of a kind counts, in the order of its messages.
struct Counts {
    /// None of them is below zero.
    whole: &'static [&'static str],
    /// None of them is more than `replicas`.
    part: &'static [&'static str],
}

const DEPLOYMENT: Counts = Counts {
    whole: &[
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "terminatingReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "collisionCount",
    ],
    part: &["updatedReplicas", "readyReplicas", "availableReplicas"],
};
const REPLICA_SET: Counts = Counts {
    whole: &["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"],
    part: &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
};
const STATEFUL_SET: Counts = Counts {
    whole: &[
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ],
    part: &["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
};
const DAEMON_SET: Counts = Counts {
    whole: &[
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ],
    part: &[],
};
const BUDGET: Counts =
    Counts { whole: &["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"], part: &[] };

/// What is wrong with the status that an object of a kind is to have.
pub(super) fn status(found: &mut Findings, kind: &str, old: &Value, new: &Value) {
    let counts = match kind {
        "Deployment" => &DEPLOYMENT,
        "ReplicaSet" => &REPLICA_SET,
        "StatefulSet" => &STATEFUL_SET,
        "DaemonSet" => &DAEMON_SET,
        "PodDisruptionBudget" => &BUDGET,
        _ => return,
    };
    let (path, given) = (Path::new("status"), &new["status"]);
    let count = |field: &str| int(given, field).unwrap_or(0);
    for field in counts.whole {
        found.not_negative(&path, given, field);
    }
    for field in counts.part.iter().filter(|field| count(field) > count("replicas")) {
        found.invalid(&path.child(field), count(field), "cannot be greater than status.replicas");
    }
    let available = count("availableReplicas");
    if !counts.part.is_empty() && available > count("readyReplicas") {
        found.invalid(&path.child("availableReplicas"), available, "cannot be greater than readyReplicas");
    }
    let collisions = |object: &Value| int(&object["status"], "collisionCount");
    if let (Some(before), Some(after)) = (collisions(old), collisions(new))
        && after < before
        && has(given, "collisionCount")
    {
        found.invalid(&path.child("collisionCount"), after, "cannot be decremented");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_no_more_than_the_whole() {
        let mut found = Findings::default();
        let old = json!({"status": {"replicas": 1, "updatedReplicas": 1, "collisionCount": 0}});
        status(&mut found, "Deployment", &old, &json!({"status": {"replicas": -1, "updatedReplicas": 1}}));
        let ready =
            json!({"status": {"replicas": 1, "availableReplicas": 2, "readyReplicas": 1, "collisionCount": -1}});
        status(&mut found, "StatefulSet", &old, &ready);
        let errors: Vec<String> = found.into_errors().iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(errors.join("\n"), @r"
        status.replicas: Invalid value: -1: must be greater than or equal to 0
        status.updatedReplicas: Invalid value: 1: cannot be greater than status.replicas
        status.readyReplicas: Invalid value: 0: cannot be greater than status.replicas
        status.availableReplicas: Invalid value: 0: cannot be greater than status.replicas
        status.collisionCount: Invalid value: -1: must be greater than or equal to 0
        status.availableReplicas: Invalid value: 2: cannot be greater than status.replicas
        status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas
        status.collisionCount: Invalid value: -1: cannot be decremented
        ");
    }
}
