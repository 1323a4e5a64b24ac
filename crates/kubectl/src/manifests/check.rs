//! What kubectl itself finds wrong with an object, before the server sees it.

use serde_json::Value;

use crate::failure::{Failure, Outcome};

const ADVICE: &str = "if you choose to ignore these errors, turn validation off with --validate=false";

/// Refuses what is no object of a kind.
pub fn all(value: &Value, source: &str, validate: bool) -> Outcome {
    if validate {
        schema(value).map_err(|why| invalid(source, &why))?;
    }
    decodable(value).map_err(|why| Failure::Said(format!("unable to decode {source:?}: {why}")))
}

/// A manifest that is not valid, or of which nobody can say so.
pub fn invalid(source: &str, why: &str) -> Failure {
    Failure::Said(format!("error validating {source:?}: error validating data: {why}; {ADVICE}"))
}

fn schema(value: &Value) -> Result<(), String> {
    if !value.is_object() {
        return Err("invalid object to validate".to_owned());
    }
    let missing: Vec<&str> =
        ["apiVersion", "kind"].into_iter().filter(|name| value.get(name).is_none_or(Value::is_null)).collect();
    match missing.as_slice() {
        [] => {}
        [one] => return Err(format!("{one} not set")),
        _ => return Err("[apiVersion not set, kind not set]".to_owned()),
    }
    for name in ["apiVersion", "kind"] {
        if !value[name].is_string() {
            return Err(format!("{name} isn't string type"));
        }
    }
    if value["kind"] == "List" && value["apiVersion"] == "v1" {
        for item in value.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
            schema(item)?;
        }
    }
    Ok(())
}

fn decodable(value: &Value) -> Result<(), String> {
    let Some(object) = value.as_object() else {
        return Err(format!(
            "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            go_type(value)
        ));
    };
    if object.get("kind").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(format!("Object 'Kind' is missing in '{value}'"));
    }
    match object.get("metadata") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(metadata)) => metadata.iter().try_for_each(|(name, value)| metadata_field(name, value)),
        Some(other) => Err(format!(
            "json: cannot unmarshal {} into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta",
            go_type(other)
        )),
    }
}

fn metadata_field(name: &str, value: &Value) -> Result<(), String> {
    let wrong = |value: &Value, kind: &str| {
        Err(format!(
            "json: cannot unmarshal {} into Go struct field ObjectMeta.metadata.{name} of type {kind}",
            go_type(value)
        ))
    };
    match (name, value) {
        (_, Value::Null) => Ok(()),
        ("name" | "namespace" | "generateName" | "uid" | "resourceVersion" | "selfLink", value)
            if !value.is_string() =>
        {
            wrong(value, if name == "uid" { "types.UID" } else { "string" })
        }
        ("labels" | "annotations", Value::Object(map)) => map
            .values()
            .find(|value| !value.is_string() && !value.is_null())
            .map_or(Ok(()), |value| wrong(value, "string")),
        ("labels" | "annotations", value) => wrong(value, "map[string]string"),
        ("finalizers", Value::Array(list)) => {
            list.iter().find(|value| !value.is_string()).map_or(Ok(()), |value| wrong(value, "string"))
        }
        ("finalizers", value) => wrong(value, "[]string"),
        ("ownerReferences", value) if !value.is_array() => wrong(value, "[]v1.OwnerReference"),
        ("generation" | "deletionGracePeriodSeconds", value) if !value.is_i64() => wrong(value, "int64"),
        _ => Ok(()),
    }
}

/// What Go's JSON calls the type of a value.
pub fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(value: Value) -> String {
        all(&value, "x.yaml", true).unwrap_err().text()
    }

    #[test]
    fn words() {
        assert!(wrong(json!({"metadata": {}})).contains("[apiVersion not set, kind not set]"));
        assert!(wrong(json!("text")).contains("invalid object to validate"));
        assert_eq!(
            wrong(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": true}}})),
            "error: unable to decode \"x.yaml\": json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string"
        );
    }
}
