//! Reading EndpointSlices.

use std::net::Ipv4Addr;

use serde_json::Value;

use crate::{
    controllers::selector::labels,
    json::{items, text},
    store::{Object, Store},
};

/// The store's name for EndpointSlices.
pub const SLICES: &str = "endpointslices.discovery.k8s.io";
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The slices of a Service.
pub fn slices_of(store: &Store, service: &Value) -> Vec<Object> {
    let metadata = &service["metadata"];
    let (_, slices) = store.list(SLICES, Some(text(metadata, "namespace")));
    slices.into_iter().filter(|slice| belongs(slice, service)).collect()
}

/// Whether a slice is a Service's.
pub fn belongs(slice: &Value, service: &Value) -> bool {
    let (slice_metadata, metadata) = (&slice["metadata"], &service["metadata"]);
    text(slice_metadata, "namespace") == text(metadata, "namespace")
        && text(labels(slice), SERVICE_NAME) == text(metadata, "name")
}

/// The endpoints of a slice by their addresses.
pub fn endpoints(slice: &Value) -> Vec<(Ipv4Addr, &Value)> {
    let addresses = |endpoint: &'_ Value| -> Vec<Ipv4Addr> {
        items(endpoint, "addresses").iter().filter_map(|address| address.as_str()?.parse().ok()).collect()
    };
    items(slice, "endpoints")
        .iter()
        .flat_map(|endpoint| addresses(endpoint).into_iter().map(move |address| (address, endpoint)))
        .collect()
}
