//! A definition's schema as a whole, and what the API allows of OpenAPI in it.

use serde_json::{Value, json};

use super::{Findings, Path, rules, says, structure};
use crate::{
    admission::field::FieldError,
    custom::{check_value, is_pruned},
    json::{flag, has, items, text},
};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const NOT_SUPPORTED: [(&str, &str); 6] = [
    ("id", "id is not supported"),
    ("additionalItems", "additionalItems is not supported"),
    ("patternProperties", "patternProperties is not supported"),
    ("definitions", "definitions is not supported"),
    ("dependencies", "dependencies is not supported"),
    ("$ref", "$ref is not supported"),
];

/// Fields whose value is a schema, a list of schemas, a map of schemas.
const ONE: [&str; 3] = ["not", "items", "additionalProperties"];
const LISTED: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// Where a schema is inside of the root.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// Why there may be no defaults.
    no_defaults: Option<&'a str>,
    in_metadata: bool,
    /// The outermost list or map whose entries can't be told apart between two states of an object.
    uncorrelated: Option<&'a Path>,
}

/// A version's schema.
pub(super) fn root(found: &mut Findings, schema: &Value, has_status: bool, path: &Path) {
    if has_status && !text(schema, "type").is_empty() && text(schema, "type") != "object" {
        let why =
            "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        found.invalid(&path.child("type"), text(schema, "type"), why);
    }
    if flag(schema, "nullable") {
        found.forbidden(&path.child("nullable"), "nullable cannot be true at the root");
    }
    let mut parts = Findings::default();
    structure::check(&mut parts, schema, path);
    let mut wrong: Vec<FieldError> = parts.into_errors();
    wrong.sort_by_key(ToString::to_string);
    if wrong.is_empty() {
        let mut parts = Findings::default();
        defaults(&mut parts, schema, path);
        wrong = parts.into_errors();
    }
    // Rules are only read in schemas that are right otherwise.
    let structural = wrong.is_empty();
    found.extend(wrong);
    let before = found.len();
    let place = Place { no_defaults: None, in_metadata: false, uncorrelated: None };
    openapi(found, schema, path, place, true);
    if structural && found.len() == before {
        read_rules(found, schema, path, place, true);
    }
}

/// Defaults hold what their schema wants.
fn defaults(found: &mut Findings, schema: &Value, path: &Path) {
    if let Some(default) = schema.get("default").filter(|default| !default.is_null()) {
        let at = path.child("default");
        if !is_pruned(schema, default) {
            found.invalid(&at, default.clone(), "must not have unknown fields");
        }
        let mut bare = schema.clone();
        if let Some(fields) = bare.as_object_mut() {
            fields.remove("default");
        }
        // The validator names what is beneath the default, and not where the default is.
        found.extend(check_value(&bare, default, "").into_iter().map(|error| beneath(error, &at)).collect());
    }
    if schema["items"].is_object() {
        defaults(found, &schema["items"], &path.child("items"));
    }
    for (key, inner) in fields(&schema["properties"]) {
        defaults(found, inner, &path.child("properties").key(key));
    }
}

/// What was found in a value, as found in the field that holds it.
fn beneath(mut error: FieldError, path: &Path) -> FieldError {
    let field = error.field.trim_start_matches('.');
    error.field = if matches!(field, "" | "<nil>") { path.to_string() } else { format!("{path}.{field}") };
    error
}

fn openapi(found: &mut Findings, schema: &Value, path: &Path, place: Place<'_>, is_root: bool) {
    allowed(found, schema, path, place);
    collections(found, schema, path);
    rules::written(found, schema, path);
    let reason = "inside additionalProperties applying to object metadata";
    visit(schema, path, place, is_root, reason, &mut |inner, at, place| openapi(found, inner, at, place, false));
}

fn read_rules(found: &mut Findings, schema: &Value, path: &Path, place: Place<'_>, is_root: bool) {
    if is_root || flag(schema, "x-kubernetes-embedded-resource") {
        rules::read(found, &rules::of_whole_object(schema), path, place.uncorrelated);
    } else {
        rules::read(found, schema, path, place.uncorrelated);
    }
    visit(schema, path, place, false, "", &mut |inner, at, place| read_rules(found, inner, at, place, false));
}

/// Shows each schema in a schema, with where it is.
fn visit(
    schema: &Value,
    path: &Path,
    place: Place<'_>,
    is_root: bool,
    in_map: &str,
    show: &mut dyn FnMut(&Value, &Path, Place<'_>),
) {
    let uncorrelated = place.uncorrelated.or(Some(path));
    for key in ONE.iter().filter(|key| schema[**key].is_object()) {
        let mut inside = place;
        if *key == "additionalProperties" && place.in_metadata {
            inside.no_defaults = Some(in_map);
        }
        if *key == "items" && text(schema, "x-kubernetes-list-type") != "map" {
            inside.uncorrelated = uncorrelated;
        }
        show(&schema[*key], &path.child(key), inside);
    }
    for key in LISTED {
        for (index, inner) in items(schema, key).iter().enumerate() {
            show(inner, &path.child(key).index(index), place);
        }
    }
    for (key, inner) in fields(&schema["properties"]) {
        let mut inside = place;
        if text(schema, "x-kubernetes-map-type") == "atomic" {
            inside.uncorrelated = uncorrelated;
        }
        let own = ["metadata", "kind", "apiVersion"].contains(&key.as_str());
        inside.in_metadata |= own && (is_root || flag(schema, "x-kubernetes-embedded-resource"));
        let reason = format!("in top-level {key}");
        if own && is_root {
            inside.no_defaults = Some(&reason);
        }
        show(inner, &path.child("properties").key(key), inside);
    }
}

fn allowed(found: &mut Findings, schema: &Value, path: &Path, place: Place<'_>) {
    let kind = text(schema, "type");
    if !kind.is_empty() && !TYPES.contains(&kind) {
        found.not_supported(&path.child("type"), kind, &TYPES);
    }
    if let (Some(reason), true) = (place.no_defaults, has(schema, "default")) {
        found.forbidden(&path.child("default"), format!("must not be set {reason}"));
    }
    for (key, why) in NOT_SUPPORTED.iter().filter(|(key, _)| says(schema, key)) {
        found.forbidden(&path.child(key), *why);
    }
    if kind == "null" {
        let why = "type cannot be set to null, use nullable as an alternative";
        found.forbidden(&path.child("type"), why);
    }
    if schema["items"].is_array() {
        found.forbidden(&path.child("items"), "items must be a schema object and not an array");
    }
    if flag(schema, "uniqueItems") {
        let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        found.forbidden(&path.child("uniqueItems"), why);
    }
    let others = &schema["additionalProperties"];
    if says(schema, "properties") && (others.is_object() || *others == Value::Bool(false)) {
        let why = "additionalProperties and properties are mutual exclusive";
        found.forbidden(&path.child("additionalProperties"), why);
    }
    if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        found.invalid(&path.child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined");
    }
}

/// `x-kubernetes-map-type`, `x-kubernetes-list-type` and the keys.
fn collections(found: &mut Findings, schema: &Value, path: &Path) {
    for (key, kind, values) in [
        ("x-kubernetes-map-type", "object", &["atomic", "granular"][..]),
        ("x-kubernetes-list-type", "array", &["atomic", "set", "map"][..]),
    ] {
        let given = text(schema, key);
        if given.is_empty() {
            continue;
        }
        let why = format!("must be {kind} if {key} is specified");
        match text(schema, "type") {
            "" => found.required(&path.child("type"), &why),
            known if known == kind => {}
            other => found.invalid(&path.child("type"), other, why),
        }
        if !values.contains(&given) {
            found.not_supported(&path.child(key), given, values);
        }
    }
    let list = text(schema, "x-kubernetes-list-type");
    let entries = &schema["items"];
    let divisible = text(entries, "type") == "object" && text(entries, "x-kubernetes-map-type") != "atomic";
    if list == "set" && divisible {
        let why = "must be atomic as item of a list with x-kubernetes-list-type=set";
        found.invalid(&path.child("items").child("x-kubernetes-map-type"), Value::Null, why);
    }
    list_keys(found, schema, list, path);
}

fn list_keys(found: &mut Findings, schema: &Value, list: &str, path: &Path) {
    let keys: Vec<&str> = items(schema, "x-kubernetes-list-map-keys").iter().filter_map(Value::as_str).collect();
    let (entries, at) = (&schema["items"], path.child("x-kubernetes-list-map-keys"));
    if !keys.is_empty() && list != "map" {
        let (at, why) =
            (path.child("x-kubernetes-list-type"), "must be map if x-kubernetes-list-map-keys is non-empty");
        if list.is_empty() { found.required(&at, why) } else { found.invalid(&at, list, why) }
    }
    if list == "map" {
        if keys.is_empty() {
            found.required(&at, "must not be empty if x-kubernetes-list-type is map");
        }
        if !entries.is_object() {
            found.required(&path.child("items"), "must have a schema if x-kubernetes-list-type is map");
        } else if text(entries, "type") != "object" {
            let why = "must be object if parent array's x-kubernetes-list-type is map";
            found.invalid(&path.child("items").child("type"), text(entries, "type"), why);
        }
        let required: Vec<&str> = items(entries, "required").iter().filter_map(Value::as_str).collect();
        for key in &keys {
            let property = path.child("items").child("properties").key(key);
            let Some(inner) = entries["properties"].get(*key) else {
                found.invalid(&at, json!(keys), "entries must all be names of item properties");
                continue;
            };
            if ["array", "object"].contains(&text(inner, "type")) {
                let why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                found.invalid(&property.child("type"), text(entries, "type"), why);
            }
            if !required.contains(key) && !has(inner, "default") {
                let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required \
                           property";
                found.required(&property.child("default"), why);
            }
            if flag(inner, "nullable") {
                let why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
                found.forbidden(&property.child("nullable"), why);
            }
        }
    }
    if ["set", "map"].contains(&list) && flag(entries, "nullable") {
        let why = format!("cannot be nullable when x-kubernetes-list-type is {list}");
        found.forbidden(&path.child("items").child("nullable"), why);
    }
}

/// The fields of an object; none of what is no object.
pub(super) fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
