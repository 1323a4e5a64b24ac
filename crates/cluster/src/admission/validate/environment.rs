//! `env` and `envFrom` of containers, and the references that volumes share with them.

use serde_json::Value;

use super::{Findings, Path, names};
use crate::{
    admission::quantity::Quantity,
    json::{has, items, text},
};

/// Fields of the Pod that a variable can hold.
const FOR_VARIABLES: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Fields of the Pod that a file can hold.
const FOR_FILES: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Amounts that the downward API can show.
const AMOUNTS: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub(super) fn variables(found: &mut Findings, container: &Value, path: &Path) {
    for (index, entry) in items(container, "env").iter().enumerate() {
        let path = path.child("env").index(index);
        let name = text(entry, "name");
        if name.is_empty() {
            found.required(&path.child("name"), "");
        } else {
            found.invalid_each(&path.child("name"), name, names::environment_name(name));
        }
        if has(entry, "valueFrom") {
            value_from(found, entry, &path.child("valueFrom"));
        }
    }
    for (index, source) in items(container, "envFrom").iter().enumerate() {
        let list = path.child("envFrom");
        bulk(found, source, &list, &list.index(index));
    }
}

fn value_from(found: &mut Findings, entry: &Value, path: &Path) {
    let source = &entry["valueFrom"];
    let mut sources = 0;
    if has(source, "fieldRef") {
        sources += 1;
        field_ref(found, &source["fieldRef"], &path.child("fieldRef"), &FOR_VARIABLES);
    }
    if has(source, "resourceFieldRef") {
        sources += 1;
        resource_ref(found, &source["resourceFieldRef"], &path.child("resourceFieldRef"), false);
    }
    for kind in ["configMapKeyRef", "secretKeyRef"] {
        if has(source, kind) {
            sources += 1;
            key_ref(found, &source[kind], &path.child(kind));
        }
    }
    if has(source, "fileKeyRef") {
        sources += 1;
        file_ref(found, &source["fileKeyRef"], &path.child("fileKeyRef"));
    }
    if sources == 0 {
        found.invalid(
            path,
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        );
    } else if !text(entry, "value").is_empty() {
        found.invalid(path, "", "may not be specified when `value` is not empty");
    } else if sources > 1 {
        found.invalid(path, "", "may not have more than one field specified at a time");
    }
}

fn key_ref(found: &mut Findings, reference: &Value, path: &Path) {
    found.invalid_each(&path.child("name"), text(reference, "name"), names::subdomain(text(reference, "name")));
    let key = text(reference, "key");
    if key.is_empty() {
        found.required(&path.child("key"), "");
    } else {
        found.invalid_each(&path.child("key"), key, names::config_key(key));
    }
}

fn file_ref(found: &mut Findings, reference: &Value, path: &Path) {
    let (key, volume, file) = (text(reference, "key"), text(reference, "volumeName"), text(reference, "path"));
    if key.is_empty() {
        found.required(&path.child("key"), "");
    } else {
        found.invalid_each(&path.child("key"), key, names::environment_name(key));
    }
    if volume.is_empty() {
        found.required(&path.child("volumeName"), "");
    } else {
        found.invalid_each(&path.child("volumeName"), volume, names::label(volume));
    }
    if file.is_empty() {
        found.required(&path.child("path"), "");
    } else {
        super::volume::no_backsteps(found, file, &path.child("path"));
    }
}

fn bulk(found: &mut Findings, source: &Value, list: &Path, path: &Path) {
    let prefix = text(source, "prefix");
    if !prefix.is_empty() {
        found.invalid_each(&path.child("prefix"), prefix, names::environment_name(prefix));
    }
    let mut sources = 0;
    for kind in ["configMapRef", "secretRef"] {
        if !has(source, kind) {
            continue;
        }
        sources += 1;
        let (name, path) = (text(&source[kind], "name"), path.child(kind).child("name"));
        if name.is_empty() {
            found.required(&path, "");
        } else {
            found.invalid_each(&path, name, names::subdomain(name));
        }
    }
    if sources == 0 {
        found.invalid(list, "", "must specify one of: `configMapRef` or `secretRef`");
    } else if sources > 1 {
        found.invalid(list, "", "may not have more than one field specified at a time");
    }
}

/// A field of the Pod in a file of a volume.
pub(super) fn file_field_ref(found: &mut Findings, reference: &Value, path: &Path) {
    field_ref(found, reference, path, &FOR_FILES);
}

fn field_ref(found: &mut Findings, reference: &Value, path: &Path, supported: &[&str]) {
    let field = text(reference, "fieldPath");
    if field.is_empty() {
        found.required(&path.child("fieldPath"), "");
        return;
    }
    if let Some((map, key)) = subscript(field) {
        match map {
            "metadata.annotations" => {
                found.invalid_each(path, &key.to_lowercase(), names::qualified(&key.to_lowercase()))
            }
            "metadata.labels" => found.invalid_each(path, key, names::qualified(key)),
            _ => unknown_field(found, field, path),
        }
    } else if !is_pod_field(field) {
        unknown_field(found, field, path);
    } else if !supported.contains(&field) {
        found.not_supported(&path.child("fieldPath"), field, supported);
    }
}

fn unknown_field(found: &mut Findings, field: &str, path: &Path) {
    let message = format!("error converting fieldPath: field label not supported: {field}");
    found.invalid(&path.child("fieldPath"), field, message);
}

fn is_pod_field(field: &str) -> bool {
    const OTHERS: [&str; 3] = ["spec.restartPolicy", "spec.schedulerName", "status.phase"];
    FOR_VARIABLES.contains(&field) || FOR_FILES.contains(&field) || OTHERS.contains(&field)
}

/// `metadata.labels['app']`, taken apart.
fn subscript(field: &str) -> Option<(&str, &str)> {
    let (map, rest) = field.split_once("['")?;
    Some((map, rest.strip_suffix("']")?))
}

/// An amount of a container, in a variable or in a file (`volume`).
pub(super) fn resource_ref(found: &mut Findings, reference: &Value, path: &Path, volume: bool) {
    let resource = text(reference, "resource");
    let huge = resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
    if volume && text(reference, "containerName").is_empty() {
        found.required(&path.child("containerName"), "");
    } else if resource.is_empty() {
        found.required(&path.child("resource"), "");
    } else if !AMOUNTS.contains(&resource) && !huge {
        found.not_supported(&path.child("resource"), resource, &AMOUNTS);
    }
    divisor(found, resource, &reference["divisor"], path);
}

fn divisor(found: &mut Findings, resource: &str, divisor: &Value, path: &Path) {
    const CPU: [&str; 2] = ["1m", "1"];
    const BYTES: [&str; 13] = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let Ok(amount) = Quantity::from_json(divisor) else { return };
    if amount.is_zero() {
        return;
    }
    let written = amount.to_string();
    let (allowed, words, what): (&[&str], String, &str) = match resource.split_once('.').map_or("", |(_, name)| name) {
        "cpu" => (&CPU, CPU.join(" and "), "cpu"),
        "memory" => (&BYTES, BYTES.join(", "), "memory"),
        "ephemeral-storage" => (&BYTES, BYTES.join(", "), "local ephemeral storage"),
        name if name.starts_with("hugepages-") => (&BYTES, BYTES.join(", "), "hugepages"),
        _ => return,
    };
    if !allowed.contains(&written.as_str()) {
        let message = format!("only divisor's values {words} are supported with the {what} resource");
        found.invalid(&path.child("divisor"), resource, message);
    }
}
