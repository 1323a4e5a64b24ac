//! What the node asks of the network that joins its Pods: Services, isolation, names.
//!
//! The addresses are those of a kind cluster, as learners find them in every tutorial.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddrV4},
};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::Connection;

/// The node's own address: that of a kind node on Docker's first network.
pub const HOST: Ipv4Addr = Ipv4Addr::new(172, 18, 0, 2);
/// The network that all nodes have their own addresses from, one after the other, and how many bits name it.
pub const NODES: (Ipv4Addr, u8) = (Ipv4Addr::new(172, 18, 0, 0), 28);
/// The network that Services have their addresses from, and how many bits name it.
pub const SERVICES: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 96, 0, 0), 16);
/// Where the cluster's name server answers, by UDP and TCP.
pub const NAME_SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 10), 53);

/// The API's Service, which Pods know from their environment.
pub const API_SERVICE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 1), 443);
/// Where that leads to: the API server of the control plane's node.
pub const API_SERVER: SocketAddrV4 = SocketAddrV4::new(HOST, 6443);
/// The network that all nodes have their parts of (kubeadm's `podSubnet` in a kind cluster), and how many bits name it.
pub const ALL_PODS: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 244, 0, 0), 16);

/// The addresses of one node's Pods: its `podCIDR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodRange {
    /// The first address, which no Pod gets.
    pub first: Ipv4Addr,
    /// How many leading bits all have in common.
    pub bits: u8,
}

impl PodRange {
    /// The addresses that no Pod gets: the network's own, the gateway's, the last one.
    const RESERVED: u32 = 3;

    /// The range of the node with `index` nodes before it, where each takes so many Pods: a /24 as everywhere, or the
    /// next bigger one that has an address for each Pod.
    pub fn of_node(index: u8, pods: u16) -> Self {
        let fits = |bits: &u8| (1_u32 << (32 - bits)) - Self::RESERVED >= u32::from(pods);
        let bits = (ALL_PODS.1..=24).rev().find(fits).unwrap_or(ALL_PODS.1);
        Self { first: Ipv4Addr::from(u32::from(ALL_PODS.0) + (u32::from(index) << (32 - bits))), bits }
    }

    /// How many addresses it has.
    fn size(self) -> u32 {
        1 << (32 - self.bits)
    }

    /// The address so far behind the first.
    pub fn address(self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.first) + number)
    }

    /// Where a Pod's packets go first.
    pub fn gateway(self) -> Ipv4Addr {
        self.address(1)
    }

    /// The last address, which means all of them.
    pub fn broadcast(self) -> Ipv4Addr {
        self.address(self.size() - 1)
    }

    /// What Pods may have.
    pub fn for_pods(self) -> std::ops::RangeInclusive<u32> {
        2..=self.size() - 2
    }
}

impl Default for PodRange {
    /// That of the first node of a kind cluster.
    fn default() -> Self {
        Self::of_node(0, 110)
    }
}

impl fmt::Display for PodRange {
    /// As `spec.podCIDR` has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// How packets travel between Pods beyond plain delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NetworkRules {
    /// Addresses that stand for others.
    pub services: Vec<ServiceRule>,
    /// Who may talk to whom, for the Pods that a policy isolates.
    pub isolations: Vec<Isolation>,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP
    Tcp,
    /// UDP
    Udp,
    /// SCTP
    Sctp,
}

/// An address and port that stands for those of Pods. Without any, connections are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRule {
    /// Which protocol's port it is.
    pub protocol: Protocol,
    /// Where Pods connect to.
    pub at: SocketAddrV4,
    /// Whether a client always comes to the same backend (`sessionAffinity: ClientIP`).
    pub sticky: bool,
    /// Where the connection goes; each as likely as the others.
    pub backends: Vec<SocketAddrV4>,
}

/// Which way packets go, seen from the isolated Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Direction {
    /// To the Pod.
    Ingress,
    /// From the Pod.
    Egress,
}

/// Pods of which one direction is closed, but for what is allowed. Answers always pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    /// Their addresses.
    pub pods: Vec<Ipv4Addr>,
    /// What is closed.
    pub direction: Direction,
    /// What is open nevertheless.
    pub allowed: Vec<Allowed>,
}

/// What is open: for these peers, on these ports.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Allowed {
    /// The other side.
    pub peers: Peers,
    /// The ports of whoever is connected to; `None` is all of every protocol, an empty list none.
    pub ports: Option<Vec<PortRange>>,
}

/// The other side of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Peers {
    /// Everyone.
    Anyone,
    /// These addresses.
    Addresses(Vec<Ipv4Addr>),
    /// A network but for parts of it, each by address and number of leading bits.
    Block {
        /// The network.
        network: (Ipv4Addr, u8),
        /// Parts that are not meant.
        except: Vec<(Ipv4Addr, u8)>,
    },
}

/// Ports of a protocol, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortRange {
    /// Of which protocol.
    pub protocol: Protocol,
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

/// The cluster's API for its Pods, without its sockets.
pub trait ApiServer: Send + Sync + 'static {
    /// Serves a Pod's connection to its end.
    fn serve(&self, connection: Box<dyn Connection>) -> BoxFuture<'static, ()>;
}

/// The cluster's name server, without its sockets.
pub trait Names: Send + Sync + 'static {
    /// The answer to a query in DNS's own format (RFC 1035), at most `limit` bytes long; `None` for what is no query.
    fn answer(&self, query: &[u8], limit: usize) -> Option<Vec<u8>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodes_addresses_are_enough_for_its_pods() {
        let shown = |index, pods| {
            let range = PodRange::of_node(index, pods);
            format!("{range} from {} to {}", range.gateway(), range.broadcast())
        };
        assert_eq!(shown(0, 110), "10.244.0.0/24 from 10.244.0.1 to 10.244.0.255");
        assert_eq!(shown(2, 253), "10.244.2.0/24 from 10.244.2.1 to 10.244.2.255");
        assert_eq!(shown(1, 254), "10.244.2.0/23 from 10.244.2.1 to 10.244.3.255");
        assert_eq!(shown(0, 500), "10.244.0.0/23 from 10.244.0.1 to 10.244.1.255");
        assert_eq!(PodRange::of_node(0, 500).for_pods(), 2..=510);
    }
}
