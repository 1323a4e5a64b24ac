//! PersistentVolumeClaims and the specs inside templates.

use serde_json::Value;

use super::{Findings, Path, go_form, metadata, names, resource};
use crate::{
    admission::quantity::Quantity,
    json::{at, has, items, put, text},
};

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// A new claim.
pub(super) fn create(found: &mut Findings, claim: &Value) {
    metadata::create(found, claim, names::subdomain);
    spec(found, &claim["spec"], &Path::new("spec"));
}

/// What a claim asks for.
pub(super) fn spec(found: &mut Findings, spec: &Value, path: &Path) {
    let modes = items(spec, "accessModes");
    if modes.is_empty() {
        found.required(&path.child("accessModes"), "at least 1 access mode is required");
    }
    metadata::selector(found, &spec["selector"], &path.child("selector"));
    for mode in modes.iter().filter_map(Value::as_str).filter(|mode| !MODES.contains(mode)) {
        found.not_supported(&path.child("accessModes"), mode, &MODES);
    }
    if modes.len() > 1 && modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        let message = "may not use ReadWriteOncePod with other access modes";
        found.forbidden(&path.child("accessModes"), message);
    }
    let (storage, at_storage) =
        (at(spec, &["resources", "requests", "storage"]), path.child("resources").key("storage"));
    if storage.is_null() {
        found.required(&at_storage, "");
    } else {
        resource::value(found, "storage", storage, &path.child("resources").child("requests").key("storage"));
        if Quantity::from_json(storage).is_ok_and(Quantity::is_zero) {
            found.invalid(&at_storage, storage.clone(), "must be greater than zero");
        }
    }
    let class = text(spec, "storageClassName");
    if !class.is_empty() {
        found.invalid_each(&path.child("storageClassName"), class, names::subdomain(class));
    }
    found.one_of_if_set(path, spec, "volumeMode", &["Block", "Filesystem"]);
}

/// A changed claim: it may grow, and be bound.
pub(super) fn update(found: &mut Findings, old: &Value, new: &Value) {
    metadata::update(found, old, new);
    let (before, after, path) = (&old["spec"], &new["spec"], Path::new("spec"));
    let mut same = after.clone();
    let bound = text(&old["status"], "phase") == "Bound";
    if let Some(resources) = before.get("resources").filter(|_| bound) {
        put(&mut same, "resources", resources.clone());
    }
    if !has(before, "volumeName") && has(after, "volumeName") {
        crate::json::take(&mut same, "volumeName");
    }
    if !has(before, "storageClassName") {
        crate::json::take(&mut same, "storageClassName");
    }
    if let Some(class) = before.get("volumeAttributesClassName") {
        put(&mut same, "volumeAttributesClassName", class.clone());
    }
    if same != *before {
        let shown = |spec: &Value| go_form::shown("PersistentVolumeClaimSpec", spec);
        let diff = go_form::unified_diff(&shown(before), &shown(&same));
        let rule =
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        found.forbidden(&path, format!("{rule}\n{diff}"));
    }
    let size =
        |spec: &Value| Quantity::from_json(at(spec, &["resources", "requests", "storage"])).unwrap_or(Quantity::ZERO);
    let given = Quantity::from_json(at(&old["status"], &["capacity", "storage"])).unwrap_or(Quantity::ZERO);
    if size(after) < size(before) && size(after) < given {
        let path = path.child("resources").child("requests").child("storage");
        found.forbidden(&path, "field can not be less than status.capacity");
    }
}
