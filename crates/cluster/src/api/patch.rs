//! PATCH: JSON patch, JSON merge patch, strategic merge patch and server-side apply.

mod apply;
mod strategic;

use serde_json::Value;

use super::{Api, call::Call, create::Record, decode, failure::Failure, respond::Reply};
use crate::{
    admission::field::{Fault, FieldError},
    openapi::schemas,
};

/// The media type of server-side apply.
const APPLY: &str = "application/apply-patch+yaml";

impl Api {
    /// Changes an object as the patch says.
    pub(super) fn patch(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        if call.query.has("force") && call.content_type() != APPLY {
            return Err(refuse_options("force", Fault::Forbidden, "may not be specified for non-apply patch"));
        }
        let change = match call.content_type().as_str() {
            "application/json-patch+json" => json_patch as fn(&Call, &Value, &[u8]) -> Result<Value, Failure>,
            "application/merge-patch+json" => merge_patch,
            "application/strategic-merge-patch+json" => strategic_patch,
            APPLY => return self.apply(call, body),
            _ => return Err(Failure::unsupported_patch()),
        };
        let mut warnings = Vec::new();
        let object = self.change(call, Record::Keep, |old| {
            let decoded = decode::patched(call, change(call, old, body)?)?;
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

/// What is wrong with a patch's options.
fn refuse_options(field: &str, fault: Fault, why: &str) -> Failure {
    let error = FieldError::new(fault, field, why);
    Failure::invalid_as("PatchOptions.meta.k8s.io", "meta.k8s.io", "PatchOptions", "", &[error])
}
