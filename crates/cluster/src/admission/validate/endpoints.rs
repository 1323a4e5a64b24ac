//! Endpoints and EndpointSlices.

use serde_json::Value;

use super::{Findings, Path, metadata, names, pod};
use crate::json::{int, items, text};

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// Endpoints: addresses and ports.
pub(super) fn endpoints(found: &mut Findings, endpoints: &Value) {
    for (index, subset) in items(endpoints, "subsets").iter().enumerate() {
        let path = Path::new("subsets").index(index);
        if items(subset, "addresses").is_empty() && items(subset, "notReadyAddresses").is_empty() {
            found.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        for list in ["addresses", "notReadyAddresses"] {
            for (index, address) in items(subset, list).iter().enumerate() {
                let path = path.child(list).index(index);
                special(found, text(address, "ip"), &path.child("ip"));
                let host = text(address, "hostname");
                if !host.is_empty() {
                    found.invalid_each(&path.child("hostname"), host, names::label(host));
                }
            }
        }
        let several = items(subset, "ports").len() > 1;
        for (index, port) in items(subset, "ports").iter().enumerate() {
            self::port(found, port, several, &path.child("ports").index(index));
        }
    }
}

/// An address that is one, and that traffic can be sent to.
fn special(found: &mut Findings, text: &str, path: &Path) {
    let Ok(address) = text.parse::<std::net::IpAddr>() else { return pod::address(found, text, path) };
    let local = match address {
        std::net::IpAddr::V4(v4) => v4.is_link_local(),
        std::net::IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let mut say = |wrong: bool, message: &str| {
        if wrong {
            found.invalid(path, text, message);
        }
    };
    say(address.is_unspecified(), "may not be unspecified (0.0.0.0 or ::)");
    say(address.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    say(local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
}

fn port(found: &mut Findings, port: &Value, several: bool, path: &Path) {
    let (name, number) = (text(port, "name"), int(port, "port").unwrap_or(0));
    if name.is_empty() {
        if several {
            found.required(&path.child("name"), "");
        }
    } else {
        found.invalid_each(&path.child("name"), name, names::label(name));
    }
    for message in names::port_number(number) {
        found.invalid(&path.child("port"), number, message);
    }
    found.one_of(path, port, "protocol", &PROTOCOLS);
}

/// An EndpointSlice.
pub(super) fn slice(found: &mut Findings, slice: &Value, old: Option<&Value>) {
    let kind = text(slice, "addressType");
    if let Some(old) = old {
        found.immutable(&Path::new("addressType"), &slice["addressType"], &old["addressType"]);
    }
    match kind {
        "" => found.required(&Path::new("addressType"), ""),
        "FQDN" | "IPv4" | "IPv6" => {}
        other => found.not_supported(&Path::new("addressType"), other, &["FQDN", "IPv4", "IPv6"]),
    }
    for (index, endpoint) in items(slice, "endpoints").iter().enumerate() {
        let path = Path::new("endpoints").index(index).child("addresses");
        let addresses = items(endpoint, "addresses");
        if addresses.is_empty() {
            found.required(&path, "must contain at least 1 address");
        }
        for (index, address) in addresses.iter().filter_map(Value::as_str).enumerate() {
            if kind == "FQDN" {
                found.invalid_each(&path.index(index), address, names::subdomain(address));
            } else {
                special(found, address, &path.index(index));
            }
        }
        metadata::labels(found, &endpoint["deprecatedTopology"], &Path::new("endpoints").index(index));
    }
    for (index, port) in items(slice, "ports").iter().enumerate() {
        let path = Path::new("ports").index(index);
        let name = text(port, "name");
        if !name.is_empty() {
            found.invalid_each(&path.child("name"), name, names::label(name));
        }
        found.one_of(&path, port, "protocol", &PROTOCOLS);
        if let Some(number) = int(port, "port") {
            for message in names::port_number(number) {
                found.invalid(&path.child("port"), number, message);
            }
        }
    }
}
