//! LimitRanger: a namespace's default and allowed sizes.

use serde_json::Value;

use super::{Context, Forbidden};
use crate::{
    admission::{
        quantity::Quantity,
        resources::{Amounts, amounts, pod_limits, pod_requests},
    },
    json::{at, child, fill, items, put, text},
    registry::Resource,
    store::Object,
};

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

fn ranges(object: &Value, context: &Context<'_>) -> Vec<Object> {
    context.store.list("limitranges", Some(text(&object["metadata"], "namespace"))).1
}

/// Gives containers the default requests and limits that they leave open, and says so in an annotation.
pub(super) fn fill_in(pod: &mut Value, context: &Context<'_>) {
    for range in ranges(pod, context) {
        let mut said = Vec::new();
        for (list, what) in [("containers", "container"), ("initContainers", "init container")] {
            let containers = child(pod, "spec").get_mut(list).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten() {
                let limits = fill_list(container, "limits", "default", &range);
                let requests = fill_list(container, "requests", "defaultRequest", &range);
                for (names, word) in [(requests, "request"), (limits, "limit")] {
                    if !names.is_empty() {
                        said.push(format!("{} {word} for {what} {}", names.join(", "), text(container, "name")));
                    }
                }
            }
        }
        if !said.is_empty() {
            let annotations = child(child(pod, "metadata"), "annotations");
            put(annotations, ANNOTATION, format!("LimitRanger plugin set: {}", said.join("; ")));
        }
    }
}

/// Fills one resource list of a container from a range's defaults; gives the names that were missing.
fn fill_list(container: &mut Value, list: &str, defaults: &str, range: &Value) -> Vec<String> {
    let mut missing = Vec::new();
    let for_containers = items(&range["spec"], "limits").iter().filter(|item| text(item, "type") == "Container");
    for item in for_containers {
        for (name, amount) in item.get(defaults).and_then(Value::as_object).into_iter().flatten() {
            let resources = child(container, "resources");
            if at(resources, &[list, name]).is_null() {
                fill(child(resources, list), name, amount.clone());
                missing.push(name.clone());
            }
        }
    }
    missing.sort();
    missing
}

/// Refuses what is larger or smaller than a range of the namespace allows.
pub(super) fn check(resource: &Resource, object: &Value, context: &Context<'_>) -> Result<(), Forbidden> {
    let check: fn(&Value, &Value) -> Vec<String> = match resource.kind {
        "Pod" => check_pod,
        "PersistentVolumeClaim" => check_claim,
        _ => return Ok(()),
    };
    for range in ranges(object, context) {
        let found: Vec<String> = items(&range["spec"], "limits").iter().flat_map(|item| check(item, object)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Err(Forbidden(one.clone())),
            several => return Err(Forbidden(format!("[{}]", several.join(", ")))),
        }
    }
    Ok(())
}

fn check_pod(item: &Value, pod: &Value) -> Vec<String> {
    let spec = &pod["spec"];
    match text(item, "type") {
        "Container" => items(spec, "containers")
            .iter()
            .chain(items(spec, "initContainers"))
            .flat_map(|container| {
                let list = |name| amounts(at(container, &["resources", name]));
                check_size(item, "Container", &list("requests"), &list("limits"))
            })
            .collect(),
        "Pod" => check_size(item, "Pod", &pod_requests(spec), &pod_limits(spec)),
        _ => Vec::new(),
    }
}

fn check_claim(item: &Value, claim: &Value) -> Vec<String> {
    if text(item, "type") != "PersistentVolumeClaim" {
        return Vec::new();
    }
    let requests = amounts(at(claim, &["spec", "resources", "requests"]));
    let mut found = Vec::new();
    let kind = "PersistentVolumeClaim";
    for (name, least) in amounts(&item["min"]) {
        found.extend(too_small(kind, &name, least, requests.get(&name), None));
    }
    for (name, most) in amounts(&item["max"]) {
        found.extend(too_large_request(kind, &name, most, requests.get(&name)));
    }
    found
}

fn check_size(item: &Value, kind: &str, requests: &Amounts, limits: &Amounts) -> Vec<String> {
    let mut found = Vec::new();
    for (name, least) in amounts(&item["min"]) {
        found.extend(too_small(kind, &name, least, requests.get(&name), limits.get(&name)));
    }
    for (name, most) in amounts(&item["max"]) {
        found.extend(too_large(kind, &name, most, requests.get(&name), limits.get(&name)));
    }
    for (name, ratio) in amounts(&item["maxLimitRequestRatio"]) {
        found.extend(too_loose(kind, &name, ratio, requests.get(&name), limits.get(&name)));
    }
    found
}

type Amount<'a> = Option<&'a Quantity>;

fn too_small(kind: &str, name: &str, least: Quantity, request: Amount<'_>, limit: Amount<'_>) -> Option<String> {
    let head = format!("minimum {name} usage per {kind} is {least}");
    match (request, limit) {
        (None, _) => Some(format!("{head}.  No request is specified")),
        (Some(request), _) if *request < least => Some(format!("{head}, but request is {request}")),
        (_, Some(limit)) if *limit < least => Some(format!("{head}, but limit is {limit}")),
        _ => None,
    }
}

fn too_large(kind: &str, name: &str, most: Quantity, request: Amount<'_>, limit: Amount<'_>) -> Option<String> {
    let head = format!("maximum {name} usage per {kind} is {most}");
    match (request, limit) {
        (_, None) => Some(format!("{head}.  No limit is specified")),
        (_, Some(limit)) if *limit > most => Some(format!("{head}, but limit is {limit}")),
        (Some(request), _) if *request > most => Some(format!("{head}, but request is {request}")),
        _ => None,
    }
}

fn too_large_request(kind: &str, name: &str, most: Quantity, request: Amount<'_>) -> Option<String> {
    let head = format!("maximum {name} usage per {kind} is {most}");
    match request {
        None => Some(format!("{head}.  No request is specified")),
        Some(request) if *request > most => Some(format!("{head}, but request is {request}")),
        Some(_) => None,
    }
}

fn too_loose(kind: &str, name: &str, most: Quantity, request: Amount<'_>, limit: Amount<'_>) -> Option<String> {
    let head = format!("{name} max limit to request ratio per {kind} is {most}");
    let Some(request) = request.filter(|request| !request.is_zero()) else {
        return Some(format!("{head}, but no request is specified or request is 0"));
    };
    let Some(limit) = limit.filter(|limit| !limit.is_zero()) else {
        return Some(format!("{head}, but no limit is specified or limit is 0"));
    };
    let ratio = limit.milli() as f64 / request.milli() as f64;
    (ratio * 1000.0 > most.milli() as f64).then(|| format!("{head}, but provided ratio is {ratio:.6}"))
}
