//! Holds a document against the structure of its kind: what has no place there, what has the wrong type, and which empty
//! values are written.

use serde_json::{Map, Value};

use crate::{
    admission::quantity::Quantity,
    api::encoding,
    openapi::{Empty, Field, Form, Schemas, Struct},
};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// The first value of a wrong type, in the decoder's words.
    pub wrong: Option<String>,
    /// The paths of unknown fields.
    pub unknown: Vec<String>,
}

/// Checks an object and brings it into the form it is stored in.
pub(super) fn conform(schemas: &Schemas, known: &Struct, object: &mut Value) -> Findings {
    let mut walk = Walk { schemas, findings: Findings::default(), trail: Vec::new(), owner: known.name.clone() };
    if let Some(fields) = object.as_object_mut() {
        walk.fields(known, fields, "");
    }
    walk.findings
}

/// What Go's decoder calls a JSON value.
pub(crate) fn form_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

struct Walk<'a> {
    schemas: &'a Schemas,
    findings: Findings,
    /// Names of the fields down to here, without indices.
    trail: Vec<String>,
    /// The structure that the innermost field belongs to.
    owner: String,
}

impl Walk<'_> {
    fn fields(&mut self, known: &Struct, fields: &mut Map<String, Value>, path: &str) {
        let strange: Vec<String> = fields.keys().filter(|key| !known.fields.contains_key(*key)).cloned().collect();
        // The order of the findings is the document's own, which is the keys' order for every client that sorts them.
        for key in fields.keys().cloned().collect::<Vec<_>>() {
            let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let Some(field) = known.fields.get(&key) else {
                self.findings.unknown.push(here);
                continue;
            };
            let owner = std::mem::replace(&mut self.owner, known.name.clone());
            let depth = self.trail.len();
            self.trail.extend(embedded(&known.name, &key).map(str::to_owned));
            self.trail.push(key.clone());
            self.value(field, &mut fields[&key], &here);
            self.trail.truncate(depth);
            self.owner = owner;
        }
        for key in strange {
            fields.remove(&key);
        }
        for (key, field) in &known.fields {
            self.write_empty(key, field, fields);
        }
    }

    /// Empty values are left out, kept or made as the field's Go type has it.
    fn write_empty(&mut self, key: &str, field: &Field, fields: &mut Map<String, Value>) {
        match fields.get(key) {
            None | Some(Value::Null) if field.empty == Empty::Keep => {
                if let Some(mut value) = empty_value(&field.form) {
                    if let (Form::Struct(name), Some(inner)) = (&field.form, value.as_object_mut())
                        && let Some(known) = self.schemas.named(name)
                    {
                        self.fields(known, inner, "");
                    }
                    fields.insert(key.to_owned(), value);
                }
            }
            Some(Value::Null) => {
                fields.remove(key);
            }
            Some(value) if field.empty == Empty::Omit && is_empty(value) => {
                fields.remove(key);
            }
            _ => {}
        }
    }

    fn value(&mut self, field: &Field, value: &mut Value, path: &str) {
        if value.is_null() {
            return;
        }
        match (&field.form, &mut *value) {
            (Form::Struct(name), Value::Object(fields)) => {
                if let Some(known) = self.schemas.named(name) {
                    self.fields(known, fields, path);
                }
            }
            (Form::List(item), Value::Array(items)) => {
                for (index, value) in items.iter_mut().enumerate() {
                    fill_null(item, value);
                    self.value(item, value, &format!("{path}[{index}]"));
                }
            }
            (Form::Map(inner), Value::Object(entries)) => {
                for (key, value) in entries.iter_mut() {
                    fill_null(inner, value);
                    self.value(inner, value, &format!("{path}.{key}"));
                }
            }
            (Form::Text, Value::String(_)) | (Form::Flag, Value::Bool(_)) | (Form::Number, Value::Number(_)) => {}
            (Form::Any, _) | (Form::IntOrString, Value::String(_)) => {}
            (Form::IntOrString, Value::Number(number)) => {
                if number.as_i64().is_none_or(|number| i32::try_from(number).is_err()) {
                    self.mismatch(field, &format!("number {number}"));
                }
            }
            (Form::Quantity, _) => self.quantity(value),
            (Form::Bytes, Value::String(text)) => {
                if let Err(at) = encoding::check_base64(text) {
                    self.wrong(format!("illegal base64 data at input byte {at}"));
                }
            }
            (Form::Time | Form::MicroTime, Value::String(text)) => self.time(text),
            (Form::Integer(bits), Value::Number(number)) => {
                let fits = number.as_i64().is_some_and(|n| *bits == 64 || i32::try_from(n).is_ok());
                if !fits {
                    self.mismatch(field, &format!("number {number}"));
                }
            }
            _ => self.mismatch(field, form_name(value)),
        }
    }

    fn quantity(&mut self, value: &mut Value) {
        match Quantity::from_json(value) {
            Ok(quantity) => *value = quantity.to_string().into(),
            Err(error) => self.wrong(error.to_string()),
        }
    }

    fn time(&mut self, text: &str) {
        if text.parse::<jiff::Timestamp>().is_err() {
            let layout = "2006-01-02T15:04:05Z07:00";
            self.wrong(format!("parsing time \"{text}\" as \"{layout}\": cannot parse \"{text}\" as \"2006\""));
        }
    }

    fn mismatch(&mut self, field: &Field, found: &str) {
        let place = format!("{}.{}", self.owner, self.trail.join("."));
        self.wrong(format!("json: cannot unmarshal {found} into Go struct field {place} of type {}", field.go_type()));
    }

    /// Only the first mistake is told.
    fn wrong(&mut self, text: String) {
        self.findings.wrong.get_or_insert(text);
    }
}

/// `null` in a list or a map is an item whose value was never set.
fn fill_null(item: &Field, value: &mut Value) {
    if value.is_null() {
        *value = match &item.form {
            Form::Quantity => "0".into(),
            Form::Bytes => "".into(),
            form => empty_value(form).unwrap_or_default(),
        };
    }
}

/// The Go name of the structure inside `owner` that has the field, where Go's decoder names it too.
fn embedded(owner: &str, field: &str) -> Option<&'static str> {
    match (owner, field) {
        (_, "name") if NAMES_ANOTHER.contains(&owner) => Some("LocalObjectReference"),
        ("Volume", "name") | ("EphemeralContainer", "targetContainerName") => None,
        ("Volume", _) => Some("VolumeSource"),
        ("EphemeralContainer", _) => Some("EphemeralContainerCommon"),
        ("PersistentVolumeSpec", _) if VOLUME_SPEC.contains(&field) => None,
        ("PersistentVolumeSpec", _) => Some("PersistentVolumeSource"),
        ("Probe", "exec" | "httpGet" | "tcpSocket" | "grpc") => Some("ProbeHandler"),
        _ => None,
    }
}

/// Structures that have their `name` from the reference inside of them.
const NAMES_ANOTHER: [&str; 7] = [
    "ConfigMapVolumeSource",
    "ConfigMapProjection",
    "SecretProjection",
    "ConfigMapKeySelector",
    "SecretKeySelector",
    "ConfigMapEnvSource",
    "SecretEnvSource",
];

/// The fields of a PersistentVolume that say nothing of where its data is.
const VOLUME_SPEC: [&str; 9] = [
    "capacity",
    "accessModes",
    "claimRef",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "mountOptions",
    "volumeMode",
    "nodeAffinity",
    "volumeAttributesClassName",
];

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// What Go writes for a field that was never set and is always written.
fn empty_value(form: &Form) -> Option<Value> {
    Some(match form {
        Form::Struct(_) => Map::new().into(),
        Form::List(_) | Form::Map(_) => Value::Null,
        Form::Text => "".into(),
        Form::Flag => false.into(),
        Form::Integer(_) | Form::Number => 0.into(),
        _ => return None,
    })
}
