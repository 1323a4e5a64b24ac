//! Server-side apply over HTTP.

use serde_json::{Value, json};

use super::refuse_options;
use crate::{
    admission::field::Fault,
    api::{
        Api,
        call::Call,
        create::{Record, place_in_namespace, text},
        decode::{self, DecodeError, FieldValidation},
        failure::Failure,
        respond::Reply,
    },
    json::{child, put},
    managed::{self, ApplyError, Conflict},
};

impl Api {
    /// Merges a configuration into an object, or makes the object of it.
    pub(super) fn apply(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        if call.query.text("fieldManager").is_empty() {
            return Err(refuse_options("fieldManager", Fault::Required, "is required for apply patch"));
        }
        let config = configuration(call, body)?;
        let (manager, now) = (call.manager(), self.clock.now());
        let force = call.query.flag("force");
        let writer = call.writer(&manager, now);
        let merge = |live: &Value| {
            managed::apply(&call.resource(), live, &config, &writer, force).map_err(|error| refused(&error))
        };
        let outcome = self.change(call, Record::Kept, |live| Ok(decode::patched(call, merge(live)?, None)?.object));
        match outcome {
            Ok((object, warnings)) => Ok(Reply::ok(object).with_warnings(warnings)),
            Err(failure) if failure.code == 404 && call.part.is_none() => {
                self.check_create(call)?;
                let mut object = merge(&json!({"metadata": {}}))?;
                object["kind"] = call.resource().kind.into();
                object["apiVersion"] = call.resource().api_version().into();
                let object = decode::patched(call, object, None)?.object;
                let (object, warnings) = self.create_object(call, object, Record::Kept)?;
                Ok(Reply::created(object).with_warnings(warnings))
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Reads and checks the configuration.
fn configuration(call: &Call, body: &[u8]) -> Result<Value, Failure> {
    let text = String::from_utf8_lossy(body);
    let mut config: Value = serde_json::from_str(&text).or_else(|_| {
        serde_saphyr::from_str(&text).map_err(|error| Failure::bad_request(format!("error decoding YAML: {error}")))
    })?;
    if config["metadata"].get("managedFields").is_some_and(|fields| !fields.is_null()) {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    decode::check_kind(&call.resource(), &mut config)?;
    let name = text_of(&config, "name");
    if name.is_empty() {
        put(child(&mut config, "metadata"), "name", call.name.as_str());
    } else if name != call.name {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({})", call.name);
        return Err(Failure::bad_request(message));
    }
    place_in_namespace(call, &mut config)?;
    let checked = decode::finish(&call.resource(), config.clone(), Vec::new(), FieldValidation::Strict);
    checked.map_err(|error| untyped(call, &unfit(&error)))?;
    let mistyped = call.resource().custom.map(|custom| custom.mistyped(&config)).unwrap_or_default();
    if mistyped.is_empty() { Ok(config) } else { Err(untyped(call, &mistyped)) }
}

fn text_of(config: &Value, key: &str) -> String {
    text(config, key).to_owned()
}

/// What was wrong with a configuration, a line each.
fn unfit(error: &DecodeError) -> Vec<String> {
    match error {
        DecodeError::Type(text) => vec![text.clone()],
        DecodeError::Strict(found) => {
            let unknown = found.iter().filter_map(|text| text.strip_prefix("unknown field "));
            unknown.map(|path| format!(".{}: field not declared in schema", path.trim_matches('"'))).collect()
        }
    }
}

/// A configuration that does not fit its kind.
fn untyped(call: &Call, wrong: &[String]) -> Failure {
    let why = match wrong {
        [only] => only.clone(),
        several => format!("errors:\n  {}", several.join("\n  ")),
    };
    let resource = &call.resource();
    let message = format!(
        "failed to create typed patch object ({}/{}; {}, Kind={}): {why}",
        call.namespace(),
        call.name,
        if resource.group.is_empty() { format!("/{}", resource.version) } else { resource.api_version() },
        resource.kind
    );
    Failure::new(500, "", message)
}

fn refused(error: &ApplyError) -> Failure {
    let ApplyError::Conflicts(conflicts) = error;
    let causes: Vec<Value> = conflicts
        .iter()
        .map(|Conflict { manager, field }| {
            json!({"reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": field})
        })
        .collect();
    let mut failure = Failure::new(409, "Conflict", conflict_message(conflicts));
    failure.details = Some(json!({"causes": causes}));
    failure
}

/// One conflict in one line, more of them by manager.
fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [Conflict { manager, field }] = conflicts {
        return format!("Apply failed with 1 conflict: conflict with {manager}: {field}");
    }
    let mut managers: Vec<&str> = conflicts.iter().map(|conflict| conflict.manager.as_str()).collect();
    managers.sort_unstable();
    managers.dedup();
    let by_manager = managers.iter().map(|manager| {
        let fields = conflicts.iter().filter(|conflict| conflict.manager == *manager);
        let lines: Vec<String> = fields.map(|conflict| format!("- {}", conflict.field)).collect();
        format!("conflicts with {manager}:\n{}", lines.join("\n"))
    });
    let listed: Vec<String> = by_manager.collect();
    format!("Apply failed with {} conflicts: {}", conflicts.len(), listed.join("\n"))
}
