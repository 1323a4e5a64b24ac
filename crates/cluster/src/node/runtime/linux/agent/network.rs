//! The sandbox's own network: a bridge in the agent's network namespace, and an interface per Pod.
//!
//! The host has no part in it: no interface, no route, no rule, no forwarding. Pods reach each other and nothing else.

use std::{fs, net::Ipv4Addr};

use nix::unistd::Pid;

use super::{
    failure::Trying,
    netlink::{Netlink, index_of},
};
use crate::node::runtime::linux::wire::Failure;

/// The bridge's name, as most clusters' bridge plugin calls it.
const BRIDGE: &str = "cni0";
/// The node's own address in the Pods' network. It is no gateway: a Pod has no route to anywhere else, so that what is for
/// nobody here fails at once ("Network is unreachable") instead of after a while.
const NODE: Ipv4Addr = Ipv4Addr::new(10, 244, 0, 1);
/// The Pods' network is 10.244.0.0/24, as the first node of a kind cluster has it.
const PREFIX: u8 = 24;
/// The loopback interface is the first of every network namespace.
const LOOPBACK: u32 = 1;
/// A Pod's interface.
const INTERFACE: &str = "eth0";

/// The agent's side of the network.
pub(super) struct Network {
    netlink: Netlink,
    bridge: u32,
    pairs: u64,
}

impl Network {
    /// Makes the bridge in this process's network namespace.
    pub(super) fn new() -> Result<Self, Failure> {
        let mut netlink = Netlink::open().trying("open netlink")?;
        netlink.set_up(LOOPBACK);
        netlink.add_bridge(BRIDGE);
        netlink.commit().trying("make the bridge")?;
        let bridge = index_of(BRIDGE).trying("find the bridge")?;
        netlink.add_address(bridge, NODE, PREFIX);
        netlink.commit().trying("give the bridge its address")?;
        Ok(Self { netlink, bridge, pairs: 0 })
    }

    /// Connects the network namespace of a process to the bridge.
    pub(super) fn connect(&mut self, pod: Pid) -> Result<(), Failure> {
        self.pairs += 1;
        self.netlink.add_pair(&format!("veth{}", self.pairs), self.bridge, INTERFACE, pod);
        self.netlink.commit().trying("make the Pod's interface")
    }
}

/// Sets up this process's own network namespace, once the agent has connected it.
pub(super) fn configure(address: Ipv4Addr) -> Result<(), Failure> {
    let mut netlink = Netlink::open().trying("open netlink")?;
    let interface = index_of(INTERFACE).trying("find the Pod's interface")?;
    netlink.set_up(LOOPBACK);
    netlink.add_address(interface, address, PREFIX);
    netlink.set_up(interface);
    netlink.commit().trying("give the Pod its address")?;
    // As containerd does: ping and low ports without a capability.
    let _ = fs::write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647")
        .or_else(|_| fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0"));
    let _ = fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    Ok(())
}
