//! The nodes that stand for one machine: what a kind cluster of so many nodes has.

use std::net::Ipv4Addr;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// `metadata.name` of the Node.
    pub name: String,
    /// Its own address.
    pub host: Ipv4Addr,
    /// How many there are before it: which part of the Pods' addresses is its own.
    pub index: u8,
    /// Whether the control plane runs on it.
    pub control_plane: bool,
    /// Whether ordinary Pods stay away from it, as there are others for them.
    pub tainted: bool,
}

/// The control plane's node and `workers` others, named and numbered as kind does: `kind-worker`, `kind-worker2`.
pub fn members(name: &str, host: Ipv4Addr, workers: u8) -> Vec<Member> {
    let base = name.strip_suffix("-control-plane").unwrap_or(name);
    let worker = |index: u8| {
        let number = if index == 1 { String::new() } else { index.to_string() };
        let [a, b, c, d] = host.octets();
        Member {
            name: format!("{base}-worker{number}"),
            host: Ipv4Addr::new(a, b, c, d.saturating_add(index)),
            index,
            control_plane: false,
            tainted: false,
        }
    };
    let first = Member { name: name.to_owned(), host, index: 0, control_plane: true, tainted: workers > 0 };
    std::iter::once(first).chain((1..=workers).map(worker)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_named_as_kind_names_them() {
        let all = members("kind-control-plane", [172, 18, 0, 2].into(), 2);
        let shown: Vec<String> = all.iter().map(|m| format!("{} {} {}", m.name, m.host, m.tainted)).collect();
        assert_eq!(
            shown,
            ["kind-control-plane 172.18.0.2 true", "kind-worker 172.18.0.3 false", "kind-worker2 172.18.0.4 false"]
        );
        assert!(!members("n", [172, 18, 0, 2].into(), 0)[0].tainted);
    }
}
