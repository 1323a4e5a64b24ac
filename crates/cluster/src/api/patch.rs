//! PATCH: JSON patch, JSON merge patch, strategic merge patch and server-side apply.

mod apply;
mod converter;
mod json;
mod strategic;

use serde_json::Value;

use super::{
    Api, call::Call, create::Record, decode, failure::Failure, json_syntax, respond::Reply, update::check_name,
};
use crate::{
    admission::field::{Fault, FieldError},
    json::shown_by_go,
    openapi::schemas,
};

/// The media type of server-side apply.
const APPLY: &str = "application/apply-patch+yaml";
/// The media type of kubectl's own patches.
const STRATEGIC: &str = "application/strategic-merge-patch+json";

impl Api {
    /// Changes an object as the patch says.
    pub(super) fn patch(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        if call.query.has("force") && call.content_type() != APPLY {
            return Err(refuse_options("force", Fault::Forbidden, "may not be specified for non-apply patch"));
        }
        if call.content_type() == APPLY {
            return self.apply(call, body);
        }
        let change = change_of(call)?;
        let mut warnings = Vec::new();
        let (object, said) = self.change(call, Record::Keep, |old| {
            let decoded =
                decode::patched(call, change(call, old, body)?, in_go_form(call, body), repeated(call, body))?;
            check_name(call, &decoded.object)?;
            warnings = decoded.warnings;
            Ok(decoded.object)
        })?;
        Ok(Reply::ok(object).with_warnings(warnings).with_warnings(said))
    }
}

/// A strategic patch as Go shows it: what is wrong with its outcome is said of it alone, in the words of who turns maps
/// into objects. Others are applied to documents.
fn in_go_form(call: &Call, body: &[u8]) -> Option<decode::Telling> {
    let patch = serde_json::from_slice(body).ok().filter(|_| call.content_type() == STRATEGIC)?;
    Some(decode::Telling { shown: shown_by_go(&patch), words: converter::words })
}

/// How a patch changes an object.
pub(super) type Change = fn(&Call, &Value, &[u8]) -> Result<Value, Failure>;

/// How patches of the call's media type change objects.
///
/// # Errors
/// 415 when there is no such type.
pub(super) fn change_of(call: &Call) -> Result<Change, Failure> {
    match call.content_type().as_str() {
        "application/json-patch+json" => Ok(json_patch),
        "application/merge-patch+json" => Ok(merge_patch),
        // There is nothing that would say how the lists of a custom resource merge.
        STRATEGIC if call.resource().custom.is_none() => Ok(strategic_patch),
        _ => Err(Failure::unsupported_patch()),
    }
}

/// What a patch says twice, by its paths.
fn repeated(call: &Call, body: &[u8]) -> Vec<String> {
    let list = call.content_type() == "application/json-patch+json";
    let said = |path: String| format!("{}duplicate field \"{path}\"", if list { "json patch " } else { "" });
    decode::repeated(body).into_iter().map(said).collect()
}

fn json_patch(_call: &Call, old: &Value, body: &[u8]) -> Result<Value, Failure> {
    json::apply(old, body)
}

fn merge_patch(_call: &Call, old: &Value, body: &[u8]) -> Result<Value, Failure> {
    let patch = a_map(body).map_err(|why| Failure::bad_request(format!("error decoding patch: {why}")))?;
    if patch.is_null() {
        return Err(Failure::bad_request("Invalid JSON Patch"));
    }
    let mut new = old.clone();
    json_patch::merge(&mut new, &patch);
    Ok(new)
}

fn strategic_patch(call: &Call, old: &Value, body: &[u8]) -> Result<Value, Failure> {
    let patch = a_map(body).map_err(Failure::bad_request)?;
    if patch.is_null() {
        return Ok(old.clone());
    }
    strategic::merge(schemas(), schemas().of(&call.resource()), old, &patch).map_err(|error| {
        if error.is_the_clients() {
            Failure::bad_request(error.to_string())
        } else {
            Failure::new(500, "", error.to_string())
        }
    })
}

/// A patch that is a map, or null.
fn a_map(body: &[u8]) -> Result<Value, String> {
    let patch: Value = serde_json::from_slice(body).map_err(|error| unreadable(body, &error))?;
    match patch {
        Value::Object(_) | Value::Null => Ok(patch),
        other => Err(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            decode::form_name(&other)
        )),
    }
}

/// Why a patch is no JSON, in Go's words where they are known.
fn unreadable(body: &[u8], error: &serde_json::Error) -> String {
    json_syntax::trouble(body).unwrap_or_else(|| error.to_string())
}

/// What is wrong with a patch's options.
fn refuse_options(field: &str, fault: Fault, why: &str) -> Failure {
    let error = FieldError::new(fault, field, why);
    Failure::invalid_as("PatchOptions.meta.k8s.io", "meta.k8s.io", "PatchOptions", "", &[error])
}

#[cfg(test)]
mod tests;
