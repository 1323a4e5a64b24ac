//! LimitRanges, ResourceQuotas, disruption budgets, priority classes, network policies, RBAC.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Findings, Path, metadata, names, resource};
use crate::{
    admission::{quantity::Quantity, resources::amounts},
    json::{entries, has, items, text},
};

/// A LimitRange.
pub(super) fn limit_range(found: &mut Findings, range: &Value) {
    let mut types = BTreeSet::new();
    for (index, item) in items(&range["spec"], "limits").iter().enumerate() {
        let (path, kind) = (Path::new("spec").child("limits").index(index), text(item, "type"));
        found.invalid_each(&path.child("type"), kind, names::qualified(kind));
        if !["Container", "Pod", "PersistentVolumeClaim"].contains(&kind) && !kind.contains('/') && !kind.is_empty() {
            let message = "must be a standard limit type or fully qualified";
            found.invalid(&path.child("type"), kind, message);
        }
        if !types.insert(kind) {
            found.duplicate(&path.child("type"), kind);
        }
        limit_names(found, item, kind, &path);
        limit_order(found, item, &path);
    }
}

fn limit_names(found: &mut Findings, item: &Value, kind: &str, path: &Path) {
    let check = |found: &mut Findings, list: &str| {
        for (name, _) in entries(item, list) {
            let at = path.child(list).key(name);
            if matches!(kind, "Pod" | "Container") {
                resource::container_name(found, name, &at);
            } else {
                resource::name(found, name, &at);
            }
        }
    };
    check(found, "max");
    check(found, "min");
    for list in ["default", "defaultRequest"] {
        if kind == "Pod" && entries(item, list).next().is_some() {
            found.forbidden(&path.child(list), "may not be specified when `type` is 'Pod'");
        } else {
            check(found, list);
        }
    }
    let storage = |list: &str| has(&item[list], "storage");
    if kind == "PersistentVolumeClaim" && !storage("min") && !storage("max") {
        let message = "either minimum or maximum storage value is required, but neither was provided";
        found.required(&path.child("limits"), message);
    }
    check(found, "maxLimitRequestRatio");
}

fn limit_order(found: &mut Findings, item: &Value, path: &Path) {
    let list = |name: &str| amounts(&item[name]);
    let (min, max, default, request) = (list("min"), list("max"), list("default"), list("defaultRequest"));
    let keys: BTreeSet<&String> = min.keys().chain(max.keys()).chain(default.keys()).chain(request.keys()).collect();
    for name in keys {
        let (min, max, default, request) = (min.get(name), max.get(name), default.get(name), request.get(name));
        let mut check = |low: Option<&Quantity>,
                         high: Option<&Quantity>,
                         field: &str,
                         shown: Option<&Quantity>,
                         low_is: &str,
                         high_is: &str| {
            if let (Some(low), Some(high), Some(shown)) = (low, high, shown)
                && low > high
            {
                let message = format!("{low_is} value {low} is greater than {high_is} value {high}");
                found.invalid(&path.child(field).key(name), shown.to_string(), message);
            }
        };
        check(min, max, "min", min, "min", "max");
        check(min, request, "defaultRequest", request, "min", "default request");
        check(request, max, "defaultRequest", request, "default request", "max");
        check(request, default, "defaultRequest", request, "default request", "default limit");
        check(min, default, "default", min, "min", "default");
        check(default, max, "default", max, "default", "max");
    }
}

/// A ResourceQuota.
pub(super) fn quota(found: &mut Findings, quota: &Value) {
    let path = Path::new("spec").child("hard");
    for (name, amount) in entries(&quota["spec"], "hard") {
        let at = path.key(name);
        if name.starts_with("count/") {
            let counted = name.trim_start_matches("count/");
            if counted.is_empty() {
                found.invalid(&at, name.as_str(), "must be a standard resource for quota");
            }
        } else if resource::name(found, name, &at)
            && !name.contains('/')
            && matches!(name.as_str(), "nodes" | "storage" | "volumes")
        {
            found.invalid(&at, name.as_str(), "must be a standard resource for quota");
        }
        resource::value(found, name, amount, &at);
    }
}

/// A PodDisruptionBudget.
pub(super) fn disruption_budget(found: &mut Findings, budget: &Value) {
    let (spec, path) = (&budget["spec"], Path::new("spec"));
    if has(spec, "minAvailable") && has(spec, "maxUnavailable") {
        found.invalid(&path, spec.clone(), "minAvailable and maxUnavailable cannot be both set");
    }
    for field in ["minAvailable", "maxUnavailable"] {
        found.not_negative(&path, spec, field);
    }
    metadata::selector(found, &spec["selector"], &path.child("selector"));
    found.one_of_if_set(&path, spec, "unhealthyPodEvictionPolicy", &["AlwaysAllow", "IfHealthyBudget"]);
}

/// The highest value of a class that is not the system's own.
const HIGHEST_PRIORITY: i64 = 1_000_000_000;

/// A PriorityClass.
pub(super) fn priority_class(found: &mut Findings, class: &Value, old: Option<&Value>) {
    let (name, value) = (text(&class["metadata"], "name"), class["value"].as_i64().unwrap_or(0));
    if name.starts_with("system-") {
        let known = matches!(
            (name, value),
            ("system-node-critical", 2_000_001_000) | ("system-cluster-critical", 2_000_000_000)
        );
        if !known {
            let message = "priority class names with 'system-' prefix are reserved for system use only. error: ";
            found.forbidden(
                &Path::new("metadata").child("name"),
                format!("{message}{name} is not a known system priority class"),
            );
        }
    } else if value > HIGHEST_PRIORITY {
        let message = format!("maximum allowed value of a user defined priority is {HIGHEST_PRIORITY}");
        found.forbidden(&Path::new("value"), message);
    }
    found.one_of_if_set(&Path::new(""), class, "preemptionPolicy", &["PreemptLowerPriority", "Never"]);
    if let Some(old) = old {
        if old["value"] != class["value"] {
            found.forbidden(&Path::new("Value"), "may not be changed in an update.");
        }
        found.immutable(&Path::new("preemptionPolicy"), &class["preemptionPolicy"], &old["preemptionPolicy"]);
    }
}

/// A NetworkPolicy.
pub(super) fn network_policy(found: &mut Findings, policy: &Value) {
    let (spec, path) = (&policy["spec"], Path::new("spec"));
    metadata::selector(found, &spec["podSelector"], &path.child("podSelector"));
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in items(spec, direction).iter().enumerate() {
            let path = path.child(direction).index(index);
            for (index, port) in items(rule, "ports").iter().enumerate() {
                found.one_of(&path.child("ports").index(index), port, "protocol", &["SCTP", "TCP", "UDP"]);
            }
            for (index, peer) in items(rule, peers).iter().enumerate() {
                let at = path.child(peers).index(index);
                let kinds =
                    ["podSelector", "namespaceSelector", "ipBlock"].iter().filter(|kind| has(peer, kind)).count();
                if kinds == 0 {
                    found.required(&at, "must specify a peer");
                } else if has(peer, "ipBlock") && kinds > 1 {
                    found.forbidden(&at, "may not specify both ipBlock and another peer");
                }
            }
        }
    }
    for (index, kind) in items(spec, "policyTypes").iter().filter_map(Value::as_str).enumerate() {
        if !["Egress", "Ingress"].contains(&kind) {
            found.not_supported(&path.child("policyTypes").index(index), kind, &["Egress", "Ingress"]);
        }
    }
}

/// Roles and bindings.
pub(super) fn rbac(found: &mut Findings, kind: &str, object: &Value, old: Option<&Value>) {
    if !kind.ends_with("Binding") {
        return role(found, object);
    }
    let (reference, path) = (&object["roleRef"], Path::new("roleRef"));
    if text(reference, "apiGroup") != "rbac.authorization.k8s.io" {
        found.not_supported(&path.child("apiGroup"), text(reference, "apiGroup"), &["rbac.authorization.k8s.io"]);
    }
    let kinds: &[&str] = if kind == "RoleBinding" { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&text(reference, "kind")) {
        found.not_supported(&path.child("kind"), text(reference, "kind"), kinds);
    }
    if text(reference, "name").is_empty() {
        found.required(&path.child("name"), "");
    }
    for (index, subject) in items(object, "subjects").iter().enumerate() {
        self::subject(found, subject, &Path::new("subjects").index(index));
    }
    if let Some(old) = old
        && old["roleRef"] != object["roleRef"]
    {
        found.invalid(&path, object["roleRef"].clone(), "cannot change roleRef");
    }
}

fn subject(found: &mut Findings, subject: &Value, path: &Path) {
    if text(subject, "name").is_empty() {
        found.required(&path.child("name"), "");
    }
    match text(subject, "kind") {
        "ServiceAccount" if text(subject, "namespace").is_empty() => found.required(&path.child("namespace"), ""),
        "ServiceAccount" | "User" | "Group" => {}
        other => found.not_supported(&path.child("kind"), other, &["ServiceAccount", "User", "Group"]),
    }
}

fn role(found: &mut Findings, role: &Value) {
    for (index, rule) in items(role, "rules").iter().enumerate() {
        let path = Path::new("rules").index(index);
        if items(rule, "verbs").is_empty() {
            found.required(&path.child("verbs"), "verbs must contain at least one value");
        }
        if !items(rule, "nonResourceURLs").is_empty() {
            continue;
        }
        if items(rule, "apiGroups").is_empty() {
            found.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
        }
        if items(rule, "resources").is_empty() {
            found.required(&path.child("resources"), "resource rules must supply at least one resource");
        }
    }
}

/// A Node: what a learner changes on one is its taints and labels.
pub(super) fn node(found: &mut Findings, node: &Value) {
    let mut seen = BTreeSet::new();
    for (index, taint) in items(&node["spec"], "taints").iter().enumerate() {
        let path = Path::new("spec").child("taints").index(index);
        let (key, value) = (text(taint, "key"), text(taint, "value"));
        found.invalid_each(&path.child("key"), key, names::qualified(key));
        let wrong = names::label_value(value);
        if !wrong.is_empty() {
            found.invalid(&path.child("value"), value, wrong.join(";"));
        }
        found.one_of(&path, taint, "effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        if !seen.insert((key, text(taint, "effect"))) {
            found.duplicate(&path, taint.clone());
        }
    }
}
