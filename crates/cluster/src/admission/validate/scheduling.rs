//! What a Pod asks of the scheduler: tolerations, affinity, spread, gates.

use std::collections::HashSet;

use serde_json::Value;

use super::{Findings, Path, metadata, names};
use crate::json::{has, int, items, text};

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// `tolerations`.
pub(super) fn tolerations(found: &mut Findings, spec: &Value, path: &Path) {
    for (index, toleration) in items(spec, "tolerations").iter().enumerate() {
        let path = path.index(index);
        let (key, operator, value) = (text(toleration, "key"), text(toleration, "operator"), text(toleration, "value"));
        let effect = text(toleration, "effect");
        if key.is_empty() {
            if operator != "Exists" {
                let message =
                    "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
                found.invalid(&path.child("operator"), operator, message);
            }
        } else {
            found.invalid_each(&path.child("key"), key, names::qualified(key));
        }
        if has(toleration, "tolerationSeconds") && effect != "NoExecute" {
            let message = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            found.invalid(&path.child("effect"), effect, message);
        }
        match operator {
            "" | "Equal" => {
                let wrong = names::label_value(value);
                if !wrong.is_empty() {
                    found.invalid(&path.child("operator"), value, wrong.join(";"));
                }
            }
            "Exists" if !value.is_empty() => {
                found.invalid(&path.child("operator"), value, "value must be empty when `operator` is 'Exists'");
            }
            "Exists" => {}
            other => found.not_supported(&path.child("operator"), other, &["Equal", "Exists", "Lt", "Gt"]),
        }
        if !effect.is_empty() && !EFFECTS.contains(&effect) {
            found.not_supported(&path.child("effect"), effect, &EFFECTS);
        }
    }
}

/// `affinity`.
pub(super) fn affinity(found: &mut Findings, affinity: &Value, path: &Path) {
    let (required, preferred) =
        ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution");
    let (node, at) = (&affinity["nodeAffinity"], path.child("nodeAffinity"));
    if has(node, required) {
        node_selector(found, &node[required], &at.child(required));
    }
    for (index, term) in items(node, preferred).iter().enumerate() {
        let path = at.child(preferred).index(index);
        weight(found, term, &path);
        node_term(found, &term["preference"], &path.child("preference"));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let (terms, at) = (&affinity[kind], path.child(kind));
        for (index, term) in items(terms, required).iter().enumerate() {
            pod_term(found, term, &at.child(required).index(index));
        }
        for (index, term) in items(terms, preferred).iter().enumerate() {
            let path = at.child(preferred).index(index);
            weight(found, term, &path);
            pod_term(found, &term["podAffinityTerm"], &path.child("podAffinityTerm"));
        }
    }
}

fn weight(found: &mut Findings, term: &Value, path: &Path) {
    let weight = int(term, "weight").unwrap_or(0);
    if !(1..=100).contains(&weight) {
        found.invalid(&path.child("weight"), weight, "must be in the range 1-100");
    }
}

fn node_selector(found: &mut Findings, selector: &Value, path: &Path) {
    let path = path.child("nodeSelectorTerms");
    if items(selector, "nodeSelectorTerms").is_empty() {
        found.required(&path, "must have at least one node selector term");
    }
    for (index, term) in items(selector, "nodeSelectorTerms").iter().enumerate() {
        node_term(found, term, &path.index(index));
    }
}

fn node_term(found: &mut Findings, term: &Value, path: &Path) {
    for (index, requirement) in items(term, "matchExpressions").iter().enumerate() {
        let path = path.child("matchExpressions").index(index);
        let values = items(requirement, "values").len();
        match (text(requirement, "operator"), values) {
            ("In" | "NotIn", 0) => {
                found.required(&path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
            }
            ("Exists" | "DoesNotExist", 1..) => {
                found.forbidden(
                    &path.child("values"),
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                );
            }
            ("Gt" | "Lt", 0 | 2..) => {
                found.required(&path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
            }
            ("In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt", _) => {}
            (other, _) => found.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
        found.invalid_each(&path.child("key"), text(requirement, "key"), names::qualified(text(requirement, "key")));
        for (index, value) in items(requirement, "values").iter().filter_map(Value::as_str).enumerate() {
            found.invalid_each(&path.child("values").index(index), value, names::label_value(value));
        }
    }
    for (index, requirement) in items(term, "matchFields").iter().enumerate() {
        let path = path.child("matchFields").index(index);
        match text(requirement, "operator") {
            "In" | "NotIn" if items(requirement, "values").len() == 1 => {}
            "In" | "NotIn" => {
                let message = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                found.required(&path.child("values"), message);
            }
            other => found.invalid(&path.child("operator"), other, "not a valid selector operator"),
        }
        if text(requirement, "key") != "metadata.name" {
            found.invalid(&path.child("key"), text(requirement, "key"), "not a valid field selector key");
        } else {
            for (index, value) in items(requirement, "values").iter().filter_map(Value::as_str).enumerate() {
                found.invalid_each(&path.child("values").index(index), value, names::subdomain(value));
            }
        }
    }
}

fn pod_term(found: &mut Findings, term: &Value, path: &Path) {
    metadata::selector(found, &term["labelSelector"], &path.child("labelSelector"));
    metadata::selector(found, &term["namespaceSelector"], &path.child("namespaceSelector"));
    label_keys(found, term, &["matchLabelKeys", "mismatchLabelKeys"], path);
    let mismatched = items(term, "mismatchLabelKeys");
    for (index, key) in items(term, "matchLabelKeys").iter().enumerate().filter(|(_, key)| mismatched.contains(key)) {
        let message = "exists in both matchLabelKeys and mismatchLabelKeys";
        found.invalid(&path.child("matchLabelKeys").index(index), key.clone(), message);
    }
    for name in items(term, "namespaces").iter().filter_map(Value::as_str) {
        found.invalid_each(&path.child("namespace"), name, names::label(name));
    }
    let key = text(term, "topologyKey");
    if key.is_empty() {
        found.required(&path.child("topologyKey"), "can not be empty");
    }
    found.invalid_each(&path.child("topologyKey"), key, names::qualified(key));
}

/// Keys of labels whose values a Pod's own say: they go with a selector, which may not name them too.
fn label_keys(found: &mut Findings, holder: &Value, lists: &[&str], path: &Path) {
    for list in lists.iter().filter(|list| !items(holder, list).is_empty()) {
        let path = path.child(list);
        if !has(holder, "labelSelector") {
            found.forbidden(&path, "must not be specified when labelSelector is not set");
            continue;
        }
        for (index, key) in items(holder, list).iter().filter_map(Value::as_str).enumerate() {
            found.invalid_each(&path.index(index), key, names::qualified(key));
        }
    }
}

/// `topologySpreadConstraints`.
pub(super) fn spread(found: &mut Findings, spec: &Value, path: &Path) {
    let constraints = items(spec, "topologySpreadConstraints");
    for (index, constraint) in constraints.iter().enumerate() {
        let path = path.index(index);
        let skew = int(constraint, "maxSkew").unwrap_or(0);
        if skew <= 0 {
            found.invalid(&path.child("maxSkew"), skew, "must be greater than zero");
        }
        let (key, when) = (text(constraint, "topologyKey"), text(constraint, "whenUnsatisfiable"));
        if key.is_empty() {
            found.required(&path.child("topologyKey"), "can not be empty");
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&when) {
            found.not_supported(&path.child("whenUnsatisfiable"), when, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        // Said of the one that comes first.
        let same = |later: &Value| (text(later, "topologyKey"), text(later, "whenUnsatisfiable")) == (key, when);
        if constraints[index + 1..].iter().any(same) {
            found.duplicate(&path.child("{topologyKey, whenUnsatisfiable}"), format!("{{{key}, {when}}}"));
        }
        if let Some(domains) = int(constraint, "minDomains") {
            if domains <= 0 {
                found.invalid(&path.child("minDomains"), domains, "must be greater than zero");
            }
            if when != "DoNotSchedule" {
                let message = "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway";
                found.invalid(&path.child("minDomains"), domains, message);
            }
        }
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            found.one_of_if_set(&path, constraint, policy, &["Honor", "Ignore"]);
        }
        label_keys(found, constraint, &["matchLabelKeys"], &path);
        metadata::selector(found, &constraint["labelSelector"], &path.child("labelSelector"));
    }
}

/// `readinessGates` and `schedulingGates`.
pub(super) fn gates(found: &mut Findings, spec: &Value, path: &Path) {
    for (index, gate) in items(spec, "readinessGates").iter().enumerate() {
        let kind = text(gate, "conditionType");
        let path = path.child("readinessGates").index(index).child("conditionType");
        found.invalid_each(&path, kind, names::qualified(kind));
    }
    let mut seen = HashSet::new();
    for (index, gate) in items(spec, "schedulingGates").iter().enumerate() {
        let (name, path) = (text(gate, "name"), path.child("schedulingGates").index(index));
        found.invalid_each(&path, name, names::qualified(name));
        if !seen.insert(name) {
            found.duplicate(&path, name);
        }
    }
}
