//! What the Pods of a Service offer: addresses, grouped by the ports they resolve to.

use serde_json::Value;

use crate::json::{at, flag, has, int, items, text};

/// The resolved ports of a Service: name, number, protocol, application protocol.
pub(super) type PortSet = Vec<Port>;

/// One resolved port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) number: i64,
    pub(super) protocol: String,
    pub(super) app_protocol: Option<String>,
}

/// One Pod behind a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) ip: String,
    pub(super) node: String,
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) uid: String,
    /// For headless Services whose Pods have names of their own.
    pub(super) hostname: String,
    pub(super) ready: bool,
    pub(super) serving: bool,
    pub(super) terminating: bool,
}

/// The Pods of a Service by the ports they offer, each group by address.
pub(super) fn places<'a>(
    service: &Value,
    pods: impl Iterator<Item = &'a std::sync::Arc<Value>>,
) -> Vec<(PortSet, Vec<Place>)> {
    let mut groups: Vec<(PortSet, Vec<Place>)> = Vec::new();
    for pod in pods {
        let Some(place) = place(service, pod) else { continue };
        let Some(ports) = resolve(service, pod) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == ports) {
            Some((_, places)) => places.push(place),
            None => groups.push((ports, vec![place])),
        }
    }
    for (_, places) in &mut groups {
        places.sort_by(|a, b| (&a.ip, &a.uid).cmp(&(&b.ip, &b.uid)));
    }
    groups
}

/// A Pod with an address that has not ended.
fn place(service: &Value, pod: &Value) -> Option<Place> {
    let (metadata, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    let ip = text(status, "podIP");
    if ip.is_empty() || matches!(text(status, "phase"), "Succeeded" | "Failed") {
        return None;
    }
    let serving = items(status, "conditions").iter().any(|c| text(c, "type") == "Ready" && text(c, "status") == "True");
    let terminating = has(metadata, "deletionTimestamp");
    let named = text(spec, "subdomain") == text(&service["metadata"], "name");
    Some(Place {
        ip: ip.to_owned(),
        node: text(spec, "nodeName").to_owned(),
        namespace: text(metadata, "namespace").to_owned(),
        pod: text(metadata, "name").to_owned(),
        uid: text(metadata, "uid").to_owned(),
        hostname: if named { text(spec, "hostname").to_owned() } else { String::new() },
        ready: flag(&service["spec"], "publishNotReadyAddresses") || (serving && !terminating),
        serving,
        terminating,
    })
}

/// The Service's ports as numbers on this Pod. A Pod without any of the named ports is not behind the Service.
fn resolve(service: &Value, pod: &Value) -> Option<PortSet> {
    let wanted = items(&service["spec"], "ports");
    let ports: PortSet = wanted.iter().filter_map(|port| resolve_one(port, pod)).collect();
    (wanted.is_empty() || !ports.is_empty()).then_some(ports)
}

fn resolve_one(port: &Value, pod: &Value) -> Option<Port> {
    let target = &port["targetPort"];
    let number = match target.as_str() {
        Some(name) => named_port(pod, name, text(port, "protocol"))?,
        None => target.as_i64().filter(|number| *number != 0).or_else(|| int(port, "port"))?,
    };
    Some(Port {
        name: text(port, "name").to_owned(),
        number,
        protocol: text(port, "protocol").to_owned(),
        app_protocol: at(port, &["appProtocol"]).as_str().map(str::to_owned),
    })
}

fn named_port(pod: &Value, name: &str, protocol: &str) -> Option<i64> {
    let sidecars = items(&pod["spec"], "initContainers").iter().filter(|c| text(c, "restartPolicy") == "Always");
    let containers = items(&pod["spec"], "containers").iter().chain(sidecars);
    let mut ports = containers.flat_map(|container| items(container, "ports"));
    let same = |port: &&Value| text(port, "name") == name && text(port, "protocol") == protocol;
    ports.find(same).and_then(|port| int(port, "containerPort"))
}
