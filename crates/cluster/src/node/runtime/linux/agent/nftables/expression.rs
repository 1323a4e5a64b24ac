//! A rule of nf_tables: a list of expressions, each of which looks at the packet, compares, or decides.

use std::net::Ipv4Addr;

use super::{ELEMENT, NESTED, big, value};
use crate::node::runtime::{
    linux::agent::netlink::{nested, text},
    network::{Direction, PortRange, Protocol},
};

/// The register that takes 16 bytes; its first and second four bytes have names of their own.
const REGISTER: u32 = libc::NFT_REG_1 as u32;
const FIRST: u32 = libc::NFT_REG32_00 as u32;
const SECOND: u32 = libc::NFT_REG32_01 as u32;
/// Where an IPv4 header has its source; the destination follows.
const SOURCE: u32 = 12;
const DESTINATION: u32 = 16;
/// Where every transport header has its destination port.
const DESTINATION_PORT: u32 = 2;
/// `NF_CT_STATE_BIT(IP_CT_ESTABLISHED)` and the one after it, for related connections.
const KNOWN_CONNECTION: u32 = 1 << 1 | 1 << 2;

/// What becomes of a packet.
pub enum Verdict<'a> {
    /// It passes this hook.
    Accept,
    /// It is gone.
    Drop,
    /// It goes on where this chain was jumped to from.
    Return,
    /// It goes through another chain, and comes back.
    Jump(&'a str),
}

/// Which end of a packet's way.
#[derive(Clone, Copy)]
pub enum End {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}

impl End {
    /// The isolated Pod's own end.
    pub fn own(direction: Direction) -> Self {
        match direction {
            Direction::Ingress => Self::Destination,
            Direction::Egress => Self::Source,
        }
    }

    /// The other side's end.
    pub fn peer(direction: Direction) -> Self {
        match direction {
            Direction::Ingress => Self::Source,
            Direction::Egress => Self::Destination,
        }
    }

    fn offset(self) -> u32 {
        match self {
            Self::Source => SOURCE,
            Self::Destination => DESTINATION,
        }
    }
}

/// A rule under construction.
#[derive(Default)]
pub struct Rule(Vec<u8>);

impl Rule {
    /// Only packets with this address.
    pub fn address(self, end: End, address: Ipv4Addr) -> Self {
        self.network_header(end.offset(), 4).compare(libc::NFT_CMP_EQ, &address.octets())
    }

    /// Only packets whose address is in a network, or is not.
    pub fn network(self, end: End, (network, bits): (Ipv4Addr, u8), inside: bool) -> Self {
        let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
        let wanted = (network.to_bits() & mask).to_be_bytes();
        let operator = if inside { libc::NFT_CMP_EQ } else { libc::NFT_CMP_NEQ };
        self.network_header(end.offset(), 4).mask(&mask.to_be_bytes()).compare(operator, &wanted)
    }

    /// Only packets whose address is in a set.
    pub fn in_set(self, end: End, set: &str) -> Self {
        self.network_header(end.offset(), 4).lookup(set, None)
    }

    /// Only packets whose source and destination together are in a set.
    pub fn ends_in_set(self, set: &str) -> Self {
        self.network_header(SOURCE, 8).lookup(set, None)
    }

    /// Only packets of a protocol, by its number.
    pub fn protocol(self, number: u8) -> Self {
        self.expression("meta", |m| {
            big(m, 1, REGISTER);
            big(m, 2, libc::NFT_META_L4PROTO as u32);
        })
        .compare(libc::NFT_CMP_EQ, &[number])
    }

    /// Only packets to these ports.
    pub fn ports(self, ports: PortRange) -> Self {
        let rule = self.protocol(number(ports.protocol)).expression("payload", |m| {
            big(m, 1, REGISTER);
            big(m, 2, libc::NFT_PAYLOAD_TRANSPORT_HEADER as u32);
            big(m, 3, DESTINATION_PORT);
            big(m, 4, 2);
        });
        if ports.first == ports.last {
            return rule.compare(libc::NFT_CMP_EQ, &ports.first.to_be_bytes());
        }
        rule.compare(libc::NFT_CMP_GTE, &ports.first.to_be_bytes())
            .compare(libc::NFT_CMP_LTE, &ports.last.to_be_bytes())
    }

    /// Only packets of connections that have been let through before.
    pub fn known_connection(self) -> Self {
        self.expression("ct", |m| {
            big(m, 1, REGISTER);
            big(m, 2, libc::NFT_CT_STATE as u32);
        })
        .mask(&KNOWN_CONNECTION.to_ne_bytes())
        .compare(libc::NFT_CMP_NEQ, &0u32.to_ne_bytes())
    }

    /// Sends the connection to one of `count` places in a map, picked at random or by the client's address.
    pub fn lead_to_one_of(self, map: &str, count: u32, sticky: bool) -> Self {
        let rule = if sticky { self.hash_of_source(count) } else { self.random(count) };
        rule.lookup(map, Some(REGISTER)).expression("nat", |m| {
            big(m, 1, libc::NFT_NAT_DNAT as u32);
            big(m, 2, libc::AF_INET as u32);
            big(m, 3, FIRST);
            big(m, 5, SECOND);
        })
    }

    /// Hides the source behind the node's own address.
    pub fn masquerade(self) -> Self {
        self.expression("masq", |_| {})
    }

    /// Decides.
    pub fn then(self, verdict: &Verdict<'_>) -> Self {
        let (code, chain) = match verdict {
            Verdict::Accept => (libc::NF_ACCEPT, None),
            Verdict::Drop => (libc::NF_DROP, None),
            Verdict::Return => (libc::NFT_RETURN, None),
            Verdict::Jump(chain) => (libc::NFT_JUMP, Some(*chain)),
        };
        self.expression("immediate", |m| {
            big(m, 1, libc::NFT_REG_VERDICT as u32);
            nested(m, 2 | NESTED, |m| {
                nested(m, 2 | NESTED, |m| {
                    big(m, 1, code as u32);
                    if let Some(chain) = chain {
                        text(m, 2, chain);
                    }
                });
            });
        })
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn random(self, count: u32) -> Self {
        self.expression("numgen", |m| {
            big(m, 1, REGISTER);
            big(m, 2, count);
            big(m, 3, libc::NFT_NG_RANDOM as u32);
        })
    }

    fn hash_of_source(self, count: u32) -> Self {
        self.network_header(SOURCE, 4).expression("hash", |m| {
            big(m, 1, REGISTER);
            big(m, 2, REGISTER);
            big(m, 3, 4);
            big(m, 4, count);
            // One seed for all Services, so that a client's place is the same after each change of the rules.
            big(m, 5, 1);
        })
    }

    fn network_header(self, offset: u32, length: u32) -> Self {
        self.expression("payload", |m| {
            big(m, 1, REGISTER);
            big(m, 2, libc::NFT_PAYLOAD_NETWORK_HEADER as u32);
            big(m, 3, offset);
            big(m, 4, length);
        })
    }

    fn compare(self, operator: libc::c_int, with: &[u8]) -> Self {
        self.expression("cmp", |m| {
            big(m, 1, REGISTER);
            big(m, 2, operator as u32);
            value(m, 3, with);
        })
    }

    fn mask(self, mask: &[u8; 4]) -> Self {
        self.expression("bitwise", |m| {
            big(m, 1, REGISTER);
            big(m, 2, REGISTER);
            big(m, 3, 4);
            value(m, 4, mask);
            value(m, 5, &[0; 4]);
        })
    }

    fn lookup(self, set: &str, into: Option<u32>) -> Self {
        self.expression("lookup", |m| {
            text(m, 1, set);
            big(m, 2, REGISTER);
            if let Some(register) = into {
                big(m, 3, register);
            }
        })
    }

    fn expression(mut self, name: &str, data: impl FnOnce(&mut Vec<u8>)) -> Self {
        nested(&mut self.0, ELEMENT | NESTED, |m| {
            text(m, 1, name);
            nested(m, 2 | NESTED, data);
        });
        self
    }
}

/// A protocol's number in an IP header.
fn number(protocol: Protocol) -> u8 {
    let number = match protocol {
        Protocol::Tcp => libc::IPPROTO_TCP,
        Protocol::Udp => libc::IPPROTO_UDP,
        Protocol::Sctp => libc::IPPROTO_SCTP,
    };
    number as u8
}
