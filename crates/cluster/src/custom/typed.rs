//! Whether an applied configuration fits its schema, in the words of who keeps field owners (structured-merge-diff): a
//! server-side apply is refused before anything is merged.

use serde_json::Value;

use crate::json::{flag, items, shown_by_go, text};

/// What does not fit, one line each: `.spec.replicas: expected numeric (int or float), got string`.
pub(super) fn mistyped(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(schema, value, "", &mut found);
    found
}

fn walk(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    if value.is_null() || flag(schema, "x-kubernetes-int-or-string") {
        return;
    }
    let said = match (text(schema, "type"), value) {
        ("integer" | "number", Value::Number(_)) | ("string", Value::String(_)) | ("boolean", Value::Bool(_)) => return,
        ("object", Value::Object(_)) => return fields(schema, value, path, found),
        ("array", Value::Array(entries)) => return list(schema, entries, path, found),
        ("integer" | "number", other) => format!("expected numeric (int or float), got {}", go_type(other)),
        ("string", other) => format!("expected string, got &value.valueUnstructured{{Value:{}}}", shown_by_go(other)),
        ("boolean", other) => format!("expected boolean, got &{{{}}}", shown_by_go(other)),
        ("object", other) => format!("expected map, got &{{{}}}", shown_by_go(other)),
        ("array", other) => format!("expected list, got &{{{}}}", shown_by_go(other)),
        _ => return,
    };
    found.push(format!("{path}: {said}"));
}

fn fields(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let known = schema["properties"].get(key).or_else(|| schema.get("additionalProperties"));
        if let Some(schema) = known {
            walk(schema, value, &format!("{path}.{key}"), found);
        }
    }
}

fn list(schema: &Value, entries: &[Value], path: &str, found: &mut Vec<String>) {
    let keys = items(schema, "x-kubernetes-list-map-keys");
    for (index, entry) in entries.iter().enumerate() {
        let named = keys.iter().filter_map(Value::as_str).map(|key| format!("{key}={}", entry[key]));
        let at = if keys.is_empty() { index.to_string() } else { named.collect::<Vec<_>>().join(",") };
        walk(&schema["items"], entry, &format!("{path}[{at}]"), found);
    }
}

/// `%T`
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Array(_) => "[]interface {}",
        _ => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_told_by_its_path() {
        let named = json!({"type": "array", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"value": {"type": "string"}}}});
        let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "size": {"type": "integer"}, "on": {"type": "boolean"}, "port": {"x-kubernetes-int-or-string": true},
            "env": named, "tags": {"type": "array", "items": {"type": "string"}}, "map": {"type": "object"}}}}});
        let value = json!({"spec": {"size": "two", "on": "yes", "port": "http", "env": [{"name": "A", "value": 1}],
            "tags": ["a", 2], "map": ["x", "y"]}});
        insta::assert_snapshot!(mistyped(&schema, &value).join("\n"), @r#"
        .spec.env[name="A"].value: expected string, got &value.valueUnstructured{Value:1}
        .spec.map: expected map, got &{[x y]}
        .spec.on: expected boolean, got &{yes}
        .spec.size: expected numeric (int or float), got string
        .spec.tags[1]: expected string, got &value.valueUnstructured{Value:2}
        "#);
        assert!(mistyped(&schema, &json!({"spec": {"size": 2, "tags": null, "port": 80}})).is_empty());
    }
}
