//! Ingresses and their classes.

use serde_json::Value;

use super::{Findings, Path, names};
use crate::json::{has, int, items, text};

/// An Ingress.
pub(super) fn ingress(found: &mut Findings, ingress: &Value, old: Option<&Value>) {
    const CLASS: &str = "kubernetes.io/ingress.class";
    let (spec, path) = (&ingress["spec"], Path::new("spec"));
    let annotated = text(&ingress["metadata"]["annotations"], CLASS);
    if old.is_none() && !annotated.is_empty() && has(spec, "ingressClassName") {
        let path = Path::new("metadata").child("annotations").child(CLASS);
        found.invalid(&path, annotated, "can not be set when the class field is also set");
    }
    if items(spec, "rules").is_empty() && !has(spec, "defaultBackend") {
        let rules = spec.get("rules").filter(|rules| rules.is_array()).cloned().unwrap_or(Value::Null);
        found.invalid(&path, rules, "either `defaultBackend` or `rules` must be specified");
    }
    if has(spec, "defaultBackend") {
        backend(found, &spec["defaultBackend"], &path.child("defaultBackend"));
    }
    for (index, rule) in items(spec, "rules").iter().enumerate() {
        self::rule(found, rule, &path.child("rules").index(index));
    }
    for (index, entry) in items(spec, "tls").iter().enumerate() {
        tls(found, entry, &path.child("tls").index(index));
    }
    if has(spec, "ingressClassName") {
        let name = text(spec, "ingressClassName");
        found.invalid_each(&path.child("ingressClassName"), name, names::subdomain(name));
    }
}

/// A host, with a star for its first part or without.
fn host(found: &mut Findings, name: &str, path: &Path) {
    if name.parse::<std::net::IpAddr>().is_ok() {
        found.invalid(path, name, "must be a DNS name, not an IP address");
    }
    let wrong = if name.contains('*') { names::wildcard(name) } else { names::subdomain(name) };
    found.invalid_each(path, name, wrong);
}

fn rule(found: &mut Findings, rule: &Value, path: &Path) {
    if !text(rule, "host").is_empty() {
        host(found, text(rule, "host"), &path.child("host"));
    }
    if !has(rule, "http") {
        return;
    }
    let list = path.child("http").child("paths");
    if items(&rule["http"], "paths").is_empty() {
        found.required(&list, "");
    }
    for (index, path) in items(&rule["http"], "paths").iter().enumerate() {
        http_path(found, path, &list.index(index));
    }
}

fn http_path(found: &mut Findings, rule: &Value, path: &Path) {
    const INSIDE: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
    const AT_END: [&str; 2] = ["/..", "/."];
    if !has(rule, "pathType") {
        found.required(&path.child("pathType"), "pathType must be specified");
        return;
    }
    let (given, at) = (text(rule, "path"), path.child("path"));
    match text(rule, "pathType") {
        "Exact" | "Prefix" => {
            if !given.starts_with('/') {
                found.invalid(&at, given, "must be an absolute path");
            }
            for part in INSIDE.iter().filter(|part| given.contains(**part)) {
                found.invalid(&at, given, format!("must not contain '{part}'"));
            }
            for end in AT_END.iter().filter(|end| given.ends_with(**end)) {
                found.invalid(&at, given, format!("cannot end with '{end}'"));
            }
        }
        "ImplementationSpecific" => {
            if !given.is_empty() && !given.starts_with('/') {
                found.invalid(&at, given, "must be an absolute path");
            }
        }
        other => {
            found.not_supported(&path.child("pathType"), other, &["Exact", "ImplementationSpecific", "Prefix"]);
        }
    }
    backend(found, &rule["backend"], &path.child("backend"));
}

fn backend(found: &mut Findings, backend: &Value, path: &Path) {
    match (has(backend, "service"), has(backend, "resource")) {
        (true, true) => found.invalid(path, "", "cannot set both resource and service backends"),
        (false, false) => found.invalid(path, "", "resource or service backend is required"),
        (false, true) => resource_backend(found, &backend["resource"], &path.child("resource")),
        (true, false) => service_backend(found, &backend["service"], path),
    }
}

fn resource_backend(found: &mut Findings, reference: &Value, path: &Path) {
    for field in ["kind", "name"] {
        match text(reference, field) {
            "" => found.required(&path.child(field), ""),
            given => found.invalid_each(&path.child(field), given, names::path_segment(given)),
        }
    }
}

fn service_backend(found: &mut Findings, service: &Value, path: &Path) {
    let at = path.child("service");
    match text(service, "name") {
        "" => found.required(&at.child("name"), ""),
        name => found.invalid_each(&at.child("name"), name, names::label(name)),
    }
    let port = &service["port"];
    let (name, number) = (text(port, "name"), int(port, "number").unwrap_or(0));
    match (name, number) {
        ("", 0) => found.required(path, "port name or number is required"),
        ("", _) => {
            for message in names::port_number(number) {
                found.invalid(&at.child("port").child("number"), number, message);
            }
        }
        (_, 0) => found.invalid_each(&at.child("port").child("name"), name, names::port_name(name)),
        _ => found.invalid(path, "", "cannot set both port name & port number"),
    }
}

fn tls(found: &mut Findings, entry: &Value, path: &Path) {
    for (index, name) in items(entry, "hosts").iter().filter_map(Value::as_str).enumerate() {
        let wrong = if name.contains('*') { names::wildcard(name) } else { names::subdomain(name) };
        found.invalid_each(&path.child("hosts").index(index), name, wrong);
    }
    let secret = text(entry, "secretName");
    if !secret.is_empty() {
        found.invalid_each(&path.child("secretName"), secret, names::subdomain(secret));
    }
}

/// An IngressClass: `controller` names who looks after it, and stays.
pub(super) fn class(found: &mut Findings, class: &Value, old: Option<&Value>) {
    let path = Path::new("spec").child("controller");
    let controller = text(&class["spec"], "controller");
    if let Some(old) = old {
        found.immutable(&path, &class["spec"]["controller"], &old["spec"]["controller"]);
    }
    match controller.split_once('/') {
        _ if controller.is_empty() => found.required(&path, ""),
        Some((domain, rest)) if !domain.is_empty() && !rest.is_empty() => {
            found.invalid_each(&path, domain, names::subdomain(domain));
        }
        _ => found.invalid(&path, controller, "must be a domain-prefixed path (such as \"acme.io/foo\")"),
    }
}
