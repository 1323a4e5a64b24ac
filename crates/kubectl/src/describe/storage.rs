//! Claims, volumes and classes of storage.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, ago, at, date, entries, list, plain},
    policy::{answer, pairs},
    sources::{self, Of},
};

/// A PersistentVolumeClaim.
pub fn claim(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    page.field(0, "StorageClass", class_of(object));
    page.field(0, "Status", status(subject));
    page.field(0, "Volume", at(object, "/spec/volumeName"));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
    page.field(0, "Finalizers", finalizers(object));
    // What a claim has is said once it has a volume.
    let bound = !at(object, "/spec/volumeName").is_empty();
    let capacity = at(object, "/status/capacity/storage");
    page.field(0, "Capacity", if bound { capacity } else { String::new() });
    page.field(0, "Access Modes", if bound { modes(list(object, "/status/accessModes")) } else { String::new() });
    mode_and_source(&mut page, 0, object);
    page.several("", "Used By", &users(subject));
    conditions(&mut page, list(object, "/status/conditions"));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// Adds what a claim says of its mode and of what it is filled with.
pub fn mode_and_source(page: &mut Page, level: usize, claim: &Value) {
    if !at(claim, "/spec/volumeMode").is_empty() {
        page.field(level, "VolumeMode", at(claim, "/spec/volumeMode"));
    }
    if let Some(source) = claim.pointer("/spec/dataSource") {
        page.line(level, "DataSource:");
        for (title, field) in [("APIGroup", "/apiGroup"), ("Kind", "/kind"), ("Name", "/name")] {
            if source.pointer(field).is_some() {
                page.field(level + 1, title, at(source, field));
            }
        }
    }
}

/// The storage class of a claim or volume; an old annotation goes before the field.
pub fn class_of(object: &Value) -> String {
    let old = at(object, "/metadata/annotations/volume.beta.kubernetes.io~1storage-class");
    if old.is_empty() { at(object, "/spec/storageClassName") } else { old }
}

fn status(subject: &Subject<'_>) -> String {
    let deleted = at(subject.object, "/metadata/deletionTimestamp");
    if deleted.is_empty() {
        at(subject.object, "/status/phase")
    } else {
        format!("Terminating (lasts {})", ago(&deleted, subject.now))
    }
}

fn conditions(page: &mut Page, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for condition in conditions {
        let text = |field: &str| at(condition, field);
        let (probed, changed) = (date(&text("/lastProbeTime")), date(&text("/lastTransitionTime")));
        page.line(
            1,
            format!(
                "{} \t{} \t{probed} \t{changed} \t{} \t{}",
                text("/type"),
                text("/status"),
                text("/reason"),
                text("/message")
            ),
        );
    }
}

/// A PersistentVolume.
pub fn volume(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
    page.field(0, "Finalizers", finalizers(object));
    page.field(0, "StorageClass", class_of(object));
    page.field(0, "Status", status(subject));
    let claim = object.pointer("/spec/claimRef").map(|claim| [at(claim, "/namespace"), at(claim, "/name")].join("/"));
    page.field(0, "Claim", claim.unwrap_or_default());
    page.field(0, "Reclaim Policy", at(object, "/spec/persistentVolumeReclaimPolicy"));
    page.field(0, "Access Modes", modes(list(object, "/spec/accessModes")));
    if !at(object, "/spec/volumeMode").is_empty() {
        page.field(0, "VolumeMode", at(object, "/spec/volumeMode"));
    }
    page.field(0, "Capacity", at(object, "/spec/capacity/storage"));
    affinity(&mut page, object.pointer("/spec/nodeAffinity/required"));
    page.field(0, "Message", at(object, "/status/message"));
    page.line(0, "Source:");
    let mut fields = entries(object.get("spec"));
    if !fields.any(|(kind, source)| source.is_object() && sources::add(&mut page, kind, source, Of::Cluster)) {
        page.line(1, "<unknown>");
    }
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

fn affinity(page: &mut Page, required: Option<&Value>) {
    let Some(required) = required else { return page.field(0, "Node Affinity", "<none>") };
    page.field(0, "Node Affinity", "");
    let all = list(required, "/nodeSelectorTerms");
    page.field(1, "Required Terms", if all.is_empty() { "<none>" } else { "" });
    terms(page, 2, all, "/matchExpressions");
}

/// `Term 0:`, with its expressions below each other.
fn terms(page: &mut Page, level: usize, all: &[Value], expressions: &str) {
    for (number, term) in all.iter().enumerate() {
        let shown: Vec<String> = list(term, expressions).iter().map(expression).collect();
        page.several(&"  ".repeat(level), &format!("Term {number}"), &shown);
    }
}

/// `zone in [a, b]`.
fn expression(expression: &Value) -> String {
    let values: Vec<String> = list(expression, "/values").iter().map(plain).collect();
    let operator = match at(expression, "/operator") {
        none if none.is_empty() => "in".to_owned(),
        operator => operator.to_lowercase(),
    };
    let listed = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
    format!("{} {operator}{listed}", at(expression, "/key"))
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
    if object.get("allowedTopologies").is_some() {
        let all = list(object, "/allowedTopologies");
        page.field(0, "AllowedTopologies", if all.is_empty() { "<none>" } else { "" });
        terms(&mut page, 1, all, "/matchLabelExpressions");
    }
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}
