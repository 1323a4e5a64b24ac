//! Resource lists: amounts in canonical form.

use serde_json::{Value, json};

use crate::{admission::quantity::Quantity, json as tree};

/// Writes every amount of the list field `key` canonically, rounded up to thousandths. What is no quantity stays, for
/// the decoder to refuse.
pub(super) fn list(value: &mut Value, key: &str) {
    if let Some(amounts) = value.get_mut(key).and_then(Value::as_object_mut) {
        amounts.values_mut().for_each(amount);
    }
}

/// Writes one amount canonically, when it is set.
pub(super) fn amount(value: &mut Value) {
    if !value.is_null()
        && let Ok(quantity) = Quantity::from_json(value)
    {
        *value = json!(quantity.rounded_to_milli().to_string());
    }
}

/// The `requests` and `limits` of `value.resources`.
pub(super) fn requirements(value: &mut Value) {
    tree::inside(value, "resources", |resources| {
        list(resources, "limits");
        list(resources, "requests");
    });
}

/// Requests that are not set are the limits; only Pods have this, not templates.
pub(super) fn requests_from_limits(container: &mut Value) {
    let Some(limits) = container["resources"].get("limits").and_then(Value::as_object).cloned() else { return };
    let requests = tree::child(&mut container["resources"], "requests");
    for (name, limit) in limits {
        tree::fill(requests, &name, limit);
    }
}
