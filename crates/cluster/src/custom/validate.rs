//! Holding an object against its schema, in the words of the validator that the API server uses (kube-openapi).

use regex::Regex;
use serde_json::{Map, Value};

use super::{formats, type_of};
use crate::{
    admission::field::{Fault, FieldError},
    json::{flag, int, items, text},
};

/// What is wrong with an object. A part that is as it was before is let through, whatever the schema now says of it
/// (kubernetes.io, "Validation ratcheting").
pub(super) fn validate(schema: &Value, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut found = Vec::new();
    if schema.is_object() {
        check(schema, object, old, "", &mut found);
        lists(schema, object, old, "", &mut found);
    }
    found
}

/// What is wrong with a value beneath `path`, as with a default.
pub(crate) fn check_value(schema: &Value, value: &Value, path: &str) -> Vec<FieldError> {
    let mut found = Vec::new();
    check(schema, value, None, path, &mut found);
    found
}

/// What is added when the schema's mistakes keep the rules from being asked.
pub(super) fn rules_not_asked() -> FieldError {
    let why = "some validation rules were not checked because the object was invalid; correct the existing errors to \
               complete validation";
    FieldError::new(Fault::Invalid, "<nil>", why).with_value(Value::Null)
}

type Found = Vec<FieldError>;

fn check(schema: &Value, value: &Value, old: Option<&Value>, path: &str, found: &mut Found) {
    if old == Some(value) || (value.is_null() && flag(schema, "nullable")) {
        return;
    }
    if !of_type(schema, value) {
        return found.push(wrong_type(schema, value, path));
    }
    if let Some(values) = schema["enum"].as_array().filter(|values| !values.contains(value)) {
        found.push(not_among(values, value, path));
    }
    match value {
        Value::String(text) => check_text(schema, text, path, found),
        Value::Number(number) => check_number(schema, number.as_f64().unwrap_or(0.0), value, path, found),
        Value::Array(entries) => check_entries(schema, entries, old, path, found),
        Value::Object(fields) => check_fields(schema, fields, old, path, found),
        _ => {}
    }
    check_junctors(schema, value, path, found);
}

fn of_type(schema: &Value, value: &Value) -> bool {
    if flag(schema, "x-kubernetes-int-or-string") {
        return matches!(type_of(value), "integer" | "string");
    }
    match (text(schema, "type"), type_of(value)) {
        ("", _) | ("number", "integer") => true,
        // 1.0 is a whole number too.
        ("integer", "number") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        (wanted, is) => wanted == is,
    }
}

fn wrong_type(schema: &Value, value: &Value, path: &str) -> FieldError {
    let wanted = if flag(schema, "x-kubernetes-int-or-string") { "integer,string" } else { text(schema, "type") };
    let is = type_of(value);
    invalid(Fault::TypeInvalid, path, is.into(), format!("{path} in body must be of type {wanted}: {is:?}"))
}

fn not_among(values: &[Value], value: &Value, path: &str) -> FieldError {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let listed: Vec<String> = values.iter().map(|value| format!("{:?}", shown(value))).collect();
    let detail = format!("supported values: {}", listed.join(", "));
    invalid(Fault::NotSupported, path, value.clone(), detail)
}

fn check_text(schema: &Value, value: &str, path: &str, found: &mut Found) {
    let letters = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
    if let Some(most) = int(schema, "maxLength").filter(|most| letters > *most) {
        found.push(FieldError::new(Fault::TooLong, path, format!("may not be more than {most} bytes")));
    }
    if let Some(least) = int(schema, "minLength").filter(|least| letters < *least) {
        found.push(plain(path, value.into(), format!("should be at least {least} chars long")));
    }
    let pattern = text(schema, "pattern");
    if !pattern.is_empty() && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(value)) {
        found.push(plain(path, value.into(), format!("should match '{pattern}'")));
    }
    let format = text(schema, "format");
    if !formats::holds(format, value) {
        let detail = format!("{path} in body must be of type {format}: {value:?}");
        found.push(invalid(Fault::TypeInvalid, path, value.into(), detail));
    }
}

fn check_number(schema: &Value, number: f64, value: &Value, path: &str, found: &mut Found) {
    let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
    let shown = |key: &str| schema[key].to_string();
    if let Some(step) = limit("multipleOf").filter(|step| *step != 0.0 && (number / step).fract() != 0.0) {
        found.push(plain(path, value.clone(), format!("should be a multiple of {step}")));
    }
    if let Some(most) = limit("maximum") {
        match flag(schema, "exclusiveMaximum") {
            true if number >= most => {
                found.push(plain(path, value.clone(), format!("should be less than {}", shown("maximum"))));
            }
            false if number > most => {
                let detail = format!("should be less than or equal to {}", shown("maximum"));
                found.push(plain(path, value.clone(), detail));
            }
            _ => {}
        }
    }
    if let Some(least) = limit("minimum") {
        match flag(schema, "exclusiveMinimum") {
            true if number <= least => {
                found.push(plain(path, value.clone(), format!("should be greater than {}", shown("minimum"))));
            }
            false if number < least => {
                let detail = format!("should be greater than or equal to {}", shown("minimum"));
                found.push(plain(path, value.clone(), detail));
            }
            _ => {}
        }
    }
    let narrow =
        text(schema, "format") == "int32" && value.as_i64().is_some_and(|number| i32::try_from(number).is_err());
    if narrow {
        let detail = format!("{path} in body must be of type int32: \"{value}\"");
        found.push(invalid(Fault::Invalid, path, value.clone(), detail));
    }
}

fn check_entries(schema: &Value, entries: &[Value], old: Option<&Value>, path: &str, found: &mut Found) {
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    if let Some(least) = int(schema, "minItems").filter(|least| count < *least) {
        found.push(plain(path, count.into(), format!("should have at least {least} items")));
    }
    if let Some(most) = int(schema, "maxItems").filter(|most| count > *most) {
        found.push(too_many(path, count, most));
    }
    let inner = &schema["items"];
    for (index, entry) in entries.iter().enumerate().filter(|_| inner.is_object()) {
        let before = counterpart(schema, entry, old);
        check(inner, entry, before, &format!("{path}[{index}]"), found);
    }
}

/// The entry that stood for the same thing before: by its keys, where the list has some.
pub(super) fn counterpart<'v>(schema: &Value, entry: &Value, old: Option<&'v Value>) -> Option<&'v Value> {
    if text(schema, "x-kubernetes-list-type") != "map" {
        return None;
    }
    let keys = items(schema, "x-kubernetes-list-map-keys");
    let same = |other: &&Value| keys.iter().filter_map(Value::as_str).all(|key| other.get(key) == entry.get(key));
    old?.as_array()?.iter().find(same)
}

fn check_fields(schema: &Value, fields: &Map<String, Value>, old: Option<&Value>, path: &str, found: &mut Found) {
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let count = i64::try_from(fields.len()).unwrap_or(i64::MAX);
    if let Some(least) = int(schema, "minProperties").filter(|least| count < *least) {
        found.push(plain(path, count.into(), format!("should have at least {least} properties")));
    }
    if let Some(most) = int(schema, "maxProperties").filter(|most| count > *most) {
        found.push(too_many(path, count, most));
    }
    for name in items(schema, "required").iter().filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
        found.push(FieldError::new(Fault::Required, at(name), ""));
    }
    let others = &schema["additionalProperties"];
    for (key, value) in fields {
        let inner = schema["properties"].get(key).or(Some(others).filter(|others| others.is_object()));
        if let Some(inner) = inner {
            check(inner, value, old.and_then(|old| old.get(key)), &at(key), found);
        }
    }
}

fn check_junctors(schema: &Value, value: &Value, path: &str, found: &mut Found) {
    let valid = |schema: &Value| {
        let mut found = Vec::new();
        check(schema, value, None, path, &mut found);
        found.is_empty()
    };
    let mut say = |text: String| found.push(FieldError::new(Fault::Invalid, "<nil>", text).with_value("".into()));
    let any = items(schema, "anyOf");
    if !any.is_empty() && !flag(schema, "x-kubernetes-int-or-string") && !any.iter().any(valid) {
        say(format!("{path:?} must validate at least one schema (anyOf)"));
    }
    let one = items(schema, "oneOf");
    let fitting = one.iter().filter(|schema| valid(schema)).count();
    if !one.is_empty() && fitting != 1 {
        let how =
            if fitting == 0 { "Found none valid".to_owned() } else { format!("Found {fitting} valid alternatives") };
        say(format!("{path:?} must validate one and only one schema (oneOf). {how}"));
    }
    let all = items(schema, "allOf");
    if all.iter().any(|schema| !valid(schema)) {
        say(format!("{path:?} must validate all the schemas (allOf)"));
    }
    if schema["not"].is_object() && valid(&schema["not"]) {
        say(format!("{path:?} must not validate the schema (not)"));
    }
    for schema in all {
        check(schema, value, None, path, found);
    }
}

/// Lists that are sets or maps hold nothing twice.
fn lists(schema: &Value, value: &Value, old: Option<&Value>, path: &str, found: &mut Found) {
    if old == Some(value) {
        return;
    }
    match value {
        Value::Array(entries) => {
            let keys: Vec<&str> =
                items(schema, "x-kubernetes-list-map-keys").iter().filter_map(Value::as_str).collect();
            let identity = |entry: &Value| match text(schema, "x-kubernetes-list-type") {
                "set" => Some(entry.clone()),
                "map" => {
                    Some(keys.iter().filter_map(|key| Some(((*key).to_owned(), entry.get(key)?.clone()))).collect())
                }
                _ => None,
            };
            let mut seen = Vec::new();
            for (index, entry) in entries.iter().enumerate() {
                let at = format!("{path}[{index}]");
                if let Some(identity) = identity(entry) {
                    if seen.contains(&identity) {
                        found.push(FieldError::new(Fault::Duplicate, &at, "").with_value(identity.clone()));
                    }
                    seen.push(identity);
                }
                lists(&schema["items"], entry, counterpart(schema, entry, old), &at, found);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                let known = schema["properties"].get(key);
                let at = match (path, known) {
                    ("", _) => key.clone(),
                    (_, Some(_)) => format!("{path}.{key}"),
                    (_, None) => format!("{path}[{key}]"),
                };
                let inner = known.unwrap_or(&schema["additionalProperties"]);
                lists(inner, value, old.and_then(|old| old.get(key)), &at, found);
            }
        }
        _ => {}
    }
}

fn invalid(fault: Fault, path: &str, value: Value, detail: String) -> FieldError {
    FieldError::new(fault, if path.is_empty() { "<nil>" } else { path }, detail).with_value(value)
}

fn plain(path: &str, value: Value, why: String) -> FieldError {
    invalid(Fault::Invalid, path, value, format!("{path} in body {why}"))
}

fn too_many(path: &str, count: i64, most: i64) -> FieldError {
    invalid(Fault::TooMany, path, count.into(), format!("must have at most {most} items"))
}
