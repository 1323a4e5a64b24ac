//! Filling in a schema's defaults.

use serde_json::Value;

use crate::json::flag;

/// Fills in what is missing, from the outside in: what a default brings may have defaults in it.
pub(super) fn fill_in(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
                // A null where none may be is as good as nothing, if something else is to stand there.
                let missing = fields.get(key).is_none_or(|value| value.is_null() && !flag(inner, "nullable"));
                if let Some(default) = inner.get("default").filter(|default| missing && !default.is_null()) {
                    fields.insert(key.clone(), default.clone());
                }
                if let Some(value) = fields.get_mut(key) {
                    fill_in(inner, value);
                }
            }
            let others = &schema["additionalProperties"];
            for (key, value) in fields.iter_mut().filter(|_| others.is_object()) {
                if schema["properties"].get(key).is_none() {
                    fill_in(others, value);
                }
            }
        }
        Value::Array(entries) if schema["items"].is_object() => {
            entries.iter_mut().for_each(|entry| fill_in(&schema["items"], entry));
        }
        _ => {}
    }
}
