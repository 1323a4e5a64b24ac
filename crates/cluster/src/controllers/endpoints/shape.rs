//! The objects that say where a Service's Pods are (`wire/endpoints.json`, `wire/endpointslices.json`).

use serde_json::{Value, json};

use super::{MANAGED_BY, MANAGER, SERVICE_NAME, name_of};
use crate::{
    controllers::{
        endpoints::observed::{Place, PortSet},
        selector::labels,
    },
    json::{put, text},
};

const ENDPOINTS_MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const HEADLESS: &str = "service.kubernetes.io/headless";

/// Whether Endpoints are the controller's own.
pub(super) fn is_managed(endpoints: &Value) -> bool {
    !text(labels(endpoints), ENDPOINTS_MANAGED_BY).is_empty()
}

/// Whether an object says what it should: its labels and these fields.
pub(super) fn same(existing: &Value, wanted: &Value, fields: &[&str]) -> bool {
    labels(existing) == labels(wanted) && fields.iter().all(|field| existing.get(field) == wanted.get(field))
}

fn service_labels(service: &Value) -> Value {
    let mut all = if labels(service).is_object() { labels(service).clone() } else { json!({}) };
    if text(&service["spec"], "clusterIP") == "None" {
        put(&mut all, HEADLESS, "");
    }
    all
}

/// The Endpoints of a Service.
pub(super) fn endpoints(service: &Value, places: &[(PortSet, Vec<Place>)]) -> Value {
    let mut all = service_labels(service);
    put(&mut all, ENDPOINTS_MANAGED_BY, "endpoint-controller");
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": name_of(service), "labels": all},
    });
    let subsets: Vec<Value> = places.iter().filter_map(|(ports, places)| subset(ports, places)).collect();
    if !subsets.is_empty() {
        put(&mut object, "subsets", subsets);
    }
    object
}

fn subset(ports: &PortSet, places: &[Place]) -> Option<Value> {
    let listed = |ready: bool| -> Vec<Value> {
        places.iter().filter(|place| place.ready == ready && !place.terminating).map(address).collect()
    };
    let mut subset = json!({});
    for (field, addresses) in [("addresses", listed(true)), ("notReadyAddresses", listed(false))] {
        if !addresses.is_empty() {
            put(&mut subset, field, addresses);
        }
    }
    if subset.as_object().is_some_and(serde_json::Map::is_empty) {
        return None;
    }
    let ports: Vec<Value> = ports
        .iter()
        .map(|port| {
            let mut written = json!({"port": port.number, "protocol": port.protocol});
            if !port.name.is_empty() {
                put(&mut written, "name", port.name.as_str());
            }
            written
        })
        .collect();
    if !ports.is_empty() {
        put(&mut subset, "ports", ports);
    }
    Some(subset)
}

fn address(place: &Place) -> Value {
    let mut address = json!({"ip": place.ip, "nodeName": place.node, "targetRef": target(place)});
    if !place.hostname.is_empty() {
        put(&mut address, "hostname", place.hostname.as_str());
    }
    address
}

fn target(place: &Place) -> Value {
    json!({"kind": "Pod", "namespace": place.namespace, "name": place.pod, "uid": place.uid})
}

/// The slices of a Service: one for each set of ports, and an empty one when there are no Pods. Their names are made
/// when they are written.
pub(super) fn slices(service: &Value, places: &[(PortSet, Vec<Place>)]) -> Vec<Value> {
    if places.is_empty() {
        return vec![slice(service, &Value::Null, &Value::Null)];
    }
    let written = |(ports, places): &(PortSet, Vec<Place>)| {
        slice(service, &places.iter().map(endpoint).collect(), &ports.iter().map(slice_port).collect())
    };
    places.iter().map(written).collect()
}

fn slice(service: &Value, endpoints: &Value, ports: &Value) -> Value {
    let mut all = service_labels(service);
    put(&mut all, SERVICE_NAME, name_of(service));
    put(&mut all, MANAGED_BY, MANAGER);
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{}-", name_of(service)),
            "labels": all,
            "ownerReferences": [{
                "apiVersion": "v1", "kind": "Service", "name": name_of(service), "uid": service["metadata"]["uid"],
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    })
}

fn endpoint(place: &Place) -> Value {
    let mut endpoint = json!({
        "addresses": [place.ip],
        "conditions": {"ready": place.ready, "serving": place.serving, "terminating": place.terminating},
        "targetRef": target(place),
        "nodeName": place.node,
    });
    if !place.hostname.is_empty() {
        put(&mut endpoint, "hostname", place.hostname.as_str());
    }
    endpoint
}

fn slice_port(port: &super::observed::Port) -> Value {
    let mut written = json!({"name": port.name, "protocol": port.protocol, "port": port.number});
    if let Some(application) = &port.app_protocol {
        put(&mut written, "appProtocol", application.as_str());
    }
    written
}
