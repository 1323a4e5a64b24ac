//! Network policies and Ingresses: who may talk to whom, and how requests come in.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Subject, events,
    page::{Page, at, list, or_none, plain, selector},
};

/// A NetworkPolicy.
pub fn policy(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    let created = at(object, "/metadata/creationTimestamp");
    let shown = created.parse::<Timestamp>().map(|time| time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string());
    page.field(0, "Created on", shown.unwrap_or(created));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
    let mut page = page.finish();
    page.push_str("Spec:\n");
    let pods = object.pointer("/spec/podSelector");
    let chosen = match selector(pods).as_str() {
        "<none>" => "<none> (Allowing the specific traffic to all pods in this namespace)".to_owned(),
        text => text.to_owned(),
    };
    page.push_str(&format!("  PodSelector:     {chosen}\n"));
    let types: Vec<String> = list(object, "/spec/policyTypes").iter().map(plain).collect();
    for (kind, field, peers, word) in
        [("Ingress", "/spec/ingress", "from", "From"), ("Egress", "/spec/egress", "to", "To")]
    {
        let lower = kind.to_lowercase();
        if !types.iter().any(|known| known == kind) {
            page.push_str(&format!("  Not affecting {lower} traffic\n"));
            continue;
        }
        page.push_str(&format!("  Allowing {lower} traffic:\n"));
        page.push_str(&rules(list(object, field), peers, word, &lower));
    }
    page.push_str(&format!("  Policy Types: {}\n", types.join(", ")));
    page
}

fn rules(rules: &[Value], peers: &str, word: &str, direction: &str) -> String {
    if rules.is_empty() {
        return format!("    <none> (Selected pods are isolated for {direction} connectivity)\n");
    }
    let one = |rule: &Value| {
        let ports = list(rule, "/ports");
        let mut text = String::new();
        if ports.is_empty() {
            text.push_str("    To Port: <any> (traffic allowed to all ports)\n");
        }
        for port in ports {
            text.push_str(&format!("    {}\n", of_port(port)));
        }
        let all = list(rule, &format!("/{peers}"));
        if all.is_empty() {
            text.push_str(&format!(
                "    {word}: <any> (traffic not restricted by {})\n",
                if word == "From" { "source" } else { "destination" }
            ));
        }
        all.iter().for_each(|peer| text.push_str(&of_peer(peer, word)));
        text
    };
    rules.iter().map(one).collect::<Vec<_>>().join("    ----------\n")
}

fn of_port(port: &Value) -> String {
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    let (number, protocol) = (or(at(port, "/port"), "<nil>"), or(at(port, "/protocol"), "TCP"));
    match at(port, "/endPort").as_str() {
        "" => format!("To Port: {number}/{protocol}"),
        end => format!("To Port Range: {number}-{end}/{protocol}"),
    }
}

fn of_peer(peer: &Value, word: &str) -> String {
    let mut text = format!("    {word}:\n");
    for (field, title) in [("/namespaceSelector", "NamespaceSelector"), ("/podSelector", "PodSelector")] {
        if let Some(found) = peer.pointer(field) {
            text.push_str(&format!("      {title}: {}\n", selector(Some(found))));
        }
    }
    if let Some(block) = peer.pointer("/ipBlock") {
        let except: Vec<String> = list(block, "/except").iter().map(plain).collect();
        text.push_str(&format!(
            "      IPBlock:\n        CIDR: {}\n        Except: {}\n",
            at(block, "/cidr"),
            except.join(", ")
        ));
    }
    text
}

/// An Ingress.
pub fn ingress(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    let addresses: Vec<String> = list(object, "/status/loadBalancer/ingress")
        .iter()
        .map(|point| [at(point, "/ip"), at(point, "/hostname")].concat())
        .collect();
    page.field(0, "Address", addresses.join(","));
    page.field(0, "Ingress Class", or_none(at(object, "/spec/ingressClassName")));
    let default = object.pointer("/spec/defaultBackend");
    page.field(0, "Default backend", default.map_or("<default>".to_owned(), |end| backend(end, subject.related)));
    let secrets = list(object, "/spec/tls");
    if !secrets.is_empty() {
        page.line(0, "TLS:");
        for tls in secrets {
            let hosts: Vec<String> = list(tls, "/hosts").iter().map(plain).collect();
            let secret = at(tls, "/secretName");
            page.line(
                1,
                if secret.is_empty() {
                    format!("SNI routes {}", hosts.join(","))
                } else {
                    format!("{secret} terminates {}", hosts.join(","))
                },
            );
        }
    }
    page.line(0, "Rules:\n  Host\tPath\tBackends\n  ----\t----\t--------");
    let rules = list(object, "/spec/rules");
    for rule in rules {
        let host = at(rule, "/host");
        page.line(1, format!("{}\t", if host.is_empty() { "*" } else { &host }));
        for path in list(rule, "/http/paths") {
            let end = path.get("backend").map(|end| backend(end, subject.related)).unwrap_or_default();
            page.line(1, format!("  \t{} \t{end}", at(path, "/path")));
        }
    }
    if rules.is_empty() {
        let end = default.map_or("<default>".to_owned(), |end| backend(end, subject.related));
        page.line(1, format!("{}\t{} \t{end}", "*", "*"));
    }
    page.annotations(object.pointer("/metadata/annotations"));
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

/// `web:80 (10.244.0.4:8080)`.
fn backend(end: &Value, related: &[Value]) -> String {
    let Some(service) = end.get("service") else {
        return format!(
            "APIGroup: {}, Kind: {}, Name: {}",
            at(end, "/resource/apiGroup"),
            at(end, "/resource/kind"),
            at(end, "/resource/name")
        );
    };
    let name = at(service, "/name");
    let port = [at(service, "/port/name"), at(service, "/port/number")].concat();
    let found = related.iter().find(|object| object["kind"] == "Service" && at(object, "/metadata/name") == name);
    let Some(found) = found else {
        return format!("{name}:{port} (<error: services {name:?} not found>)");
    };
    let target = list(found, "/spec/ports")
        .iter()
        .find(|known| at(known, "/name") == port || at(known, "/port") == port)
        .map(|known| at(known, "/name"));
    let slices = related.iter().filter(|object| {
        object["kind"] == "EndpointSlice" && at(object, "/metadata/labels/kubernetes.io~1service-name") == name
    });
    let mut addresses = Vec::new();
    for slice in slices {
        let number = list(slice, "/ports")
            .iter()
            .find(|known| target.as_ref().is_none_or(|target| at(known, "/name") == *target))
            .map(|known| at(known, "/port"))
            .unwrap_or_default();
        for endpoint in
            list(slice, "/endpoints").iter().filter(|end| end.pointer("/conditions/ready") != Some(&false.into()))
        {
            addresses.extend(list(endpoint, "/addresses").iter().map(|ip| format!("{}:{number}", plain(ip))));
        }
    }
    let more = addresses.len().saturating_sub(3);
    let mut text = addresses.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    if more > 0 {
        text.push_str(&format!(" + {more} more..."));
    }
    format!("{name}:{port} ({text})")
}
