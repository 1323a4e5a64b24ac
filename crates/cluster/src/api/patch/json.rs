//! JSON patch (RFC 6902), read as leniently as the API server reads it.

use json_patch::PatchOperation;
use serde_json::{Map, Value};

use super::unreadable;
use crate::api::{decode::form_name, failure::Failure};

/// How many operations one patch may have.
const MOST: usize = 10_000;

/// What the operations make of a document.
///
/// # Errors
/// 400 for what is no list of operations, 413 for too many, 422 for one that can't be done.
pub(super) fn apply(old: &Value, body: &[u8]) -> Result<Value, Failure> {
    let operations = read(body)?;
    if operations.len() > MOST {
        let given = operations.len();
        let why = format!("The allowed maximum operations in a JSON patch is {MOST}, got {given}");
        return Err(Failure::new(413, "RequestEntityTooLarge", format!("Request entity too large: {why}")));
    }
    let mut new = old.clone();
    for operation in &operations {
        let operation = understood(operation, &new).ok_or_else(Failure::rejected)?;
        // To the API server what is not there is null: so kube-rs tests that there are no finalizers yet.
        if let PatchOperation::Test(test) = &operation
            && test.value.is_null()
            && test.path.resolve(&new).is_err()
        {
            continue;
        }
        json_patch::patch(&mut new, &[operation]).map_err(|_| Failure::rejected())?;
    }
    Ok(new)
}

/// The operations, of which is sure only that they are maps with texts where texts belong.
fn read(body: &[u8]) -> Result<Vec<Map<String, Value>>, Failure> {
    let patch: Value = serde_json::from_slice(body).map_err(|error| decoding(&unreadable(body, &error)))?;
    let mismatch =
        |found: &Value, place: &str| decoding(&format!("json: cannot unmarshal {} into Go {place}", form_name(found)));
    let Value::Array(items) = patch else { return Err(mismatch(&patch, "value of type []handlers.jsonPatchOp")) };
    let operation = |item| match item {
        Value::Null => Ok(Map::new()),
        Value::Object(fields) => {
            let wrong = ["op", "path", "from"].into_iter().find_map(|field| {
                let value = fields.get(field).filter(|value| !value.is_string() && !value.is_null())?;
                Some(mismatch(value, &format!("struct field jsonPatchOp.{field} of type string")))
            });
            wrong.map_or(Ok(fields), Err)
        }
        other => Err(mismatch(&other, "value of type handlers.jsonPatchOp")),
    };
    items.into_iter().map(operation).collect()
}

fn decoding(why: &str) -> Failure {
    Failure::bad_request(format!("error decoding patch: {why}"))
}

/// An operation on the document as it is now: a missing value is null, and what replaces a field that is not there adds it.
fn understood(given: &Map<String, Value>, document: &Value) -> Option<PatchOperation> {
    let text = |field: &str| given.get(field).and_then(Value::as_str);
    let mut operation = given.clone();
    for field in ["path", "from"] {
        if let Some(path) = text(field) {
            operation.insert(field.into(), rooted(path).into());
        }
    }
    operation.entry("value").or_insert(Value::Null);
    if text("op") == Some("replace")
        && let Some((parent, _)) = rooted(text("path")?).rsplit_once('/')
        && document.pointer(parent).is_some_and(Value::is_object)
    {
        operation.insert("op".into(), "add".into());
    }
    serde_json::from_value(operation.into()).ok()
}

/// A path from the root: what stands before its first slash does not count.
fn rooted(path: &str) -> &str {
    path.find('/').map_or("", |slash| &path[slash..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(patch: &str) -> Result<Value, (u16, String)> {
        let old = json!({"data": {"a": "b"}, "list": []});
        apply(&old, patch.as_bytes()).map_err(|failure| (failure.code, failure.message))
    }

    #[test]
    fn what_is_missing_is_null_and_replacing_adds() {
        let data = |patch: &str| patched(patch).unwrap()["data"].clone();
        assert_eq!(data(r#"[{"op":"add","path":"/data/c"}]"#), json!({"a": "b", "c": null}));
        assert_eq!(data(r#"[{"op":"replace","path":"/data/zz","value":"x"}]"#), json!({"a": "b", "zz": "x"}));
        assert_eq!(data(r#"[{"op":"test","path":"/data/q","value":null}]"#), json!({"a": "b"}));
    }

    #[test]
    fn operations_that_are_none_are_refused_as_kubernetes_1_36_refuses_them() {
        for rejected in [
            r#"[{"op":"foo","path":"/data/a"}]"#,
            r#"[{"path":"/data/a","value":"x"}]"#,
            r#"[{"op":"add","value":"x"}]"#,
            r#"[{"op":"copy","path":"/data/z"}]"#,
            r#"[{"op":"replace","path":"/list/0","value":1}]"#,
            "[null]",
        ] {
            assert_eq!(patched(rejected).unwrap_err().0, 422, "{rejected}");
        }
        let said = |patch: &str| patched(patch).unwrap_err().1;
        insta::assert_snapshot!(said("{}"), @"error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
        insta::assert_snapshot!(said(r#"["a"]"#), @"error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp");
        insta::assert_snapshot!(said(r#"[{"op":1}]"#), @"error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string");
        insta::assert_snapshot!(said("[{"), @"error decoding patch: unexpected end of JSON input");
    }
}
