//! `expose`: a Service in front of what runs Pods.

use serde_json::{Map, Value, json};

use super::{derive::Derived, result::Reporter};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    selection::Object,
    session::Session,
    verbs::template,
};

/// Runs `expose`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let mut reporter = Reporter::of(session, matches).await?.typed();
    SERVICES.of_each(session, matches, &mut reporter, |object, first| service(matches, object, first)).await
}

const SERVICES: Derived = Derived { root: "/api/v1", plural: "services", done: "exposed", tried: "exposed" };

/// A Service for an object. Labels, selector and ports that no flag says are those of the first one: kubectl takes them for
/// flags from then on.
fn service(matches: &Matches, object: &Object, first: &Object) -> Outcome<Value> {
    let resource = &object.target.resource;
    if !matches!(resource.kind.as_str(), "Pod" | "Service" | "ReplicationController" | "Deployment" | "ReplicaSet") {
        let what = format!("{}.{}", resource.kind, resource.group);
        return Err(Failure::Said(format!("cannot expose a {}", what.trim_end_matches('.'))));
    }
    let name = matches.some("name").unwrap_or(&object.target.name);
    // A Service's name has at most 63 characters.
    let name: String = name.chars().take(63).collect();
    let mut spec = json!({"selector": selector(matches, &first.value)?, "ports": ports(matches, &first.value)?});
    for (flag, field) in [
        ("type", "type"),
        ("cluster-ip", "clusterIP"),
        ("load-balancer-ip", "loadBalancerIP"),
        ("session-affinity", "sessionAffinity"),
    ] {
        if let Some(value) = matches.some(flag) {
            spec[field] = value.into();
        }
    }
    if let Some(address) = matches.some("external-ip") {
        spec["externalIPs"] = json!([address]);
    }
    let mut metadata = json!({"name": name});
    let labels = match matches.some("labels") {
        Some(text) => pairs(text)?,
        None => first.value.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default(),
    };
    if !labels.is_empty() {
        metadata["labels"] = labels.into();
    }
    let mut service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}},
    });
    super::run::overrides::apply(matches, &mut service)?;
    Ok(service)
}

fn pairs(text: &str) -> Outcome<Map<String, Value>> {
    text.split(',')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.into())),
            _ => Err(Failure::Said(format!("unexpected label spec: {pair}"))),
        })
        .collect()
}

fn selector(matches: &Matches, object: &Value) -> Outcome<Map<String, Value>> {
    if let Some(text) = matches.some("selector") {
        return pairs(text);
    }
    let (pointer, none) = match text_at(object, "/kind") {
        "Pod" => ("/metadata/labels", "the pod has no labels and cannot be exposed"),
        "Service" => ("/spec/selector", "the service has no pod selector set"),
        "ReplicationController" => ("/spec/selector", "the replication controller has no selector set"),
        _ => ("/spec/selector/matchLabels", "invalid deployment: no selectors, therefore cannot be exposed"),
    };
    let found = object.pointer(pointer).and_then(Value::as_object).filter(|map| !map.is_empty()).cloned();
    found.ok_or_else(|| {
        Failure::Said(format!("couldn't retrieve selectors via --selector flag or introspection: {none}"))
    })
}

fn ports(matches: &Matches, object: &Value) -> Outcome<Vec<Value>> {
    let known = known_ports(object);
    let numbers: Vec<i64> = match matches.some("port") {
        Some(text) => text
            .split(',')
            .map(|part| {
                part.parse().map_err(|_| Failure::Said(format!("strconv.Atoi: parsing {part:?}: invalid syntax")))
            })
            .collect::<Outcome<_>>()?,
        None => known.iter().map(|(number, _)| *number).collect(),
    };
    if numbers.is_empty() {
        return Err(Failure::said("couldn't find port via --port flag or introspection"));
    }
    let target =
        matches.some("target-port").map(|text| text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from));
    let several = numbers.len() > 1;
    let made = numbers.iter().enumerate().map(|(at, number)| {
        let protocol = matches.some("protocol").map(str::to_owned).or_else(|| known.iter().find(|(known, _)| known == number).map(|(_, protocol)| protocol.clone()));
        let mut port = json!({"port": number, "protocol": protocol.unwrap_or_else(|| "TCP".to_owned()), "targetPort": target.clone().unwrap_or_else(|| (*number).into())});
        if several {
            port["name"] = format!("port-{}", at + 1).into();
        }
        port
    });
    Ok(made.collect())
}

/// The ports that the containers name, or those of a Service.
fn known_ports(object: &Value) -> Vec<(i64, String)> {
    let one = |port: &Value, field: &str| {
        let protocol = text_at(port, "/protocol");
        Some((port[field].as_i64()?, if protocol.is_empty() { "TCP".to_owned() } else { protocol.to_owned() }))
    };
    let kind = text_at(object, "/kind");
    if kind == "Service" {
        return object
            .pointer("/spec/ports")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|port| one(port, "port"))
            .collect();
    }
    let spec = template::spec_path(kind).and_then(|path| object.pointer(path));
    let containers = spec.and_then(|spec| spec["containers"].as_array()).into_iter().flatten();
    containers
        .flat_map(|container| container["ports"].as_array().into_iter().flatten())
        .filter_map(|port| one(port, "containerPort"))
        .collect()
}
