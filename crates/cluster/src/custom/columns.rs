//! `additionalPrinterColumns`: what `kubectl get` prints of custom resources.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::JsonPath;
use crate::{
    json::{int, text},
    printers::age,
};

/// A column that a definition adds.
#[derive(Debug, Clone)]
pub struct CustomColumn {
    path: Option<JsonPath>,
    kind: String,
    /// Its entry among the table's columns.
    definition: Value,
}

impl CustomColumn {
    /// Reads a version's columns; without any, it shows how old its objects are.
    pub(super) fn read(columns: &[Value]) -> Vec<Self> {
        if columns.is_empty() {
            return vec![Self::of(&json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}))];
        }
        columns.iter().map(Self::of).collect()
    }

    fn of(column: &Value) -> Self {
        let (path, description) = (text(column, "jsonPath"), text(column, "description"));
        let description = match (description, path) {
            ("", ".metadata.creationTimestamp") if text(column, "name") == "Age" => {
                crate::printers::CREATED_DOC.to_owned()
            }
            ("", path) => format!("Custom resource definition column (in JSONPath format): {path}"),
            (said, _) => said.to_owned(),
        };
        Self {
            path: JsonPath::parse(path),
            kind: text(column, "type").to_owned(),
            definition: json!({
                "name": text(column, "name"), "type": text(column, "type"), "format": text(column, "format"),
                "description": description, "priority": int(column, "priority").unwrap_or(0),
            }),
        }
    }

    /// Its entry among the table's columns.
    pub(crate) fn definition(&self) -> Value {
        self.definition.clone()
    }

    /// The cell of an object.
    pub(crate) fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let Some(value) = self.path.as_ref().and_then(|path| path.find(object)) else { return Value::Null };
        match (self.kind.as_str(), value) {
            (_, Value::Null) => Value::Null,
            ("string", Value::String(text)) => text.as_str().into(),
            ("string", other) => other.to_string().into(),
            ("integer", Value::Number(number)) => {
                number.as_i64().or(number.as_f64().map(|number| number as i64)).map_or(Value::Null, Value::from)
            }
            ("number", Value::Number(number)) => number.clone().into(),
            ("boolean", Value::Bool(flag)) => (*flag).into(),
            ("date", Value::String(text)) if text.parse::<Timestamp>().is_ok() => age::since(value, now).into(),
            ("date", Value::String(_)) => "<invalid>".into(),
            _ => Value::Null,
        }
    }
}
