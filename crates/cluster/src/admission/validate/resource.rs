//! Resource requirements: names, amounts, requests below limits.

use serde_json::Value;

use super::{Findings, Path, names};
use crate::{
    admission::quantity::Quantity,
    json::{entries, has},
};

/// The `resources` of a container.
pub(super) fn requirements(found: &mut Findings, resources: &Value, path: &Path) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    for (name, amount) in entries(resources, "limits") {
        container_name(found, name, &limits.key(name));
        value(found, name, amount, &limits.key(name));
    }
    for (name, amount) in entries(resources, "requests") {
        container_name(found, name, &requests.key(name));
        value(found, name, amount, &requests.key(name));
        below_limit(found, name, amount, &resources["limits"], path);
    }
    let asked = |name: &str| ["limits", "requests"].iter().any(|list| has(&resources[*list], name));
    let huge = ["limits", "requests"].iter().flat_map(|list| entries(resources, list)).any(|(name, _)| is_huge(name));
    if huge && !asked("cpu") && !asked("memory") {
        found.forbidden(path, "HugePages require cpu or memory");
    }
}

fn is_huge(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Huge pages come as a whole.
fn whole_pages(found: &mut Findings, name: &str, amount: Quantity, path: &Path) {
    let size = name.strip_prefix("hugepages-").and_then(|size| size.parse::<Quantity>().ok());
    if let Some(size) = size.map(Quantity::value).filter(|size| *size > 0)
        && (amount.value() <= 0 || amount.value() % size != 0)
    {
        let message = format!("{amount} is not positive integer multiple of {name}");
        found.invalid(path, amount.to_string(), message);
    }
}

fn below_limit(found: &mut Findings, name: &str, amount: &Value, limits: &Value, path: &Path) {
    let Ok(request) = Quantity::from_json(amount) else { return };
    if !has(limits, name) {
        if !overcommits(name) {
            found.required(&path.child("limits"), "Limit must be set for non overcommitable resources");
        }
        return;
    }
    let Ok(limit) = Quantity::from_json(&limits[name]) else { return };
    let requests = path.child("requests");
    if request != limit && !overcommits(name) {
        found.invalid(&requests, request.to_string(), format!("must be equal to {name} limit of {limit}"));
    } else if request > limit {
        found.invalid(&requests, request.to_string(), format!("must be less than or equal to {name} limit of {limit}"));
    }
}

/// Resources that a node can promise more of than it has: its own, but not huge pages.
fn overcommits(name: &str) -> bool {
    native(name) && !is_huge(name)
}

fn native(name: &str) -> bool {
    name.split_once('/').is_none_or(|(domain, _)| domain == "kubernetes.io" || domain.ends_with(".kubernetes.io"))
}

const STANDARD: [&str; 22] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
    "nodes",
    "volumes",
];

/// A resource's name: one of Kubernetes' own, or with a domain.
pub(super) fn name(found: &mut Findings, name: &str, path: &Path) -> bool {
    let wrong = names::qualified(name);
    if !wrong.is_empty() {
        found.invalid_each(path, name, wrong);
        return false;
    }
    let huge = name.contains("hugepages-");
    if !name.contains('/') && !huge && !STANDARD.contains(&name) {
        found.invalid(path, name, "must be a standard resource type or fully qualified");
        return false;
    }
    true
}

/// The name of a resource that a container can have.
pub(super) fn container_name(found: &mut Findings, given: &str, path: &Path) {
    name(found, given, path);
    if !given.contains('/') {
        if !matches!(given, "cpu" | "memory" | "ephemeral-storage") && !given.starts_with("hugepages-") {
            found.invalid(path, given, "must be a standard resource for containers");
        }
    } else if !native(given)
        && (given.starts_with("requests.") || !names::qualified(&format!("requests.{given}")).is_empty())
    {
        found.invalid(path, given, "doesn't follow extended resource name standard");
    }
}

/// An amount: not below zero, and whole where parts make no sense.
pub(super) fn value(found: &mut Findings, name: &str, amount: &Value, path: &Path) {
    let Ok(quantity) = Quantity::from_json(amount) else { return };
    if quantity.is_negative() {
        found.invalid(path, quantity.to_string(), "must be greater than or equal to 0");
    }
    whole_pages(found, name, quantity, path);
    let extended = name.contains('/') && !native(name);
    let counted = extended
        || matches!(
            name,
            "pods"
                | "services"
                | "replicationcontrollers"
                | "resourcequotas"
                | "secrets"
                | "configmaps"
                | "persistentvolumeclaims"
                | "services.nodeports"
                | "services.loadbalancers"
        );
    if counted && !quantity.is_whole() {
        found.invalid(path, quantity.to_string(), "must be an integer");
    }
}

/// Whether a quota that is narrowed to `scope` can count this.
pub(super) fn counts_in_scope(scope: &str, name: &str) -> bool {
    match scope {
        _ if !STANDARD.contains(&name) => true,
        "BestEffort" => name == "pods",
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" => {
            matches!(name, "pods" | "cpu" | "memory")
                || ["requests.", "limits."].iter().any(|list| {
                    name.strip_prefix(list).is_some_and(|name| matches!(name, "cpu" | "memory" | "ephemeral-storage"))
                })
        }
        _ => true,
    }
}
