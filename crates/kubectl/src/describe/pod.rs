//! Pods.

use serde_json::Value;

use super::{
    Subject, containers, events,
    page::{Page, ago, at, date, list},
    volumes,
};

/// The text about a Pod.
pub fn describe(subject: &Subject<'_>) -> String {
    let pod = subject.object;
    let mut page = Page::default();
    head(&mut page, subject);
    if !list(pod, "/spec/initContainers").is_empty() {
        containers::add(&mut page, "Init Containers", pod, "initContainers", "");
    }
    containers::add(&mut page, "Containers", pod, "containers", "");
    if !list(pod, "/spec/ephemeralContainers").is_empty() {
        containers::add(&mut page, "Ephemeral Containers", pod, "ephemeralContainers", "");
    }
    conditions(&mut page, pod);
    volumes::add(&mut page, list(pod, "/spec/volumes"), "");
    page.field(0, "QoS Class", at(pod, "/status/qosClass"));
    page.labels("Node-Selectors", pod.pointer("/spec/nodeSelector"));
    tolerations(&mut page, "Tolerations", list(pod, "/spec/tolerations"));
    spread(&mut page, "Topology Spread Constraints", list(pod, "/spec/topologySpreadConstraints"));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

fn head(page: &mut Page, subject: &Subject<'_>) {
    let pod = subject.object;
    let mut given = |name: &str, pointer: &str| {
        let value = at(pod, pointer);
        if !value.is_empty() {
            page.field(0, name, value);
        }
    };
    given("Name", "/metadata/name");
    given("Namespace", "/metadata/namespace");
    given("Priority", "/spec/priority");
    given("Priority Class Name", "/spec/priorityClassName");
    given("Runtime Class Name", "/spec/runtimeClassName");
    given("Service Account", "/spec/serviceAccountName");
    let node = at(pod, "/spec/nodeName");
    page.field(
        0,
        "Node",
        if node.is_empty() { "<none>".to_owned() } else { format!("{node}/{}", at(pod, "/status/hostIP")) },
    );
    let started = at(pod, "/status/startTime");
    if !started.is_empty() {
        page.field(0, "Start Time", date(&started));
    }
    page.labels("Labels", pod.pointer("/metadata/labels"));
    page.annotations(pod.pointer("/metadata/annotations"));
    status(page, subject);
    addresses(page, pod);
    if let Some(owner) = controller(pod) {
        page.field(0, "Controlled By", owner);
    }
    let nominated = at(pod, "/status/nominatedNodeName");
    if !nominated.is_empty() {
        page.field(0, "NominatedNodeName", nominated);
    }
    if let Some(resources) = pod.pointer("/spec/resources").filter(|resources| resources.is_object()) {
        page.line(0, "Resources:");
        containers::resources(page, resources, 1);
    }
}

fn status(page: &mut Page, subject: &Subject<'_>) {
    let pod = subject.object;
    let (phase, deleted) = (at(pod, "/status/phase"), at(pod, "/metadata/deletionTimestamp"));
    if deleted.is_empty() || matches!(phase.as_str(), "Failed" | "Succeeded") {
        page.field(0, "Status", phase);
    } else {
        page.field(0, "Status", format!("Terminating (lasts {})", ago(&deleted, subject.now)));
        page.field(0, "Termination Grace Period", format!("{}s", at(pod, "/metadata/deletionGracePeriodSeconds")));
    }
    for (name, pointer) in [
        ("Reason", "/status/reason"),
        ("Message", "/status/message"),
        ("SeccompProfile", "/spec/securityContext/seccompProfile/type"),
        ("LocalhostProfile", "/spec/securityContext/seccompProfile/localhostProfile"),
    ] {
        let value = at(pod, pointer);
        if !value.is_empty() {
            page.field(0, name, value);
        }
    }
}

fn addresses(page: &mut Page, pod: &Value) {
    page.field(0, "IP", at(pod, "/status/podIP"));
    let all = list(pod, "/status/podIPs");
    if all.is_empty() {
        return page.field(0, "IPs", "<none>");
    }
    page.line(0, "IPs:");
    all.iter().for_each(|address| page.field(1, "IP", at(address, "/ip")));
}

/// `ReplicaSet/web-5d9c`: what keeps the object.
pub fn controller(object: &Value) -> Option<String> {
    let owner = list(object, "/metadata/ownerReferences").iter().find(|owner| owner["controller"] == true)?;
    Some(format!("{}/{}", at(owner, "/kind"), at(owner, "/name")))
}

fn conditions(page: &mut Page, pod: &Value) {
    let conditions = list(pod, "/status/conditions");
    let gates = list(pod, "/spec/readinessGates");
    if !gates.is_empty() {
        page.line(0, "Readiness Gates:\n  Type\tStatus");
        for gate in gates {
            let wanted = at(gate, "/conditionType");
            let found = conditions
                .iter()
                .find(|condition| at(condition, "/type") == wanted)
                .map(|condition| at(condition, "/status"));
            page.line(1, format!("{wanted} \t{} ", found.unwrap_or_else(|| "<none>".to_owned())));
        }
    }
    if !conditions.is_empty() {
        page.line(0, "Conditions:\n  Type\tStatus");
        conditions
            .iter()
            .for_each(|condition| page.line(1, format!("{} \t{} ", at(condition, "/type"), at(condition, "/status"))));
    }
}

/// Adds tolerations, sorted by key.
pub fn tolerations(page: &mut Page, title: &str, tolerations: &[Value]) {
    let mut sorted: Vec<&Value> = tolerations.iter().collect();
    sorted.sort_by_key(|toleration| at(toleration, "/key"));
    page.several("", title, &sorted.into_iter().map(toleration).collect::<Vec<_>>());
}

fn toleration(toleration: &Value) -> String {
    let (key, value, effect) = (at(toleration, "/key"), at(toleration, "/value"), at(toleration, "/effect"));
    let mut text = key.clone();
    if !value.is_empty() {
        text.push_str(&format!("={value}"));
    }
    if !effect.is_empty() {
        text.push_str(&format!(":{effect}"));
    }
    if at(toleration, "/operator") == "Exists" && value.is_empty() {
        text.push_str(if key.is_empty() && effect.is_empty() { "op=Exists" } else { " op=Exists" });
    }
    let seconds = at(toleration, "/tolerationSeconds");
    if !seconds.is_empty() {
        text.push_str(&format!(" for {seconds}s"));
    }
    text
}

/// Adds how Pods spread, sorted by topology.
pub fn spread(page: &mut Page, title: &str, constraints: &[Value]) {
    if constraints.is_empty() {
        return;
    }
    let mut sorted: Vec<&Value> = constraints.iter().collect();
    sorted.sort_by_key(|constraint| at(constraint, "/topologyKey"));
    let lines: Vec<String> = sorted
        .into_iter()
        .map(|constraint| {
            let selector = constraint
                .get("labelSelector")
                .map(|selector| format!(" for selector {}", super::page::selector(Some(selector))))
                .unwrap_or_default();
            format!(
                "{}:{} when max skew {} is exceeded{selector}",
                at(constraint, "/topologyKey"),
                at(constraint, "/whenUnsatisfiable"),
                at(constraint, "/maxSkew")
            )
        })
        .collect();
    page.several("", title, &lines);
}
