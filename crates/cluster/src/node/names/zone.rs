//! Which names a cluster's objects have.

use std::{collections::BTreeSet, net::Ipv4Addr};

use serde_json::Value;

use super::message::{Data, Record};
use crate::{
    json::{flag, items, text},
    node::network::slices::{endpoints, slices_of},
    store::{Key, Object, Store},
};

/// The version of the specification that the names follow.
const VERSION: &str = "1.1.0";

/// The names of a cluster's objects.
pub struct Zone<'a> {
    /// Its objects.
    pub store: &'a Store,
}

/// What there is under a name.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// No such name.
    Nothing,
    /// The name is there; perhaps it has no records.
    Records(Vec<Record>),
}

impl Found {
    fn some(records: Vec<Record>) -> Self {
        if records.is_empty() { Self::Nothing } else { Self::Records(records) }
    }

    fn empty_if(there: bool) -> Self {
        if there { Self::Records(Vec::new()) } else { Self::Nothing }
    }
}

/// A port of a Service or of an endpoint.
struct Port {
    name: String,
    protocol: String,
    number: u16,
}

impl Zone<'_> {
    /// What is under `labels.cluster.local`.
    pub fn find(&self, labels: &[&str]) -> Found {
        match labels {
            [] | ["svc" | "pod"] => Found::Records(Vec::new()),
            ["dns-version"] => one("dns-version.cluster.local".to_owned(), Data::Text(VERSION.to_owned())),
            [namespace, "svc" | "pod"] => Found::empty_if(self.has_namespace(namespace)),
            [service, namespace, "svc"] => self.service(service, namespace, &|_| true),
            [port, protocol, service, namespace, "svc"] if port.starts_with('_') && protocol.starts_with('_') => {
                let meant =
                    |known: &Port| known.name == port[1..] && known.protocol.eq_ignore_ascii_case(&protocol[1..]);
                self.service(service, namespace, &meant).of_ports(port, protocol)
            }
            [host, service, namespace, "svc"] => self.endpoint(host, service, namespace),
            [address, namespace, "pod"] => self.pod(address, namespace),
            _ => Found::Nothing,
        }
    }

    /// Whose address it is.
    pub fn reverse(&self, address: Ipv4Addr) -> Found {
        let (_, services) = self.store.list("services", None);
        let own = services.iter().find(|service| cluster_address(service) == Some(address)).map(|s| full_name(s));
        let name = own.or_else(|| {
            services.iter().find_map(|service| {
                let endpoint = self.addresses(service).into_iter().find(|(known, _)| *known == address)?;
                Some(format!("{}.{}", endpoint.1, full_name(service)))
            })
        });
        let asked = address.octets();
        let reversed = format!("{}.{}.{}.{}.in-addr.arpa", asked[3], asked[2], asked[1], asked[0]);
        name.map_or(Found::Nothing, |name| one(reversed, Data::Pointer(name)))
    }

    /// Whether there is such a namespace.
    pub fn has_namespace(&self, name: &str) -> bool {
        self.store.get(&Key::new("namespaces", "", name)).is_some()
    }

    fn get_service(&self, name: &str, namespace: &str) -> Option<Object> {
        self.store.get(&Key::new("services", namespace, name))
    }

    /// A Service's address, or those of its endpoints; and its ports, of those that are meant.
    fn service(&self, name: &str, namespace: &str, meant: &dyn Fn(&Port) -> bool) -> Found {
        let Some(service) = self.get_service(name, namespace) else { return Found::Nothing };
        let full = full_name(&service);
        let spec = &service["spec"];
        if text(spec, "type") == "ExternalName" {
            let other = text(spec, "externalName").trim_end_matches('.').to_owned();
            return one(full, Data::Name(other));
        }
        if let Some(address) = cluster_address(&service) {
            let ports = ports(&service["spec"], "port").into_iter().filter(meant);
            let ports = ports.map(|port| record(&full, Data::Service { port: port.number, target: full.clone() }));
            let ports: Vec<Record> = ports.collect();
            if ports.is_empty() {
                return Found::Nothing;
            }
            return Found::some([vec![record(&full, Data::Address(address))], ports].concat());
        }
        let mut found: Vec<Record> = Vec::new();
        for slice in slices_of(self.store, &service) {
            let ports: Vec<Port> = ports(&slice, "port").into_iter().filter(meant).collect();
            if ports.is_empty() && !items(&slice, "ports").is_empty() {
                continue;
            }
            for (address, host) in hosts(&slice) {
                found.push(record(&full, Data::Address(address)));
                let target = format!("{host}.{full}");
                let service = |port: &Port| Data::Service { port: port.number, target: target.clone() };
                found.extend(ports.iter().map(|port| record(&full, service(port))));
            }
        }
        let mut seen = BTreeSet::new();
        found.retain(|record| seen.insert(format!("{record:?}")));
        Found::some(found)
    }

    fn addresses(&self, service: &Value) -> Vec<(Ipv4Addr, String)> {
        slices_of(self.store, service).iter().flat_map(|slice| hosts(slice)).collect()
    }

    /// One endpoint of a Service by its host name, or by its address with dashes.
    fn endpoint(&self, host: &str, service: &str, namespace: &str) -> Found {
        let Some(service) = self.get_service(service, namespace) else { return Found::Nothing };
        let full = format!("{host}.{}", full_name(&service));
        let addresses: BTreeSet<Ipv4Addr> = self
            .addresses(&service)
            .into_iter()
            .filter(|(_, known)| known == host)
            .map(|(address, _)| address)
            .collect();
        Found::some(addresses.into_iter().map(|address| record(&full, Data::Address(address))).collect())
    }

    /// Every address is a Pod's name; whether there is such a Pod is not looked at (CoreDNS's `pods insecure`).
    fn pod(&self, address: &str, namespace: &str) -> Found {
        let full = format!("{address}.{namespace}.pod.cluster.local");
        match address.replace('-', ".").parse() {
            Ok(parsed) if self.has_namespace(namespace) => one(full, Data::Address(parsed)),
            _ => Found::Nothing,
        }
    }
}

impl Found {
    /// The records of a Service under the name of one of its ports.
    fn of_ports(self, port: &str, protocol: &str) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Records(records) => Self::Records(
                records
                    .into_iter()
                    .map(|known| Record { name: format!("{port}.{protocol}.{}", known.name), data: known.data })
                    .collect(),
            ),
        }
    }
}

fn record(name: &str, data: Data) -> Record {
    Record { name: name.to_owned(), data }
}

fn one(name: String, data: Data) -> Found {
    Found::Records(vec![Record { name, data }])
}

fn full_name(service: &Value) -> String {
    let metadata = &service["metadata"];
    format!("{}.{}.svc.cluster.local", text(metadata, "name"), text(metadata, "namespace"))
}

fn cluster_address(service: &Value) -> Option<Ipv4Addr> {
    text(&service["spec"], "clusterIP").parse().ok()
}

/// The ready endpoints of a slice, with the names they have beneath the Service's.
fn hosts(slice: &Value) -> Vec<(Ipv4Addr, String)> {
    let named = |(address, endpoint): (Ipv4Addr, &Value)| {
        let host = match text(endpoint, "hostname") {
            "" => address.to_string().replace('.', "-"),
            name => name.to_owned(),
        };
        (address, host)
    };
    let ready =
        |endpoint: &Value| !endpoint["conditions"]["ready"].is_boolean() || flag(&endpoint["conditions"], "ready");
    endpoints(slice).into_iter().filter(|(_, endpoint)| ready(endpoint)).map(named).collect()
}

fn ports(object: &Value, number: &str) -> Vec<Port> {
    let port = |port: &Value| {
        let number = port[number].as_u64().and_then(|number| u16::try_from(number).ok())?;
        Some(Port { name: text(port, "name").to_owned(), protocol: text(port, "protocol").to_owned(), number })
    };
    items(object, "ports").iter().filter_map(port).collect()
}
