//! The containers of a Pod or a Pod template.

use serde_json::Value;

use super::page::{Page, at, date, list, on, or_none, plain, yes_no};

/// Adds the containers of one list; `space` indents the head of a template's.
pub fn add(page: &mut Page, title: &str, pod: &Value, name: &str, space: &str) {
    let containers = list(pod, &format!("/spec/{name}"));
    let status_list = match name {
        "initContainers" => "/status/initContainerStatuses",
        "ephemeralContainers" => "/status/ephemeralContainerStatuses",
        _ => "/status/containerStatuses",
    };
    page.line(0, format!("{space}{title}:{}", if containers.is_empty() { " <none>" } else { "" }));
    for container in containers {
        let status = list(pod, status_list).iter().find(|status| status["name"] == container["name"]);
        basics(page, container, status, if space.is_empty() { "" } else { " " });
        words(page, "Command", list(container, "/command"));
        words(page, "Args", list(container, "/args"));
        if let Some(status) = status {
            states(page, status);
        }
        resources(page, &container["resources"], 2);
        for (title, pointer) in
            [("Liveness", "/livenessProbe"), ("Readiness", "/readinessProbe"), ("Startup", "/startupProbe")]
        {
            if let Some(found) = container.pointer(pointer).filter(|found| found.is_object()) {
                page.field(2, title, probe(found));
            }
        }
        env_from(page, list(container, "/envFrom"));
        env(page, pod, container);
        mounts(page, container);
    }
}

fn basics(page: &mut Page, container: &Value, status: Option<&Value>, indent: &str) {
    page.line(1, format!("{indent}{}:", at(container, "/name")));
    if let Some(status) = status {
        page.field(2, "Container ID", at(status, "/containerID"));
    }
    page.field(2, "Image", at(container, "/image"));
    if let Some(status) = status {
        page.field(2, "Image ID", at(status, "/imageID"));
    }
    ports(page, "Port", "Ports", container, "containerPort");
    ports(page, "Host Port", "Host Ports", container, "hostPort");
    let profile = at(container, "/securityContext/seccompProfile/type");
    if !profile.is_empty() {
        page.field(2, "SeccompProfile", &profile);
    }
    if profile == "Localhost" {
        page.field(3, "LocalhostProfile", at(container, "/securityContext/seccompProfile/localhostProfile"));
    }
}

fn ports(page: &mut Page, one: &str, several: &str, container: &Value, field: &str) {
    let all: Vec<String> = list(container, "/ports")
        .iter()
        .map(|port| {
            let name = at(port, "/name");
            let number = port.get(field).and_then(Value::as_i64).unwrap_or(0);
            let protocol = at(port, "/protocol");
            if name.is_empty() { format!("{number}/{protocol}") } else { format!("{number}/{protocol} ({name})") }
        })
        .collect();
    if all.len() > 1 { page.field(2, several, all.join(", ")) } else { page.field(2, one, or_none(all.join(", "))) }
}

fn words(page: &mut Page, title: &str, words: &[Value]) {
    if words.is_empty() {
        return;
    }
    page.line(2, format!("{title}:"));
    for word in words {
        plain(word).split('\n').for_each(|line| page.line(3, line));
    }
}

fn states(page: &mut Page, status: &Value) {
    state(page, "State", &status["state"]);
    if status.pointer("/lastState/terminated").is_some_and(Value::is_object) {
        state(page, "Last State", &status["lastState"]);
    }
    page.field(2, "Ready", yes_no(on(status, "/ready")));
    page.field(2, "Restart Count", status["restartCount"].as_i64().unwrap_or(0));
}

fn state(page: &mut Page, title: &str, state: &Value) {
    if state["running"].is_object() {
        page.field(2, title, "Running");
        page.field(3, "Started", date(&at(state, "/running/startedAt")));
        return;
    }
    let ended = &state["terminated"];
    if !ended.is_object() {
        page.field(2, title, "Waiting");
        let reason = at(state, "/waiting/reason");
        if !reason.is_empty() {
            page.field(3, "Reason", reason);
        }
        return;
    }
    page.field(2, title, "Terminated");
    for (name, pointer) in [("Reason", "/reason"), ("Message", "/message")] {
        let value = at(ended, pointer);
        if !value.is_empty() {
            page.field(3, name, value);
        }
    }
    page.field(3, "Exit Code", ended["exitCode"].as_i64().unwrap_or(0));
    if let Some(signal) = ended["signal"].as_i64().filter(|signal| *signal > 0) {
        page.field(3, "Signal", signal);
    }
    page.field(3, "Started", date(&at(ended, "/startedAt")));
    page.field(3, "Finished", date(&at(ended, "/finishedAt")));
}

/// Adds limits and requests.
pub fn resources(page: &mut Page, resources: &Value, level: usize) {
    for (title, pointer) in [("Limits", "/limits"), ("Requests", "/requests")] {
        let Some(map) = resources.pointer(pointer).and_then(Value::as_object).filter(|map| !map.is_empty()) else {
            continue;
        };
        page.line(level, format!("{title}:"));
        map.iter().for_each(|(name, value)| page.field(level + 1, name, plain(value)));
    }
}

/// A probe as one line.
pub fn probe(probe: &Value) -> String {
    let number = |pointer: &str| probe.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("/initialDelaySeconds"),
        number("/timeoutSeconds"),
        number("/periodSeconds"),
        number("/successThreshold"),
        number("/failureThreshold")
    );
    if probe["exec"].is_object() {
        let command: Vec<String> = list(probe, "/exec/command").iter().map(plain).collect();
        return format!("exec [{}] {attributes}", command.join(" "));
    }
    if probe["httpGet"].is_object() {
        let get = &probe["httpGet"];
        let path = at(get, "/path");
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        return format!(
            "http-get {}://{}:{}{slash}{path} {attributes}",
            at(get, "/scheme").to_lowercase(),
            at(get, "/host"),
            at(get, "/port")
        );
    }
    if probe["tcpSocket"].is_object() {
        return format!("tcp-socket {}:{} {attributes}", at(probe, "/tcpSocket/host"), at(probe, "/tcpSocket/port"));
    }
    if probe["grpc"].is_object() {
        return format!("grpc <pod>:{} {} {attributes}", at(probe, "/grpc/port"), at(probe, "/grpc/service"));
    }
    format!("unknown {attributes}")
}

fn env_from(page: &mut Page, sources: &[Value]) {
    if sources.is_empty() {
        return;
    }
    page.line(2, "Environment Variables from:");
    for source in sources {
        let (kind, reference) = if source["configMapRef"].is_object() {
            ("ConfigMap", &source["configMapRef"])
        } else {
            ("Secret", &source["secretRef"])
        };
        let prefix = at(source, "/prefix");
        let with = if prefix.is_empty() { String::new() } else { format!(" with prefix '{prefix}'") };
        page.line(3, format!("{}\t{kind}{with}\tOptional: {}", at(reference, "/name"), on(reference, "/optional")));
    }
}

fn env(page: &mut Page, pod: &Value, container: &Value) {
    let variables = list(container, "/env");
    page.line(2, format!("Environment:{}", if variables.is_empty() { "\t<none>" } else { "" }));
    for variable in variables {
        let name = at(variable, "/name");
        let from = &variable["valueFrom"];
        if !from.is_object() {
            for (line, text) in at(variable, "/value").split('\n').enumerate() {
                page.line(3, if line == 0 { format!("{name}:\t{text}") } else { format!("\t{text}") });
            }
        } else if from["fieldRef"].is_object() {
            let path = at(from, "/fieldRef/fieldPath");
            page.field(3, &name, format!("{} ({}:{path})", field(pod, &path), at(from, "/fieldRef/apiVersion")));
        } else if from["resourceFieldRef"].is_object() {
            let resource = at(from, "/resourceFieldRef/resource");
            page.field(
                3,
                &name,
                format!("{} ({resource})", super::quantity::of_container(container, &from["resourceFieldRef"])),
            );
        } else if from["secretKeyRef"].is_object() {
            let key = &from["secretKeyRef"];
            page.field(
                3,
                &name,
                format!(
                    "<set to the key '{}' in secret '{}'>\tOptional: {}",
                    at(key, "/key"),
                    at(key, "/name"),
                    on(key, "/optional")
                ),
            );
        } else if from["configMapKeyRef"].is_object() {
            let key = &from["configMapKeyRef"];
            page.field(
                3,
                &name,
                format!(
                    "<set to the key '{}' of config map '{}'>\tOptional: {}",
                    at(key, "/key"),
                    at(key, "/name"),
                    on(key, "/optional")
                ),
            );
        }
    }
}

/// The value of a field of the Pod. kubectl's own scheme knows no more than these two (`config/downward.yaml`).
fn field(pod: &Value, path: &str) -> String {
    match path {
        "metadata.name" | "metadata.namespace" if pod.get("kind").is_some() => {
            at(pod, &format!("/{}", path.replace('.', "/")))
        }
        _ => String::new(),
    }
}

fn mounts(page: &mut Page, container: &Value) {
    let sorted = |pointer: &str, key: &str| {
        let mut all: Vec<&Value> = list(container, pointer).iter().collect();
        all.sort_by_key(|item| at(item, key));
        all
    };
    let mounts = sorted("/volumeMounts", "/mountPath");
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    page.line(2, format!("Mounts:{none}"));
    for mount in mounts {
        let path = at(mount, "/subPath");
        let access = if on(mount, "/readOnly") { "ro" } else { "rw" };
        let sub = if path.is_empty() { String::new() } else { format!(",path={path:?}") };
        page.line(3, format!("{} from {} ({access}{sub})", at(mount, "/mountPath"), at(mount, "/name")));
    }
    let devices = sorted("/volumeDevices", "/devicePath");
    if !devices.is_empty() {
        page.line(2, format!("Devices:{none}"));
        devices
            .iter()
            .for_each(|device| page.line(3, format!("{} from {}", at(device, "/devicePath"), at(device, "/name"))));
    }
}
