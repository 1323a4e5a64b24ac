//! PUT, and what PUT and PATCH have in common: replacing one state of an object by another.

use serde_json::Value;

use super::{
    Api, access,
    call::Call,
    create::{Record, metadata_mut, place_in_namespace, text},
    decode,
    failure::Failure,
    respond::Reply,
    versions,
};
use crate::{
    admission, managed,
    rbac::Author,
    registry::Resource,
    store::{Next, WriteError},
};

impl Api {
    /// Replaces an object, or the part of it that the path names.
    pub(super) fn update(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let decoded = decode::decode(call, body)?;
        let mut sent = decoded.object;
        let name = text(&sent, "name");
        if name != call.name {
            let message = format!("the name of the object ({name}) does not match the name on the URL ({})", call.name);
            return Err(Failure::bad_request(message));
        }
        place_in_namespace(call, &mut sent)?;
        let object = self.change(call, Record::Keep, |_| Ok(sent))?;
        Ok(Reply::ok(object).with_warnings(decoded.warnings))
    }

    /// Shows `make` the stored object and stores what it makes of it, with everything an update must hold to.
    pub(super) fn change(
        &self,
        call: &Call,
        record: Record,
        make: impl FnOnce(&Value) -> Result<Value, Failure>,
    ) -> Result<Value, Failure> {
        let mut answer = None;
        let resource = call.resource();
        // Whatever has to be looked up is looked up before the store is locked.
        let author = self.store.get(&call.key()).and_then(|stored| self.author(call, &stored));
        let outcome = self.store.modify(&call.key(), |old| {
            let old = &*versions::served(resource, old);
            let new = self.revise(call, old, make(old)?, record, author.as_ref())?;
            if call.query.dry_run() {
                answer = Some(new);
                return Ok(Next::Keep);
            }
            Ok(if is_finished(&new) { Next::Remove } else { Next::Put(versions::stored(resource, new)) })
        });
        match outcome {
            Ok(object) => Ok(answer.unwrap_or_else(|| versions::served(resource, &object).into_owned())),
            Err(WriteError::NotFound) => Err(Failure::not_found(call.resource(), &call.name)),
            Err(WriteError::Refused(failure)) => Err(failure),
        }
    }

    /// What becomes of `old` when a client wants `new`.
    fn revise(
        &self,
        call: &Call,
        old: &Value,
        mut new: Value,
        record: Record,
        author: Option<&Author<'_>>,
    ) -> Result<Value, Failure> {
        let resource = call.resource();
        let part = call.part.as_ref().map_or("", |part| part.row.name);
        check_versions(call, old, &new)?;
        keep_system_fields(old, &mut new);
        match part {
            "ephemeralcontainers" | "finalize" => new = only_part(part, old, &new),
            _ => admission::prepare_update(resource, old, &mut new, part),
        }
        admission::default_object(resource, &mut new);
        if let Some(author) = author {
            access::check_grants(call, author, old, &new)?;
        }
        if record == Record::Keep {
            let manager = call.manager();
            managed::track(resource, old, &mut new, &call.writer(&manager, self.clock.now()), false);
        }
        let errors = match part {
            "ephemeralcontainers" | "finalize" => Vec::new(),
            _ => admission::validate_update(resource, old, &new),
        };
        if !errors.is_empty() {
            return Err(Failure::invalid(resource, &call.name, &errors));
        }
        count_generation(resource, old, &mut new);
        Ok(new)
    }
}

fn check_versions(call: &Call, old: &Value, new: &Value) -> Result<(), Failure> {
    let (resource, name) = (call.resource(), call.name.as_str());
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
    let wish = |object: &Value| {
        let mut object = object.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.remove("metadata");
            fields.remove("status");
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
