//! Volumes and where they are mounted.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Findings, Path, environment, names};
use crate::{
    admission::quantity::Quantity,
    json::{at, flag, has, int, items, text},
};

/// The kinds of volume there are, in the order they are looked at.
const KINDS: [&str; 30] = [
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// The volumes of a Pod spec. Gives the good ones, which is what can be mounted.
pub(super) fn volumes<'a>(found: &mut Findings, spec: &'a Value, pod: &str, path: &Path) -> Vec<&'a Value> {
    let (mut good, mut seen) = (Vec::new(), HashSet::new());
    for (index, volume) in items(spec, "volumes").iter().enumerate() {
        let (before, path) = (found.len(), path.index(index));
        source(found, volume, pod, &path);
        let (name, path) = (text(volume, "name"), path.child("name"));
        if name.is_empty() {
            found.required(&path, "");
        } else {
            found.invalid_each(&path, name, names::label(name));
        }
        if seen.contains(name) {
            found.duplicate(&path, name);
        }
        if found.len() == before {
            seen.insert(name);
            good.push(volume);
        }
    }
    good
}

fn source(found: &mut Findings, volume: &Value, pod: &str, path: &Path) {
    let mut kinds = 0;
    for kind in KINDS {
        if !has(volume, kind) {
            continue;
        }
        if kinds > 0 {
            found.forbidden(&path.child(kind), "may not specify more than 1 volume type");
            continue;
        }
        kinds += 1;
        one_source(found, kind, volume, pod, path);
    }
    if kinds == 0 {
        found.required(path, "must specify a volume type");
    }
}

/// What a PersistentVolume is kept in: one thing.
pub(super) fn one_of_kinds(found: &mut Findings, spec: &Value, path: &Path) {
    let own = KINDS.iter().chain(&["local"]).filter(|kind| has(spec, kind));
    for (index, kind) in own.enumerate() {
        if index > 0 {
            found.forbidden(&path.child(kind), "may not specify more than 1 volume type");
            continue;
        }
        let (source, path) = (&spec[*kind], path.child(kind));
        match *kind {
            "hostPath" => host_path(found, source, &path),
            "nfs" => needs(found, source, &["server", "path"], &path),
            "csi" => needs(found, source, &["driver", "volumeHandle"], &path),
            "local" => needs(found, source, &["path"], &path),
            _ => {}
        }
    }
    if !KINDS.iter().chain(&["local"]).any(|kind| has(spec, kind)) {
        found.required(path, "must specify a volume type");
    }
}

fn one_source(found: &mut Findings, kind: &str, volume: &Value, pod: &str, volume_path: &Path) {
    let (source, path) = (&volume[kind], volume_path.child(kind));
    match kind {
        "emptyDir" if Quantity::from_json(&source["sizeLimit"]).is_ok_and(Quantity::is_negative) => {
            found.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
        }
        "hostPath" => host_path(found, source, &path),
        "secret" => named_files(found, source, "secretName", &path),
        "configMap" => named_files(found, source, "name", &path),
        "persistentVolumeClaim" => needs(found, source, &["claimName"], &path),
        "nfs" => {
            needs(found, source, &["server", "path"], &path);
            if !text(source, "path").is_empty() && !text(source, "path").starts_with('/') {
                found.invalid(&path.child("path"), text(source, "path"), "must be an absolute path");
            }
        }
        "downwardAPI" => {
            mode(found, source, "defaultMode", &path);
            for file in items(source, "items") {
                downward_file(found, file, &path);
            }
        }
        "projected" => projected(found, source, &path),
        "csi" => needs(found, source, &["driver"], &path),
        "ephemeral" => ephemeral(found, volume, pod, volume_path),
        "image" => {
            needs(found, source, &["reference"], &path);
            found.one_of(&path, source, "pullPolicy", &["Always", "IfNotPresent", "Never"]);
        }
        "gitRepo" => {
            needs(found, source, &["repository"], &path);
            descending(found, text(source, "directory"), &path.child("directory"));
        }
        _ => {}
    }
}

fn needs(found: &mut Findings, source: &Value, fields: &[&str], path: &Path) {
    for field in fields.iter().filter(|field| text(source, field).is_empty()) {
        found.required(&path.child(field), "");
    }
}

fn host_path(found: &mut Findings, source: &Value, path: &Path) {
    const TYPES: [&str; 8] =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    if text(source, "path").is_empty() {
        found.required(&path.child("path"), "");
    } else {
        no_backsteps(found, text(source, "path"), &path.child("path"));
    }
    if !TYPES.contains(&text(source, "type")) {
        found.not_supported(&path.child("type"), text(source, "type"), &TYPES);
    }
}

fn named_files(found: &mut Findings, source: &Value, name: &str, path: &Path) {
    needs(found, source, &[name], path);
    mode(found, source, "defaultMode", path);
    for (index, item) in items(source, "items").iter().enumerate() {
        key_file(found, item, &path.child("items").index(index));
    }
}

fn key_file(found: &mut Findings, item: &Value, path: &Path) {
    needs(found, item, &["key", "path"], path);
    inside_path(found, text(item, "path"), &path.child("path"));
    mode(found, item, "mode", path);
}

fn downward_file(found: &mut Findings, file: &Value, path: &Path) {
    needs(found, file, &["path"], path);
    inside_path(found, text(file, "path"), &path.child("path"));
    if has(file, "fieldRef") {
        environment::file_field_ref(found, &file["fieldRef"], &path.child("fieldRef"));
        if has(file, "resourceFieldRef") {
            found.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
        }
    } else if has(file, "resourceFieldRef") {
        environment::resource_ref(found, &file["resourceFieldRef"], &path.child("resourceFieldRef"), true);
    } else {
        found.required(path, "one of fieldRef and resourceFieldRef is required");
    }
    mode(found, file, "mode", path);
}

fn projected(found: &mut Findings, volume: &Value, path: &Path) {
    mode(found, volume, "defaultMode", path);
    let mut paths = HashSet::new();
    for (index, source) in items(volume, "sources").iter().enumerate() {
        let at = path.child("sources").index(index);
        let mut kinds = 0;
        for kind in ["secret", "configMap"] {
            if has(source, kind) {
                kinds += 1;
                needs(found, &source[kind], &["name"], &at.child(kind));
                for (index, item) in items(&source[kind], "items").iter().enumerate() {
                    key_file(found, item, &at.child(kind).child("items").index(index));
                    unique(found, &mut paths, text(item, "path"), text(&source[kind], "name"), path);
                }
            }
        }
        if has(source, "downwardAPI") {
            kinds += 1;
            for file in items(&source["downwardAPI"], "items") {
                downward_file(found, file, &at.child("downwardAPI"));
                unique(found, &mut paths, text(file, "path"), text(file, "path"), path);
            }
        }
        if has(source, "serviceAccountToken") {
            kinds += 1;
            token(found, &source["serviceAccountToken"], &at.child("serviceAccountToken"), path);
        }
        kinds += usize::from(has(source, "clusterTrustBundle")) + usize::from(has(source, "podCertificate"));
        if kinds > 1 {
            found.forbidden(&at, "may not specify more than 1 volume type per source");
        }
    }
}

fn unique<'a>(found: &mut Findings, seen: &mut HashSet<&'a str>, file: &'a str, shown: &str, path: &Path) {
    if !file.is_empty() && !seen.insert(file) {
        found.invalid(path, shown, "conflicting duplicate paths");
    }
}

fn token(found: &mut Findings, token: &Value, path: &Path, volume: &Path) {
    let seconds = int(token, "expirationSeconds").unwrap_or(0);
    if seconds < 600 {
        found.invalid(&path.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
    }
    if seconds > 1 << 32 {
        found.invalid(&path.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds");
    }
    if text(token, "path").is_empty() {
        found.required(&volume.child("path"), "");
    } else {
        inside_path(found, text(token, "path"), &volume.child("path"));
    }
}

fn ephemeral(found: &mut Findings, volume: &Value, pod: &str, path: &Path) {
    let template = path.child("ephemeral").child("volumeClaimTemplate");
    if !has(&volume["ephemeral"], "volumeClaimTemplate") {
        found.required(&template, "");
        return;
    }
    let claim = at(volume, &["ephemeral", "volumeClaimTemplate", "spec"]);
    super::claim::spec(found, claim, &template.child("spec"));
    let name = text(volume, "name");
    if !pod.is_empty() && !name.is_empty() {
        let claim = format!("{pod}-{name}");
        for message in names::subdomain(&claim) {
            found.invalid(&path.child("name"), name, format!("PVC name {claim:?}: {message}"));
        }
    }
}

fn mode(found: &mut Findings, source: &Value, field: &str, path: &Path) {
    if let Some(mode) = int(source, field).filter(|mode| !(0..=0o777).contains(mode)) {
        found.invalid(&path.child(field), mode, MODE);
    }
}

/// A path without a step up.
pub(super) fn no_backsteps(found: &mut Findings, text: &str, path: &Path) {
    if text.split('/').any(|part| part == "..") {
        found.invalid(path, text, "must not contain '..'");
    }
}

/// A relative path without a step up.
pub(super) fn descending(found: &mut Findings, text: &str, path: &Path) {
    if text.starts_with('/') {
        found.invalid(path, text, "must be a relative path");
    }
    no_backsteps(found, text, path);
}

/// A relative path whose first part does not begin with two dots: those names are the kubelet's own.
fn inside_path(found: &mut Findings, text: &str, path: &Path) {
    descending(found, text, path);
    if text.starts_with("..") && !text.starts_with("../") {
        found.invalid(path, text, "must not start with '..'");
    }
}

/// `volumeMounts` and `volumeDevices` of a container.
pub(super) fn mounts(found: &mut Findings, container: &Value, volumes: &[&Value], path: &Path) {
    let devices = items(container, "volumeDevices");
    let mut points = HashSet::new();
    let list = path.child("volumeMounts");
    for (index, mount) in items(container, "volumeMounts").iter().enumerate() {
        let (name, point, path) = (text(mount, "name"), text(mount, "mountPath"), list.index(index));
        if name.is_empty() {
            found.required(&path.child("name"), "");
        }
        if !volumes.iter().any(|volume| text(volume, "name") == name) {
            found.not_found(&path.child("name"), name);
        }
        if point.is_empty() {
            found.required(&path.child("mountPath"), "");
        }
        if !points.insert(point) {
            found.invalid(&path.child("mountPath"), point, "must be unique");
        }
        if devices.iter().any(|device| text(device, "name") == name) {
            found.invalid(&path.child("name"), name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|device| text(device, "devicePath") == point) {
            found.invalid(&path.child("mountPath"), point, "must not already exist as a path in volumeDevices");
        }
        sub_path(found, mount, &list, &path);
        propagation(found, mount, container, &list);
    }
    block_devices(found, container, volumes, &path.child("volumeDevices"));
}

fn sub_path(found: &mut Findings, mount: &Value, list: &Path, path: &Path) {
    let (plain, expression) = (text(mount, "subPath"), text(mount, "subPathExpr"));
    if !plain.is_empty() {
        descending(found, plain, &list.child("subPath"));
    }
    if !expression.is_empty() {
        if !plain.is_empty() {
            found.invalid(&path.child("subPathExpr"), expression, "subPathExpr and subPath are mutually exclusive");
        }
        descending(found, expression, &list.child("subPathExpr"));
    }
}

fn propagation(found: &mut Findings, mount: &Value, container: &Value, list: &Path) {
    found.one_of_if_set(list, mount, "mountPropagation", &["Bidirectional", "HostToContainer", "None"]);
    let privileged = flag(at(container, &["securityContext"]), "privileged");
    if text(mount, "mountPropagation") == "Bidirectional" && !privileged {
        let message = "Bidirectional mount propagation is available only to privileged containers";
        found.forbidden(&list.child("mountPropagation"), message);
    }
    let path = list.child("recursiveReadOnly");
    match text(mount, "recursiveReadOnly") {
        "" | "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if !flag(mount, "readOnly") {
                found.forbidden(&path, "may only be specified when readOnly is true");
            }
            if !matches!(text(mount, "mountPropagation"), "" | "None") {
                found.forbidden(&path, "may only be specified when mountPropagation is None or not specified");
            }
        }
        other => found.not_supported(&path, other, &["Disabled", "Enabled", "IfPossible"]),
    }
}

fn block_devices(found: &mut Findings, container: &Value, volumes: &[&Value], list: &Path) {
    let (mut names, mut paths) = (HashSet::new(), HashSet::new());
    for (index, device) in items(container, "volumeDevices").iter().enumerate() {
        let (name, point, path) = (text(device, "name"), text(device, "devicePath"), list.index(index));
        if name.is_empty() {
            found.required(&path.child("name"), "");
        }
        if !name.is_empty() && !names.insert(name) {
            found.invalid(&path.child("name"), name, "must be unique");
        }
        match volumes.iter().find(|volume| text(volume, "name") == name) {
            Some(volume) if !has(volume, "persistentVolumeClaim") && !has(volume, "ephemeral") => found.invalid(
                &path.child("name"),
                name,
                "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
            ),
            Some(_) => {}
            None => found.not_found(&path.child("name"), name),
        }
        if point.is_empty() {
            found.required(&path.child("devicePath"), "");
        } else if point.split('/').any(|part| part == "..") {
            found.invalid(&path.child("devicePath"), point, "can not contain backsteps ('..')");
        } else if !paths.insert(point) {
            found.invalid(&path.child("devicePath"), json!(point), "must be unique");
        }
    }
}
