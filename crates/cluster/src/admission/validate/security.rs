//! Security contexts of Pods and containers.

use serde_json::Value;

use super::{Findings, Path, names, volume};
use crate::json::{flag, has, int, items, text};

/// `spec.securityContext`.
pub(super) fn pod(found: &mut Findings, spec: &Value, path: &Path) {
    let context = &spec["securityContext"];
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(found, int(context, field), &path.child(field));
    }
    for (index, group) in items(context, "supplementalGroups").iter().enumerate() {
        id(found, group.as_i64(), &path.child("supplementalGroups").index(index));
    }
    if flag(spec, "shareProcessNamespace") && flag(spec, "hostPID") {
        let message = "ShareProcessNamespace and HostPID cannot both be enabled";
        found.invalid(&path.child("shareProcessNamespace"), true, message);
    }
    sysctls(found, context, &path.child("sysctls"));
    host_sysctls(found, spec, path);
    found.one_of_if_set(path, context, "fsGroupChangePolicy", &["Always", "OnRootMismatch"]);
    seccomp(found, &context["seccompProfile"], &path.child("seccompProfile"));
    app_armor(found, &context["appArmorProfile"], &path.child("appArmorProfile"));
    found.one_of_if_set(path, context, "supplementalGroupsPolicy", &["Merge", "Strict"]);
    found.one_of_if_set(path, context, "seLinuxChangePolicy", &["MountOption", "Recursive"]);
}

/// `securityContext` of a container.
pub(super) fn container(found: &mut Findings, context: &Value, host_users: bool, path: &Path) {
    if !context.is_object() {
        return;
    }
    for field in ["runAsUser", "runAsGroup"] {
        id(found, int(context, field), &path.child(field));
    }
    found.one_of_if_set(path, context, "procMount", &["Default", "Unmasked"]);
    if host_users && text(context, "procMount") == "Unmasked" {
        found.invalid(&path.child("procMount"), "Unmasked", "`hostUsers` must be false to use `Unmasked`");
    }
    seccomp(found, &context["seccompProfile"], &path.child("seccompProfile"));
    escalation(found, context, path);
    app_armor(found, &context["appArmorProfile"], &path.child("appArmorProfile"));
}

fn escalation(found: &mut Findings, context: &Value, path: &Path) {
    if context.get("allowPrivilegeEscalation") != Some(&Value::Bool(false)) {
        return;
    }
    if flag(context, "privileged") {
        let message = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        found.invalid(path, context.clone(), message);
    }
    if items(&context["capabilities"], "add").iter().any(|capability| capability == "CAP_SYS_ADMIN") {
        let message = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
        found.invalid(path, context.clone(), message);
    }
}

fn id(found: &mut Findings, number: Option<i64>, path: &Path) {
    let Some(number) = number else { return };
    for message in names::id(number) {
        found.invalid(path, number, message);
    }
}

/// `net.ipv4.x` or `net/ipv4/x`.
fn sysctls(found: &mut Findings, context: &Value, path: &Path) {
    let part = |part: &str| {
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(edge) && part.ends_with(edge) && part.chars().all(|c| edge(c) || c == '-' || c == '_')
    };
    let mut seen = std::collections::HashSet::new();
    for (index, sysctl) in items(context, "sysctls").iter().enumerate() {
        let (name, path) = (text(sysctl, "name"), path.index(index).child("name"));
        if name.is_empty() {
            found.required(&path, "");
        } else if name.len() > 253 || !name.split(['.', '/']).all(part) {
            let pattern = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9]$";
            found.invalid(&path, name, format!("must have at most 253 characters and match regex {pattern}"));
        } else if !seen.insert(name) {
            found.duplicate(&path, name);
        }
    }
}

/// Settings of a namespace that the Pod shares with its host are the host's.
fn host_sysctls(found: &mut Findings, spec: &Value, path: &Path) {
    const IPC: [&str; 5] = ["kernel.sem", "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "fs.mqueue."];
    for (index, sysctl) in items(&spec["securityContext"], "sysctls").iter().enumerate() {
        let name = text(sysctl, "name").replace('/', ".");
        let shared = if name.starts_with("net.") {
            "hostNetwork"
        } else if name.starts_with("kernel.shm") || IPC.iter().any(|start| name.starts_with(start)) {
            "hostIPC"
        } else {
            continue;
        };
        if flag(spec, shared) {
            let path = path.child("sysctls").index(index).child("name");
            found.invalid(&path, text(sysctl, "name"), format!("may not be specified when '{shared}' is true"));
        }
    }
}

fn seccomp(found: &mut Findings, profile: &Value, path: &Path) {
    if !profile.is_object() {
        return;
    }
    match text(profile, "type") {
        "Localhost" | "RuntimeDefault" | "Unconfined" => {}
        "" => found.required(&path.child("type"), "type is required when seccompProfile is set"),
        other => found.not_supported(&path.child("type"), other, &["Localhost", "RuntimeDefault", "Unconfined"]),
    }
    let file = path.child("localhostProfile");
    match (text(profile, "type") == "Localhost", has(profile, "localhostProfile")) {
        (true, false) => found.required(&file, "must be set when seccomp type is Localhost"),
        (true, true) => volume::descending(found, text(profile, "localhostProfile"), &file),
        (false, true) => found.invalid(&file, profile.clone(), "can only be set when seccomp type is Localhost"),
        (false, false) => {}
    }
}

fn app_armor(found: &mut Findings, profile: &Value, path: &Path) {
    if !profile.is_object() {
        return;
    }
    let name = path.child("localhostProfile");
    match text(profile, "type") {
        "Localhost" if text(profile, "localhostProfile").trim().is_empty() => {
            found.required(&name, "must be set when AppArmor type is Localhost");
        }
        "Localhost" => {}
        "RuntimeDefault" | "Unconfined" if has(profile, "localhostProfile") => {
            let given = text(profile, "localhostProfile");
            found.invalid(&name, given, "can only be set when AppArmor type is Localhost");
        }
        "RuntimeDefault" | "Unconfined" => {}
        "" => found.required(&path.child("type"), "type is required when appArmorProfile is set"),
        other => found.not_supported(&path.child("type"), other, &["Localhost", "RuntimeDefault", "Unconfined"]),
    }
}
