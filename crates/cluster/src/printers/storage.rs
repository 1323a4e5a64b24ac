//! Volumes, claims and classes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AGE, Column, NAME, Row, column, metadata_cells, wide};
use crate::json::{at, flag, has, items, text};

pub(super) const CLAIM: &[Column] = &[
    NAME,
    column("Status", "string", "phase represents the current phase of PersistentVolumeClaim."),
    column("Volume", "string", "volumeName is the binding reference to the PersistentVolume backing this claim."),
    column("Capacity", "string", "capacity represents the actual resources of the underlying volume."),
    column(
        "Access Modes",
        "string",
        "accessModes contains the actual access modes the volume backing the PVC has. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes-1",
    ),
    column("StorageClass", "string", "StorageClass of the pvc"),
    column("VolumeAttributesClass", "string", "VolumeAttributesClass of the pvc"),
    AGE,
    wide(
        "VolumeMode",
        "volumeMode defines what type of volume is required by the claim. Value of Filesystem is implied when not included in claim spec.",
    ),
];

pub(super) const VOLUME: &[Column] = &[
    NAME,
    column(
        "Capacity",
        "string",
        "capacity is the description of the persistent volume's resources and capacity. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#capacity",
    ),
    column("Access Modes", "string", "The ways the volume can be mounted."),
    column("Reclaim Policy", "string", "What happens to the volume when its claim is gone."),
    column("Status", "string", "The phase of the volume."),
    column("Claim", "string", "The claim that the volume is bound to."),
    column("StorageClass", "string", "StorageClass of the pv"),
    column("VolumeAttributesClass", "string", "VolumeAttributesClass of the pv"),
    column("Reason", "string", "Why the volume is in this phase."),
    AGE,
    wide("VolumeMode", "Whether the volume is a file system or a block device."),
];

pub(super) const CLASS: &[Column] = &[
    NAME,
    column("Provisioner", "string", "What makes the volumes."),
    column("ReclaimPolicy", "string", "What happens to a volume when its claim is gone."),
    column("VolumeBindingMode", "string", "When a claim gets its volume."),
    column("AllowVolumeExpansion", "string", "Whether volumes can grow."),
    AGE,
];

fn modes(modes: &[Value]) -> String {
    let short =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let given = short.iter().filter(|(long, _)| modes.iter().any(|mode| mode == long));
    given.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn phase(object: &Value) -> Value {
    if has(&object["metadata"], "deletionTimestamp") {
        return json!("Terminating");
    }
    json!(text(&object["status"], "phase"))
}

fn or_unset(object: &Value, field: &str) -> Value {
    json!(if has(object, field) { text(object, field) } else { "<unset>" })
}

pub(super) fn claim(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [name, age] = metadata_cells(object, now);
    let bound = !text(spec, "volumeName").is_empty();
    let capacity = at(status, &["capacity", "storage"]).as_str().unwrap_or("0");
    Row::of(vec![
        name,
        phase(object),
        json!(text(spec, "volumeName")),
        json!(if bound { capacity } else { "" }),
        json!(if bound { modes(items(status, "accessModes")) } else { String::new() }),
        json!(text(spec, "storageClassName")),
        or_unset(spec, "volumeAttributesClassName"),
        age,
        or_unset(spec, "volumeMode"),
    ])
}

pub(super) fn volume(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    let [name, age] = metadata_cells(object, now);
    let claim = &spec["claimRef"];
    let claim =
        if claim.is_object() { format!("{}/{}", text(claim, "namespace"), text(claim, "name")) } else { String::new() };
    Row::of(vec![
        name,
        json!(at(spec, &["capacity", "storage"]).as_str().unwrap_or("0")),
        json!(modes(items(spec, "accessModes"))),
        json!(text(spec, "persistentVolumeReclaimPolicy")),
        phase(object),
        json!(claim),
        json!(text(spec, "storageClassName")),
        or_unset(spec, "volumeAttributesClassName"),
        json!(text(&object["status"], "reason")),
        age,
        or_unset(spec, "volumeMode"),
    ])
}

pub(super) fn class(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    let annotations = at(object, &["metadata", "annotations"]);
    let is_default = text(annotations, "storageclass.kubernetes.io/is-default-class") == "true";
    let shown = format!("{}{}", name.as_str().unwrap_or(""), if is_default { " (default)" } else { "" });
    Row::of(vec![
        json!(shown),
        json!(text(object, "provisioner")),
        json!(text(object, "reclaimPolicy")),
        json!(text(object, "volumeBindingMode")),
        json!(flag(object, "allowVolumeExpansion")),
        age,
    ])
}
