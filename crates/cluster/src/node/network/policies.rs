//! From NetworkPolicies to who may talk to whom
//! (kubernetes.io/docs/concepts/services-networking/network-policies/).

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use serde_json::Value;

use super::{
    selected::{Subject, subjects},
    services::protocol,
};
use crate::{
    json::{has, items, text},
    node::runtime::network::{Allowed, Direction, Isolation, NAME_SERVER, Peers, PortRange},
    store::Object,
};

/// The Pods that policies isolate, those with the same rights together.
pub(super) fn isolations(policies: &[Object], pods: &[Object], namespaces: &[Object]) -> Vec<Isolation> {
    let subjects = subjects(pods, namespaces);
    let mut groups: BTreeMap<(Direction, BTreeSet<Allowed>), Vec<Ipv4Addr>> = BTreeMap::new();
    for subject in subjects.iter().filter(|subject| subject.address != *NAME_SERVER.ip()) {
        for direction in [Direction::Ingress, Direction::Egress] {
            if let Some(allowed) = allowed(policies, subject, direction, &subjects) {
                groups.entry((direction, allowed)).or_default().push(subject.address);
            }
        }
    }
    let isolation = |((direction, allowed), pods): ((Direction, BTreeSet<Allowed>), Vec<Ipv4Addr>)| Isolation {
        pods,
        direction,
        allowed: allowed.into_iter().collect(),
    };
    groups.into_iter().map(isolation).collect()
}

/// What all policies together allow a Pod; `None` when none is about it.
fn allowed(
    policies: &[Object],
    subject: &Subject<'_>,
    direction: Direction,
    others: &[Subject<'_>],
) -> Option<BTreeSet<Allowed>> {
    let mut isolated = false;
    let mut all = BTreeSet::new();
    for policy in policies {
        let (namespace, spec) = (text(&policy["metadata"], "namespace"), &policy["spec"]);
        if !acts(spec, direction) || !subject.is_meant(namespace, &spec["podSelector"]) {
            continue;
        }
        isolated = true;
        let field = match direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        for rule in items(spec, field) {
            all.extend(of_rule(rule, namespace, subject, direction, others));
        }
    }
    isolated.then_some(all)
}

/// Whether a policy is about a direction: `policyTypes`, else Ingress, and Egress when it has such rules.
fn acts(spec: &Value, direction: Direction) -> bool {
    let name = match direction {
        Direction::Ingress => "Ingress",
        Direction::Egress => "Egress",
    };
    match items(spec, "policyTypes") {
        [] => direction == Direction::Ingress || has(spec, "egress"),
        types => types.iter().any(|kind| kind == name),
    }
}

fn of_rule(
    rule: &Value,
    namespace: &str,
    subject: &Subject<'_>,
    direction: Direction,
    others: &[Subject<'_>],
) -> Vec<Allowed> {
    let (field, target) = match direction {
        Direction::Ingress => ("from", Some(subject)),
        Direction::Egress => ("to", None),
    };
    let ports = items(rule, "ports");
    let peers = items(rule, field);
    let mut all = Vec::new();
    if peers.is_empty() {
        all.push(Allowed { peers: Peers::Anyone, ports: ranges(ports, target) });
        all.extend(named_ports(ports, direction, others.iter()));
        return all;
    }
    for peer in peers {
        if has(peer, "ipBlock") {
            let block = block(&peer["ipBlock"]).map(|peers| Allowed { peers, ports: ranges(ports, target) });
            all.extend(block);
            continue;
        }
        let meant = || others.iter().filter(|other| other.is_peer(namespace, peer));
        let addresses = meant().map(|other| other.address).collect();
        all.push(Allowed { peers: Peers::Addresses(addresses), ports: ranges(ports, target) });
        all.extend(named_ports(ports, direction, meant()));
    }
    all
}

/// The ports by number; names are looked up on the Pod that is connected to, where that is known. No ports are all.
fn ranges(ports: &[Value], target: Option<&Subject<'_>>) -> Option<Vec<PortRange>> {
    if ports.is_empty() {
        return None;
    }
    let range = |port: &Value| {
        let of = text(port, "protocol");
        let protocol = protocol(of)?;
        let number = |field: &str| port[field].as_u64().and_then(|number| u16::try_from(number).ok());
        let (first, last) = match (&port["port"], number("port")) {
            (Value::Null, _) => (0, u16::MAX),
            (_, Some(first)) => (first, number("endPort").unwrap_or(first)),
            (name, None) => {
                let number = target?.port(name.as_str()?, if of.is_empty() { "TCP" } else { of })?;
                (number, number)
            }
        };
        Some(PortRange { protocol, first, last })
    };
    Some(ports.iter().filter_map(range).collect())
}

/// Ports that are named and on the other side: what each name means is another matter for each Pod.
fn named_ports<'a>(
    ports: &[Value],
    direction: Direction,
    peers: impl Iterator<Item = &'a Subject<'a>>,
) -> Vec<Allowed> {
    let named: Vec<Value> = ports.iter().filter(|port| port["port"].is_string()).cloned().collect();
    if named.is_empty() || direction == Direction::Ingress {
        return Vec::new();
    }
    let of =
        |peer: &Subject<'_>| Allowed { peers: Peers::Addresses(vec![peer.address]), ports: ranges(&named, Some(peer)) };
    peers.map(of).collect()
}

fn block(block: &Value) -> Option<Peers> {
    let except = items(block, "except").iter().filter_map(|part| network(part.as_str()?)).collect();
    Some(Peers::Block { network: network(text(block, "cidr"))?, except })
}

/// An IPv4 network in CIDR notation; others can't be met here.
fn network(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, bits) = text.split_once('/')?;
    Some((address.parse().ok()?, bits.parse().ok().filter(|bits| *bits <= 32)?))
}
