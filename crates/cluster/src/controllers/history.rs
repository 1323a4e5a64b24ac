//! ControllerRevisions: the versions of templates that StatefulSets and DaemonSets remember.

use serde_json::{Value, json};

use super::{World, deletion, name_of, owned, revision_hash::hash, write};
use crate::{
    json::{child, has, int, put, text},
    store::{Key, Object},
};

const RESOURCE: &str = "controllerrevisions.apps";
/// The label on Pods that says which version they are of.
pub(super) const HASH_LABEL: &str = "controller-revision-hash";
/// The label on the versions of StatefulSets.
const OWN_HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// A version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Revision {
    /// The name of its ControllerRevision.
    pub(super) name: String,
    /// The hash at the end of the name.
    pub(super) hash: String,
    /// The template it stands for.
    pub(super) template: Value,
}

/// The version of the owner's current template, made or numbered anew when it is not the newest. Older ones beyond the
/// history limit go, but for those named in `used`.
pub(super) fn current(world: &World, owner: &Value, used: &[&str]) -> Option<Revision> {
    let namespace = text(&owner["metadata"], "namespace");
    let template = &owner["spec"]["template"];
    let mut known: Vec<Object> = world.store.list(RESOURCE, Some(namespace)).1;
    known.retain(|revision| owned::controls(owner, revision));
    known.sort_by_key(|revision| int(revision, "revision"));
    let newest = known.last().and_then(|revision| int(revision, "revision")).unwrap_or(0);
    let same = known.iter().find(|revision| revision["data"]["spec"]["template"] == with_patch(template));
    let current = match same {
        Some(revision) if int(revision, "revision") == Some(newest) => revision.clone(),
        Some(revision) => {
            let key = Key::new(RESOURCE, namespace, name_of(revision));
            write::update(world, &key, |revision| put(revision, "revision", newest + 1))?
        }
        None => create(world, owner, newest + 1)?,
    };
    forget(world, owner, &known, &current, used);
    Some(read(&current))
}

/// A version by its name.
pub(super) fn named(world: &World, owner: &Value, name: &str) -> Option<Revision> {
    let key = Key::new(RESOURCE, text(&owner["metadata"], "namespace"), name);
    world.get(&key).map(|revision| read(&revision))
}

fn read(revision: &Value) -> Revision {
    let mut template = revision["data"]["spec"]["template"].clone();
    crate::json::take(&mut template, "$patch");
    let name = name_of(revision).to_owned();
    let labels = &revision["metadata"]["labels"];
    let hash = [OWN_HASH_LABEL, HASH_LABEL].map(|label| text(labels, label)).into_iter().find(|hash| !hash.is_empty());
    Revision { hash: hash.unwrap_or("").to_owned(), name, template }
}

/// Undoing a rollout puts the whole template back, not field by field.
fn with_patch(template: &Value) -> Value {
    let mut template = template.clone();
    put(&mut template, "$patch", "replace");
    template
}

fn create(world: &World, owner: &Value, number: i64) -> Option<Object> {
    let template = &owner["spec"]["template"];
    let hash = hash(template, 0);
    let mut labels = template["metadata"]["labels"].clone();
    if !labels.is_object() {
        labels = json!({});
    }
    // The two kinds name the label of their versions differently.
    let label = if text(owner, "kind") == "DaemonSet" { HASH_LABEL } else { OWN_HASH_LABEL };
    put(&mut labels, label, hash.as_str());
    let mut revision = json!({
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": format!("{}-{hash}", name_of(owner)),
            "ownerReferences": [owned::reference(owner)],
        },
        "data": {"spec": {"template": with_patch(template)}},
        "revision": number,
    });
    let metadata = child(&mut revision, "metadata");
    put(metadata, "labels", labels);
    if has(&owner["metadata"], "annotations") {
        put(metadata, "annotations", owner["metadata"]["annotations"].clone());
    }
    let resource = crate::registry::find_kind("apps/v1", "ControllerRevision").expect("the group apps has revisions");
    write::create(world, resource, text(&owner["metadata"], "namespace"), revision).ok()
}

fn forget(world: &World, owner: &Value, known: &[Object], current: &Value, used: &[&str]) {
    let limit = usize::try_from(int(&owner["spec"], "revisionHistoryLimit").unwrap_or(10)).unwrap_or(0);
    let free = |revision: &&Object| name_of(revision) != name_of(current) && !used.contains(&name_of(revision));
    let old: Vec<&Object> = known.iter().filter(free).collect();
    for revision in old.iter().take(old.len().saturating_sub(limit)) {
        let namespace = text(&owner["metadata"], "namespace");
        deletion::delete(world, &Key::new(RESOURCE, namespace, name_of(revision)));
    }
}
