//! Claims, volumes and classes of storage.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, list, plain},
    policy::{answer, pairs},
};

/// A PersistentVolumeClaim.
pub fn claim(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    let deleted = object.pointer("/metadata/deletionTimestamp").is_some();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    page.field(0, "StorageClass", at(object, "/spec/storageClassName"));
    let phase = at(object, "/status/phase");
    page.field(0, "Status", if deleted { "Terminating".to_owned() } else { phase });
    page.field(0, "Volume", at(object, "/spec/volumeName"));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
    page.field(0, "Finalizers", finalizers(object));
    page.field(0, "Capacity", at(object, "/status/capacity/storage"));
    page.field(0, "Access Modes", modes(list(object, "/status/accessModes")));
    if !at(object, "/spec/volumeMode").is_empty() {
        page.field(0, "VolumeMode", at(object, "/spec/volumeMode"));
    }
    if let Some(source) = object.pointer("/spec/dataSource") {
        page.line(0, "DataSource:");
        for (title, field) in [("APIGroup", "/apiGroup"), ("Kind", "/kind"), ("Name", "/name")] {
            if !at(source, field).is_empty() {
                page.field(1, title, at(source, field));
            }
        }
    }
    page.several("", "Used By", &users(subject));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// The Pods that mount it.
fn users(subject: &Subject<'_>) -> Vec<String> {
    let name = at(subject.object, "/metadata/name");
    let mounts = |pod: &&Value| {
        list(pod, "/spec/volumes").iter().any(|volume| at(volume, "/persistentVolumeClaim/claimName") == name)
    };
    subject.related.iter().filter(mounts).map(|pod| at(pod, "/metadata/name")).collect()
}

fn finalizers(object: &Value) -> String {
    let all: Vec<String> = list(object, "/metadata/finalizers").iter().map(plain).collect();
    format!("[{}]", all.join(" "))
}

/// `RWO,ROX`.
fn modes(modes: &[Value]) -> String {
    let short = |mode: &Value| match plain(mode).as_str() {
        "ReadWriteOnce" => "RWO".to_owned(),
        "ReadOnlyMany" => "ROX".to_owned(),
        "ReadWriteMany" => "RWX".to_owned(),
        "ReadWriteOncePod" => "RWOP".to_owned(),
        other => other.to_owned(),
    };
    modes.iter().map(short).collect::<Vec<_>>().join(",")
}

/// A StorageClass.
pub fn class(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    let default = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "IsDefaultClass", answer(at(object, default) == "true"));
    page.field(0, "Annotations", pairs(object.pointer("/metadata/annotations")));
    page.field(0, "Provisioner", at(object, "/provisioner"));
    page.field(0, "Parameters", pairs(object.get("parameters")));
    let expansion = object.get("allowVolumeExpansion").and_then(Value::as_bool);
    page.field(0, "AllowVolumeExpansion", expansion.map_or("<unset>", super::page::yes_no));
    let options: Vec<String> = list(object, "/mountOptions").iter().map(plain).collect();
    if options.is_empty() {
        page.field(0, "MountOptions", "<none>");
    } else {
        page.line(0, "MountOptions:");
        options.iter().for_each(|option| page.line(1, option));
    }
    page.field(0, "ReclaimPolicy", at(object, "/reclaimPolicy"));
    page.field(0, "VolumeBindingMode", at(object, "/volumeBindingMode"));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}
