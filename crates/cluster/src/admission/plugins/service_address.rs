//! Addresses and ports that a Service is given: a cluster IP of 10.96.0.0/16 (kind's range), node ports of 30000-32767.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr},
};

use serde_json::{Value, json};

use super::Context;
use crate::{
    admission::field::{Fault, FieldError},
    json::{child, each, fill, has, int, items, put, text, zero},
    store::Object,
};

const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

/// Gives a new Service what it did not ask for by name.
pub(super) fn allocate(service: &mut Value, context: &Context<'_>) {
    let spec = child(service, "spec");
    match text(spec, "type") {
        "ExternalName" => return,
        "NodePort" | "LoadBalancer" => node_ports(spec, context),
        _ => {}
    }
    let wished = match text(spec, "clusterIP") {
        "" => items(spec, "clusterIPs").first().and_then(Value::as_str).unwrap_or_default(),
        address => address,
    };
    let address = if wished.is_empty() { free_address(context) } else { wished.to_owned() };
    let family = match address.parse() {
        Ok(IpAddr::V6(_)) => "IPv6",
        _ => "IPv4",
    };
    put(spec, "clusterIP", address.as_str());
    fill(spec, "clusterIPs", json!([address]));
    let headless_without_selector = address == "None" && zero(spec, "selector") && !has(spec, "selector");
    // Who lists such a Service's endpoints chooses their family: the cluster's own does not matter.
    let families = if headless_without_selector { json!(["IPv4", "IPv6"]) } else { json!([family]) };
    fill(spec, "ipFamilies", families);
    fill(spec, "ipFamilyPolicy", if headless_without_selector { "RequireDualStack" } else { "SingleStack" });
}

/// Addresses and ports that this Service names and that it can't have.
pub(super) fn taken(old: Option<&Value>, service: &Value, context: &Context<'_>) -> Vec<FieldError> {
    let (name, namespace) = (text(&service["metadata"], "name"), text(&service["metadata"], "namespace"));
    let (_, services) = context.store.list("services", None);
    let is_other = |other: &&Object| {
        (text(&other["metadata"], "name"), text(&other["metadata"], "namespace")) != (name, namespace)
    };
    let others: Vec<&Object> = services.iter().filter(is_other).collect();
    let before = old.map_or(&Value::Null, |old| &old["spec"]);
    let mut found = families(&service["spec"]);
    let address = text(&service["spec"], "clusterIP");
    if !matches!(address, "" | "None") && address != text(before, "clusterIP") {
        let held = others.iter().any(|other| text(&other["spec"], "clusterIP") == address);
        found.extend(address_trouble(address, held).map(|why| {
            let why = format!("failed to allocate IP {address}: {why}");
            FieldError::new(Fault::Invalid, "spec.clusterIPs", why).with_value(service["spec"]["clusterIPs"].clone())
        }));
    }
    let held_before: HashSet<i64> = node_ports_of(before).into_iter().map(|(_, port)| port).collect();
    let mut held: HashSet<(&str, i64)> = others.iter().flat_map(|other| node_ports_of(&other["spec"])).collect();
    for (index, port) in items(&service["spec"], "ports").iter().enumerate() {
        let Some(number) = int(port, "nodePort").filter(|number| *number != 0) else { continue };
        let why = if !NODE_PORTS.contains(&number) {
            format!(
                "provided port is not in the valid range. The range of valid ports is {}-{}",
                NODE_PORTS.start(),
                NODE_PORTS.end()
            )
        } else if !held_before.contains(&number) && !held.insert((text(port, "protocol"), number)) {
            "provided port is already allocated".to_owned()
        } else {
            continue;
        };
        let field = format!("spec.ports[{index}].nodePort");
        found.push(FieldError::new(Fault::Invalid, field, why).with_value(number.into()));
    }
    found
}

/// The families that a Service asks for: the cluster has one.
fn families(spec: &Value) -> Vec<FieldError> {
    let mut found = Vec::new();
    if text(spec, "clusterIP") == "None" || text(spec, "type") == "ExternalName" {
        return found;
    }
    let policy = text(spec, "ipFamilyPolicy");
    if policy == "RequireDualStack" {
        let why = "this cluster is not configured for dual-stack services";
        found.push(FieldError::new(Fault::Invalid, "spec.ipFamilyPolicy", why).with_value(policy.into()));
    }
    for (index, family) in items(spec, "ipFamilies").iter().enumerate().filter(|(_, family)| *family == "IPv6") {
        let field = format!("spec.ipFamilies[{index}]");
        let why = "not configured on this cluster";
        found.push(FieldError::new(Fault::Invalid, field, why).with_value(family.clone()));
    }
    found
}

fn address_trouble(address: &str, held: bool) -> Option<String> {
    let inside = address.parse::<Ipv4Addr>().is_ok_and(|address| address.octets()[..2] == [10, 96]);
    match (inside, held) {
        (false, _) => Some(format!(
            "the provided IP ({address}) is not in the valid range. The range of valid IPs is 10.96.0.0/16"
        )),
        (true, true) => Some("provided IP is already allocated".to_owned()),
        (true, false) => None,
    }
}

fn node_ports_of(spec: &Value) -> Vec<(&str, i64)> {
    let ports = items(spec, "ports").iter();
    ports.filter_map(|port| Some((text(port, "protocol"), int(port, "nodePort")?))).collect()
}

fn free_address(context: &Context<'_>) -> String {
    let (_, services) = context.store.list("services", None);
    let taken: HashSet<&str> = services.iter().map(|service| text(&service["spec"], "clusterIP")).collect();
    // The first addresses are kept for Services that ask for one: 10.96.0.1 is the API, 10.96.0.10 the DNS.
    let start = random(context) % (0xffff - 0x100);
    let candidates = (0..0xfeff_u32).map(|step| 0x0a60_0100 + (start as u32 + step) % (0xffff - 0x100));
    let free =
        candidates.map(|bits| Ipv4Addr::from(bits).to_string()).find(|address| !taken.contains(address.as_str()));
    free.unwrap_or_default()
}

fn node_ports(spec: &mut Value, context: &Context<'_>) {
    if spec.get("allocateLoadBalancerNodePorts") == Some(&Value::Bool(false)) {
        return;
    }
    let (_, services) = context.store.list("services", None);
    let ports = |service: &Value| {
        items(&service["spec"], "ports").iter().filter_map(|p| int(p, "nodePort")).collect::<Vec<_>>()
    };
    let mut taken: HashSet<i64> = services.iter().flat_map(|service| ports(service)).collect();
    taken.extend(items(spec, "ports").iter().filter_map(|port| int(port, "nodePort")));
    let mut next = random(context) as i64;
    each(spec, "ports", |port| {
        if zero(port, "nodePort") {
            let size = NODE_PORTS.end() - NODE_PORTS.start() + 1;
            let free =
                (0..size).map(|step| NODE_PORTS.start() + (next + step) % size).find(|port| !taken.contains(port));
            if let Some(free) = free {
                taken.insert(free);
                next += 1;
                put(port, "nodePort", free);
            }
        }
    });
}

/// 24 random bits, from a fresh uid.
fn random(context: &Context<'_>) -> u64 {
    let digits: String = context.clock.uid().chars().filter(char::is_ascii_hexdigit).take(6).collect();
    u64::from_str_radix(&digits, 16).unwrap_or(0)
}
