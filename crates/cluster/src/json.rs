//! Reading and filling JSON objects with the API's notion of "not set": absent, or null.

use serde_json::{Map, Value};

/// The value at `path` (`["spec", "nodeName"]`); null when any step is missing.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |here, key| here.get(*key).unwrap_or(&Value::Null))
}

/// The string field `key`, empty when it is not set.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// The whole-number field `key`.
pub(crate) fn int(value: &Value, key: &str) -> Option<i64> {
    value.get(key).and_then(Value::as_i64)
}

/// The boolean field `key`; not set is false.
pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The list field `key`, empty when it is not set.
pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether the field is there and not null.
pub(crate) fn has(value: &Value, key: &str) -> bool {
    value.get(key).is_some_and(|field| !field.is_null())
}

/// Whether Go would call the field's value zero: not set, `""`, `0`, `false`, `[]`.
pub(crate) fn zero(value: &Value, key: &str) -> bool {
    match value.get(key) {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(Value::Array(list)) => list.is_empty(),
        Some(_) => false,
    }
}

/// Sets the field; nothing happens when `value` is no object.
pub(crate) fn put(value: &mut Value, key: &str, field: impl Into<Value>) {
    if let Some(object) = value.as_object_mut() {
        object.insert(key.to_owned(), field.into());
    }
}

/// Takes the field out.
pub(crate) fn take(value: &mut Value, key: &str) -> Option<Value> {
    value.as_object_mut().and_then(|object| object.remove(key))
}

/// Sets the field when it is not there.
pub(crate) fn fill(value: &mut Value, key: &str, field: impl Into<Value>) {
    if !has(value, key) {
        put(value, key, field);
    }
}

/// Sets the field when Go would call it zero: how defaults of plain (not pointer) fields work.
pub(crate) fn fill_zero(value: &mut Value, key: &str, field: impl Into<Value>) {
    if zero(value, key) {
        put(value, key, field);
    }
}

/// The object field `key`, made when it is not there.
pub(crate) fn child<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let field = &mut value[key];
    if field.is_null() {
        *field = Value::Object(Map::new());
    }
    field
}

/// Shows each item of the list field `key`.
pub(crate) fn each(value: &mut Value, key: &str, visit: impl FnMut(&mut Value)) {
    if let Some(list) = value.get_mut(key).and_then(Value::as_array_mut) {
        list.iter_mut().for_each(visit);
    }
}

/// Shows the field when it is an object.
pub(crate) fn inside(value: &mut Value, key: &str, visit: impl FnOnce(&mut Value)) {
    if let Some(field) = value.get_mut(key)
        && field.is_object()
    {
        visit(field);
    }
}

/// The entries of the map field `key`, by key.
pub(crate) fn entries<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

/// A value as Go's `%v` shows it: `map[spec:map[replicas:2]]`.
pub(crate) fn shown_by_go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(shown_by_go).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key}:{}", shown_by_go(value)));
            format!("map[{}]", fields.collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shown_as_go_shows_them() {
        let patch = json!({"spec": {"replicas": "two", "paused": null, "list": [1, {"a": true}]}});
        assert_eq!(shown_by_go(&patch), "map[spec:map[list:[1 map[a:true]] paused:<nil> replicas:two]]");
    }
}
