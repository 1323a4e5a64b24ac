//! Structural schemas (kubernetes.io, "Specifying a structural schema"): every field that is spoken of has a type, once,
//! outside of `allOf`, `anyOf`, `oneOf` and `not`.

use regex::Regex;
use serde_json::{Value, json};

use super::{Findings, Path, says, schema::fields};
use crate::json::{flag, has, items, text};

/// How a schema is held by the one around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Entry,
    Field,
}

/// What may not be said inside of a junctor.
const NOT_NESTED: [(&str, &str); 11] = [
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
    ("x-kubernetes-embedded-resource", "must be false to be structural"),
    ("x-kubernetes-int-or-string", "must be false to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
];

/// What a root schema has that is not structural.
pub(super) fn check(found: &mut Findings, schema: &Value, path: &Path) {
    walk(found, schema, Level::Root, path);
}

fn walk(found: &mut Findings, schema: &Value, level: Level, path: &Path) {
    if text(schema, "type") == "array" && !schema["items"].is_object() {
        found.required(&path.child("items"), "must be specified");
    }
    if schema["items"].is_object() {
        walk(found, &schema["items"], Level::Entry, &path.child("items"));
    }
    for (key, inner) in fields(&schema["properties"]) {
        walk(found, inner, Level::Field, &path.child("properties").key(key));
    }
    let others = &schema["additionalProperties"];
    if has(schema, "additionalProperties") && level == Level::Root {
        found.forbidden(&path.child("additionalProperties"), "must not be used at the root");
    }
    if others.is_object() {
        walk(found, others, Level::Field, &path.child("additionalProperties"));
    }
    own_type(found, schema, level, path);
    whole_objects(found, schema, level, path);
    values(found, schema, schema, path);
}

fn own_type(found: &mut Findings, schema: &Value, level: Level, path: &Path) {
    let kind = text(schema, "type");
    let (keeps, whole) =
        (flag(schema, "x-kubernetes-preserve-unknown-fields"), flag(schema, "x-kubernetes-embedded-resource"));
    let mixed = flag(schema, "x-kubernetes-int-or-string");
    let at = path.child("type");
    if whole && kind != "object" {
        let why = "must be object if x-kubernetes-embedded-resource is true";
        if kind.is_empty() { found.required(&at, why) } else { found.invalid(&at, kind, why) }
    } else if kind.is_empty() && !mixed && !keeps {
        let where_it_is = match level {
            Level::Root => "at the root",
            Level::Entry => "for specified array items",
            Level::Field => "for specified object fields",
        };
        found.required(&at, &format!("must not be empty {where_it_is}"));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        found.invalid(&at, kind, "must be object at the root");
    }
    for (set, key) in [(keeps, "x-kubernetes-preserve-unknown-fields"), (whole, "x-kubernetes-embedded-resource")] {
        if mixed && set {
            found.invalid(&path.child(key), true, "must be false if x-kubernetes-int-or-string is true");
        }
    }
}

/// The root and embedded resources have metadata of their own.
fn whole_objects(found: &mut Findings, schema: &Value, level: Level, path: &Path) {
    let embedded = flag(schema, "x-kubernetes-embedded-resource");
    let properties = path.child("properties");
    if level == Level::Root || embedded {
        for key in ["kind", "apiVersion"] {
            if let Some(inner) = schema["properties"].get(key).filter(|inner| text(inner, "type") != "string") {
                found.invalid(&properties.key(key).child("type"), text(inner, "type"), "must be string");
            }
        }
    }
    let Some(metadata) = schema["properties"].get("metadata").filter(|_| level == Level::Root || embedded) else {
        return;
    };
    let at = properties.key("metadata");
    if text(metadata, "type") != "object" {
        found.invalid(&at.child("type"), text(metadata, "type"), "must be object");
    }
    let names_only = fields(&metadata["properties"]).all(|(key, _)| ["name", "generateName"].contains(&key.as_str()));
    let nothing_else =
        fields(metadata).all(|(key, _)| ["type", "properties", "description", "default"].contains(&key.as_str()));
    if level == Level::Root && !(names_only && nothing_else) {
        let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        found.forbidden(&at, why);
    }
}

/// Whether a junctor only says that a value is a number or a text.
fn is_int_or_string(any: &Value) -> bool {
    *any == json!([{"type": "integer"}, {"type": "string"}])
}

/// The junctors and the pattern of a schema; what they speak of has to be in `outside` too.
fn values(found: &mut Findings, schema: &Value, outside: &Value, path: &Path) {
    let mixed = flag(outside, "x-kubernetes-int-or-string");
    for key in ["anyOf", "allOf", "oneOf"] {
        if key == "anyOf" && mixed && is_int_or_string(&schema["anyOf"]) {
            continue;
        }
        for (index, inner) in items(schema, key).iter().enumerate() {
            let first_of_mixed = key == "allOf" && mixed && index == 0 && is_int_or_string(&inner["anyOf"]);
            if !first_of_mixed {
                nested(found, inner, outside, &path.child(key).index(index));
            }
        }
    }
    if schema["not"].is_object() {
        nested(found, &schema["not"], outside, &path.child("not"));
    }
    let pattern = text(schema, "pattern");
    if let Err(error) = Regex::new(pattern) {
        let why = format!("must be a valid regular expression, but isn't: {error}");
        found.invalid(&path.child("pattern"), pattern, why);
    }
}

fn nested(found: &mut Findings, schema: &Value, outside: &Value, path: &Path) {
    for (key, why) in NOT_NESTED.iter().filter(|(key, _)| says(schema, key)) {
        found.forbidden(&path.child(key), *why);
    }
    if schema["properties"].get("metadata").is_some() {
        let why = "must not be specified in a nested context";
        found.forbidden(&path.child("properties").key("metadata"), why);
    }
    let known = |value: &Value, at: Path, found: &mut Findings| {
        if value.is_null() {
            let why = format!("because it is defined in {at}");
            found.required(&base(&at), &why);
        }
    };
    if schema["items"].is_object() {
        known(&outside["items"], path.child("items"), found);
        nested(found, &schema["items"], &outside["items"], &path.child("items"));
    }
    for (key, inner) in fields(&schema["properties"]) {
        let at = path.child("properties").key(key);
        known(&outside["properties"][key], at.clone(), found);
        nested(found, inner, &outside["properties"][key], &at);
    }
    values(found, schema, outside, path);
}

/// A path without its junctors: where the field has to be declared.
fn base(path: &Path) -> Path {
    let steps = path.to_string();
    let junctors = ["allOf[", "anyOf[", "oneOf["];
    let kept: Vec<&str> =
        steps.split('.').filter(|step| *step != "not" && !junctors.iter().any(|name| step.starts_with(name))).collect();
    Path::new(&kept.join("."))
}
