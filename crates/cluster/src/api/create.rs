//! POST of a new object.

use serde_json::{Map, Value, json};

use super::{Api, call::Call, decode, failure::Failure, respond::Reply, versions};
use crate::{
    admission::{self, Context, Forbidden},
    clock::api_time,
    custom::CustomKind,
    managed,
    registry::{Awaits, Resource},
    store::Key,
};

/// How much of `generateName` is kept, so that name and suffix fit into 63 characters.
const GENERATED_BASE: usize = 58;

/// How many characters are added to `generateName`.
const GENERATED_SUFFIX: usize = 5;

/// Who sees to `metadata.managedFields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    /// The write itself, as an ordinary one.
    Keep,
    /// Server-side apply, which has done so.
    Kept,
}

impl Api {
    /// Stores a new object.
    pub(super) fn create(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let decoded = decode::decode(call, body)?;
        let (object, warnings) = self.create_object(call, decoded.object, Record::Keep)?;
        let object = versions::served(&call.resource(), &object).into_owned();
        Ok(Reply::created(object).with_warnings(decoded.warnings).with_warnings(warnings))
    }

    /// Everything between a decoded object and its place in the store.
    pub(super) fn create_object(
        &self,
        call: &Call,
        mut object: Value,
        record: Record,
    ) -> Result<(Value, Vec<String>), Failure> {
        let resource = &call.resource();
        place_in_namespace(call, &mut object)?;
        self.name_object(&mut object);
        let name = text(&object, "name").to_owned();
        self.check_namespace(call)?;
        refuse_unserved(resource, &name)?;
        if resource.custom.is_some_and(CustomKind::is_terminating) {
            let why = "create not allowed while custom resource definition is terminating";
            return Err(Failure::forbidden(resource, &name, why));
        }
        self.start_life(resource, &mut object);
        self.check_grants(call, &Value::Null, &object)?;
        let dry_run = call.query.dry_run();
        let context = Context { store: &self.store, clock: &*self.clock, dry_run };
        admission::default_object(resource, &mut object);
        if record == Record::Keep {
            let empty = super::conformed(resource, json!({"metadata": {}}));
            let manager = call.manager();
            managed::track(resource, &empty, &mut object, &call.writer(&manager, self.clock.now()), true);
        }
        let forbidden = |why: Forbidden| Failure::forbidden(resource, &name, &why.to_string());
        let mut warnings = admission::prepare_create(resource, &mut object, &context).map_err(forbidden)?;
        let mut errors = admission::validate_create(resource, &object);
        if errors.is_empty() {
            errors = admission::taken(resource, None, &object, &context);
        }
        if !errors.is_empty() {
            return Err(Failure::invalid(resource, &name, &errors));
        }
        warnings.extend(admission::approve_create(resource, &object, &context).map_err(forbidden)?);
        let key = Key::new(resource.store_name(), call.namespace(), &*name);
        if dry_run {
            return match self.store.get(&key) {
                Some(_) => Err(self.taken_name(resource, &key)),
                None => Ok((object, warnings)),
            };
        }
        self.check_room(resource, &name)?;
        let object = versions::stored(resource, object);
        let stored = self.store.insert(key.clone(), object).map_err(|_| self.taken_name(resource, &key))?;
        self.fill_account_secret(resource, &key, &stored);
        Ok((Value::clone(&stored), warnings))
    }

    /// The name belongs to another object, which may be on its way out.
    fn taken_name(&self, resource: &Resource, key: &Key) -> Failure {
        let mut failure = Failure::already_exists(resource, &key.name);
        if self.store.get(key).is_some_and(|other| other["metadata"].get("deletionTimestamp").is_some()) {
            failure.message = format!("object is being deleted: {}", failure.message);
        }
        failure
    }

    fn name_object(&self, object: &mut Value) {
        let base = text(object, "generateName");
        if text(object, "name").is_empty() && !base.is_empty() {
            let kept: String = base.chars().take(GENERATED_BASE).collect();
            let name = format!("{kept}{}", self.clock.suffix(GENERATED_SUFFIX));
            object["metadata"]["name"] = name.into();
        }
    }

    /// A namespaced object needs a namespace that is there and not on its way out.
    fn check_namespace(&self, call: &Call) -> Result<(), Failure> {
        if !call.resource().namespaced {
            return Ok(());
        }
        let namespaces = crate::registry::find("", "v1", "namespaces").expect("the core group has namespaces");
        let found = self.store.get(&Key::new("namespaces", "", call.namespace()));
        let Some(namespace) = found else { return Err(Failure::not_found(namespaces, call.namespace())) };
        if namespace["metadata"].get("deletionTimestamp").is_some() {
            let name = call.namespace();
            let why = format!("unable to create new content in namespace {name} because it is being terminated");
            return Err(Failure::forbidden(&call.resource(), &call.name, &why));
        }
        Ok(())
    }

    /// What only the server may say about a new object.
    fn start_life(&self, resource: &Resource, object: &mut Value) {
        let metadata = metadata_mut(object);
        for key in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
            metadata.remove(key);
        }
        metadata.insert("uid".into(), self.clock.uid().into());
        metadata.insert("creationTimestamp".into(), api_time(self.clock.now()).into());
        if resource.has_generation {
            metadata.insert("generation".into(), 1.into());
        }
    }

    /// The sandbox's own limit.
    fn check_room(&self, resource: &Resource, name: &str) -> Result<(), Failure> {
        if self.store.len() < self.max_objects {
            return Ok(());
        }
        let why = format!(
            "this sandbox holds {} objects, which is all that fit; delete some that are no longer needed",
            self.max_objects
        );
        Err(Failure::forbidden(resource, name, &why))
    }
}

/// A text of an object's metadata; empty when it is missing.
pub(super) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"][key].as_str().unwrap_or_default()
}

/// An object's metadata, made if it is missing.
pub(super) fn metadata_mut(object: &mut Value) -> &mut Map<String, Value> {
    if !object["metadata"].is_object() {
        object["metadata"] = Map::new().into();
    }
    object["metadata"].as_object_mut().expect("it was made an object just now")
}

/// The namespace of the path goes into the object; another one there is a mistake.
pub(super) fn place_in_namespace(call: &Call, object: &mut Value) -> Result<(), Failure> {
    let wanted = call.namespace().to_owned();
    let metadata = metadata_mut(object);
    let given = metadata.get("namespace").and_then(Value::as_str).unwrap_or_default();
    // What has no namespace loses the one that it names.
    if !given.is_empty() && !wanted.is_empty() && given != wanted {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Failure::bad_request(message));
    }
    if wanted.is_empty() {
        metadata.remove("namespace");
    } else {
        metadata.insert("namespace".into(), wanted.into());
    }
    Ok(())
}

/// A kind that nothing here would act on is refused, so that nobody waits for what never comes.
fn refuse_unserved(resource: &Resource, name: &str) -> Result<(), Failure> {
    let why = match resource.awaits {
        None => return Ok(()),
        Some(Awaits::Nothing) => {
            format!("this sandbox lists the kind {} but has nothing that would act on it", resource.kind)
        }
    };
    Err(Failure::forbidden(resource, name, &why))
}
