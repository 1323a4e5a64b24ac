//! What is wrong with an object, in the API server's words, order and fields.

mod autoscaler;
mod claim;
mod config;
mod container;
pub(crate) mod cron;
mod definition;
mod endpoints;
mod environment;
mod findings;
mod go_form;
mod ingress;
mod job;
mod job_failure;
mod job_success;
mod line_diff;
mod metadata;
mod names;
mod namespace;
mod network_policy;
mod path;
mod percent;
mod pod;
mod pod_resize;
mod pod_update;
mod policy;
mod probe;
mod resource;
mod roles;
mod scheduling;
mod security;
mod service;
mod status;
mod storage;
mod volume;
mod workload;

use serde_json::Value;

pub(crate) use self::{findings::Findings, names::label, path::Path};
use super::field::FieldError;
use crate::registry::Resource;

/// Everything that is wrong with a new object.
pub fn validate_create(resource: &Resource, object: &Value) -> Vec<FieldError> {
    let mut found = Findings::default();
    match (resource.group, resource.kind) {
        ("", "Pod") => pod::create(&mut found, object),
        ("", "PersistentVolumeClaim") => claim::create(&mut found, object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition::create(&mut found, object),
        _ => {
            if !has_own_metadata(resource) {
                metadata::create(&mut found, object, name_rule(resource));
            }
            content(&mut found, resource, object, None);
        }
    }
    found.into_errors()
}

/// Everything that is wrong with a change.
pub fn validate_update(resource: &Resource, old: &Value, new: &Value) -> Vec<FieldError> {
    let mut found = Findings::default();
    match (resource.group, resource.kind) {
        ("", "Pod") => pod_update::update(&mut found, old, new),
        ("", "PersistentVolumeClaim") => claim::update(&mut found, old, new),
        _ => {
            if !has_own_metadata(resource) {
                metadata::update(&mut found, old, new);
            }
            content(&mut found, resource, new, Some(old));
        }
    }
    found.into_errors()
}

/// Everything that is wrong with a written status.
pub(crate) fn validate_status(resource: &Resource, old: &Value, new: &Value) -> Vec<FieldError> {
    let mut found = Findings::default();
    found.extend(validate_update(resource, old, new));
    if matches!(resource.group, "apps" | "policy") {
        status::status(&mut found, resource.kind, old, new);
    }
    found.into_errors()
}

/// Everything that is wrong with the ephemeral containers that a Pod is to have.
pub(crate) fn validate_ephemeral(old: &Value, new: &Value) -> Vec<FieldError> {
    let mut found = Findings::default();
    pod_update::ephemeral(&mut found, old, new);
    found.into_errors()
}

/// Everything that is wrong with the resources that a Pod is to have.
pub(crate) fn validate_resize(old: &Value, new: &Value) -> Vec<FieldError> {
    let mut found = Findings::default();
    pod_resize::resize(&mut found, old, new);
    found.into_errors()
}

/// Kinds whose metadata is looked at together with the rest.
fn has_own_metadata(resource: &Resource) -> bool {
    match resource.group {
        "" => matches!(resource.kind, "ConfigMap" | "Secret" | "Service"),
        "apps" => matches!(resource.kind, "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet"),
        "batch" => true,
        _ => false,
    }
}

fn name_rule(resource: &Resource) -> metadata::NameRule {
    match (resource.group, resource.kind) {
        ("", "Namespace") => label,
        ("rbac.authorization.k8s.io", _) => names::path_segment,
        // Whatever fits into a path is a name for it, and that is looked at before.
        ("policy", "PodDisruptionBudget") => |_| Vec::new(),
        _ => names::subdomain,
    }
}

/// What is said of an object of one kind, new or changed.
fn content(found: &mut Findings, resource: &Resource, object: &Value, old: Option<&Value>) {
    if let Some(custom) = resource.custom {
        return found.extend(custom.validate(object, old));
    }
    match (resource.group, resource.kind) {
        ("", "ConfigMap") => config::config_map(found, object, old),
        ("", "Secret") => config::secret(found, object, old),
        ("", "Service") => service::service(found, object, old),
        ("", "LimitRange") => policy::limit_range(found, object),
        ("", "ResourceQuota") => policy::quota(found, object, old),
        ("", "Namespace") => namespace::namespace(found, object),
        ("", "Node") => policy::node(found, object),
        ("", "ReplicationController") => workload::replication_controller(found, object),
        ("apps", kind) => workload::apps(found, kind, object, old),
        ("batch", "Job") => job::job(found, object, old),
        ("batch", "CronJob") => job::cron_job(found, object, old),
        ("policy", "PodDisruptionBudget") => policy::disruption_budget(found, object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition::content(found, object, old),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::autoscaler(found, object),
        ("scheduling.k8s.io", "PriorityClass") => policy::priority_class(found, object, old),
        ("networking.k8s.io", "NetworkPolicy") => network_policy::network_policy(found, object),
        ("networking.k8s.io", "Ingress") => ingress::ingress(found, object, old),
        ("networking.k8s.io", "IngressClass") => ingress::class(found, object, old),
        ("rbac.authorization.k8s.io", kind) => roles::rbac(found, kind, object, old),
        ("storage.k8s.io", "StorageClass") => storage::class(found, object, old),
        ("", "PersistentVolume") => storage::persistent_volume(found, object, old),
        ("", "Endpoints") => endpoints::endpoints(found, object),
        ("discovery.k8s.io", "EndpointSlice") => endpoints::slice(found, object, old),
        ("", "PodTemplate") => workload::template_content(found, &object["template"], &Path::new("template")),
        ("node.k8s.io", "RuntimeClass") => policy::runtime_class(found, object, old),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
