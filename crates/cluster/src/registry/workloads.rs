//! The kinds that make or guard Pods.

use super::{Resource, build::*};

/// `apps/v1`.
pub(super) const APPS_V1: &[Resource<'static>] = &[
    namespaced("apps", "v1", "ControllerRevision", "controllerrevisions", "controllerrevision"),
    namespaced("apps", "v1", "DaemonSet", "daemonsets", "daemonset")
        .short(&["ds"])
        .categories(&["all"])
        .parts(&[part("status", "DaemonSet", STATUS)])
        .counted(),
    namespaced("apps", "v1", "Deployment", "deployments", "deployment")
        .short(&["deploy"])
        .categories(&["all"])
        .parts(&[part("scale", "Scale", STATUS).speaks("autoscaling", "v1"), part("status", "Deployment", STATUS)])
        .counted(),
    namespaced("apps", "v1", "ReplicaSet", "replicasets", "replicaset")
        .short(&["rs"])
        .categories(&["all"])
        .parts(&[part("scale", "Scale", STATUS).speaks("autoscaling", "v1"), part("status", "ReplicaSet", STATUS)])
        .counted(),
    namespaced("apps", "v1", "StatefulSet", "statefulsets", "statefulset")
        .short(&["sts"])
        .categories(&["all"])
        .parts(&[part("scale", "Scale", STATUS).speaks("autoscaling", "v1"), part("status", "StatefulSet", STATUS)])
        .counted(),
];

/// `autoscaling/v2`.
pub(super) const AUTOSCALING_V2: &[Resource<'static>] = &[namespaced(
    "autoscaling",
    "v2",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    "horizontalpodautoscaler",
)
.short(&["hpa"])
.categories(&["all"])
.parts(&[part("status", "HorizontalPodAutoscaler", STATUS)])];

/// `autoscaling/v1`.
pub(super) const AUTOSCALING_V1: &[Resource<'static>] = &[namespaced(
    "autoscaling",
    "v1",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    "horizontalpodautoscaler",
)
.short(&["hpa"])
.categories(&["all"])
.parts(&[part("status", "HorizontalPodAutoscaler", STATUS)])
.stored_as("autoscaling", "v2")];

/// `batch/v1`.
pub(super) const BATCH_V1: &[Resource<'static>] = &[
    namespaced("batch", "v1", "CronJob", "cronjobs", "cronjob")
        .short(&["cj"])
        .categories(&["all"])
        .parts(&[part("status", "CronJob", STATUS)])
        .counted(),
    namespaced("batch", "v1", "Job", "jobs", "job")
        .categories(&["all"])
        .parts(&[part("status", "Job", STATUS)])
        .counted(),
];

/// `policy/v1`.
pub(super) const POLICY_V1: &[Resource<'static>] =
    &[namespaced("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget")
        .short(&["pdb"])
        .parts(&[part("status", "PodDisruptionBudget", STATUS)])
        .counted()];
