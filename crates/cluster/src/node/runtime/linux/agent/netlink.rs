//! Just enough of rtnetlink for the agent: pairs of connected interfaces, addresses, routes.
//!
//! Messages are laid out as rtnetlink(7) says. Several go to the kernel in one write; each is acknowledged.

use std::{
    io,
    net::Ipv4Addr,
    os::fd::{AsRawFd, OwnedFd},
};

use nix::{
    sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket},
    unistd::Pid,
};

/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// `VETH_INFO_PEER` of linux/veth.h.
const VETH_INFO_PEER: u16 = 1;

/// An interface's address.
pub(super) struct Address {
    pub address: Ipv4Addr,
    pub prefix: u8,
    pub broadcast: Option<Ipv4Addr>,
}

impl Address {
    /// An address that is no part of a network.
    pub(super) fn alone(address: Ipv4Addr) -> Self {
        Self { address, prefix: 32, broadcast: None }
    }
}

/// A route to a network: its address and how many leading bits count.
pub(super) struct Route {
    network: (Ipv4Addr, u8),
    interface: u32,
    gateway: Option<Ipv4Addr>,
    source: Option<Ipv4Addr>,
    table: u8,
    scope: u8,
    kind: u8,
}

impl Route {
    /// To whoever is at the interface's other end, as `source`.
    pub(super) fn link(network: (Ipv4Addr, u8), interface: u32, source: Ipv4Addr) -> Self {
        let scope = libc::RT_SCOPE_LINK;
        Self { scope, source: Some(source), ..Self::through_nobody(network, interface) }
    }

    /// By way of a gateway.
    pub(super) fn through(
        gateway: Ipv4Addr,
        network: (Ipv4Addr, u8),
        interface: u32,
        source: Option<Ipv4Addr>,
    ) -> Self {
        Self { gateway: Some(gateway), source, ..Self::through_nobody(network, interface) }
    }

    /// To this machine itself, whatever the address in the network.
    pub(super) fn local(network: (Ipv4Addr, u8), interface: u32) -> Self {
        let (table, scope, kind) = (libc::RT_TABLE_LOCAL, libc::RT_SCOPE_HOST, libc::RTN_LOCAL);
        Self { table, scope, kind, ..Self::through_nobody(network, interface) }
    }

    fn through_nobody(network: (Ipv4Addr, u8), interface: u32) -> Self {
        let (table, scope, kind) = (libc::RT_TABLE_MAIN, libc::RT_SCOPE_UNIVERSE, libc::RTN_UNICAST);
        Self { network, interface, gateway: None, source: None, table, scope, kind }
    }
}

/// A connection to the kernel's routing tables of the network namespace it was opened in.
pub(super) struct Netlink {
    socket: OwnedFd,
    messages: Vec<u8>,
    count: u32,
}

impl Netlink {
    /// A connection with nothing to say yet.
    pub(super) fn open() -> io::Result<Self> {
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
        Ok(Self { socket, messages: Vec::new(), count: 0 })
    }

    /// Sends what was added, and waits for the answers: the first error, if there is one.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        send(self.socket.as_raw_fd(), &self.messages, MsgFlags::empty())?;
        let mut missing = std::mem::take(&mut self.count);
        self.messages.clear();
        let mut result = Ok(());
        let mut buffer = [0; 8192];
        while missing > 0 {
            let length = recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
            for (_, code) in answers(&buffer[..length]) {
                missing -= 1;
                if code != 0 && result.is_ok() {
                    result = Err(io::Error::from_raw_os_error(-code));
                }
            }
        }
        result
    }

    /// A pair of connected interfaces: `name` here, up, with the number `index`; `peer` in the network namespace of the
    /// process `pid`.
    pub(super) fn add_pair(&mut self, name: &str, index: u32, peer: &str, pid: Pid) {
        self.message(libc::RTM_NEWLINK, create(), |m| {
            link_header(m, index, libc::IFF_UP as u32);
            text(m, libc::IFLA_IFNAME, name);
            nested(m, libc::IFLA_LINKINFO, |m| {
                text(m, libc::IFLA_INFO_KIND, "veth");
                nested(m, libc::IFLA_INFO_DATA, |m| {
                    nested(m, VETH_INFO_PEER, |m| {
                        link_header(m, 0, 0);
                        text(m, libc::IFLA_IFNAME, peer);
                        number(m, libc::IFLA_NET_NS_PID, pid.as_raw() as u32);
                    });
                });
            });
        });
    }

    /// Sets an interface up.
    pub(super) fn set_up(&mut self, index: u32) {
        self.message(libc::RTM_NEWLINK, 0, |m| link_header(m, index, libc::IFF_UP as u32));
    }

    /// Gives an interface an address. Routes to its network are added by hand.
    pub(super) fn add_address(&mut self, index: u32, address: &Address) {
        self.message(libc::RTM_NEWADDR, create(), |m| {
            m.extend([libc::AF_INET as u8, address.prefix, 0, libc::RT_SCOPE_UNIVERSE]);
            m.extend(index.to_ne_bytes());
            attribute(m, libc::IFA_LOCAL, &address.address.octets());
            attribute(m, libc::IFA_ADDRESS, &address.address.octets());
            if let Some(broadcast) = address.broadcast {
                attribute(m, libc::IFA_BROADCAST, &broadcast.octets());
            }
            number(m, libc::IFA_FLAGS, libc::IFA_F_NOPREFIXROUTE);
        });
    }

    /// Adds a route.
    pub(super) fn add_route(&mut self, route: &Route) {
        self.route(route, create());
    }

    /// Adds a route in place of one to the same network.
    pub(super) fn set_route(&mut self, route: &Route) {
        self.route(route, (libc::NLM_F_CREATE | libc::NLM_F_REPLACE) as u16);
    }

    fn route(&mut self, route: &Route, flags: u16) {
        let (network, bits) = route.network;
        self.message(libc::RTM_NEWROUTE, flags, |m| {
            m.extend([libc::AF_INET as u8, bits, 0, 0, route.table, libc::RTPROT_BOOT, route.scope, route.kind]);
            m.extend([0; 4]);
            attribute(m, libc::RTA_DST, &network.octets());
            number(m, libc::RTA_OIF, route.interface);
            for (kind, address) in [(libc::RTA_GATEWAY, route.gateway), (libc::RTA_PREFSRC, route.source)] {
                if let Some(address) = address {
                    attribute(m, kind, &address.octets());
                }
            }
        });
    }

    fn message(&mut self, kind: u16, flags: u16, body: impl FnOnce(&mut Vec<u8>)) {
        let start = self.messages.len();
        self.messages.extend([0; HEADER]);
        body(&mut self.messages);
        self.count += 1;
        let length = (self.messages.len() - start) as u32;
        let flags = flags | (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
        let header = &mut self.messages[start..start + HEADER];
        header[..4].copy_from_slice(&length.to_ne_bytes());
        header[4..6].copy_from_slice(&kind.to_ne_bytes());
        header[6..8].copy_from_slice(&flags.to_ne_bytes());
        header[8..12].copy_from_slice(&self.count.to_ne_bytes());
    }
}

/// The number the kernel knows an interface of this network namespace by.
pub(super) fn index_of(name: &str) -> io::Result<u32> {
    Ok(nix::net::if_::if_nametoindex(name)?)
}

fn create() -> u16 {
    (libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16
}

/// `struct ifinfomsg`.
fn link_header(m: &mut Vec<u8>, index: u32, flags: u32) {
    m.extend([libc::AF_UNSPEC as u8, 0, 0, 0]);
    m.extend(index.to_ne_bytes());
    m.extend(flags.to_ne_bytes());
    m.extend(flags.to_ne_bytes());
}

pub(super) fn text(m: &mut Vec<u8>, kind: u16, value: &str) {
    let mut bytes = value.as_bytes().to_vec();
    bytes.push(0);
    attribute(m, kind, &bytes);
}

fn number(m: &mut Vec<u8>, kind: u16, value: u32) {
    attribute(m, kind, &value.to_ne_bytes());
}

pub(super) fn attribute(m: &mut Vec<u8>, kind: u16, value: &[u8]) {
    nested(m, kind, |m| m.extend(value));
}

/// `struct rtattr` around what `body` adds, padded to four bytes.
pub(super) fn nested(m: &mut Vec<u8>, kind: u16, body: impl FnOnce(&mut Vec<u8>)) {
    let start = m.len();
    m.extend([0; 4]);
    body(m);
    let length = (m.len() - start) as u16;
    m[start..start + 2].copy_from_slice(&length.to_ne_bytes());
    m[start + 2..start + 4].copy_from_slice(&kind.to_ne_bytes());
    m.resize(m.len().next_multiple_of(4), 0);
}

/// The answers in what the kernel sent: a message's number, and 0 or an errno below zero.
pub(super) fn answers(mut bytes: &[u8]) -> Vec<(u32, i32)> {
    let mut found = Vec::new();
    while bytes.len() >= HEADER {
        let word = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let length = u32::from_ne_bytes(word(0)) as usize;
        let kind = u16::from_ne_bytes([bytes[4], bytes[5]]);
        if kind == libc::NLMSG_ERROR as u16 && bytes.len() >= HEADER + 4 {
            found.push((u32::from_ne_bytes(word(8)), i32::from_ne_bytes(word(HEADER))));
        }
        bytes = &bytes[length.next_multiple_of(4).clamp(HEADER, bytes.len())..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_count_what_is_in_them() {
        let mut bytes = Vec::new();
        nested(&mut bytes, 18, |m| text(m, 1, "veth"));
        let inner = [9, 0, 1, 0, b'v', b'e', b't', b'h', 0, 0, 0, 0];
        assert_eq!(bytes, [&[16, 0, 18, 0][..], &inner].concat());
    }

    #[test]
    fn every_answer_is_read() {
        let mut bytes = Vec::new();
        for (number, code) in [(1u32, 0i32), (2, -17)] {
            bytes.extend(36u32.to_ne_bytes());
            bytes.extend((libc::NLMSG_ERROR as u16).to_ne_bytes());
            bytes.extend([0; 2]);
            bytes.extend(number.to_ne_bytes());
            bytes.extend([0; 4]);
            bytes.extend(code.to_ne_bytes());
            bytes.extend([0; 16]);
        }
        assert_eq!(answers(&bytes), [(1, 0), (2, -17)]);
    }
}
