//! DELETE of an object and of a collection.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    Api,
    call::Call,
    create::{metadata_mut, text},
    decode,
    failure::{self, Failure},
    read::{list_document, selection},
    respond::Reply,
    versions, write_options,
};
use crate::{
    clock::api_time,
    custom::CLEANUP,
    registry::Resource,
    store::{Key, Next, WriteError},
};

/// How an object is to be deleted (`DeleteOptions`, from the body or the query).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Options {
    grace: Option<i64>,
    uid: Option<String>,
    resource_version: Option<String>,
    propagation: Option<String>,
    dry_run: bool,
}

/// What a deletion does with the object now.
enum Step {
    /// It is gone; this was its last state.
    Gone(Value),
    /// It stays a while, marked.
    Marked(Value),
    /// It is on its way out already.
    Pending,
}

impl Api {
    /// Deletes an object, or begins to.
    pub(super) fn delete(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let mut options = Options::read(call, body)?;
        refuse_system_namespace(call)?;
        let said = options.keep_pods_of_jobs(&call.resource());
        let (object, gone) = self.delete_object(&call.resource(), &call.key(), &options)?;
        if gone && !returns_object(&call.resource()) {
            let deleted = failure::deleted(&call.resource(), &call.name, &object["metadata"]["uid"]);
            return Ok(Reply::ok(deleted).with_warnings(said));
        }
        Ok(Reply::ok(object).with_warnings(said))
    }

    /// Deletes the objects of a collection that are wanted, and lists them.
    pub(super) fn delete_collection(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let options = Options::read(call, body)?;
        let selection = selection(call)?;
        let name = call.resource().store_name();
        let (_, objects) = self.store.list(&name, call.place.namespace.as_deref());
        let mut deleted = Vec::new();
        for object in objects.iter().filter(|object| selection.matches(object)) {
            let key = Key::new(&*name, text(object, "namespace"), text(object, "name"));
            match self.delete_object(&call.resource(), &key, &options) {
                Ok((object, _)) => deleted.push(object),
                Err(failure) if failure.code == 404 => {}
                Err(failure) => return Err(failure),
            }
        }
        let metadata = json!({"resourceVersion": self.store.revision().to_string()});
        let resource = call.resource();
        let served = deleted.iter().map(|object| versions::served(&resource, object));
        Ok(Reply::ok(list_document(&resource, metadata, served)))
    }

    /// The object as it is afterwards, and whether it is gone.
    fn delete_object(&self, resource: &Resource, key: &Key, options: &Options) -> Result<(Value, bool), Failure> {
        let now = self.clock.now();
        let mut answer = None;
        let outcome = self.store.modify(key, |old| {
            options.check(resource, old)?;
            let step = begin(resource, old, options, now);
            let (next, shown) = match step {
                Step::Gone(last) => (Next::Remove, Some((last, true))),
                Step::Marked(new) if options.dry_run => (Next::Keep, Some((new, false))),
                Step::Marked(new) => (Next::Put(new), None),
                Step::Pending => (Next::Keep, None),
            };
            answer = shown;
            Ok(if options.dry_run { Next::Keep } else { next })
        });
        match outcome {
            Ok(stored) => match answer {
                Some((mut last, true)) => {
                    last["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"].clone();
                    Ok((last, true))
                }
                Some(shown) => Ok(shown),
                None => Ok((Value::clone(&stored), false)),
            },
            Err(WriteError::NotFound) => Err(Failure::not_found(resource, &key.name)),
            Err(WriteError::Refused(failure)) => Err(failure),
        }
    }
}

/// Decides what a deletion does: marks the object when it needs time or has finalizers, else removes it.
fn begin(resource: &Resource, old: &Value, options: &Options, now: Timestamp) -> Step {
    if old["metadata"].get("deletionTimestamp").is_some() {
        return again(old, options);
    }
    let grace = graceful(resource, old, options);
    let mut new = old.clone();
    if resource.kind == "CustomResourceDefinition" {
        mark_definition(&mut new, now);
    }
    add_propagation_finalizer(&mut new, options);
    let kept = has_finalizers(&new);
    let after = SignedDuration::from_secs(grace.unwrap_or(0));
    let metadata = metadata_mut(&mut new);
    if grace.is_some() || kept {
        metadata.insert("deletionTimestamp".into(), api_time(now + after).into());
        if resource.kind != "Namespace" {
            metadata.insert("deletionGracePeriodSeconds".into(), grace.unwrap_or(0).into());
        }
        if let Some(generation) = metadata.get("generation").and_then(Value::as_i64) {
            metadata.insert("generation".into(), (generation + 1).into());
        }
    }
    if resource.kind == "Namespace" && kept {
        new["status"]["phase"] = "Terminating".into();
    }
    if kept || grace.is_some_and(|seconds| seconds > 0) { Step::Marked(new) } else { Step::Gone(new) }
}

/// A definition goes after its objects; until then it says so.
fn mark_definition(definition: &mut Value, now: Timestamp) {
    let finalizers = &mut definition["metadata"]["finalizers"];
    match finalizers.as_array_mut() {
        Some(list) if list.iter().any(|entry| entry == CLEANUP) => {}
        Some(list) => list.push(CLEANUP.into()),
        None => *finalizers = json!([CLEANUP]),
    }
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let condition = json!({"type": "Terminating", "status": "True", "lastTransitionTime": api_time(now),
        "reason": "InstanceDeletionPending", "message": message});
    match definition["status"]["conditions"].as_array_mut() {
        Some(conditions) => conditions.push(condition),
        None => definition["status"]["conditions"] = json!([condition]),
    }
}

/// A second deletion may only shorten the time that is left.
fn again(old: &Value, options: &Options) -> Step {
    let Some(left) = old["metadata"]["deletionGracePeriodSeconds"].as_i64() else { return Step::Pending };
    let Some(asked) = options.grace.map(at_least_one).filter(|asked| *asked < left) else {
        let done = left == 0 && !has_finalizers(old);
        return if done { Step::Gone(old.clone()) } else { Step::Pending };
    };
    let mut new = old.clone();
    let end: Option<Timestamp> = text(old, "deletionTimestamp").parse().ok();
    let metadata = metadata_mut(&mut new);
    if let Some(end) = end {
        let earlier = end - SignedDuration::from_secs(left - asked);
        metadata.insert("deletionTimestamp".into(), api_time(earlier).into());
    }
    metadata.insert("deletionGracePeriodSeconds".into(), asked.into());
    if asked == 0 && !has_finalizers(old) { Step::Gone(new) } else { Step::Marked(new) }
}

/// How many seconds an object gets to end by itself; only Pods get any.
fn graceful(resource: &Resource, old: &Value, options: &Options) -> Option<i64> {
    if (resource.group, resource.kind) != ("", "Pod") {
        return None;
    }
    let ended = matches!(old["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    let placed = old["spec"]["nodeName"].as_str().is_some_and(|name| !name.is_empty());
    if ended || !placed {
        return Some(0);
    }
    let asked = options.grace.or(old["spec"]["terminationGracePeriodSeconds"].as_i64());
    Some(at_least_one(asked.unwrap_or(0)))
}

/// A negative time means the shortest there is.
fn at_least_one(seconds: i64) -> i64 {
    if seconds < 0 { 1 } else { seconds }
}

fn has_finalizers(object: &Value) -> bool {
    let some = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    some(&object["metadata"]["finalizers"]) || some(&object["spec"]["finalizers"])
}

/// `Foreground` and `Orphan` leave a note for the garbage collector.
fn add_propagation_finalizer(object: &mut Value, options: &Options) {
    let note = match options.propagation.as_deref() {
        Some("Foreground") => "foregroundDeletion",
        Some("Orphan") => "orphan",
        _ => return,
    };
    let metadata = metadata_mut(object);
    let list = metadata.entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut().filter(|list| !list.iter().any(|entry| entry == note)) {
        list.push(note.into());
    }
}

/// Kinds whose deletion answers with the object itself even when it is gone at once (`ReturnDeletedObject`).
fn returns_object(resource: &Resource) -> bool {
    matches!(
        (resource.group, resource.kind),
        (
            "",
            "Pod"
                | "Service"
                | "ServiceAccount"
                | "PodTemplate"
                | "PersistentVolumeClaim"
                | "PersistentVolume"
                | "ResourceQuota"
                | "Namespace"
        ) | ("storage.k8s.io", "StorageClass" | "CSIDriver" | "CSINode" | "VolumeAttachment" | "VolumeAttributesClass")
            | ("resource.k8s.io", _)
    )
}

fn refuse_system_namespace(call: &Call) -> Result<(), Failure> {
    let is_namespace = (call.resource().group, call.resource().kind) == ("", "Namespace");
    if is_namespace && matches!(call.name.as_str(), "default" | "kube-system" | "kube-public") {
        return Err(Failure::forbidden(&call.resource(), &call.name, "this namespace may not be deleted"));
    }
    Ok(())
}

impl Options {
    fn read(call: &Call, body: &[u8]) -> Result<Self, Failure> {
        let sent = if body.is_empty() { Value::Null } else { decode::body(call, body)? };
        let owned = |value: &Value| value.as_str().map(str::to_owned);
        let query = |key: &str| Some(call.query.text(key).to_owned()).filter(|text| !text.is_empty());
        let words = |list: &Value| -> Vec<String> { list.as_array().into_iter().flatten().filter_map(owned).collect() };
        let dry_run = [call.query.all("dryRun"), &words(&sent["dryRun"])].concat();
        let propagation = query("propagationPolicy").or(owned(&sent["propagationPolicy"]));
        let orphans = sent["orphanDependents"].is_boolean() || call.query.has("orphanDependents");
        write_options::check_deletion(propagation.as_deref(), orphans, &dry_run)?;
        let orphan = |flag: bool| if flag { "Orphan".to_owned() } else { "Background".to_owned() };
        Ok(Self {
            grace: call.query.number("gracePeriodSeconds")?.or(sent["gracePeriodSeconds"].as_i64()),
            uid: owned(&sent["preconditions"]["uid"]),
            resource_version: owned(&sent["preconditions"]["resourceVersion"]),
            propagation: propagation.or(sent["orphanDependents"].as_bool().map(orphan)),
            dry_run: dry_run.iter().any(|stage| !stage.is_empty()),
        })
    }

    /// Jobs leave their Pods behind when nothing is said of them, as their first version did. Gives what the client is
    /// told about it; clients such as kubectl always say something.
    fn keep_pods_of_jobs(&mut self, resource: &Resource) -> Vec<String> {
        const SAID: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background \
                            to remove them or set propagationPolicy=Orphan to suppress this warning";
        if (resource.group, resource.kind) != ("batch", "Job") || self.propagation.is_some() {
            return Vec::new();
        }
        self.propagation = Some("Orphan".to_owned());
        vec![SAID.to_owned()]
    }

    fn check(&self, resource: &Resource, old: &Value) -> Result<(), Failure> {
        let name = text(old, "name");
        let refuse = |why: String| {
            let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified_kind());
            let mut failure = Failure::new(409, "Conflict", message);
            let mut details = json!({"name": name, "kind": resource.kind});
            if !resource.group.is_empty() {
                details["group"] = resource.group.into();
            }
            failure.details = Some(details);
            Err(failure)
        };
        let recreated = "The object might have been deleted and then recreated";
        if let Some(uid) = self.uid.as_deref().filter(|uid| *uid != text(old, "uid")) {
            return refuse(format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({}). {recreated}",
                text(old, "uid")
            ));
        }
        if let Some(version) = self.resource_version.as_deref().filter(|v| *v != text(old, "resourceVersion")) {
            return refuse(format!(
                "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). \
                 The object might have been modified",
                text(old, "resourceVersion")
            ));
        }
        Ok(())
    }
}
