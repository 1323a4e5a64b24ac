//! The sandbox's own network: an interface pair per Pod, and routes between them through the agent's network namespace.
//!
//! The host has no part in it: no interface, no route, no rule, no forwarding. Pods reach each other and nothing else. It
//! looks as in a kind cluster: every packet of a Pod goes to its gateway, which is where Services and policies act
//! (`firewall`). Only that a Pod has no default route: so who wants to go further is told at once, "Network is
//! unreachable". A gateway that says so comes too early for a client on the same machine, which then waits for a second.

use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, SocketAddrV4},
    os::fd::{AsRawFd, OwnedFd},
};

use nix::{
    sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, SockaddrIn},
    unistd::Pid,
};

use super::{
    failure::Trying,
    firewall::Firewall,
    netlink::{Address, Netlink, Route, index_of},
};
use crate::node::runtime::{
    linux::wire::Failure,
    network::{ALL_PODS, API_SERVER, API_SERVICE, HOST, NAME_SERVER, NODES, NetworkRules, PodRange, SERVICES},
};

/// The loopback interface is the first of every network namespace.
const LOOPBACK: u32 = 1;
/// A Pod's interface.
const INTERFACE: &str = "eth0";
/// The kernel's own interfaces, such as tunnels, have lower numbers than the agent's side of the first Pod's pair.
const FIRST_PAIR: u32 = 100;

/// The agent's side of the network.
pub(super) struct Network {
    netlink: Netlink,
    firewall: Firewall,
    pairs: u32,
    /// The gateways of the nodes that have had a Pod.
    gateways: BTreeSet<Ipv4Addr>,
}

impl Network {
    /// Sets up this process's network namespace as the node's.
    pub(super) fn new() -> Result<Self, Failure> {
        let mut netlink = Netlink::open().trying("open netlink")?;
        netlink.set_up(LOOPBACK);
        netlink.add_address(LOOPBACK, &Address::alone(HOST));
        // What no Service has taken is refused by this very machine.
        netlink.add_route(&Route::local(SERVICES, LOOPBACK));
        // All nodes are this one.
        netlink.add_route(&Route::local(NODES, LOOPBACK));
        netlink.commit().trying("give the node its addresses")?;
        fs::write("/proc/sys/net/ipv4/ip_forward", "1").trying("let packets pass between Pods")?;
        Ok(Self { netlink, firewall: Firewall::default(), pairs: 0, gateways: BTreeSet::new() })
    }

    /// Connects the network namespace of a process, which is to have this address.
    pub(super) fn connect(&mut self, pod: Pid, address: Ipv4Addr, gateway: Ipv4Addr) -> Result<(), Failure> {
        if self.gateways.insert(gateway) {
            self.netlink.add_address(LOOPBACK, &Address::alone(gateway));
        }
        let index = FIRST_PAIR + self.pairs;
        self.pairs += 1;
        self.netlink.add_pair(&format!("veth{index}"), index, INTERFACE, pod);
        // A Pod that had the address before may still be on its way out.
        self.netlink.set_route(&Route::link((address, 32), index, gateway));
        self.netlink.commit().trying("make the Pod's interface")
    }

    /// Puts rules in place of those before.
    pub(super) fn set_rules(&mut self, rules: &NetworkRules) -> Result<(), Failure> {
        self.firewall.set(rules)
    }
}

/// The name server's sockets: UDP, then TCP.
pub(super) fn name_server() -> Result<[OwnedFd; 2], Failure> {
    let make = |kind| open(kind, NAME_SERVER).trying("open the name server's port");
    Ok([make(SockType::Datagram)?, make(SockType::Stream)?])
}

/// The API's sockets: where its Service is, and where that says it leads. It needs no rule of the firewall's for that.
pub(super) fn api_server() -> Result<[OwnedFd; 2], Failure> {
    let make = |at| open(SockType::Stream, at).trying("open the API server's port");
    Ok([make(API_SERVICE)?, make(API_SERVER)?])
}

/// A socket of this machine's for whoever comes.
fn open(kind: SockType, at: SocketAddrV4) -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(AddressFamily::Inet, kind, flags, None)?;
    socket::bind(socket.as_raw_fd(), &SockaddrIn::from(at))?;
    if kind == SockType::Stream {
        socket::listen(&socket, Backlog::MAXCONN)?;
    }
    Ok(socket)
}

/// Sets up this process's own network namespace, once the agent has connected it.
pub(super) fn configure(address: Ipv4Addr, range: PodRange) -> Result<(), Failure> {
    let mut netlink = Netlink::open().trying("open netlink")?;
    let interface = index_of(INTERFACE).trying("find the Pod's interface")?;
    netlink.set_up(LOOPBACK);
    netlink.add_address(interface, &Address { address, prefix: range.bits, broadcast: Some(range.broadcast()) });
    netlink.set_up(interface);
    netlink.add_route(&Route::link((range.gateway(), 32), interface, address));
    for network in [ALL_PODS, SERVICES, NODES] {
        netlink.add_route(&Route::through(range.gateway(), network, interface, Some(address)));
    }
    netlink.commit().trying("give the Pod its address")?;
    // As containerd does: ping and low ports without a capability.
    let _ = fs::write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647")
        .or_else(|_| fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0"));
    let _ = fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    Ok(())
}
