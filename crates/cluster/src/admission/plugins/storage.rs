//! DefaultStorageClass, and protection of volumes and claims that are in use.

use serde_json::{Value, json};

use super::Context;
use crate::{
    json::{at, child, has, items, put, text},
    registry::Resource,
};

pub(super) fn admit(resource: &Resource, object: &mut Value, context: &Context<'_>) {
    match (resource.group, resource.kind) {
        ("", "PersistentVolumeClaim") => {
            protect(object, "kubernetes.io/pvc-protection");
            if !has(&object["spec"], "storageClassName")
                && let Some(class) = default_class(context)
            {
                put(child(object, "spec"), "storageClassName", class);
            }
        }
        ("", "PersistentVolume") => protect(object, "kubernetes.io/pv-protection"),
        _ => {}
    }
}

fn protect(object: &mut Value, finalizer: &str) {
    let metadata = child(object, "metadata");
    let mut finalizers = items(metadata, "finalizers").to_vec();
    if !finalizers.iter().any(|known| known.as_str() == Some(finalizer)) {
        finalizers.push(json!(finalizer));
        put(metadata, "finalizers", finalizers);
    }
}

/// The newest class that is marked as the default one.
fn default_class(context: &Context<'_>) -> Option<String> {
    let (_, classes) = context.store.list("storageclasses.storage.k8s.io", None);
    let is_default = |class: &Value| {
        text(at(class, &["metadata", "annotations"]), "storageclass.kubernetes.io/is-default-class") == "true"
    };
    let newest = classes
        .iter()
        .filter(|class| is_default(class))
        .max_by_key(|class| text(&class["metadata"], "creationTimestamp"));
    newest.map(|class| text(&class["metadata"], "name").to_owned())
}
