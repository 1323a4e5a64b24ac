//! From which address a request comes: the connection's, or, where a proxy that is trusted passes it on, the one that the
//! proxy says.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, request::Parts};
use ipnet::IpNet;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What counts as one address: an IPv4 address, or the network of an IPv6 one, as whoever has one of those has all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(IpAddr);

/// The part of an IPv6 address that a household has.
const HOUSEHOLD: u32 = 64;

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> HOUSEHOLD << HOUSEHOLD)),
            four @ IpAddr::V4(_) => four,
        })
    }
}

impl Address {
    /// Of a request. Without a connection, as in tests, it is this machine's.
    pub fn of(parts: &Parts, proxies: &[IpNet]) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(Peer(peer))| peer.ip());
        client(peer, &parts.headers, proxies).into()
    }
}

/// Set by [`super::limits::measure`] on every request of ours.
impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_else(|| Self::of(parts, &[])))
    }
}

/// Whoever a trusted proxy took the request from. `X-Forwarded-For` grows at its end: what stands before the last one
/// that is not ours may be anybody's invention.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(&address.to_canonical()));
    if !trusted(&peer) {
        return peer;
    }
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok()).collect();
    let mut known = peer;
    for said in lines.iter().flat_map(|line| line.split(',')).rev() {
        let Some(address) = address(said.trim()) else { break };
        known = address;
        if !trusted(&address) {
            break;
        }
    }
    known
}

/// `203.0.113.7`, `2001:db8::1`, and both with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|both| both.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let proxies = ["127.0.0.0/8".parse().unwrap(), "10.0.0.0/24".parse().unwrap()];
        client(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn who_comes_directly_is_who_they_are_whatever_they_say() {
        assert_eq!(seen("203.0.113.7", &[]), "203.0.113.7");
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
    }

    #[test]
    fn a_trusted_proxy_says_who_it_is_and_only_its_own_part_counts() {
        assert_eq!(seen("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.9", &["1.2.3.4, 198.51.100.1", "10.0.0.7"]), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(seen("127.0.0.1", &["1.2.3.4, nonsense"]), "127.0.0.1");
        assert_eq!(seen("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn a_household_is_one_address() {
        let of = |text: &str| Address::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(of("2001:db8:0:1::7"), of("2001:db8:0:1:ffff::"));
        assert_ne!(of("2001:db8:0:1::7"), of("2001:db8:0:2::7"));
        assert_eq!(of("::ffff:203.0.113.7"), of("203.0.113.7"));
    }
}
