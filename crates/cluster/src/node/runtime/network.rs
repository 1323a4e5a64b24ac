//! What the node asks of the network that joins its Pods: Services, isolation, names.
//!
//! The addresses are those of a kind cluster, as learners find them in every tutorial.

use std::net::{Ipv4Addr, SocketAddrV4};

use serde::{Deserialize, Serialize};

/// The node's own address: that of a kind node on Docker's first network.
pub const HOST: Ipv4Addr = Ipv4Addr::new(172, 18, 0, 2);
/// The network that Services have their addresses from, and how many bits name it.
pub const SERVICES: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 96, 0, 0), 16);
/// Where the cluster's name server answers, by UDP and TCP.
pub const NAME_SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 10), 53);

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

/// The cluster's name server, without its sockets.
pub trait Names: Send + Sync + 'static {
    /// The answer to a query in DNS's own format (RFC 1035), at most `limit` bytes long; `None` for what is no query.
    fn answer(&self, query: &[u8], limit: usize) -> Option<Vec<u8>>;
}
