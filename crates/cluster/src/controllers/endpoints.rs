//! Endpoints and EndpointSlices of Services: where the Pods are that a Service's selector means.

mod observed;
mod shape;

use std::time::Duration;

use serde_json::{Value, json};

use self::observed::{Place, PortSet, places};
use super::{
    Controller, World, name_of,
    selector::{labels, map_matches},
};
use crate::{
    clock::api_time,
    json::{child, has, put, text},
    store::{Change, Event, Key, Next, Object},
};

const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const CHANGE_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const SLICES: &str = "endpointslices.discovery.k8s.io";

pub(super) struct ServiceEndpoints;

impl Controller for ServiceEndpoints {
    fn concerns(&mut self, world: &World, event: &Event, mark: &mut dyn FnMut(Key)) {
        let key = &event.key;
        match key.resource.as_str() {
            "services" => mark(key.clone()),
            "pods" => {
                for service in world.store.list("services", Some(&key.namespace)).1 {
                    let states = [Some(&event.object), event.previous.as_ref()];
                    if states.into_iter().flatten().any(|pod| selects(&service, pod)) {
                        mark(Key::new("services", key.namespace.as_str(), name_of(&service)));
                    }
                }
            }
            // Somebody's hand on what is ours: put it back.
            SLICES if event.change != Change::Added => {
                let owner = text(labels(&event.object), SERVICE_NAME);
                mark(Key::new("services", key.namespace.as_str(), owner));
            }
            "endpoints" if event.change != Change::Added => {
                mark(Key::new("services", key.namespace.as_str(), key.name.as_str()));
            }
            _ => {}
        }
    }

    fn sync(&mut self, world: &World, key: &Key) -> Option<Duration> {
        let endpoints = Key::new("endpoints", key.namespace.as_str(), key.name.as_str());
        let Some(service) = world.get(key) else {
            if world.get(&endpoints).is_some_and(|object| shape::is_managed(&object)) {
                super::deletion::delete(world, &endpoints);
            }
            return None;
        };
        if text(&service["spec"], "type") == "ExternalName" || !has(&service["spec"], "selector") {
            return None;
        }
        let pods = world.store.list("pods", Some(&key.namespace)).1;
        let places = places(&service, pods.iter().filter(|pod| selects(&service, pod)));
        write_endpoints(world, &endpoints, &service, &places);
        write_slices(world, key, &service, &places);
        None
    }
}

fn selects(service: &Value, pod: &Value) -> bool {
    let selector = &service["spec"]["selector"];
    selector.as_object().is_some_and(|map| !map.is_empty()) && map_matches(selector, labels(pod))
}

fn write_endpoints(world: &World, key: &Key, service: &Value, places: &[(PortSet, Vec<Place>)]) {
    let mut wanted = shape::endpoints(service, places);
    match world.get(key) {
        None => {
            stamp(world, key.namespace.as_str(), &mut wanted);
            // Somebody else may have made it meanwhile; that is an event, and looked at again.
            let _ = world.store.insert(key.clone(), wanted);
        }
        Some(existing) if shape::same(&existing, &wanted, &["subsets"]) => {}
        Some(_) => {
            replace(world, key, &wanted, &["subsets"]);
        }
    }
}

/// One slice for each set of ports; slices that fit are kept, others changed or removed.
fn write_slices(world: &World, service_key: &Key, service: &Value, places: &[(PortSet, Vec<Place>)]) {
    let mut existing = own_slices(world, service_key);
    for wanted in shape::slices(service, places) {
        let fits = existing.iter().position(|(_, slice)| slice["ports"] == wanted["ports"]);
        match fits.or_else(|| (!existing.is_empty()).then_some(0)).map(|index| existing.remove(index)) {
            Some((_, slice)) if shape::same(&slice, &wanted, &["endpoints", "ports"]) => {}
            Some((key, _)) => replace(world, &key, &wanted, &["endpoints", "ports"]),
            None => add_slice(world, service_key, wanted),
        }
    }
    for (key, _) in existing {
        super::deletion::delete(world, &key);
    }
}

fn own_slices(world: &World, service: &Key) -> Vec<(Key, Object)> {
    let (_, slices) = world.store.list(SLICES, Some(&service.namespace));
    let own = |slice: &Object| {
        text(labels(slice), SERVICE_NAME) == service.name && text(labels(slice), MANAGED_BY) == MANAGER
    };
    let keyed = |slice: Object| (Key::new(SLICES, service.namespace.as_str(), name_of(&slice)), slice);
    slices.into_iter().filter(own).map(keyed).collect()
}

fn add_slice(world: &World, service: &Key, mut slice: Value) {
    let name = format!("{}-{}", service.name, world.clock.suffix(5));
    put(child(&mut slice, "metadata"), "name", name.as_str());
    put(child(&mut slice, "metadata"), "generation", 1);
    stamp(world, &service.namespace, &mut slice);
    // A name that is taken is an event, after which this is tried with another one.
    let _ = world.store.insert(Key::new(SLICES, service.namespace.as_str(), name), slice);
}

/// The metadata of a new object, with the time of the change.
fn stamp(world: &World, namespace: &str, object: &mut Value) {
    let now = api_time(world.clock.now());
    let metadata = child(object, "metadata");
    put(metadata, "namespace", namespace);
    put(metadata, "uid", world.clock.uid());
    put(metadata, "creationTimestamp", now.as_str());
    put(child(metadata, "annotations"), CHANGE_TIME, now);
}

/// Writes the labels and the named fields over what is there.
fn replace(world: &World, key: &Key, wanted: &Value, fields: &[&str]) {
    let now = api_time(world.clock.now());
    let change = |object: &Value| {
        let mut object = object.clone();
        for field in fields {
            match wanted.get(field) {
                Some(value) => put(&mut object, field, value.clone()),
                None => drop(crate::json::take(&mut object, field)),
            }
        }
        let metadata = child(&mut object, "metadata");
        put(metadata, "labels", wanted["metadata"]["labels"].clone());
        put(child(metadata, "annotations"), CHANGE_TIME, now);
        if let Some(generation) = metadata["generation"].as_i64() {
            put(metadata, "generation", json!(generation + 1));
        }
        Ok::<_, std::convert::Infallible>(Next::Put(object))
    };
    // It may be gone, which is an event of its own.
    let _ = world.store.modify(key, change);
}
