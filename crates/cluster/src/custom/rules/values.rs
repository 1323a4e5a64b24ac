//! What CEL sees of a value.

use std::{collections::HashMap, sync::Arc};

use cel::objects::{Key, Map, OptionalValue};
use serde_json::Value;

use crate::json::{flag, text};

/// Words that can't be names in CEL, and are written between underscores.
const RESERVED: [&str; 22] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "__reserved__",
];

/// A value that may not be there.
pub(super) fn optional(value: Option<cel::Value>) -> cel::Value {
    cel::Value::Opaque(Arc::new(value.map_or_else(OptionalValue::none, OptionalValue::of)))
}

/// A value with the types that its schema gives it.
pub(super) fn of(schema: &Value, value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(flag) => cel::Value::Bool(*flag),
        Value::Number(number) => match (text(schema, "type"), number.as_i64()) {
            ("number", _) | (_, None) => cel::Value::Float(number.as_f64().unwrap_or(0.0)),
            (_, Some(whole)) => cel::Value::Int(whole),
        },
        Value::String(content) => of_text(text(schema, "format"), content),
        Value::Array(entries) => {
            cel::Value::List(Arc::new(entries.iter().map(|entry| of(&schema["items"], entry)).collect()))
        }
        Value::Object(fields) => {
            let entries = fields.iter().map(|(key, value)| {
                let known = schema["properties"].get(key);
                let name = if known.is_some() { escaped(key) } else { key.clone() };
                let inner = known.unwrap_or(&schema["additionalProperties"]);
                (Key::String(Arc::new(name)), of(inner, value))
            });
            let map: HashMap<Key, cel::Value> = entries.collect();
            cel::Value::Map(Map { map: Arc::new(map) })
        }
    }
}

fn of_text(format: &str, content: &str) -> cel::Value {
    let expression = match format {
        "date" => format!("timestamp({:?})", format!("{content}T00:00:00Z")),
        "date-time" => format!("timestamp({content:?})"),
        "duration" => format!("duration({content:?})"),
        _ => return cel::Value::String(Arc::new(content.to_owned())),
    };
    let literal =
        cel::Program::compile(&expression).ok().and_then(|program| program.execute(&cel::Context::default()).ok());
    literal.unwrap_or_else(|| cel::Value::String(Arc::new(content.to_owned())))
}

/// A field's name as CEL can write it (kubernetes.io, "Validation rules": escaping).
pub(super) fn escaped(name: &str) -> String {
    if RESERVED.contains(&name) {
        return format!("__{name}__");
    }
    name.replace("__", "__underscores__").replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__")
}

/// Whether a schema says nothing of the fields that may be there.
pub(super) fn is_open(schema: &Value) -> bool {
    flag(schema, "x-kubernetes-preserve-unknown-fields") || !schema["properties"].is_object()
}
