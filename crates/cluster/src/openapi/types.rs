//! Schemas in the form that decoding, patching and applying walk along.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::facts::{self, FieldFacts, TypeFacts};

/// A structure with named fields.
#[derive(Debug, Clone)]
pub(crate) struct Struct {
    /// `Pod`: its Go name.
    pub name: String,
    /// By JSON name.
    pub fields: BTreeMap<String, Field>,
    /// One value to server-side apply.
    pub atomic: bool,
}

/// A field, a list's item or a map's value.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// What it holds.
    pub form: Form,
    /// What is written when it is empty.
    pub empty: Empty,
    /// The name of its Go type where the form does not tell.
    pub go: Option<&'static str>,
    /// The values of an enumeration, with commas between them.
    pub values: Option<&'static str>,
    /// Lists that a strategic patch merges: by this key, or as sets when it is `None`.
    pub merges: bool,
    /// The key of a merged list.
    pub merge_key: Option<String>,
    /// Whether a strategic patch keeps only the keys it names (`retainKeys`).
    pub retains_keys: bool,
    /// Lists: what server-side apply takes for one item.
    pub list: ListType,
    /// Maps and structures that are one value to server-side apply.
    pub atomic: bool,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    /// A structure, by full name.
    Struct(String),
    /// A list.
    List(Box<Field>),
    /// A map from texts.
    Map(Box<Field>),
    /// Text.
    Text,
    /// `true`, `false`.
    Flag,
    /// A whole number of 32 or 64 bits.
    Integer(u8),
    /// Any number.
    Number,
    /// A number or a text (`targetPort`).
    IntOrString,
    /// `500m`, `1Gi`.
    Quantity,
    /// RFC 3339.
    Time,
    /// RFC 3339 with microseconds.
    MicroTime,
    /// Base64.
    Bytes,
    /// Anything.
    Any,
}

/// What is written when a field is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Empty {
    /// Nothing.
    Omit,
    /// The empty value, even when the client left the field out.
    Keep,
    /// What the client sent, if it sent anything.
    Pointer,
}

/// What server-side apply takes for one item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListType {
    /// The list is one value.
    Atomic,
    /// Each value stands for itself.
    Set,
    /// Items are told apart by these fields.
    Map(Vec<String>),
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Field {
    /// The Go type as messages of the decoder name it.
    pub fn go_type(&self) -> String {
        if let Some(go) = self.go {
            return go.to_owned();
        }
        match &self.form {
            Form::Struct(name) => go_name(name),
            Form::List(item) => format!("[]{}", item.go_type()),
            Form::Map(value) => format!("map[string]{}", value.go_type()),
            Form::Text | Form::Time | Form::MicroTime => "string".into(),
            Form::Flag => "bool".into(),
            Form::Integer(bits) => format!("int{bits}"),
            Form::Number => "float64".into(),
            // Its own decoder tries a number for whatever is no text.
            Form::IntOrString => "int32".into(),
            Form::Quantity => "resource.Quantity".into(),
            Form::Bytes => "[]uint8".into(),
            Form::Any => "runtime.RawExtension".into(),
        }
    }
}

fn go_name(full: &str) -> String {
    let mut parts = full.rsplit('.');
    let name = parts.next().unwrap_or_default();
    format!("{}.{name}", parts.next().unwrap_or_default())
}

/// Reads OpenAPI definitions.
pub(super) fn read(
    definitions: &Map<String, Value>,
    facts: &HashMap<&'static str, TypeFacts>,
) -> HashMap<String, Struct> {
    let none = TypeFacts::default();
    definitions
        .iter()
        .filter(|(_, schema)| schema.get("properties").is_some())
        .map(|(full, schema)| {
            let short = full.trim_start_matches("io.k8s.api.").trim_start_matches("io.k8s.apimachinery.pkg.apis.");
            (full.clone(), read_struct(full, schema, facts.get(short).unwrap_or(&none)))
        })
        .collect()
}

fn read_struct(full: &str, schema: &Value, facts: &TypeFacts) -> Struct {
    let name = full.rsplit('.').next().unwrap_or(full);
    let none = FieldFacts::default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let fields = properties
        .map(|(key, property)| {
            let facts = facts.fields.get(key.as_str()).unwrap_or(&none);
            (key.clone(), read_field(property, facts))
        })
        .collect();
    Struct { name: name.to_owned(), fields, atomic: facts.atomic }
}

fn read_field(schema: &Value, facts: &FieldFacts) -> Field {
    let form = read_form(schema);
    let structure = matches!(form, Form::Struct(_) | Form::IntOrString | Form::Quantity | Form::Any | Form::Time);
    let empty = match (facts.keep, facts.pointer || structure) {
        (true, _) => Empty::Keep,
        (false, true) => Empty::Pointer,
        (false, false) => Empty::Omit,
    };
    let strategy = facts.patch.map_or("", |(strategy, _)| strategy);
    Field {
        form,
        empty,
        go: facts.go,
        values: facts.go.and_then(|go| facts::values(go.rsplit('.').next()?)),
        merges: strategy.starts_with("merge"),
        merge_key: facts.patch.and_then(|(_, key)| key).map(str::to_owned),
        retains_keys: strategy.ends_with("retainKeys"),
        list: match &facts.list {
            None => ListType::Atomic,
            Some(("set", _)) => ListType::Set,
            Some((_, keys)) => ListType::Map(keys.iter().map(|key| (*key).to_owned()).collect()),
        },
        atomic: facts.atomic,
    }
}

fn read_form(schema: &Value) -> Form {
    let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
    if let Some(name) = reference.and_then(|path| path.rsplit('/').next()) {
        return match name.rsplit('.').next().unwrap_or_default() {
            "Quantity" => Form::Quantity,
            "IntOrString" => Form::IntOrString,
            "Time" => Form::Time,
            "MicroTime" => Form::MicroTime,
            "RawExtension"
            | "FieldsV1"
            | "JSON"
            | "JSONSchemaProps"
            | "JSONSchemaPropsOrArray"
            | "JSONSchemaPropsOrBool"
            | "JSONSchemaPropsOrStringArray" => Form::Any,
            "ByteString" => Form::Bytes,
            _ => Form::Struct(name.to_owned()),
        };
    }
    let inner = |schema: &Value| Box::new(read_field(schema, &FieldFacts::default()));
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("array"), _) => Form::List(inner(&schema["items"])),
        (Some("object"), _) if schema["additionalProperties"].is_object() => {
            Form::Map(inner(&schema["additionalProperties"]))
        }
        (Some("string"), Some("byte")) => Form::Bytes,
        (Some("string"), _) => Form::Text,
        (Some("boolean"), _) => Form::Flag,
        (Some("integer"), Some("int32")) => Form::Integer(32),
        (Some("integer"), _) => Form::Integer(64),
        (Some("number"), _) => Form::Number,
        _ => Form::Any,
    }
}
