//! What happens to packets at the Pods' gateway: Services and isolation, as rules of nf_tables.
//!
//! Each change makes the whole table anew; the kernel puts it in the old one's place between two packets. Connections that
//! are under way keep their destination.

use std::{collections::BTreeSet, net::Ipv4Addr};

use super::{
    failure::Trying,
    nftables::{
        Batch, Hook,
        expression::{End, Rule, Verdict},
    },
};
use crate::node::runtime::{
    linux::wire::Failure,
    network::{Allowed, Direction, Isolation, NAME_SERVER, NetworkRules, Peers, PortRange, SERVICES, ServiceRule},
};

const TABLE: &str = "podyard";
const SERVICES_CHAIN: &str = "services";
const RETURN_CHAIN: &str = "hairpin";
const FORWARD_CHAIN: &str = "forward";
const INPUT_CHAIN: &str = "input";
/// Pods that a Service may lead to themselves: such a connection must seem to come from the node, or the Pod would take
/// the answer for its own.
const THEMSELVES: &str = "themselves";

/// The table, when there is one.
#[derive(Default)]
pub(super) struct Firewall {
    made: bool,
}

impl Firewall {
    /// Puts rules in place of those before. Without any, the kernel need not look at packets.
    pub(super) fn set(&mut self, rules: &NetworkRules) -> Result<(), Failure> {
        let needed = !rules.services.is_empty() || !rules.isolations.is_empty();
        if needed || self.made {
            let batch = if needed { table(rules) } else { Batch::removing(TABLE) };
            batch.commit().trying("set the rules for Services and network policies (nf_tables)")?;
        }
        self.made = needed;
        Ok(())
    }
}

fn table(rules: &NetworkRules) -> Batch {
    let mut batch = Batch::replacing(TABLE);
    services(&mut batch, &rules.services);
    batch.base_chain(FORWARD_CHAIN, Hook::Forward);
    batch.base_chain(INPUT_CHAIN, Hook::Input);
    for chain in [FORWARD_CHAIN, INPUT_CHAIN] {
        batch.rule(chain, Rule::default().known_connection().then(&Verdict::Accept));
    }
    batch.rule(FORWARD_CHAIN, Rule::default().ends_in_set(THEMSELVES).then(&Verdict::Accept));
    // A Service's address is nobody's: it does not answer a ping.
    let icmp = Rule::default().network(End::Destination, SERVICES, true).protocol(libc::IPPROTO_ICMP as u8);
    batch.rule(INPUT_CHAIN, icmp.then(&Verdict::Drop));
    // A packet has to pass both: what its sender may send and what its receiver may get.
    for (index, isolation) in rules.isolations.iter().enumerate() {
        isolate(&mut batch, &format!("isolation{index}"), isolation);
    }
    batch
}

fn services(batch: &mut Batch, services: &[ServiceRule]) {
    let backends: BTreeSet<Ipv4Addr> =
        services.iter().flat_map(|service| &service.backends).map(|backend| *backend.ip()).collect();
    let twice = |address: &Ipv4Addr| [address.octets(), address.octets()].concat().try_into().unwrap_or([0; 8]);
    batch.set::<8>(THEMSELVES, backends.iter().map(twice));
    batch.base_chain(RETURN_CHAIN, Hook::SourceNat);
    batch.rule(RETURN_CHAIN, Rule::default().ends_in_set(THEMSELVES).masquerade());
    batch.base_chain(SERVICES_CHAIN, Hook::DestinationNat);
    // Without backends the packet comes to the node itself, where nobody listens: it is refused.
    for (index, service) in services.iter().enumerate().filter(|(_, service)| !service.backends.is_empty()) {
        let map = format!("service{index}");
        let places = service.backends.iter().zip(0u32..).map(|(place, index)| {
            let mut data = [0; 8];
            data[..4].copy_from_slice(&place.ip().octets());
            data[4..6].copy_from_slice(&place.port().to_be_bytes());
            (index.to_ne_bytes(), data)
        });
        batch.map::<4, 8>(&map, places);
        let port = PortRange { protocol: service.protocol, first: service.at.port(), last: service.at.port() };
        let rule = Rule::default().address(End::Destination, *service.at.ip()).ports(port);
        batch.rule(SERVICES_CHAIN, rule.lead_to_one_of(&map, service.backends.len() as u32, service.sticky));
    }
}

fn isolate(batch: &mut Batch, name: &str, isolation: &Isolation) {
    let pods = format!("{name}-pods");
    batch.set::<4>(&pods, isolation.pods.iter().map(Ipv4Addr::octets));
    batch.chain(name);
    for (index, allowed) in isolation.allowed.iter().enumerate() {
        allow(batch, name, &format!("{name}-{index}"), isolation.direction, allowed);
    }
    batch.rule(name, Rule::default().then(&Verdict::Drop));
    let own = End::own(isolation.direction);
    batch.rule(FORWARD_CHAIN, Rule::default().in_set(own, &pods).then(&Verdict::Jump(name)));
    if isolation.direction == Direction::Egress {
        let names = Rule::default().address(End::Destination, *NAME_SERVER.ip()).in_set(own, &pods);
        batch.rule(INPUT_CHAIN, names.then(&Verdict::Jump(name)));
    }
}

fn allow(batch: &mut Batch, chain: &str, set: &str, direction: Direction, allowed: &Allowed) {
    let end = End::peer(direction);
    if let Peers::Addresses(addresses) = &allowed.peers {
        batch.set::<4>(set, addresses.iter().collect::<BTreeSet<_>>().into_iter().map(Ipv4Addr::octets));
    }
    let peers = || match &allowed.peers {
        Peers::Anyone => Rule::default(),
        Peers::Addresses(_) => Rule::default().in_set(end, set),
        Peers::Block { network, except } => except
            .iter()
            .fold(Rule::default().network(end, *network, true), |rule, part| rule.network(end, *part, false)),
    };
    match &allowed.ports {
        None => batch.rule(chain, peers().then(&Verdict::Return)),
        Some(ports) => {
            for range in ports {
                batch.rule(chain, peers().ports(*range).then(&Verdict::Return));
            }
        }
    }
}
