//! JSON patches (RFC 6902), and what is wrong with them in the words that kubectl has for it.

use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::Value;

use crate::manifests::go_type;

const OPERATIONS: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];

/// Changes an object step by step; the words when a step cannot be done.
pub fn take(object: &mut Value, patch: &str) -> Result<(), String> {
    let all = match serde_json::from_str(patch).map_err(|error| syntax(patch, &error))? {
        Value::Array(all) => all,
        other => {
            return Err(format!("json: cannot unmarshal {} into Go value of type jsonpatch.Patch", go_type(&other)));
        }
    };
    for (at, step) in all.iter().enumerate() {
        let operation = read(at, step)?;
        json_patch::patch(object, std::slice::from_ref(&operation))
            .map_err(|error| refused(&operation, &error.kind))?;
    }
    Ok(())
}

/// What Go's JSON says of a text that is none.
fn syntax(text: &str, error: &serde_json::Error) -> String {
    match text.trim_start().chars().next() {
        _ if error.is_eof() => "unexpected end of JSON input".to_owned(),
        Some(c) if error.line() == 1 && error.column() <= 1 => {
            format!("invalid character {c:?} looking for beginning of value")
        }
        _ => error.to_string(),
    }
}

fn read(at: usize, step: &Value) -> Result<PatchOperation, String> {
    if !step.is_object() {
        return Err(format!("json: cannot unmarshal {} into Patch.{at} of type jsonpatch.Operation", go_type(step)));
    }
    let invalid = |why: &str| format!("invalid operation {step}: {why}");
    let name = step["op"].as_str().filter(|name| OPERATIONS.contains(name));
    let name = name.ok_or_else(|| invalid("unsupported operation"))?;
    if matches!(name, "add" | "replace") && step.get("value").is_none() {
        return Err(invalid("failed to decode 'value': operation, missing value field: missing value"));
    }
    serde_json::from_value(step.clone()).map_err(|error| invalid(&error.to_string()))
}

fn refused(step: &PatchOperation, why: &PatchErrorKind) -> String {
    let lost = |doing: &str, what: &str, path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let missing = match name.parse::<usize>() {
            Ok(_) => format!("Unable to access invalid index: {name}: invalid index referenced"),
            Err(_) => format!("unable to {what} nonexistent key: {name}: missing value"),
        };
        format!("error in {doing}: {missing}")
    };
    match step {
        PatchOperation::Test(step) => format!("testing value {} failed: test failed", step.path),
        PatchOperation::Replace(step) => {
            format!("replace operation does not apply: doc is missing key: {}: missing value", step.path)
        }
        PatchOperation::Add(step) => {
            format!("add operation does not apply: doc is missing path: \"{}\": missing value", step.path)
        }
        PatchOperation::Remove(step) => {
            let path = step.path.to_string();
            lost(&format!("remove for path: '{path}'"), "remove", &path)
        }
        PatchOperation::Move(step) if matches!(why, PatchErrorKind::InvalidFromPointer) => {
            let from = step.from.to_string();
            lost(&format!("move for path: '{}'", from.trim_start_matches('/')), "get", &from)
        }
        PatchOperation::Copy(step) if matches!(why, PatchErrorKind::InvalidFromPointer) => {
            let from = step.from.to_string();
            lost(&format!("copy for from: '{from}'"), "get", &from)
        }
        other => format!(
            "{} operation does not apply: doc is missing path: \"{}\": missing value",
            verb(other),
            other.path()
        ),
    }
}

fn verb(step: &PatchOperation) -> &'static str {
    match step {
        PatchOperation::Move(_) => "move",
        _ => "copy",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_are_taken_in_order() {
        let mut object = json!({"a": [1]});
        let patch = r#"[{"op": "add", "path": "/a/-", "value": 2}, {"op": "move", "from": "/a", "path": "/b"}]"#;
        take(&mut object, patch).unwrap();
        assert_eq!(object, json!({"b": [1, 2]}));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |patch: &str| take(&mut json!({"a": [1]}), patch).unwrap_err();
        for (patch, wanted) in [
            ("{", "unexpected end of JSON input"),
            ("a", "invalid character 'a' looking for beginning of value"),
            ("{}", "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
            ("[3]", "json: cannot unmarshal number into Patch.0 of type jsonpatch.Operation"),
            (r#"[{"path":"/x"}]"#, r#"invalid operation {"path":"/x"}: unsupported operation"#),
            (
                r#"[{"op":"remove","path":"/x"}]"#,
                "error in remove for path: '/x': unable to remove nonexistent key: x: missing value",
            ),
            (
                r#"[{"op":"remove","path":"/a/3"}]"#,
                "error in remove for path: '/a/3': Unable to access invalid index: 3: invalid index referenced",
            ),
            (
                r#"[{"op":"copy","from":"/n","path":"/x"}]"#,
                "error in copy for from: '/n': unable to get nonexistent key: n: missing value",
            ),
            (r#"[{"op":"test","path":"/a","value":1}]"#, "testing value /a failed: test failed"),
        ] {
            assert_eq!(said(patch), wanted);
        }
    }
}
