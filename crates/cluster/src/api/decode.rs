//! From a request's body to an object of the kind that the path names.

mod conform;
mod duplicates;
mod protobuf;

use serde_json::{Map, Value};

use self::conform::Findings;
pub(crate) use self::conform::form_name;
use super::{call::Call, failure::Failure, json_syntax};
use crate::{openapi::schemas, registry::Resource};

/// An object as the client sent it, and what the client is to be warned of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoded {
    /// The object, with `kind` and `apiVersion`, without what its kind does not have.
    pub object: Value,
    /// Unknown and repeated fields, when they are no errors.
    pub warnings: Vec<String>,
}

/// What is done about unknown and repeated fields (`?fieldValidation=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// They are dropped in silence.
    Ignore,
    /// They are dropped, and the client is told.
    Warn,
    /// They are errors.
    Strict,
}

impl FieldValidation {
    /// Reads the parameter; the server's default is to warn.
    pub fn of(call: &Call) -> Self {
        match call.query.text("fieldValidation") {
            "Ignore" => Self::Ignore,
            "Strict" => Self::Strict,
            _ => Self::Warn,
        }
    }
}

/// Why a document is not of its kind; the decoder's words, without those that go around them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// A value of the wrong type.
    #[error("{0}")]
    Type(String),
    /// Unknown or repeated fields, and they are errors.
    #[error("strict decoding error: {}", .0.join(", "))]
    Strict(Vec<String>),
}

/// Reads a body of any kind, unchecked.
///
/// # Errors
/// 415 for an unknown media type, 400 for what can't be read.
pub(crate) fn body(call: &Call, body: &[u8]) -> Result<Value, Failure> {
    Ok(read(call, body)?.0)
}

/// A body, and what is said of the fields that came twice in it.
fn read(call: &Call, body: &[u8]) -> Result<(Value, Vec<String>), Failure> {
    let resource = &call.resource();
    match call.content_type().as_str() {
        "" | "application/json" => {
            let (object, repeated) = json(resource, body)?;
            Ok((mapping(resource, object, body)?, repeated))
        }
        "application/yaml" => Ok((mapping(resource, yaml(resource, body)?, body)?, Vec::new())),
        "application/vnd.kubernetes.protobuf" => {
            let object = protobuf::parse(schemas(), body);
            Ok((object.map_err(|error| Failure::bad_request(error.to_string()))?, Vec::new()))
        }
        _ => Err(Failure::unsupported_body()),
    }
}

/// Reads a body of the kind that the path names.
///
/// # Errors
/// 415 for an unknown media type, 400 for what can't be read or is of another kind.
pub(crate) fn decode(call: &Call, body: &[u8]) -> Result<Decoded, Failure> {
    let resource = &call.resource();
    let (mut object, repeated) = read(call, body)?;
    check_kind(resource, &mut object)?;
    finish(resource, object, repeated, FieldValidation::of(call)).map_err(|error| {
        Failure::bad_request(format!(
            "{} in version \"{}\" cannot be handled as a {}: {error}",
            resource.kind, resource.version, resource.kind
        ))
    })
}

/// How what is wrong with the outcome of a patch is said.
pub(crate) struct Telling {
    /// Of which text.
    pub shown: String,
    /// What becomes of the decoder's words.
    pub words: fn(&str) -> String,
}

/// Checks what a patch has made against its kind.
///
/// # Errors
/// 422 about the patch.
pub(crate) fn patched(
    call: &Call,
    mut object: Value,
    told: Option<Telling>,
    repeated: Vec<String>,
) -> Result<Decoded, Failure> {
    use crate::admission::field::{Fault, FieldError};
    let resource = &call.resource();
    check_kind(resource, &mut object)?;
    let whole = object.to_string();
    finish(resource, object, repeated, FieldValidation::of(call)).map_err(|error| {
        let Telling { shown, words } = told.unwrap_or(Telling { shown: whole, words: str::to_owned });
        let error = FieldError::new(Fault::Invalid, "patch", words(&error.to_string())).with_value(shown.into());
        Failure::invalid_as("", "", "", "", &[error])
    })
}

/// Checks an object against its kind and takes out what does not belong there.
pub(crate) fn finish(
    resource: &Resource,
    mut object: Value,
    repeated: Vec<String>,
    validation: FieldValidation,
) -> Result<Decoded, DecodeError> {
    if let Some(custom) = resource.custom {
        // What is wrong with its values is told when it is validated.
        let metadata = schemas().named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
        let mut unknown = custom.prune(&mut object);
        if let Some(known) = metadata.filter(|_| object["metadata"].is_object()) {
            let found = conform::conform(schemas(), known, &mut object["metadata"]);
            if let Some(wrong) = found.wrong {
                return Err(DecodeError::Type(wrong));
            }
            unknown.extend(found.unknown.into_iter().map(|path| format!("metadata.{path}")));
        }
        unknown.sort();
        return judged(object, repeated, unknown, validation);
    }
    let Some(known) = schemas().of(resource) else { return Ok(Decoded { object, warnings: Vec::new() }) };
    let Findings { wrong, unknown } = conform::conform(schemas(), known, &mut object);
    if let Some(wrong) = wrong {
        return Err(DecodeError::Type(wrong));
    }
    judged(object, repeated, unknown, validation)
}

/// What becomes of a document with fields that have no place in it.
fn judged(
    object: Value,
    repeated: Vec<String>,
    unknown: Vec<String>,
    validation: FieldValidation,
) -> Result<Decoded, DecodeError> {
    let mut found = repeated;
    found.extend(unknown.iter().map(|path| format!("unknown field \"{path}\"")));
    match validation {
        FieldValidation::Strict if !found.is_empty() => Err(DecodeError::Strict(found)),
        FieldValidation::Warn => Ok(Decoded { object, warnings: found }),
        _ => Ok(Decoded { object, warnings: Vec::new() }),
    }
}

/// The paths of the fields that come twice in a JSON document; none when it is no JSON.
pub(crate) fn repeated(body: &[u8]) -> Vec<String> {
    duplicates::parse(body).map(|(_, repeated)| repeated).unwrap_or_default()
}

fn json(resource: &Resource, body: &[u8]) -> Result<(Value, Vec<String>), Failure> {
    let parsed = duplicates::parse(body).map(|(object, repeated)| {
        (object, repeated.iter().map(|path| format!("duplicate field \"{path}\"")).collect())
    });
    parsed.map_err(|error| {
        let why = json_syntax::trouble(body).unwrap_or_else(|| error.to_string());
        unrecognized(resource, &why, body)
    })
}

/// A body of which not even the kind can be told.
fn unrecognized(resource: &Resource, why: &str, body: &[u8]) -> Failure {
    Failure::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {why} \
         ({})",
        resource.kind,
        beginning(body),
    ))
}

/// How a body begins: as a text when it looks like JSON, else its bytes.
fn beginning(body: &[u8]) -> String {
    const SHOWN: usize = 30;
    let head = &body[..body.len().min(SHOWN)];
    let dots = if body.len() > SHOWN { " ..." } else { "" };
    match head.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{dots}", String::from_utf8_lossy(head)),
        Some(_) => format!("{}{dots}", head.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

/// A document is a map that names its kind and version with texts; one of which nothing is there is empty.
fn mapping(resource: &Resource, object: Value, body: &[u8]) -> Result<Value, Failure> {
    match object {
        Value::Null => Ok(Map::new().into()),
        Value::Object(fields) => {
            let named = |key: &&str| fields.get(*key).is_some_and(|value| !value.is_string() && !value.is_null());
            let Some(odd) = ["apiVersion", "kind"].into_iter().find(named) else { return Ok(fields.into()) };
            let form = form_name(&fields[odd]);
            let why = format!("json: cannot unmarshal {form} into Go struct field .{odd} of type string");
            Err(unrecognized(resource, &why, body))
        }
        other => Err(unrecognized(resource, &no_mapping(&other), body)),
    }
}

/// What is said of a document that is no map.
fn no_mapping(document: &Value) -> String {
    let form = form_name(document);
    format!(
        "json: cannot unmarshal {form} into Go value of type struct {{ APIVersion string \
         \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
    )
}

fn yaml(resource: &Resource, body: &[u8]) -> Result<Value, Failure> {
    serde_saphyr::from_str(&String::from_utf8_lossy(body)).map_err(|error| {
        let why = format!("the object provided is unrecognized (must be of type {}): {error}", resource.kind);
        Failure::bad_request(why)
    })
}

/// Checks that a document is of the path's kind, and names the kind in it.
pub(crate) fn check_kind(resource: &Resource, object: &mut Value) -> Result<(), Failure> {
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    let said = format!("couldn't get version/kind; json parse error: {}", no_mapping(object));
    let Some(fields) = object.as_object_mut() else { return Err(Failure::bad_request(said)) };
    let version = resource.api_version();
    let same_kind = kind.is_empty() || kind == resource.kind;
    let same_version = api_version.is_empty() || api_version == version;
    if !same_kind || !same_version {
        return Err(Failure::bad_request(other_kind(resource, &kind, &api_version)));
    }
    // What does not name its kind is taken for what the path says.
    fields.insert("kind".into(), resource.kind.into());
    fields.insert("apiVersion".into(), version.into());
    Ok(())
}

fn other_kind(resource: &Resource, kind: &str, api_version: &str) -> String {
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let why = if crate::registry::find_kind(api_version, kind).is_none() {
        format!(
            "no kind \"{kind}\" is registered for version \"{api_version}\" in scheme \
             \"pkg/api/legacyscheme/scheme.go:30\""
        )
    } else {
        let group = if resource.group.is_empty() { "core" } else { resource.group.split('.').next().unwrap_or("") };
        format!("converting ({version}.{kind}) to ({group}.{}): unknown conversion", resource.kind)
    };
    format!("{kind} in version \"{version}\" cannot be handled as a {}: {why}", resource.kind)
}

#[cfg(test)]
mod tests;
