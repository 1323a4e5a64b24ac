//! From Services and their endpoints to what the network is told: kube-proxy's part.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
};

use serde_json::Value;

use super::slices::{belongs, endpoints};
use crate::{
    json::{at, flag, has, items, text},
    node::runtime::network::{HOST, Protocol, ServiceRule},
    store::Object,
};

/// A rule for each port of each Service, at its addresses and at all `hosts`, and for each `hostPort` of a Pod.
pub(super) fn rules(services: &[Object], slices: &[Object], pods: &[Object], hosts: &[Ipv4Addr]) -> Vec<ServiceRule> {
    let proxied = services.iter().filter(|service| text(&service["spec"], "type") != "ExternalName");
    // The API's own: whoever serves it listens there, so that it is reached where the kernel knows no rules.
    let proxied = proxied.filter(|service| {
        text(&service["metadata"], "name") != "kubernetes" || text(&service["metadata"], "namespace") != "default"
    });
    let of_services = proxied.flat_map(|service| {
        let own: Vec<&Value> = slices.iter().map(|slice| &**slice).filter(|slice| belongs(slice, service)).collect();
        of_service(service, &own, hosts)
    });
    of_services.chain(pods.iter().flat_map(|pod| of_host_ports(pod))).collect()
}

fn of_service(service: &Value, slices: &[&Value], hosts: &[Ipv4Addr]) -> Vec<ServiceRule> {
    let spec = &service["spec"];
    let addresses = addresses(spec);
    let sticky = text(spec, "sessionAffinity") == "ClientIP";
    let mut rules = Vec::new();
    for port in items(spec, "ports") {
        let (Some(number), Some(protocol)) = (number(&port["port"]), protocol(text(port, "protocol"))) else {
            continue;
        };
        let backends = backends(slices, text(port, "name"), text(port, "protocol"));
        let node_port = number_of(port, "nodePort");
        let node_ports =
            node_port.into_iter().flat_map(|port| hosts.iter().map(move |host| SocketAddrV4::new(*host, port)));
        let places = addresses.iter().map(|address| SocketAddrV4::new(*address, number)).chain(node_ports);
        rules.extend(places.map(|at| ServiceRule { protocol, at, sticky, backends: backends.clone() }));
    }
    rules
}

/// Where a Service is reached; a headless one nowhere.
fn addresses(spec: &Value) -> Vec<Ipv4Addr> {
    let own: Option<Ipv4Addr> = text(spec, "clusterIP").parse().ok();
    let others = items(spec, "externalIPs").iter().filter_map(|address| address.as_str()?.parse().ok());
    own.into_iter().flat_map(|own| std::iter::once(own).chain(others.clone())).collect()
}

/// The endpoints that are ready; when there are none, those that still serve while they end.
fn backends(slices: &[&Value], port: &str, protocol: &str) -> Vec<SocketAddrV4> {
    let (mut ready, mut ending) = (BTreeSet::new(), BTreeSet::new());
    for slice in slices {
        let ports = items(slice, "ports").iter();
        let same = |known: &&Value| text(known, "name") == port && text(known, "protocol") == protocol;
        let Some(number) = ports.clone().find(same).and_then(|port| number_of(port, "port")) else { continue };
        for (address, endpoint) in endpoints(slice) {
            let place = SocketAddrV4::new(address, number);
            let conditions = &endpoint["conditions"];
            if !has(conditions, "ready") || flag(conditions, "ready") {
                ready.insert(place);
            } else if flag(conditions, "serving") && flag(conditions, "terminating") {
                ending.insert(place);
            }
        }
    }
    if ready.is_empty() { ending } else { ready }.into_iter().collect()
}

/// The node's own ports that lead to a Pod.
fn of_host_ports(pod: &Value) -> Vec<ServiceRule> {
    let status = &pod["status"];
    let running = !matches!(text(status, "phase"), "Succeeded" | "Failed");
    let Some(address) = text(status, "podIP").parse::<Ipv4Addr>().ok().filter(|_| running) else { return Vec::new() };
    let node = text(status, "hostIP").parse().unwrap_or(HOST);
    let containers = items(&pod["spec"], "containers").iter().chain(items(&pod["spec"], "initContainers"));
    let rule = |port: &Value| {
        let (host, own) = (number_of(port, "hostPort")?, number_of(port, "containerPort")?);
        Some(ServiceRule {
            protocol: protocol(text(port, "protocol"))?,
            at: SocketAddrV4::new(node, host),
            sticky: false,
            backends: vec![SocketAddrV4::new(address, own)],
        })
    };
    containers.flat_map(|container| items(container, "ports")).filter_map(rule).collect()
}

fn number_of(object: &Value, field: &str) -> Option<u16> {
    number(at(object, &[field]))
}

fn number(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|number| u16::try_from(number).ok()).filter(|number| *number != 0)
}

/// A protocol by its name in the API.
pub(super) fn protocol(name: &str) -> Option<Protocol> {
    match name {
        "TCP" | "" => Some(Protocol::Tcp),
        "UDP" => Some(Protocol::Udp),
        "SCTP" => Some(Protocol::Sctp),
        _ => None,
    }
}
