//! PUT, and what PUT and PATCH have in common: replacing one state of an object by another.

use serde_json::Value;

use super::{
    Api,
    call::{Call, Verb},
    create::{Record, metadata_mut, place_in_namespace, text},
    decode,
    failure::Failure,
    respond::Reply,
    versions,
};
use crate::{
    admission::{
        self, Context,
        field::{Fault, FieldError},
    },
    custom::CustomKind,
    managed,
    registry::Resource,
    store::{Next, WriteError},
};

/// Holds that an object is the one that the path names.
///
/// # Errors
/// 400 when it is another, or none.
pub(super) fn check_name(call: &Call, object: &Value) -> Result<(), Failure> {
    let (name, namespace, wanted) = (text(object, "name"), text(object, "namespace"), &call.name);
    if name.is_empty() {
        let why = "was undeterminable: name must be provided";
        return Err(Failure::bad_request(format!("the name of the object ({wanted} based on URL) {why}")));
    }
    if name != wanted {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({wanted})");
        return Err(Failure::bad_request(message));
    }
    if !namespace.is_empty() && !call.namespace().is_empty() && namespace != call.namespace() {
        let wanted = call.namespace();
        let why = format!("does not match the namespace on the request ({wanted})");
        return Err(Failure::bad_request(format!("the namespace of the object ({namespace}) {why}")));
    }
    Ok(())
}

impl Api {
    /// Replaces an object, or the part of it that the path names.
    pub(super) fn update(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let decoded = decode::decode(call, body)?;
        let mut sent = decoded.object;
        place_in_namespace(call, &mut sent)?;
        check_name(call, &sent)?;
        let (object, warnings) = self.change(call, Record::Keep, |_| Ok(sent.clone()))?;
        Ok(Reply::ok(object).with_warnings(decoded.warnings).with_warnings(warnings))
    }

    /// Shows `make` the stored object and stores what it makes of it, with everything an update must hold to; again
    /// when somebody else was quicker. Gives the object and what the client is to be warned of.
    pub(super) fn change(
        &self,
        call: &Call,
        record: Record,
        mut make: impl FnMut(&Value) -> Result<Value, Failure>,
    ) -> Result<(Value, Vec<String>), Failure> {
        let resource = &call.resource();
        loop {
            let stored = self.find(call)?;
            let old = &*versions::served(resource, &stored);
            let (new, warnings) = self.revise(call, old, make(old)?, record)?;
            if call.query.dry_run() {
                return Ok((new, warnings));
            }
            let next = if is_finished(&new) { Next::Remove } else { Next::Put(versions::stored(resource, new)) };
            let outcome = self.store.modify(&call.key(), |current| {
                let same = text(current, "resourceVersion") == text(&stored, "resourceVersion");
                if same { Ok(next) } else { Err(Overtaken) }
            });
            match outcome {
                Ok(object) => return Ok((versions::served(resource, &object).into_owned(), warnings)),
                Err(WriteError::NotFound) => return Err(Failure::not_found(resource, &call.name)),
                Err(WriteError::Refused(Overtaken)) => {}
            }
        }
    }

    /// What becomes of `old` when a client wants `new`.
    fn revise(
        &self,
        call: &Call,
        old: &Value,
        mut new: Value,
        record: Record,
    ) -> Result<(Value, Vec<String>), Failure> {
        let resource = &call.resource();
        let part = call.part.as_ref().map_or("", |part| part.row.name);
        let context = Context { store: &self.store, clock: &*self.clock, dry_run: call.query.dry_run() };
        check_versions(call, old, &new)?;
        keep_system_fields(old, &mut new);
        match part {
            "ephemeralcontainers" | "finalize" => new = only_part(part, old, &new),
            _ => admission::prepare_update(resource, old, &mut new, part, &context),
        }
        admission::default_object(resource, &mut new);
        self.check_grants(call, old, &new)?;
        if record == Record::Keep {
            let manager = call.manager();
            managed::track(resource, old, &mut new, &call.writer(&manager, self.clock.now()), false);
        }
        let mut errors = match part {
            "finalize" => Vec::new(),
            "ephemeralcontainers" => admission::validate_ephemeral(old, &new),
            "resize" => admission::validate_resize(old, &new),
            "status" => admission::validate_status(resource, old, &new),
            _ => admission::validate_update(resource, old, &new),
        };
        if errors.is_empty() && part.is_empty() {
            errors = admission::taken(resource, Some(old), &new, &context);
        }
        if !errors.is_empty() {
            return Err(Failure::invalid(resource, &call.name, &errors));
        }
        let approved = admission::approve_update(resource, old, &new, part, &context);
        let warnings = approved.map_err(|why| Failure::forbidden(resource, &call.name, &why.to_string()))?;
        count_generation(resource, old, &mut new);
        Ok((new, warnings))
    }
}

/// Somebody else has changed the object since it was read.
struct Overtaken;

fn part_is(call: &Call, names: &[&str]) -> bool {
    names.contains(&call.part.as_ref().map_or("", |part| part.row.name))
}

fn check_versions(call: &Call, old: &Value, new: &Value) -> Result<(), Failure> {
    let (resource, name) = (&call.resource(), call.name.as_str());
    let uid = text(new, "uid");
    if !uid.is_empty() && uid != text(old, "uid") {
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}/{}{name}, ResourceVersion: 0, AdditionalErrorMsg: \
             Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            resource.plural,
            if resource.namespaced { format!("{}/", call.namespace()) } else { String::new() },
            text(old, "uid"),
        );
        return Err(Failure::conflict(resource, name, &why));
    }
    let version = text(new, "resourceVersion");
    let defined = resource.custom.is_some() || resource.kind == "CustomResourceDefinition";
    if defined && call.verb == Verb::Update && part_is(call, &["", "status"]) && version.is_empty() {
        let why = "must be specified for an update";
        let error = FieldError::new(Fault::Invalid, "metadata.resourceVersion", why).with_value(0.into());
        return Err(Failure::invalid(resource, name, &[error]));
    }
    if !version.is_empty() && version != "0" && version != text(old, "resourceVersion") {
        return Err(Failure::modified(resource, name));
    }
    Ok(())
}

/// What a client may not change about an object's identity and life.
fn keep_system_fields(old: &Value, new: &mut Value) {
    let metadata = metadata_mut(new);
    for key in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generateName",
        "resourceVersion",
    ] {
        match old["metadata"].get(key) {
            Some(value) => metadata.insert(key.into(), value.clone()),
            None => metadata.remove(key),
        };
    }
    metadata.remove("selfLink");
}

/// The stored object with the one field that a part of it stands for.
fn only_part(part: &str, old: &Value, new: &Value) -> Value {
    let field = if part == "finalize" { "finalizers" } else { "ephemeralContainers" };
    let mut kept = old.clone();
    kept["metadata"]["managedFields"] = new["metadata"]["managedFields"].clone();
    match (new["spec"].get(field), kept["spec"].as_object_mut()) {
        (Some(value), Some(spec)) => {
            spec.insert(field.into(), value.clone());
        }
        (None, Some(spec)) => {
            spec.remove(field);
        }
        _ => {}
    }
    kept
}

/// `metadata.generation` counts what is not metadata and not status.
fn count_generation(resource: &Resource, old: &Value, new: &mut Value) {
    // A status without an address of its own is part of what is wished for.
    let apart = resource.custom.is_none_or(CustomKind::has_status);
    let wish = |object: &Value| {
        let mut object = object.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.remove("metadata");
            if apart {
                fields.remove("status");
            }
        }
        object
    };
    if resource.has_generation && wish(old) != wish(new) {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
        metadata_mut(new).insert("generation".into(), generation.into());
    }
}

/// An object that was waiting for its finalizers to be done is done when the last one is gone.
fn is_finished(object: &Value) -> bool {
    let metadata = &object["metadata"];
    let waits = |key: &str| metadata[key].as_array().is_some_and(|list| !list.is_empty());
    metadata.get("deletionTimestamp").is_some()
        && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && !waits("finalizers")
        && object["spec"]["finalizers"].as_array().is_none_or(Vec::is_empty)
}
