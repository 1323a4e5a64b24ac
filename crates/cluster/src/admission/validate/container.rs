//! Containers of all three lists.

use std::collections::HashSet;

use serde_json::Value;

use super::{Findings, Path, environment, names, probe, resource, security, volume};
use crate::json::{has, int, items, text};

/// What containers are checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The good volumes.
    pub(super) volumes: &'a [&'a Value],
    /// `terminationGracePeriodSeconds` of the Pod.
    pub(super) grace: Option<i64>,
    /// Its `restartPolicy`.
    pub(super) restart_policy: &'a str,
    /// Whether users of the Pod are users of the host.
    pub(super) host_users: bool,
}

/// `containers`.
pub(super) fn regular(found: &mut Findings, spec: &Value, around: Surroundings<'_>, list: &Path) {
    let containers = items(spec, "containers");
    if containers.is_empty() {
        found.required(list, "");
        return;
    }
    let mut seen = HashSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = list.index(index);
        common(found, container, around, &path);
        if !seen.insert(text(container, "name")) {
            found.duplicate(&path.child("name"), text(container, "name"));
        }
        probe::probes(found, container, around.grace, &path);
        restart_rules(found, container, &path);
    }
    host_ports(found, containers, list);
}

/// `initContainers`.
pub(super) fn init(found: &mut Findings, spec: &Value, around: Surroundings<'_>, list: &Path) {
    let mut seen: HashSet<&str> = items(spec, "containers").iter().map(|c| text(c, "name")).collect();
    for (index, container) in items(spec, "initContainers").iter().enumerate() {
        let (path, name) = (list.index(index), text(container, "name"));
        common(found, container, around, &path);
        restart_rules(found, container, &path);
        if seen.contains(name) {
            found.duplicate(&path.child("name"), name);
        } else if !name.is_empty() {
            seen.insert(name);
        }
        host_ports(found, std::slice::from_ref(container), list);
        if text(container, "restartPolicy") == "Always" {
            probe::probes(found, container, around.grace, &path);
            continue;
        }
        for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if has(container, field) {
                let message = "may not be set for init containers without restartPolicy=Always";
                found.forbidden(&path.child(field), message);
            }
        }
    }
}

/// Fields that an ephemeral container can't have, in the order of the type.
const NOT_EPHEMERAL: [&str; 7] =
    ["ports", "resources", "resizePolicy", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"];

/// `ephemeralContainers`.
pub(super) fn ephemeral(found: &mut Findings, spec: &Value, around: Surroundings<'_>, list: &Path) {
    let others = items(spec, "containers").iter().chain(items(spec, "initContainers"));
    let others: HashSet<&str> = others.map(|container| text(container, "name")).collect();
    let mut seen = others.clone();
    for (index, container) in items(spec, "ephemeralContainers").iter().enumerate() {
        let path = list.index(index);
        common(found, container, around, &path);
        trimmed_image(found, container, &path);
        if !seen.insert(text(container, "name")) {
            found.duplicate(&path.child("name"), text(container, "name"));
        }
        let target = text(container, "targetContainerName");
        if !target.is_empty() && !others.contains(target) {
            found.not_found(&path.child("targetContainerName"), target);
        }
        for field in NOT_EPHEMERAL {
            let empty = container.get(field).is_none_or(|value| {
                value.is_null()
                    || value.as_object().is_some_and(serde_json::Map::is_empty)
                    || value.as_array().is_some_and(Vec::is_empty)
            });
            if !empty {
                found.forbidden(&path.child(field), "cannot be set for an Ephemeral Container");
            }
        }
        for (index, mount) in items(container, "volumeMounts").iter().enumerate() {
            for field in ["subPath", "subPathExpr"] {
                if !text(mount, field).is_empty() {
                    let path = path.child("volumeMounts").index(index).child(field);
                    found.forbidden(&path, "cannot be set for an Ephemeral Container");
                }
            }
        }
    }
}

/// What holds for a container of any list.
fn common(found: &mut Findings, container: &Value, around: Surroundings<'_>, path: &Path) {
    let name = text(container, "name");
    if name.is_empty() {
        found.required(&path.child("name"), "");
    } else {
        found.invalid_each(&path.child("name"), name, names::label(name));
    }
    if text(container, "image").is_empty() {
        found.required(&path.child("image"), "");
    }
    found.one_of(path, container, "terminationMessagePolicy", &["File", "FallbackToLogsOnError"]);
    ports(found, container, &path.child("ports"));
    environment::variables(found, container, path);
    volume::mounts(found, container, around.volumes, path);
    found.one_of(path, container, "imagePullPolicy", &["Always", "IfNotPresent", "Never"]);
    resource::requirements(found, &container["resources"], &path.child("resources"));
    resize_policy(found, container, around.restart_policy, &path.child("resizePolicy"));
    security::container(found, &container["securityContext"], around.host_users, &path.child("securityContext"));
}

fn ports(found: &mut Findings, container: &Value, list: &Path) {
    let mut seen = HashSet::new();
    for (index, port) in items(container, "ports").iter().enumerate() {
        let (path, name) = (list.index(index), text(port, "name"));
        if !name.is_empty() {
            let wrong = names::port_name(name);
            if !wrong.is_empty() {
                found.invalid_each(&path.child("name"), name, wrong);
            } else if !seen.insert(name) {
                found.duplicate(&path.child("name"), name);
            }
        }
        match int(port, "containerPort").unwrap_or(0) {
            0 => found.required(&path.child("containerPort"), ""),
            number => port_number(found, number, &path.child("containerPort")),
        }
        if let Some(number) = int(port, "hostPort").filter(|number| *number != 0) {
            port_number(found, number, &path.child("hostPort"));
        }
        found.one_of(&path, port, "protocol", &["SCTP", "TCP", "UDP"]);
    }
}

fn port_number(found: &mut Findings, number: i64, path: &Path) {
    for message in names::port_number(number) {
        found.invalid(path, number, message);
    }
}

/// A port of the node can be had once.
fn host_ports(found: &mut Findings, containers: &[Value], list: &Path) {
    let mut taken = HashSet::new();
    for (index, container) in containers.iter().enumerate() {
        for (number, port) in items(container, "ports").iter().enumerate() {
            let Some(host) = int(port, "hostPort").filter(|port| *port != 0) else { continue };
            let key = format!("{}/{}/{host}", text(port, "protocol"), text(port, "hostIP"));
            if !taken.insert(key.clone()) {
                found.duplicate(&list.index(index).child("ports").index(number).child("hostPort"), key);
            }
        }
    }
}

fn resize_policy(found: &mut Findings, container: &Value, restart_policy: &str, path: &Path) {
    let mut seen = HashSet::new();
    for (index, policy) in items(container, "resizePolicy").iter().enumerate() {
        let (resource, restart) = (text(policy, "resourceName"), text(policy, "restartPolicy"));
        if !seen.insert(resource) {
            found.duplicate(&path.index(index), resource);
        }
        for (value, known) in [(resource, ["cpu", "memory"]), (restart, ["NotRequired", "RestartContainer"])] {
            match value {
                "" => found.required(path, ""),
                given if known.contains(&given) => {}
                given => found.not_supported(path, given, &known),
            }
        }
        if restart_policy == "Never" && restart != "NotRequired" {
            found.invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
        }
    }
}

/// A container's own `restartPolicy` and its rules.
fn restart_rules(found: &mut Findings, container: &Value, path: &Path) {
    let rules = items(container, "restartPolicyRules");
    if has(container, "restartPolicy") {
        found.one_of_if_set(path, container, "restartPolicy", &["Always", "Never", "OnFailure"]);
    } else if !rules.is_empty() {
        found.required(&path.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
    }
    for (index, rule) in rules.iter().enumerate() {
        let path = path.child("restartPolicyRules").index(index);
        let action = text(rule, "action");
        if !["Restart", "RestartAllContainers"].contains(&action) {
            found.not_supported(&path.child("action"), action, &["Restart", "RestartAllContainers"]);
        }
        if !has(rule, "exitCodes") {
            found.required(&path.child("exitCodes"), "must be specified");
            continue;
        }
        let operator = text(&rule["exitCodes"], "operator");
        if !["In", "NotIn"].contains(&operator) {
            found.not_supported(&path.child("exitCodes").child("operator"), operator, &["In", "NotIn"]);
        }
    }
}

/// Images of Pods (not of templates) have no blanks around them.
pub(super) fn trimmed_image(found: &mut Findings, container: &Value, path: &Path) {
    let image = text(container, "image");
    if image.trim() != image {
        found.invalid(&path.child("image"), image, "must not have leading or trailing whitespace");
    }
}
