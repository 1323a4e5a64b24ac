//! Services, Endpoints and EndpointSlices.

use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, list, or_none, plain},
    workloads::map,
};

fn joined(object: &Value, pointer: &str) -> String {
    list(object, pointer).iter().map(plain).collect::<Vec<_>>().join(",")
}

/// A Service with the addresses behind it.
pub fn service(subject: &Subject<'_>) -> String {
    let service = subject.object;
    let mut page = Page::of_namespace(service);
    page.field(0, "Selector", map(service.pointer("/spec/selector")));
    page.field(0, "Type", at(service, "/spec/type"));
    let given = |page: &mut Page, name: &str, value: String| {
        if !value.is_empty() {
            page.field(0, name, value);
        }
    };
    given(&mut page, "IP Family Policy", at(service, "/spec/ipFamilyPolicy"));
    page.field(0, "IP Families", or_none(joined(service, "/spec/ipFamilies")));
    page.field(0, "IP", at(service, "/spec/clusterIP"));
    page.field(0, "IPs", or_none(joined(service, "/spec/clusterIPs")));
    given(&mut page, "External IPs", joined(service, "/spec/externalIPs"));
    given(&mut page, "Desired LoadBalancer IP", at(service, "/spec/loadBalancerIP"));
    given(&mut page, "External Name", at(service, "/spec/externalName"));
    given(&mut page, "LoadBalancer Ingress", balanced(list(service, "/status/loadBalancer/ingress")));
    for port in list(service, "/spec/ports") {
        ports(&mut page, port, subject.related);
    }
    page.field(0, "Session Affinity", at(service, "/spec/sessionAffinity"));
    given(&mut page, "External Traffic Policy", at(service, "/spec/externalTrafficPolicy"));
    given(&mut page, "Internal Traffic Policy", at(service, "/spec/internalTrafficPolicy"));
    given(&mut page, "LoadBalancer Source Ranges", joined(service, "/spec/loadBalancerSourceRanges"));
    given(&mut page, "Traffic Distribution", at(service, "/spec/trafficDistribution"));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// `192.0.2.1 (VIP), door.example`: where a load balancer listens.
fn balanced(points: &[Value]) -> String {
    let one = |point: &Value| match (at(point, "/ip"), at(point, "/ipMode")) {
        (ip, _) if ip.is_empty() => at(point, "/hostname"),
        (ip, mode) if mode.is_empty() => ip,
        (ip, mode) => format!("{ip} ({mode})"),
    };
    points.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn ports(page: &mut Page, port: &Value, slices: &[Value]) {
    let (name, protocol) = (at(port, "/name"), at(port, "/protocol"));
    let shown = if name.is_empty() { "<unset>" } else { &name };
    page.field(0, "Port", format!("{shown}\t{}/{protocol}", at(port, "/port")));
    page.field(0, "TargetPort", format!("{}/{protocol}", at(port, "/targetPort")));
    let app = at(port, "/appProtocol");
    if !app.is_empty() {
        page.field(0, "AppProtocol", app);
    }
    if port["nodePort"].as_i64().unwrap_or(0) != 0 {
        page.field(0, "NodePort", format!("{shown}\t{}/{protocol}", at(port, "/nodePort")));
    }
    page.field(0, "Endpoints", endpoints_of(slices, &name));
}

/// The first three ready addresses behind a port, and how many more.
fn endpoints_of(slices: &[Value], name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut all = Vec::new();
    for slice in slices {
        let ready = list(slice, "/endpoints")
            .iter()
            .filter(|endpoint| endpoint.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true));
        let addresses: Vec<String> = ready.map(|endpoint| at(endpoint, "/addresses/0")).collect();
        let ports = list(slice, "/ports");
        if ports.is_empty() {
            all.extend(addresses.iter().cloned());
        }
        for port in ports.iter().filter(|port| at(port, "/name") == name) {
            all.extend(addresses.iter().map(|address| format!("{address}:{}", at(port, "/port"))));
        }
    }
    let first = all.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    if all.len() > 3 { format!("{first} + {} more...", all.len() - 3) } else { first }
}

/// Endpoints.
pub fn endpoints(subject: &Subject<'_>) -> String {
    let mut page = Page::of_namespace(subject.object);
    page.line(0, "Subsets:");
    for subset in list(subject.object, "/subsets") {
        let addresses = |pointer: &str| {
            or_none(list(subset, pointer).iter().map(|address| at(address, "/ip")).collect::<Vec<_>>().join(","))
        };
        page.field(1, "Addresses", addresses("/addresses"));
        page.field(1, "NotReadyAddresses", addresses("/notReadyAddresses"));
        let ports = list(subset, "/ports");
        if !ports.is_empty() {
            page.line(1, "Ports:");
            page.line(2, "Name\tPort\tProtocol");
            page.line(2, "----\t----\t--------");
        }
        for port in ports {
            page.line(2, format!("{}\t{}\t{}", unset(at(port, "/name")), at(port, "/port"), at(port, "/protocol")));
        }
        page.raw("\n");
    }
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

fn unset(text: String) -> String {
    if text.is_empty() { "<unset>".to_owned() } else { text }
}

/// An EndpointSlice.
pub fn endpoint_slice(subject: &Subject<'_>) -> String {
    let slice = subject.object;
    let mut page = Page::of_namespace(slice);
    page.field(0, "AddressType", at(slice, "/addressType"));
    let ports = list(slice, "/ports");
    if ports.is_empty() {
        page.line(0, "Ports: <unset>");
    } else {
        page.line(0, "Ports:");
        page.line(1, "Name\tPort\tProtocol");
        page.line(1, "----\t----\t--------");
    }
    for port in ports {
        page.line(1, format!("{}\t{}\t{}", unset(at(port, "/name")), unset(at(port, "/port")), at(port, "/protocol")));
    }
    let endpoints = list(slice, "/endpoints");
    page.line(0, if endpoints.is_empty() { "Endpoints: <none>" } else { "Endpoints:" });
    for endpoint in endpoints {
        let addresses: Vec<String> = list(endpoint, "/addresses").iter().map(plain).collect();
        page.field(1, "- Addresses", or_none(addresses.join(", ")));
        page.line(2, "Conditions:");
        page.field(3, "Ready", unset(at(endpoint, "/conditions/ready")));
        page.field(2, "Hostname", unset(at(endpoint, "/hostname")));
        if endpoint["targetRef"].is_object() {
            page.field(
                2,
                "TargetRef",
                format!("{}/{}", at(endpoint, "/targetRef/kind"), at(endpoint, "/targetRef/name")),
            );
        }
        page.field(2, "NodeName", unset(at(endpoint, "/nodeName")));
        page.field(2, "Zone", unset(at(endpoint, "/zone")));
    }
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}
