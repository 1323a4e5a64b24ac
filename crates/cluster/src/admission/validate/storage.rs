//! PersistentVolumes and storage classes.

use serde_json::Value;

use super::{Findings, Path, names, resource, volume};
use crate::{
    admission::quantity::Quantity,
    json::{at, entries, has, items, text},
};

/// A PersistentVolume.
pub(super) fn persistent_volume(found: &mut Findings, volume: &Value, old: Option<&Value>) {
    let (spec, path) = (&volume["spec"], Path::new("spec"));
    access_modes(found, spec, &path.child("accessModes"));
    capacity(found, spec, &path.child("capacity"));
    found.one_of_if_set(&path, spec, "persistentVolumeReclaimPolicy", &["Delete", "Recycle", "Retain"]);
    volume::one_of_kinds(found, spec, &path);
    if text(&spec["hostPath"], "path").trim_end_matches('/').is_empty()
        && has(spec, "hostPath")
        && text(spec, "persistentVolumeReclaimPolicy") == "Recycle"
    {
        let message = "may not be 'recycle' for a hostPath mount of '/'";
        found.forbidden(&path.child("persistentVolumeReclaimPolicy"), message);
    }
    if has(spec, "local") && !has(spec, "nodeAffinity") {
        found.required(&path.child("nodeAffinity"), "Local volume requires node affinity");
    }
    let class = text(spec, "storageClassName");
    if !class.is_empty() {
        found.invalid_each(&path.child("storageClassName"), class, names::subdomain(class));
    }
    found.one_of_if_set(&path, spec, "volumeMode", &["Block", "Filesystem"]);
    if let Some(old) = old {
        found.immutable(&path.child("volumeMode"), at(spec, &["volumeMode"]), at(&old["spec"], &["volumeMode"]));
    }
}

fn access_modes(found: &mut Findings, spec: &Value, path: &Path) {
    const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    let modes = items(spec, "accessModes");
    if modes.is_empty() {
        found.required(path, "");
    }
    for mode in modes.iter().filter_map(Value::as_str).filter(|mode| !MODES.contains(mode)) {
        found.not_supported(path, mode, &MODES);
    }
    if modes.len() > 1 && modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        found.forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }
}

fn capacity(found: &mut Findings, spec: &Value, path: &Path) {
    let sizes: Vec<_> = entries(spec, "capacity").collect();
    if sizes.is_empty() {
        found.required(path, "");
    }
    if sizes.len() > 1 || !has(&spec["capacity"], "storage") {
        found.not_supported_shown(path, &spec["capacity"], &["storage"]);
    }
    for (name, size) in sizes {
        resource::value(found, name, size, &path.key(name));
        if Quantity::from_json(size).is_ok_and(|size| size.is_zero() || size.is_negative()) {
            found.invalid(&path.key(name), size.clone(), "must be greater than zero");
        }
    }
}

/// A StorageClass: who makes its volumes and how can't be changed later.
pub(super) fn class(found: &mut Findings, class: &Value, old: Option<&Value>) {
    let root = Path::new("");
    if let Some(old) = old {
        for field in ["parameters", "provisioner", "reclaimPolicy"] {
            if old.get(field) != class.get(field) {
                found.forbidden(&Path::new(field), format!("updates to {field} are forbidden."));
            }
        }
        found.immutable(&Path::new("volumeBindingMode"), &class["volumeBindingMode"], &old["volumeBindingMode"]);
        return;
    }
    match text(class, "provisioner") {
        "" => found.required(&Path::new("provisioner"), ""),
        name => found.invalid_each(&Path::new("provisioner"), name, names::qualified(&name.to_lowercase())),
    }
    found.one_of_if_set(&root, class, "reclaimPolicy", &["Delete", "Retain"]);
    found.one_of_if_set(&root, class, "volumeBindingMode", &["Immediate", "WaitForFirstConsumer"]);
}
