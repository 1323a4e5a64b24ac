//! Namespaces, service accounts, quotas, priority classes and disruption budgets.

use serde_json::{Map, Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
};

/// `create namespace`.
pub fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "spec": {}, "status": {}})
}

/// `create serviceaccount`.
pub fn service_account() -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount"})
}

/// `create quota`.
pub fn quota(matches: &Matches) -> Outcome<Value> {
    let hard = matches.text("hard").split(',').filter(|part| !part.is_empty()).map(|part| match part.split_once('=') {
        Some((name, amount)) if !name.is_empty() => Ok((name.to_owned(), Value::String(amount.to_owned()))),
        _ => Err(Failure::Said(format!("Invalid argument syntax {part}, expected <resource>=<value>"))),
    });
    let hard: Map<String, Value> = hard.collect::<Outcome<_>>()?;
    let mut spec = json!({});
    if !hard.is_empty() {
        spec["hard"] = hard.into();
    }
    if let Some(scopes) = matches.some("scopes") {
        spec["scopes"] = scopes.split(',').collect::<Vec<_>>().into();
    }
    Ok(json!({"apiVersion": "v1", "kind": "ResourceQuota", "spec": spec, "status": {}}))
}

/// `create priorityclass`.
pub fn priority_class(matches: &Matches) -> Value {
    let mut object = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": matches.int("value"),
        "preemptionPolicy": matches.text("preemption-policy"),
    });
    if matches.on("global-default") {
        object["globalDefault"] = true.into();
    }
    if let Some(description) = matches.some("description") {
        object["description"] = description.into();
    }
    object
}

/// `create poddisruptionbudget`.
pub fn disruption_budget(matches: &Matches) -> Outcome<Value> {
    let Some(selector) = matches.some("selector") else { return Err(Failure::said("a selector must be specified")) };
    let (least, most) = (matches.some("min-available"), matches.some("max-unavailable"));
    let (field, amount) = match (least, most) {
        (None, None) => return Err(Failure::said("one of min-available or max-unavailable must be specified")),
        (Some(_), Some(_)) => return Err(Failure::said("min-available and max-unavailable cannot be both specified")),
        (Some(least), None) => ("minAvailable", least),
        (None, Some(most)) => ("maxUnavailable", most),
    };
    let amount = amount.parse::<i64>().map_or_else(|_| Value::from(amount), Value::from);
    let labels = super::pairs(&selector.split(',').map(str::to_owned).collect::<Vec<_>>(), |pair| {
        format!("unable to parse requirement: {pair}")
    })?;
    Ok(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": {field: amount, "selector": {"matchLabels": labels}},
        "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
    }))
}
