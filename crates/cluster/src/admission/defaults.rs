//! What the API server fills in when a field is not set, per kind.

mod pod;
mod resources;
mod service;
mod simple;
mod workload;

pub(crate) use pod::pod_spec;
use serde_json::{Value, json};

use crate::{json as tree, registry::Resource};

/// Fills in what the manifest left out. Idempotent; called for every write, after decoding.
pub fn default_object(resource: &Resource, object: &mut Value) {
    if let Some(custom) = resource.custom {
        return custom.fill_in(object);
    }
    tree::put(object, "apiVersion", resource.api_version());
    tree::put(object, "kind", resource.kind);
    tree::child(object, "metadata");
    match (resource.group, resource.kind) {
        ("", "Pod") => pod::pod(object),
        ("", "ReplicationController") => workload::replication_controller(object),
        ("", "PodTemplate") => tree::inside(object, "template", workload::template),
        ("", "Service") => service::service(object),
        ("", "Endpoints") => service::endpoints(object),
        ("discovery.k8s.io", "EndpointSlice") => service::slice(object),
        ("", "Namespace") => simple::namespace(object),
        ("", "Node") => simple::node(object),
        ("", "Secret") => simple::secret(object),
        ("", "LimitRange") => simple::limit_range(object),
        ("", "ResourceQuota") => simple::resource_quota(object),
        ("", "PersistentVolume") => simple::persistent_volume(object),
        ("", "PersistentVolumeClaim") => simple::claim(object),
        ("", "Event") => simple::event(object),
        ("apps", kind) => workload::apps(kind, object),
        ("batch", "Job") => workload::job(object),
        ("batch", "CronJob") => workload::cron_job(object),
        ("rbac.authorization.k8s.io", kind) => simple::rbac(kind, object),
        ("storage.k8s.io", "StorageClass") => {
            tree::fill(object, "reclaimPolicy", "Delete");
            tree::fill(object, "volumeBindingMode", "Immediate");
        }
        ("scheduling.k8s.io", "PriorityClass") => {
            tree::fill(object, "preemptionPolicy", "PreemptLowerPriority");
            tree::fill(object, "value", 0);
        }
        ("networking.k8s.io", "NetworkPolicy") => simple::network_policy(object),
        ("networking.k8s.io", "Ingress") => {
            tree::fill(tree::child(object, "status"), "loadBalancer", json!({}));
        }
        ("policy", "PodDisruptionBudget") => simple::disruption_budget(object),
        ("autoscaling", "HorizontalPodAutoscaler") => simple::autoscaler(resource.version, object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => simple::definition(object),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
