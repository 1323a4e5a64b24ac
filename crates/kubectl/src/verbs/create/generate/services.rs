//! Services and Ingresses.

use serde_json::{Map, Value, json};

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
};

/// `create service clusterip|nodeport|loadbalancer|externalname`.
pub fn service(matches: &Matches, name: &str, kind: &str) -> Outcome<Value> {
    let tcp = matches.list("tcp");
    let headless = matches.text("clusterip") == "None";
    if tcp.is_empty() && !headless && kind != "externalname" {
        return Err(Failure::said("at least one tcp port specifier must be provided"));
    }
    let ports = tcp.iter().map(|text| port(text, matches)).collect::<Outcome<Vec<_>>>()?;
    let labels = json!({"app": name});
    let kind = match kind {
        "nodeport" => "NodePort",
        "loadbalancer" => "LoadBalancer",
        "externalname" => "ExternalName",
        _ => "ClusterIP",
    };
    let mut spec = json!({"selector": labels, "type": kind});
    if !ports.is_empty() {
        spec["ports"] = ports.into();
    }
    if let Some(address) = matches.some("clusterip") {
        spec["clusterIP"] = address.into();
    }
    if let Some(external) = matches.some("external-name") {
        spec["externalName"] = external.into();
    }
    Ok(
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"labels": labels}, "spec": spec, "status": {"loadBalancer": {}}}),
    )
}

fn port(text: &str, matches: &Matches) -> Outcome<Value> {
    let (port, target) = text.split_once(':').unwrap_or((text, text));
    let number: i64 =
        port.parse().map_err(|_| Failure::Said(format!("strconv.Atoi: parsing {port:?}: invalid syntax")))?;
    if !(1..=65535).contains(&number) {
        return Err(Failure::said("must be between 1 and 65535, inclusive"));
    }
    let target = target.parse::<i64>().map_or_else(|_| Value::from(target), Value::from);
    let mut made = json!({"name": text.replace(':', "-"), "port": number, "protocol": "TCP", "targetPort": target});
    if matches.int("node-port") > 0 {
        made["nodePort"] = matches.int("node-port").into();
    }
    Ok(made)
}

/// `create ingress`.
pub fn ingress(matches: &Matches, name: &str) -> Outcome<Value> {
    let (rules, default) = (matches.list("rule"), matches.some("default-backend"));
    if rules.is_empty() && default.is_none() {
        return Err(Failure::said(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let mut spec = json!({});
    if let Some(class) = matches.some("class") {
        spec["ingressClassName"] = class.into();
    }
    if let Some(default) = default {
        spec["defaultBackend"] = backend(default)
            .ok_or_else(|| Failure::said("default-backend should be in format servicename:serviceport"))?;
    }
    let (mut hosts, mut tls): (Vec<(String, Vec<Value>)>, Vec<Value>) = (Vec::new(), Vec::new());
    for text in &rules {
        let wrong = || {
            Failure::Said(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        };
        let rule = rule(text).ok_or_else(wrong)?;
        match hosts.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(rule.path),
            None => hosts.push((rule.host.clone(), vec![rule.path])),
        }
        if let Some(secret) = rule.tls {
            let mut entry = Map::new();
            if !rule.host.is_empty() {
                entry.insert("hosts".to_owned(), json!([rule.host]));
            }
            if !secret.is_empty() {
                entry.insert("secretName".to_owned(), secret.into());
            }
            tls.push(entry.into());
        }
    }
    if !hosts.is_empty() {
        let made = |(host, paths): (String, Vec<Value>)| {
            if host.is_empty() {
                json!({"http": {"paths": paths}})
            } else {
                json!({"host": host, "http": {"paths": paths}})
            }
        };
        spec["rules"] = hosts.into_iter().map(made).collect::<Vec<_>>().into();
    }
    if !tls.is_empty() {
        spec["tls"] = tls.into();
    }
    let annotations = super::pairs(&matches.list("annotation"), |pair| {
        format!("annotation {pair} is invalid and should be in format key=[value]")
    })?;
    let mut metadata = json!({"name": name});
    if !annotations.is_empty() {
        metadata["annotations"] = annotations.into();
    }
    Ok(
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}}),
    )
}

fn backend(text: &str) -> Option<Value> {
    let (name, port) = text.split_once(':')?;
    let port = port.parse::<i64>().map_or_else(|_| json!({"name": port}), |number| json!({"number": number}));
    (!name.is_empty()).then(|| json!({"service": {"name": name, "port": port}}))
}

struct Rule {
    host: String,
    path: Value,
    tls: Option<String>,
}

fn rule(text: &str) -> Option<Rule> {
    let (left, right) = text.split_once('=')?;
    let (host, path) = left.split_once('/')?;
    let (service, tls) = right.split_once(',').map_or((right, None), |(service, tls)| (service, Some(tls)));
    let tls = match tls {
        None => None,
        Some("tls") => Some(String::new()),
        Some(other) => Some(other.strip_prefix("tls=")?.to_owned()),
    };
    let (path, kind) = match path.strip_suffix('*') {
        Some(prefix) => (prefix, "Prefix"),
        None => (path, "Exact"),
    };
    let path = json!({"path": format!("/{path}"), "pathType": kind, "backend": backend(service)?});
    Some(Rule { host: host.to_owned(), path, tls })
}
