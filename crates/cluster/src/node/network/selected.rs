//! Which Pods the peers of a network policy mean.

use std::net::Ipv4Addr;

use serde_json::Value;

use crate::{
    controllers::selector::{labels, matches},
    json::{has, items, text},
    node::runtime::network::NAME_SERVER,
    store::Object,
};

/// A Pod as far as policies care.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub namespace: &'a str,
    labels: Value,
    namespace_labels: &'a Value,
    pub address: Ipv4Addr,
    /// Its containers' ports.
    ports: Vec<&'a Value>,
}

impl Subject<'_> {
    /// The number of a port by its name.
    pub(super) fn port(&self, name: &str, protocol: &str) -> Option<u16> {
        let same = |port: &&&Value| text(port, "name") == name && text(port, "protocol") == protocol;
        let number = self.ports.iter().find(same)?["containerPort"].as_u64()?;
        u16::try_from(number).ok()
    }

    /// Whether a policy of `namespace` is about it.
    pub(super) fn is_meant(&self, namespace: &str, selector: &Value) -> bool {
        self.namespace == namespace && matches(selector, &self.labels)
    }

    /// Whether a peer of a policy in `namespace` means it.
    pub(super) fn is_peer(&self, namespace: &str, peer: &Value) -> bool {
        let in_namespace = match has(peer, "namespaceSelector") {
            true => matches(&peer["namespaceSelector"], self.namespace_labels),
            false => self.namespace == namespace,
        };
        in_namespace && (!has(peer, "podSelector") || matches(&peer["podSelector"], &self.labels))
    }
}

/// The Pods that have an address, and the cluster's DNS, which is a Pod of kube-system as far as policies can tell.
pub(super) fn subjects<'a>(pods: &'a [Object], namespaces: &'a [Object]) -> Vec<Subject<'a>> {
    let of = |name: &str| namespaces.iter().find(|namespace| text(&namespace["metadata"], "name") == name);
    let namespace_labels = |name: &str| of(name).map_or(&Value::Null, |namespace| labels(namespace));
    let there = pods.iter().filter(|pod| !matches!(text(&pod["status"], "phase"), "Succeeded" | "Failed"));
    let of_pod = |pod: &'a Object| {
        let namespace = text(&pod["metadata"], "namespace");
        let containers = items(&pod["spec"], "containers").iter().chain(items(&pod["spec"], "initContainers"));
        Some(Subject {
            namespace,
            labels: labels(pod).clone(),
            namespace_labels: namespace_labels(namespace),
            address: text(&pod["status"], "podIP").parse().ok()?,
            ports: containers.flat_map(|container| items(container, "ports")).collect(),
        })
    };
    let names = Subject {
        namespace: "kube-system",
        labels: serde_json::json!({"k8s-app": "kube-dns"}),
        namespace_labels: namespace_labels("kube-system"),
        address: *NAME_SERVER.ip(),
        ports: Vec::new(),
    };
    there.filter_map(of_pod).chain([names]).collect()
}
