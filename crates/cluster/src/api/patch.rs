//! PATCH: JSON patch, JSON merge patch and strategic merge patch.

mod strategic;

use serde_json::Value;

use super::{Api, call::Call, decode, failure::Failure, respond::Reply};
use crate::openapi::schemas;

impl Api {
    /// Changes an object as the patch says.
    pub(super) fn patch(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let apply = match call.content_type().as_str() {
            "application/json-patch+json" => json_patch as fn(&Call, &Value, &[u8]) -> Result<Value, Failure>,
            "application/merge-patch+json" => merge_patch,
            "application/strategic-merge-patch+json" => strategic_patch,
            _ => return Err(Failure::unsupported_patch()),
        };
        let mut warnings = Vec::new();
        let object = self.change(call, |old| {
            let decoded = decode::patched(call, apply(call, old, body)?)?;
            warnings = decoded.warnings;
            Ok(decoded.object)
        })?;
        Ok(Reply::ok(object).with_warnings(warnings))
    }
}

fn json_patch(_call: &Call, old: &Value, body: &[u8]) -> Result<Value, Failure> {
    let patch: json_patch::Patch = serde_json::from_slice(body).map_err(unreadable)?;
    let mut new = old.clone();
    json_patch::patch(&mut new, &patch).map_err(|_| Failure::rejected())?;
    Ok(new)
}

fn merge_patch(_call: &Call, old: &Value, body: &[u8]) -> Result<Value, Failure> {
    let patch: Value = serde_json::from_slice(body).map_err(unreadable)?;
    let mut new = old.clone();
    json_patch::merge(&mut new, &patch);
    Ok(new)
}

fn strategic_patch(call: &Call, old: &Value, body: &[u8]) -> Result<Value, Failure> {
    let patch: Value = serde_json::from_slice(body).map_err(unreadable)?;
    strategic::merge(schemas(), schemas().of(call.resource()), old, &patch)
        .map_err(|error| Failure::bad_request(error.to_string()))
}

/// A patch that is no JSON, in Go's words where they are known.
fn unreadable(error: serde_json::Error) -> Failure {
    Failure::bad_request(if error.is_eof() { "unexpected end of JSON input".to_owned() } else { error.to_string() })
}
