//! `podFailurePolicy` of Jobs: which failures count.

use std::collections::HashSet;

use serde_json::Value;

use super::{Findings, Path, names};
use crate::json::{at, has, items, text};

const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];

/// The policy of a Job's spec.
pub(super) fn policy(found: &mut Findings, spec: &Value, path: &Path) {
    const MOST: usize = 20;
    let rules = items(&spec["podFailurePolicy"], "rules");
    let list = path.child("podFailurePolicy").child("rules");
    if rules.len() > MOST {
        found.too_many(&list, rules.len(), MOST);
    }
    let template = at(spec, &["template", "spec"]);
    let containers = items(template, "containers").iter().chain(items(template, "initContainers"));
    let containers: HashSet<&str> = containers.map(|container| text(container, "name")).collect();
    for (index, rule) in rules.iter().enumerate() {
        let path = list.index(index);
        action(found, spec, rule, &path.child("action"));
        let conditions = !items(rule, "onPodConditions").is_empty();
        if has(rule, "onExitCodes") {
            exit_codes(found, &rule["onExitCodes"], &containers, &path.child("onExitCodes"));
        }
        for (index, condition) in items(rule, "onPodConditions").iter().enumerate() {
            let (path, kind) = (path.child("onPodConditions").index(index), text(condition, "type"));
            found.invalid_each(&path.child("type"), kind, names::qualified(kind));
            found.one_of(&path, condition, "status", &["False", "True", "Unknown"]);
        }
        match (has(rule, "onExitCodes"), conditions) {
            (true, true) => {
                found.invalid_whole(&path, "specifying both OnExitCodes and OnPodConditions is not supported");
            }
            (false, false) => {
                found.invalid_whole(&path, "specifying one of OnExitCodes and OnPodConditions is required");
            }
            _ => {}
        }
    }
}

fn action(found: &mut Findings, spec: &Value, rule: &Value, path: &Path) {
    match text(rule, "action") {
        "" => found.required(path, &format!("valid values: {}", quoted(&ACTIONS))),
        "FailIndex" if !has(spec, "backoffLimitPerIndex") => {
            found.invalid(path, "FailIndex", "requires the backoffLimitPerIndex to be set");
        }
        known if ACTIONS.contains(&known) => {}
        other => found.not_supported(path, other, &ACTIONS),
    }
}

/// `["a" "b"]`
fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

fn exit_codes(found: &mut Findings, codes: &Value, containers: &HashSet<&str>, path: &Path) {
    const OPERATORS: [&str; 2] = ["In", "NotIn"];
    let operator = text(codes, "operator");
    match operator {
        "" => found.required(&path.child("operator"), &format!("valid values: {}", quoted(&OPERATORS))),
        known if OPERATORS.contains(&known) => {}
        other => found.not_supported(&path.child("operator"), other, &OPERATORS),
    }
    if has(codes, "containerName") && !containers.contains(text(codes, "containerName")) {
        let message = "must be one of the container or initContainer names in the pod template";
        found.invalid(&path.child("containerName"), text(codes, "containerName"), message);
    }
    values(found, codes, operator, &path.child("values"));
}

fn values(found: &mut Findings, codes: &Value, operator: &str, path: &Path) {
    const MOST: usize = 255;
    let values: Vec<i64> = items(codes, "values").iter().filter_map(Value::as_i64).collect();
    if values.is_empty() {
        found.invalid(path, values.clone(), "at least one value is required");
    } else if values.len() > MOST {
        found.too_many(path, values.len(), MOST);
    }
    let mut seen = HashSet::new();
    for (index, code) in values.iter().enumerate() {
        if operator == "In" && *code == 0 {
            found.invalid(&path.index(index), 0, "must not be 0 for the In operator");
        }
        if !seen.insert(code) {
            found.duplicate(&path.index(index), *code);
        }
    }
    if !values.is_sorted() {
        found.invalid(path, values, "must be ordered");
    }
}
