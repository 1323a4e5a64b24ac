//! Which labels a selector means.

use serde_json::Value;

use crate::json::{at, has, items, text};

/// Whether the labels hold everything in a plain map selector (Services).
pub(crate) fn map_matches(selector: &Value, labels: &Value) -> bool {
    selector.as_object().is_none_or(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

/// Whether the labels match a LabelSelector (`matchLabels`, `matchExpressions`). One that is not set matches nothing, an
/// empty one everything.
pub(crate) fn matches(selector: &Value, labels: &Value) -> bool {
    selector.is_object()
        && map_matches(at(selector, &["matchLabels"]), labels)
        && items(selector, "matchExpressions").iter().all(|term| term_matches(term, labels))
}

/// Whether an owner's selector matches the labels: that of a ReplicationController is a plain map.
pub(crate) fn owner_matches(owner: &Value, labels: &Value) -> bool {
    let selector = &owner["spec"]["selector"];
    match text(owner, "kind") {
        "ReplicationController" => selector.is_object() && map_matches(selector, labels),
        _ => matches(selector, labels),
    }
}

fn term_matches(term: &Value, labels: &Value) -> bool {
    let key = text(term, "key");
    let named = items(term, "values").iter().any(|value| labels.get(key) == Some(value));
    match text(term, "operator") {
        "In" => named,
        "NotIn" => !named,
        "Exists" => has(labels, key),
        "DoesNotExist" => !has(labels, key),
        _ => false,
    }
}

/// The labels of an object.
pub(crate) fn labels(object: &Value) -> &Value {
    at(object, &["metadata", "labels"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::matches;

    #[test]
    fn selectors_select() {
        let labels = json!({"app": "web", "tier": "front"});
        let table = [
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "db"}}), false),
            (json!({}), true),
            (json!(null), false),
            (json!({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["front", "back"]}]}), true),
            (json!({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]}), false),
            (json!({"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["y"]}]}), true),
            (json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}), true),
            (json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}), false),
        ];
        for (selector, expected) in table {
            assert_eq!(matches(&selector, &labels), expected, "{selector}");
        }
    }
}
