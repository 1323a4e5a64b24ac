//! NetworkPolicies.

use std::net::IpAddr;

use serde_json::Value;

use super::{Findings, Path, metadata, names};
use crate::json::{has, int, items, text};

/// A NetworkPolicy.
pub(super) fn network_policy(found: &mut Findings, policy: &Value) {
    let (spec, path) = (&policy["spec"], Path::new("spec"));
    metadata::selector(found, &spec["podSelector"], &path.child("podSelector"));
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in items(spec, direction).iter().enumerate() {
            let path = path.child(direction).index(index);
            for (index, port) in items(rule, "ports").iter().enumerate() {
                self::port(found, port, &path.child("ports").index(index));
            }
            for (index, peer) in items(rule, peers).iter().enumerate() {
                self::peer(found, peer, &path.child(peers).index(index));
            }
        }
    }
    let (kinds, path) = (items(spec, "policyTypes"), path.child("policyTypes"));
    if kinds.len() > 2 {
        found.invalid(&path, kinds.to_vec(), "may not specify more than two policyTypes");
        return;
    }
    for (index, kind) in kinds.iter().filter_map(Value::as_str).enumerate() {
        if !["Egress", "Ingress"].contains(&kind) {
            found.not_supported(&path.index(index), kind, &["Ingress", "Egress"]);
        }
    }
}

fn port(found: &mut Findings, port: &Value, path: &Path) {
    found.one_of_if_set(path, port, "protocol", &["TCP", "UDP", "SCTP"]);
    let end = int(port, "endPort");
    match &port["port"] {
        Value::String(name) => {
            if let Some(end) = end {
                let message = "may not be specified when `port` is non-numeric";
                found.invalid(&path.child("endPort"), end, message);
            }
            found.invalid_each(&path.child("port"), name, names::port_name(name));
        }
        Value::Number(number) => {
            let number = number.as_i64().unwrap_or(0);
            for message in names::port_number(number) {
                found.invalid(&path.child("port"), number, message);
            }
            if let Some(end) = end {
                if end < number {
                    found.invalid(&path.child("endPort"), number, "must be greater than or equal to `port`");
                }
                for message in names::port_number(end) {
                    found.invalid(&path.child("endPort"), end, message);
                }
            }
        }
        _ => {
            if let Some(end) = end {
                found.invalid(&path.child("endPort"), end, "may not be specified when `port` is not specified");
            }
        }
    }
}

fn peer(found: &mut Findings, peer: &Value, path: &Path) {
    let mut kinds = 0;
    for selector in ["podSelector", "namespaceSelector"] {
        if has(peer, selector) {
            kinds += 1;
            metadata::selector(found, &peer[selector], &path.child(selector));
        }
    }
    if has(peer, "ipBlock") {
        kinds += 1;
        block(found, &peer["ipBlock"], &path.child("ipBlock"));
    }
    if kinds == 0 {
        found.required(path, "must specify a peer");
    } else if kinds > 1 && has(peer, "ipBlock") {
        found.forbidden(path, "may not specify both ipBlock and another peer");
    }
}

const CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// What is wrong with a range of addresses.
pub(super) fn cidr_trouble(text: &str) -> Option<&'static str> {
    match Range::parse(text) {
        None => Some(CIDR),
        Some(range) => (!range.is_masked()).then_some("must not have bits set beyond the prefix length"),
    }
}

fn block(found: &mut Findings, block: &Value, path: &Path) {
    let whole = text(block, "cidr");
    if whole.is_empty() {
        found.required(&path.child("cidr"), "");
        return;
    }
    if let Some(why) = cidr_trouble(whole) {
        found.invalid(&path.child("cidr"), whole, why);
    }
    let range = Range::parse(whole);
    for (index, except) in items(block, "except").iter().filter_map(Value::as_str).enumerate() {
        let path = path.child("except").index(index);
        match (Range::parse(except), range) {
            (None, _) => found.invalid(&path, except, CIDR),
            (Some(part), Some(range)) if !range.holds(part) => {
                found.invalid(&path, except, "must be a strict subset of `cidr`");
            }
            _ => {}
        }
    }
}

/// A range of addresses.
#[derive(Clone, Copy)]
struct Range {
    first: IpAddr,
    bits: u32,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let (first, bits) = (address.parse::<IpAddr>().ok()?, bits.parse::<u32>().ok()?);
        (bits <= if first.is_ipv4() { 32 } else { 128 }).then_some(Self { first, bits })
    }

    /// Whether its address is the first of the range.
    fn is_masked(self) -> bool {
        let beyond = match self.first {
            IpAddr::V4(address) => address.to_bits() & !u32::MAX.checked_shl(32 - self.bits).unwrap_or(0) != 0,
            IpAddr::V6(address) => address.to_bits() & !u128::MAX.checked_shl(128 - self.bits).unwrap_or(0) != 0,
        };
        !beyond
    }

    /// Whether `part` lies in it and is smaller.
    fn holds(self, part: Self) -> bool {
        let same = match (self.first, part.first) {
            (IpAddr::V4(whole), IpAddr::V4(part)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                whole.to_bits() & mask == part.to_bits() & mask
            }
            (IpAddr::V6(whole), IpAddr::V6(part)) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                whole.to_bits() & mask == part.to_bits() & mask
            }
            _ => false,
        };
        same && part.bits > self.bits
    }
}
