//! From a request's body to an object of the kind that the path names.

use serde_json::Value;

use super::{call::Call, failure::Failure};
use crate::registry::Resource;

/// An object as the client sent it, and what the client is to be warned of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoded {
    /// The object, with `kind` and `apiVersion`.
    pub object: Value,
    /// Unknown and repeated fields, when they are no errors.
    pub warnings: Vec<String>,
}

/// Reads a body.
///
/// # Errors
/// 415 for an unknown media type, 400 for what can't be read or is of another kind.
pub(crate) fn decode(call: &Call, body: &[u8]) -> Result<Decoded, Failure> {
    let object = match call.content_type().as_str() {
        "" | "application/json" => json(call.resource(), body)?,
        "application/yaml" => yaml(call.resource(), body)?,
        _ => return Err(Failure::unsupported_body()),
    };
    conform(call, object)
}

/// Checks a value against the kind it is to be.
pub(crate) fn conform(call: &Call, mut object: Value) -> Result<Decoded, Failure> {
    let resource = call.resource();
    check_kind(resource, &mut object)?;
    Ok(Decoded { object, warnings: Vec::new() })
}

fn json(resource: &Resource, body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        let shown = String::from_utf8_lossy(body);
        let why = if error.is_eof() { "unexpected end of JSON input".to_owned() } else { error.to_string() };
        Failure::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: \
             {why} ({})",
            resource.kind,
            shown.chars().take(100).collect::<String>(),
        ))
    })
}

fn yaml(resource: &Resource, body: &[u8]) -> Result<Value, Failure> {
    let text = String::from_utf8_lossy(body);
    serde_saphyr::from_str(&text).map_err(|error| {
        let why = format!("the object provided is unrecognized (must be of type {}): {error}", resource.kind);
        Failure::bad_request(why)
    })
}

fn check_kind(resource: &Resource, object: &mut Value) -> Result<(), Failure> {
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    let Some(fields) = object.as_object_mut() else {
        return Err(Failure::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: json: cannot unmarshal {} into Go value of type {}.{}",
            resource.kind, resource.version, resource.kind, "array", resource.version, resource.kind
        )));
    };
    // What does not name its kind is taken for what the path says.
    fields.insert("kind".into(), if kind.is_empty() { resource.kind.into() } else { kind.as_str().into() });
    let version = resource.api_version();
    fields.insert("apiVersion".into(), if api_version.is_empty() { version.as_str() } else { &api_version }.into());
    let same_kind = kind.is_empty() || kind == resource.kind;
    let same_version = api_version.is_empty() || api_version == version;
    if same_kind && same_version {
        return Ok(());
    }
    Err(Failure::bad_request(other_kind(resource, &kind, &api_version)))
}

fn other_kind(resource: &Resource, kind: &str, api_version: &str) -> String {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let wanted = format!("{}.{}", if resource.group.is_empty() { "core" } else { resource.group }, resource.kind);
    if crate::registry::find_kind(api_version, kind).is_none() {
        let shown = if group.is_empty() { version.to_owned() } else { api_version.to_owned() };
        return format!(
            "no kind \"{kind}\" is registered for version \"{shown}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        );
    }
    format!(
        "{kind} in version \"{version}\" cannot be handled as a {}: converting ({version}.{kind}) to ({wanted}): unknown \
         conversion",
        resource.kind
    )
}
