//! Pods, and the Pod specs inside templates.

use serde_json::Value;

use super::{
    Findings, Path,
    container::{self, Surroundings},
    metadata, names, resource, scheduling, security, volume,
};
use crate::json::{at, flag, has, int, items, text};

const DNS_POLICIES: [&str; 4] = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const RESTART_POLICIES: [&str; 3] = ["Always", "OnFailure", "Never"];

/// A new Pod.
pub(super) fn create(found: &mut Findings, pod: &Value) {
    metadata::create(found, pod, names::subdomain);
    content(found, pod);
    let (spec, path) = (&pod["spec"], Path::new("spec"));
    if !items(spec, "ephemeralContainers").is_empty() {
        found.forbidden(&path.child("ephemeralContainers"), "cannot be set on create");
    }
    if !text(spec, "nodeName").is_empty() && !items(spec, "schedulingGates").is_empty() {
        found.forbidden(&path.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
}

/// What holds for a Pod, new or changed, beside its metadata.
pub(super) fn content(found: &mut Findings, pod: &Value) {
    let (pod_spec, path) = (&pod["spec"], Path::new("spec"));
    spec(found, pod_spec, text(&pod["metadata"], "name"), true, &path);
    for list in ["containers", "initContainers"] {
        for (index, container) in items(pod_spec, list).iter().enumerate() {
            container::trimmed_image(found, container, &path.child(list).index(index));
        }
    }
}

/// A Pod spec. `pod` is the Pod's name, empty in a template.
pub(super) fn spec(found: &mut Findings, spec: &Value, pod: &str, is_pod: bool, path: &Path) {
    let volumes = volume::volumes(found, spec, pod, &path.child("volumes"));
    let around = Surroundings {
        volumes: &volumes,
        grace: int(spec, "terminationGracePeriodSeconds"),
        restart_policy: text(spec, "restartPolicy"),
        host_users: spec.get("hostUsers") != Some(&Value::Bool(false)),
    };
    container::regular(found, spec, around, &path.child("containers"));
    container::init(found, spec, around, &path.child("initContainers"));
    container::ephemeral(found, spec, around, &path.child("ephemeralContainers"));
    if has(spec, "resources") {
        resource::requirements(found, &spec["resources"], &path.child("resources"));
    }
    host_network(found, spec, is_pod, path);
    found.one_of(path, spec, "restartPolicy", &RESTART_POLICIES);
    found.one_of(path, spec, "dnsPolicy", &DNS_POLICIES);
    metadata::labels(found, &spec["nodeSelector"], &path.child("nodeSelector"));
    security::pod(found, spec, &path.child("securityContext"));
    scheduling::affinity(found, &spec["affinity"], &path.child("affinity"));
    dns_config(found, spec, &path.child("dnsConfig"));
    scheduling::gates(found, spec, path);
    scheduling::spread(found, spec, &path.child("topologySpreadConstraints"));
    host_users(found, spec, path);
    named_fields(found, spec, path);
}

fn named_fields(found: &mut Findings, spec: &Value, path: &Path) {
    let named = |found: &mut Findings, field: &str, rule: fn(&str) -> Vec<String>| {
        let name = text(spec, field);
        if !name.is_empty() {
            found.invalid_each(&path.child(field), name, rule(name));
        }
    };
    named(found, "serviceAccountName", names::subdomain);
    named(found, "nodeName", names::subdomain);
    deadline(found, spec, &path.child("activeDeadlineSeconds"));
    named(found, "hostname", names::label);
    named(found, "subdomain", names::label);
    if has(spec, "hostnameOverride") && flag(spec, "setHostnameAsFQDN") {
        let message = "may not be specified when setHostnameAsFQDN is true";
        found.forbidden(&path.child("hostnameOverride"), message);
    }
    named(found, "hostnameOverride", names::subdomain);
    scheduling::tolerations(found, spec, &path.child("tolerations"));
    host_aliases(found, spec, &path.child("hostAliases"));
    named(found, "priorityClassName", names::subdomain);
    named(found, "runtimeClassName", names::subdomain);
    found.one_of_if_set(path, spec, "preemptionPolicy", &["PreemptLowerPriority", "Never"]);
    let system = at(spec, &["os", "name"]);
    if has(spec, "os") && !matches!(system.as_str(), Some("linux" | "windows")) {
        let path = path.child("os").child("name");
        match system.as_str() {
            None | Some("") => found.required(&path, ""),
            Some(other) => found.not_supported(&Path::new("spec").child("os"), other, &["linux", "windows"]),
        }
    }
}

fn deadline(found: &mut Findings, spec: &Value, path: &Path) {
    let most = i64::from(i32::MAX);
    if let Some(seconds) = int(spec, "activeDeadlineSeconds").filter(|seconds| !(1..=most).contains(seconds)) {
        found.invalid(path, seconds, names::range(1, most));
    }
}

fn host_network(found: &mut Findings, spec: &Value, is_pod: bool, path: &Path) {
    if !flag(spec, "hostNetwork") {
        return;
    }
    for (index, container) in items(spec, "containers").iter().enumerate() {
        let list = path.child("containers").index(index).child("ports");
        for (index, port) in items(container, "ports").iter().enumerate() {
            let (host, own) = (int(port, "hostPort").unwrap_or(0), int(port, "containerPort").unwrap_or(0));
            if (is_pod || host != 0) && host != own {
                let message = "must match `containerPort` when `hostNetwork` is true";
                found.invalid(&list.index(index).child("hostPort"), host, message);
            }
        }
    }
}

fn host_users(found: &mut Findings, spec: &Value, path: &Path) {
    if spec.get("hostUsers") != Some(&Value::Bool(false)) {
        return;
    }
    for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if flag(spec, field) {
            found.forbidden(&path.child(shown), "when `hostUsers` is false");
        }
    }
}

fn dns_config(found: &mut Findings, spec: &Value, path: &Path) {
    let config = &spec["dnsConfig"];
    let servers = items(config, "nameservers");
    if text(spec, "dnsPolicy") == "None" {
        if !has(spec, "dnsConfig") {
            found.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
            return;
        }
        if servers.is_empty() {
            let message = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            found.required(&path.child("nameservers"), message);
            return;
        }
    }
    if servers.len() > 3 {
        found.invalid(
            &path.child("nameservers"),
            config["nameservers"].clone(),
            "must not have more than 3 nameservers",
        );
    }
    for (index, server) in servers.iter().enumerate() {
        address(found, server.as_str().unwrap_or(""), &path.child("nameservers").index(index));
    }
    if items(config, "searches").len() > 32 {
        found.invalid(&path.child("searches"), config["searches"].clone(), "must not have more than 32 search paths");
    }
    for (index, search) in items(config, "searches").iter().enumerate() {
        let search = search.as_str().unwrap_or("");
        let search = if search == "." { continue } else { search.strip_suffix('.').unwrap_or(search) };
        found.invalid_each(&path.child("searches").index(index), search, names::search_domain(search));
    }
    for (index, option) in items(config, "options").iter().enumerate() {
        if text(option, "name").is_empty() {
            found.required(&path.child("options").index(index), "must not be empty");
        }
    }
}

/// An IP address.
pub(super) fn address(found: &mut Findings, text: &str, path: &Path) {
    let padded = |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|c| c.is_ascii_digit());
    let unpadded: Vec<&str> = text.split('.').map(|part| if padded(part) { "0" } else { part }).collect();
    if text.split('.').any(padded) && unpadded.join(".").parse::<std::net::Ipv4Addr>().is_ok() {
        found.invalid(path, text, "must not have leading 0s");
    } else if text.parse::<std::net::IpAddr>().is_err() {
        found.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    }
}

fn host_aliases(found: &mut Findings, spec: &Value, path: &Path) {
    for (index, alias) in items(spec, "hostAliases").iter().enumerate() {
        let path = path.index(index);
        address(found, text(alias, "ip"), &path.child("ip"));
        for (index, name) in items(alias, "hostnames").iter().enumerate() {
            let name = name.as_str().unwrap_or("");
            found.invalid_each(&path.child("hostnames").index(index), name, names::subdomain(name));
        }
    }
}
