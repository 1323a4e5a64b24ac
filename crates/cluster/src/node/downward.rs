//! The downward API: what a Pod can be told about itself
//! (kubernetes.io/docs/concepts/workloads/pods/downward-api/).

use std::net::Ipv4Addr;

use k8s_openapi::api::core::v1::{Container, ResourceFieldSelector};

use super::{pod::Pod, resources};
use crate::admission::quantity::Quantity;

/// What the manifest does not say.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// `spec.nodeName`
    pub node: &'a str,
    /// `status.hostIP`
    pub host: Ipv4Addr,
    /// `status.podIP`
    pub address: Option<Ipv4Addr>,
    /// What the node has: stands in for limits that are not set.
    pub allocatable: Allocatable,
}

/// What a node has for Pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocatable {
    /// Thousandths of a processor.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
}

/// Why a field can't be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The downward API has no such field.
    #[error("unsupported fieldPath: {0}")]
    Unsupported(String),
    /// The downward API has no such resource.
    #[error("unsupported container resource : {0}")]
    Resource(String),
    /// The Pod has no such container.
    #[error("container {0} not found")]
    Container(String),
}

/// The value of a `fieldRef`.
///
/// # Errors
/// There is no such field.
pub fn field(pod: &Pod, path: &str, facts: &Facts<'_>) -> Result<String, FieldError> {
    if let Some((map, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        let map = match map {
            "metadata.labels" => "labels",
            "metadata.annotations" => "annotations",
            _ => return Err(FieldError::Unsupported(path.to_owned())),
        };
        return Ok(pod
            .map(map)
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default());
    }
    let address = || facts.address.map(|address| address.to_string()).unwrap_or_default();
    Ok(match path {
        "metadata.name" => pod.name().to_owned(),
        "metadata.namespace" => pod.namespace().to_owned(),
        "metadata.uid" => pod.uid().to_owned(),
        "metadata.labels" => lines(pod.map("labels")),
        "metadata.annotations" => lines(pod.map("annotations")),
        "spec.nodeName" => facts.node.to_owned(),
        "spec.serviceAccountName" => pod.spec.service_account_name.clone().unwrap_or_default(),
        "status.hostIP" | "status.hostIPs" => facts.host.to_string(),
        "status.podIP" | "status.podIPs" => address(),
        _ => return Err(FieldError::Unsupported(path.to_owned())),
    })
}

/// `key="value"` per line, by key; no newline at the end.
fn lines<'a>(map: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    map.map(|(key, value)| format!("{key}={}", quoted(value))).collect::<Vec<_>>().join("\n")
}

/// A string as Go's `%q` writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The value of a `resourceFieldRef`, in units of its divisor, rounded up.
///
/// # Errors
/// There is no such resource or container.
pub fn resource(
    pod: &Pod,
    container: &Container,
    selector: &ResourceFieldSelector,
    facts: &Facts<'_>,
) -> Result<String, FieldError> {
    let container = match selector.container_name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => {
            let found = pod.container(name).map(|definition| &definition.spec);
            found.ok_or_else(|| FieldError::Container(name.to_owned()))?
        }
        None => container,
    };
    let unsupported = || FieldError::Resource(selector.resource.clone());
    let (side, name) = selector.resource.split_once('.').ok_or_else(unsupported)?;
    let set = resources::of_container(container, side).get(name).copied();
    let divisor = selector.divisor.as_ref().and_then(|text| text.0.parse::<Quantity>().ok());
    let divisor = divisor.filter(|divisor| !divisor.is_zero()).unwrap_or(Quantity::whole(1));
    let default = |all: i64| if side == "limits" { all } else { 0 };
    let (amount, unit) = match (side, name) {
        ("limits" | "requests", "cpu") => {
            (set.map_or(default(facts.allocatable.cpu_milli), Quantity::milli), divisor.milli())
        }
        ("limits" | "requests", "memory") => {
            (set.map_or(default(facts.allocatable.memory), Quantity::value), divisor.value())
        }
        ("limits" | "requests", _) => (set.map_or(0, Quantity::value), divisor.value()),
        _ => return Err(unsupported()),
    };
    Ok((amount.saturating_add(unit - 1) / unit.max(1)).to_string())
}
