//! Services.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Findings, Path, metadata, names, network_policy::cidr_trouble, pod, probe};
use crate::json::{has, int, items, text, zero};

/// A new or changed Service.
pub(super) fn service(found: &mut Findings, service: &Value, old: Option<&Value>) {
    match old {
        Some(old) => {
            metadata::update(found, old, service);
            cluster_ips_update(found, old, service);
            let balanced = text(&service["spec"], "type") == "LoadBalancer";
            if !balanced && !items(&service["status"]["loadBalancer"], "ingress").is_empty() {
                let path = Path::new("status").child("loadBalancer").child("ingress");
                found.forbidden(&path, "may only be used when `spec.type` is 'LoadBalancer'");
            }
        }
        None => metadata::create(found, service, names::label),
    }
    let (spec, path) = (&service["spec"], Path::new("spec"));
    let (kind, headless) = (text(spec, "type"), text(spec, "clusterIP") == "None");
    if items(spec, "ports").is_empty() && !headless && kind != "ExternalName" {
        found.required(&path.child("ports"), "");
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            let message = format!("may not be set to 'None' for {kind} services");
            found.invalid(&path.child("clusterIPs").index(0), "None", message);
        }
        "ExternalName" => external_name(found, spec, &path),
        _ => {}
    }
    ports(found, spec, &path.child("ports"));
    metadata::labels(found, &spec["selector"], &path.child("selector"));
    found.one_of(&path, spec, "sessionAffinity", &["ClientIP", "None"]);
    affinity_seconds(found, spec, &path);
    cluster_ips(found, spec, &path);
    for (index, address) in items(spec, "externalIPs").iter().enumerate() {
        let (address, path) = (address.as_str().unwrap_or(""), path.child("externalIPs").index(index));
        pod::address(found, address, &path);
        match address.parse::<std::net::IpAddr>() {
            Ok(parsed) if parsed.is_loopback() => {
                found.invalid(&path, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
            }
            Ok(parsed) if parsed.is_unspecified() => {
                found.invalid(&path, address, format!("may not be unspecified ({address})"));
            }
            _ => {}
        }
    }
    found.one_of(&path, spec, "type", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
    unique_ports(found, spec, &path.child("ports"));
    policies(found, spec, &path);
}

fn external_name(found: &mut Findings, spec: &Value, path: &Path) {
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if !zero(spec, field) {
            found.forbidden(&path.child(field), "may not be set for ExternalName services");
        }
    }
    let name = text(spec, "externalName");
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        found.required(&path.child("externalName"), "");
    } else {
        found.invalid_each(&path.child("externalName"), name, names::subdomain(name));
    }
}

fn ports(found: &mut Findings, spec: &Value, list: &Path) {
    let several = items(spec, "ports").len() > 1;
    let mut seen = HashSet::new();
    for (index, port) in items(spec, "ports").iter().enumerate() {
        let (path, name) = (list.index(index), text(port, "name"));
        if !name.is_empty() {
            found.invalid_each(&path.child("name"), name, names::label(name));
            if !seen.insert(name) {
                found.duplicate(&path.child("name"), name);
            }
        } else if several {
            found.required(&path.child("name"), "");
        }
        let number = int(port, "port").unwrap_or(0);
        for message in names::port_number(number) {
            found.invalid(&path.child("port"), number, message);
        }
        found.one_of(&path, port, "protocol", &["SCTP", "TCP", "UDP"]);
        probe::port(found, &port["targetPort"], &path.child("targetPort"));
        if has(port, "appProtocol") {
            let protocol = text(port, "appProtocol");
            found.invalid_each(&path.child("appProtocol"), protocol, names::qualified(protocol));
        }
    }
}

fn affinity_seconds(found: &mut Findings, spec: &Value, path: &Path) {
    const MOST: i64 = 86400;
    let seconds = &spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"];
    if text(spec, "sessionAffinity") != "ClientIP" {
        return;
    }
    let path = path.child("sessionAffinityConfig").child("clientIP").child("timeoutSeconds");
    match seconds.as_i64() {
        Some(seconds) if !(1..=MOST).contains(&seconds) => {
            found.invalid(&path, seconds, format!("must be greater than 0 and less than {MOST}"));
        }
        Some(_) => {}
        None => found.required(&path, "when session affinity type is ClientIP"),
    }
}

fn cluster_ips(found: &mut Findings, spec: &Value, path: &Path) {
    let addresses = items(spec, "clusterIPs");
    if text(spec, "type") == "ExternalName" {
        return;
    }
    found.one_of_if_set(path, spec, "ipFamilyPolicy", &["PreferDualStack", "RequireDualStack", "SingleStack"]);
    for (index, family) in items(spec, "ipFamilies").iter().enumerate() {
        let family = family.as_str().unwrap_or("");
        if !["IPv4", "IPv6"].contains(&family) {
            found.not_supported(&path.child("ipFamilies").index(index), family, &["IPv4", "IPv6"]);
        }
    }
    let first = addresses.first().and_then(Value::as_str).unwrap_or("");
    if first != text(spec, "clusterIP") {
        found.invalid(&path.child("clusterIPs"), addresses.to_vec(), "first value must match `clusterIP`");
    }
    for (index, address) in addresses.iter().enumerate() {
        match address.as_str().unwrap_or("") {
            "None" if index == 0 && addresses.len() == 1 => {}
            "None" => {
                found.invalid(&path.child("clusterIPs"), addresses.to_vec(), "'None' must be the first and only value")
            }
            address => pod::address(found, address, &path.child("clusterIPs").index(index)),
        }
    }
}

/// The first address of a Service stays, unless the Service gets or loses one by its type.
fn cluster_ips_update(found: &mut Findings, old: &Value, new: &Value) {
    let (before, after) = (&old["spec"], &new["spec"]);
    if text(before, "type") == "ExternalName" || text(after, "type") == "ExternalName" {
        return;
    }
    let first = |spec: &Value| items(spec, "clusterIPs").first().cloned().unwrap_or(Value::Null);
    let consistent = first(after).as_str().unwrap_or("") == text(after, "clusterIP");
    if !first(before).is_null() && first(before) != first(after) && consistent {
        let path = Path::new("spec").child("clusterIPs").index(0);
        let message = "may not change once set";
        found.invalid(&path, json!(items(after, "clusterIPs")), message);
    }
}

fn unique_ports(found: &mut Findings, spec: &Value, list: &Path) {
    let ports = items(spec, "ports");
    if text(spec, "type") == "ClusterIP" {
        for (index, _) in ports.iter().enumerate().filter(|(_, port)| !zero(port, "nodePort")) {
            found.forbidden(&list.index(index).child("nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
    }
    let mut numbers = HashSet::new();
    for (index, port) in ports.iter().enumerate() {
        let (protocol, number) = (text(port, "protocol"), int(port, "port").unwrap_or(0));
        if !numbers.insert((protocol, number)) {
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}",
                json!(protocol)
            );
            found.duplicate_shown(&list.index(index), shown);
        }
    }
}

fn source_ranges(found: &mut Findings, spec: &Value, path: &Path) {
    let list = path.child("LoadBalancerSourceRanges");
    for (index, range) in items(spec, "loadBalancerSourceRanges").iter().filter_map(Value::as_str).enumerate() {
        if let Some(wrong) = cidr_trouble(range.trim()) {
            found.invalid(&list.index(index), range, wrong);
        }
    }
}

fn policies(found: &mut Findings, spec: &Value, path: &Path) {
    let kind = text(spec, "type");
    if kind == "LoadBalancer" {
        source_ranges(found, spec, path);
    }
    let own_health = kind == "LoadBalancer" && text(spec, "externalTrafficPolicy") == "Local";
    if let Some(port) = int(spec, "healthCheckNodePort").filter(|port| *port != 0 && !own_health) {
        let message = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        found.invalid(&path.child("healthCheckNodePort"), port, message);
    }
    if kind != "LoadBalancer" {
        for (field, shown) in [
            ("loadBalancerSourceRanges", "LoadBalancerSourceRanges"),
            ("allocateLoadBalancerNodePorts", "allocateLoadBalancerNodePorts"),
            ("loadBalancerClass", "loadBalancerClass"),
        ] {
            if has(spec, field) {
                found.forbidden(&path.child(shown), "may only be used when `type` is 'LoadBalancer'");
            }
        }
    }
    let external = matches!(kind, "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && !zero(spec, "externalIPs"));
    let policy = text(spec, "externalTrafficPolicy");
    if external {
        found.one_of(path, spec, "externalTrafficPolicy", &["Cluster", "Local"]);
    } else if !policy.is_empty() {
        let message = "may only be set for externally-accessible services";
        found.invalid(&path.child("externalTrafficPolicy"), policy, message);
    }
    found.one_of_if_set(path, spec, "internalTrafficPolicy", &["Cluster", "Local"]);
    found.one_of_if_set(path, spec, "trafficDistribution", &["PreferClose", "PreferSameZone", "PreferSameNode"]);
}
