//! Selectors and labels in one line.

use serde_json::Value;

use crate::json::{entries, items, text};

/// Plain labels, or `<none>`.
pub(super) fn labels(labels: &Value) -> String {
    let all = labels.as_object().into_iter().flatten();
    none_if_empty(
        all.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or(""))).collect::<Vec<_>>().join(","),
    )
}

/// A LabelSelector, or `<none>`.
pub(super) fn shown(selector: &Value) -> String {
    none_if_empty(parsed(selector))
}

/// A LabelSelector the way it is parsed again; an empty one is empty.
pub(crate) fn parsed(selector: &Value) -> String {
    let labels = entries(selector, "matchLabels");
    let mut terms: Vec<(String, String)> =
        labels.map(|(key, value)| (key.clone(), format!("{key}={}", value.as_str().unwrap_or("")))).collect();
    for term in items(selector, "matchExpressions") {
        let key = text(term, "key");
        let mut values: Vec<&str> = items(term, "values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let written = match text(term, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        };
        terms.push((key.to_owned(), written));
    }
    terms.sort_by(|a, b| a.0.cmp(&b.0));
    terms.into_iter().map(|(_, written)| written).collect::<Vec<_>>().join(",")
}

fn none_if_empty(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_read_as_queries() {
        let selector = json!({"matchLabels": {"b": "1"}, "matchExpressions": [
            {"key": "c", "operator": "NotIn", "values": ["y", "x"]}, {"key": "a", "operator": "Exists"},
            {"key": "d", "operator": "DoesNotExist"}]});
        assert_eq!(shown(&selector), "a,b=1,c notin (x,y),!d");
        assert_eq!(shown(&json!({})), "<none>");
        assert_eq!(labels(&json!({"run": "web"})), "run=web");
    }
}
