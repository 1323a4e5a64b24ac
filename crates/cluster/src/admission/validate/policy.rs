//! LimitRanges, ResourceQuotas, disruption budgets, priority classes, network policies, RBAC.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Findings, Path, metadata, names, percent, resource};
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
    let ratios = list("maxLimitRequestRatio");
    let keys = min.keys().chain(max.keys()).chain(default.keys()).chain(request.keys()).chain(ratios.keys());
    let keys: BTreeSet<&String> = keys.collect();
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
        ratio(found, item, name, path);
    }
}

fn ratio(found: &mut Findings, item: &Value, name: &str, path: &Path) {
    let ratios = &item["maxLimitRequestRatio"];
    let Ok(ratio) = Quantity::from_json(&ratios[name]) else { return };
    if has(ratios, name) && ratio < Quantity::whole(1) {
        let path = path.child("maxLimitRequestRatio").key(name);
        found.invalid(&path, ratio.to_string(), format!("ratio {ratio} is less than 1"));
    }
}

/// A ResourceQuota.
pub(super) fn quota(found: &mut Findings, quota: &Value, old: Option<&Value>) {
    let path = Path::new("spec").child("hard");
    for (name, amount) in entries(&quota["spec"], "hard") {
        let at = path.key(name);
        if name.starts_with("count/") {
            let counted = name.trim_start_matches("count/");
            if counted.is_empty() {
                found.invalid(&at, name.as_str(), "must be a standard resource for quota");
            }
        } else {
            let known = resource::name(found, name, &at);
            if !name.contains('/') && (!known || matches!(name.as_str(), "nodes" | "storage" | "volumes")) {
                found.invalid(&at, name.as_str(), "must be a standard resource for quota");
            }
        }
        resource::value(found, name, amount, &at);
    }
    let path = Path::new("spec").child("scopes");
    scopes(found, &quota["spec"], &path);
    if let Some(old) = old
        && old["spec"].get("scopes") != quota["spec"].get("scopes")
    {
        found.invalid(&path, quota["spec"]["scopes"].clone(), "field is immutable");
    }
}

/// What a quota may be narrowed to, with what else it then may count.
const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

fn scopes(found: &mut Findings, spec: &Value, path: &Path) {
    let scopes: Vec<&str> = items(spec, "scopes").iter().filter_map(Value::as_str).collect();
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            found.invalid(path, spec["scopes"].clone(), "unsupported scope");
        }
        for (name, _) in entries(spec, "hard") {
            if !resource::counts_in_scope(scope, name) {
                found.invalid(path, spec["scopes"].clone(), "unsupported scope applied to resource");
            }
        }
    }
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|scope| scopes.contains(scope)) {
            found.invalid(path, spec["scopes"].clone(), "conflicting scopes");
        }
    }
}

/// A PodDisruptionBudget.
pub(super) fn disruption_budget(found: &mut Findings, budget: &Value) {
    let (spec, path) = (&budget["spec"], Path::new("spec"));
    if has(spec, "minAvailable") && has(spec, "maxUnavailable") {
        let shown = format!(
            "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
            spec["minAvailable"], spec["selector"], spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"],
        );
        found.invalid_shown(&path, shown, "minAvailable and maxUnavailable cannot be both set");
    }
    for field in ["minAvailable", "maxUnavailable"] {
        percent::number_or_percent(found, &spec[field], &path.child(field));
        percent::at_most_all(found, &spec[field], &path.child(field));
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

/// A RuntimeClass: the handler is a name, and stays.
pub(super) fn runtime_class(found: &mut Findings, class: &Value, old: Option<&Value>) {
    let path = Path::new("handler");
    if let Some(old) = old {
        found.immutable(&path, &class["handler"], &old["handler"]);
    }
    match text(class, "handler") {
        "" => found.required(&path, ""),
        handler => found.invalid_each(&path, handler, names::label(handler)),
    }
}
