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
    openapi::schemas,
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
        let outcome =
            self.change(call, Record::Kept, |live| Ok(decode::patched(call, merge(live)?, None, Vec::new())?.object));
        match outcome {
            Ok((object, warnings)) => Ok(Reply::ok(object).with_warnings(warnings)),
            Err(failure) if failure.code == 404 && call.part.is_none() => {
                self.check_create(call)?;
                let mut object = merge(&json!({"metadata": {}}))?;
                object["kind"] = call.resource().kind.into();
                object["apiVersion"] = call.resource().api_version().into();
                let object = decode::patched(call, object, None, Vec::new())?.object;
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
    if !config.is_object() && !config.is_null() {
        return Err(Failure::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of \
             type map[string]interface {{}}",
            decode::form_name(&config)
        )));
    }
    if config["metadata"].get("managedFields").is_some_and(|fields| !fields.is_null()) {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    let resource = &call.resource();
    let sent_to = named_kind(&config);
    if sent_to != (resource.api_version(), resource.kind.to_owned()) {
        return Err(Failure::bad_request(format!("invalid object type: {}", gvk(&sent_to.0, &sent_to.1))));
    }
    // What is wrong with its values is told of the object as it was sent.
    let namespace = text_of(&config, "namespace");
    let name = text_of(&config, "name");
    if name.is_empty() {
        put(child(&mut config, "metadata"), "name", call.name.as_str());
    } else if name != call.name {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({})", call.name);
        return Err(Failure::bad_request(message));
    }
    place_in_namespace(call, &mut config)?;
    let mistyped = match resource.custom {
        Some(custom) => custom.mistyped(&config),
        None => schemas().of(resource).map(|known| managed::mistyped(schemas(), known, &config)).unwrap_or_default(),
    };
    if !mistyped.is_empty() {
        return Err(untyped(call, &namespace, &mistyped));
    }
    let checked = decode::finish(resource, config.clone(), Vec::new(), FieldValidation::Strict);
    checked.map_err(|error| unfit(call, &namespace, &error))?;
    Ok(config)
}

/// The version and kind that a configuration names.
fn named_kind(config: &Value) -> (String, String) {
    let text = |key: &str| config[key].as_str().unwrap_or_default().to_owned();
    (text("apiVersion"), text("kind"))
}

/// A kind as Go shows it: `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`.
fn gvk(api_version: &str, kind: &str) -> String {
    let slash = if api_version.contains('/') { "" } else { "/" };
    format!("{slash}{api_version}, Kind={kind}")
}

fn text_of(config: &Value, key: &str) -> String {
    text(config, key).to_owned()
}

/// A configuration whose types are right, but some of whose values can't be read.
fn unfit(call: &Call, namespace: &str, error: &DecodeError) -> Failure {
    let (resource, name) = (&call.resource(), &call.name);
    let kind = gvk(&resource.api_version(), resource.kind);
    let why = match error {
        DecodeError::Strict(found) => {
            let unknown = found.iter().filter_map(|text| text.strip_prefix("unknown field "));
            let lines = unknown.map(|path| format!(".{}: field not declared in schema", path.trim_matches('"')));
            return untyped(call, namespace, &lines.collect::<Vec<_>>());
        }
        DecodeError::Type(text) => match text.split_once(" into Go struct field ") {
            Some((found, place)) => {
                let wanted = place.rsplit_once(" of type ").map_or("", |(_, wanted)| wanted);
                format!("{found} into Go value of type {wanted}")
            }
            None => text.clone(),
        },
    };
    let message = format!(
        "failed to convert new object ({namespace}/{name}; {kind}) to proper version: unable to convert unstructured \
         object to {kind}: {why}"
    );
    Failure::new(500, "", message)
}

/// A configuration that does not fit its kind.
fn untyped(call: &Call, namespace: &str, wrong: &[String]) -> Failure {
    let why = match wrong {
        [only] => only.clone(),
        several => format!("errors:\n  {}", several.join("\n  ")),
    };
    let resource = &call.resource();
    let message = format!(
        "failed to create typed patch object ({namespace}/{}; {}): {why}",
        call.name,
        gvk(&resource.api_version(), resource.kind)
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
