//! Probes and lifecycle hooks.

use serde_json::Value;

use super::{Findings, Path, names};
use crate::json::{has, int, items, text};

/// The three probes and the hooks of a container that keeps running.
pub(super) fn probes(found: &mut Findings, container: &Value, grace: Option<i64>, path: &Path) {
    if has(container, "lifecycle") {
        lifecycle(found, &container["lifecycle"], grace, &path.child("lifecycle"));
    }
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if has(container, kind) {
            probe(found, kind, &container[kind], grace, &path.child(kind));
        }
    }
}

fn lifecycle(found: &mut Findings, lifecycle: &Value, grace: Option<i64>, path: &Path) {
    for hook in ["postStart", "preStop"] {
        if has(lifecycle, hook) {
            handler(found, &lifecycle[hook], grace, &path.child(hook));
        }
    }
}

fn probe(found: &mut Findings, kind: &str, probe: &Value, grace: Option<i64>, path: &Path) {
    handler(found, probe, grace, path);
    for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        found.not_negative(path, probe, field);
    }
    let own_grace = int(probe, "terminationGracePeriodSeconds");
    let own_grace_path = path.child("terminationGracePeriodSeconds");
    if let Some(seconds) = own_grace.filter(|seconds| *seconds <= 0) {
        found.invalid(&own_grace_path, seconds, "must be greater than 0");
    }
    match (kind, own_grace) {
        ("readinessProbe", Some(seconds)) => {
            found.invalid(&own_grace_path, seconds, "must not be set for readinessProbes");
        }
        ("readinessProbe", None) => {}
        _ => {
            let successes = int(probe, "successThreshold").unwrap_or(0);
            if successes != 1 {
                found.invalid(&path.child("successThreshold"), successes, "must be 1");
            }
        }
    }
}

fn handler(found: &mut Findings, handler: &Value, grace: Option<i64>, path: &Path) {
    let mut handlers = 0;
    for kind in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        if !has(handler, kind) {
            continue;
        }
        let (action, path) = (&handler[kind], path.child(kind));
        if handlers > 0 {
            found.forbidden(&path, "may not specify more than 1 handler type");
            continue;
        }
        handlers += 1;
        match kind {
            "exec" if items(action, "command").is_empty() => found.required(&path.child("command"), ""),
            "httpGet" => http_get(found, action, &path),
            "tcpSocket" | "grpc" => port(found, &action["port"], &path.child("port")),
            "sleep" => sleep(found, action, grace, &path),
            _ => {}
        }
    }
    if handlers == 0 {
        found.required(path, "must specify a handler type");
    }
}

fn http_get(found: &mut Findings, action: &Value, path: &Path) {
    if text(action, "path").is_empty() {
        found.required(&path.child("path"), "");
    }
    port(found, &action["port"], &path.child("port"));
    match text(action, "scheme") {
        "HTTP" | "HTTPS" => {}
        other => found.not_supported(&path.child("scheme"), other, &["HTTP", "HTTPS"]),
    }
    for header in items(action, "httpHeaders") {
        let name = text(header, "name");
        found.invalid_each(&path.child("httpHeaders"), name, names::header_name(name));
    }
}

/// A port by number or by name.
pub(super) fn port(found: &mut Findings, port: &Value, path: &Path) {
    match port.as_str() {
        Some(name) => found.invalid_each(path, name, names::port_name(name)),
        None => {
            let number = port.as_i64().unwrap_or(0);
            for message in names::port_number(number) {
                found.invalid(path, number, message);
            }
        }
    }
}

fn sleep(found: &mut Findings, action: &Value, grace: Option<i64>, path: &Path) {
    let seconds = int(action, "seconds").unwrap_or(0);
    if let Some(grace) = grace
        && !(0..=grace).contains(&seconds)
    {
        let message = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        found.invalid(path, seconds, message);
    }
}
