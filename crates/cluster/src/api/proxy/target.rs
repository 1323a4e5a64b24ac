//! Which port of which Pod a name such as `http:web:80` means.

use std::net::{Ipv4Addr, SocketAddrV4};

use serde_json::Value;

use crate::{
    api::{Api, call::Call, failure::Failure},
    json::{int, items, text},
    store::Key,
};

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The Pod's namespace.
    pub namespace: String,
    /// The Pod's name.
    pub pod: String,
    /// The Pod's address and the port.
    pub address: SocketAddrV4,
}

/// Reads the name in a call and finds what it means now.
///
/// # Errors
/// 400 for a name that is none, 404 when there is nothing of that name, 503 when nothing stands behind it.
pub(super) fn find(api: &Api, call: &Call) -> Result<Target, Failure> {
    let kind = call.resource().singular;
    let (scheme, name, port) =
        split(&call.name).ok_or_else(|| Failure::bad_request(format!("invalid {kind} request {:?}", call.name)))?;
    if scheme == "https" {
        return Err(Failure::bad_request("this sandbox passes requests on in http only; leave out \"https:\""));
    }
    let named = Call { name: name.to_owned(), ..call.clone() };
    let object = api.find(&named)?;
    match kind {
        "pod" => of_pod(&object, port),
        "service" => of_service(api, &named, &object, port),
        _ => Err(Failure::no_such_path()),
    }
}

/// `name`, `name:port` or `scheme:name:port`.
pub(super) fn split(id: &str) -> Option<(&str, &str, &str)> {
    let parts: Vec<&str> = id.split(':').collect();
    let (scheme, name, port) = match parts.as_slice() {
        [name] => ("", *name, ""),
        [name, port] => ("", *name, *port),
        [scheme, name, port] => (*scheme, *name, *port),
        _ => return None,
    };
    (!name.is_empty() && matches!(scheme, "" | "http" | "https")).then_some((scheme, name, port))
}

fn of_pod(pod: &Value, port: &str) -> Result<Target, Failure> {
    let declared = items(&pod["spec"], "containers").iter().find_map(|container| items(container, "ports").first());
    let port = match port {
        "" => declared.and_then(|port| int(port, "containerPort")).unwrap_or(80),
        port => number(port)?,
    };
    let address = text(&pod["status"], "podIP").parse::<Ipv4Addr>();
    let address = address.map_err(|_| Failure::bad_request("address not allowed"))?;
    target(text(&pod["metadata"], "namespace"), text(&pod["metadata"], "name"), address, port)
}

fn of_service(api: &Api, call: &Call, service: &Value, port: &str) -> Result<Target, Failure> {
    let name = &call.name;
    let port = match port.parse::<i64>() {
        Ok(number) => {
            let known = items(&service["spec"], "ports").iter().find(|known| int(known, "port") == Some(number));
            let missing = || unavailable(format!("no service port {number} found for service {name:?}"));
            text(known.ok_or_else(missing)?, "name")
        }
        Err(_) => port,
    };
    let none = || unavailable(format!("no endpoints available for service {name:?}"));
    let endpoints = api.store.get(&Key::new("endpoints", call.namespace(), name.as_str())).ok_or_else(none)?;
    for subset in items(&endpoints, "subsets") {
        let Some(port) = items(subset, "ports").iter().find(|known| text(known, "name") == port) else { continue };
        for address in items(subset, "addresses") {
            if let Ok(ip) = text(address, "ip").parse::<Ipv4Addr>() {
                let pod = text(&address["targetRef"], "name");
                return target(call.namespace(), pod, ip, int(port, "port").unwrap_or(0));
            }
        }
    }
    Err(none())
}

fn number(port: &str) -> Result<i64, Failure> {
    port.parse().map_err(|_| unreachable(&format!("dial tcp: lookup tcp/{port}: unknown port")))
}

fn target(namespace: &str, pod: &str, address: Ipv4Addr, port: i64) -> Result<Target, Failure> {
    let number = u16::try_from(port).map_err(|_| unreachable(&format!("dial tcp: address {port}: invalid port")))?;
    Ok(Target { namespace: namespace.to_owned(), pod: pod.to_owned(), address: SocketAddrV4::new(address, number) })
}

/// 503: nothing answers.
pub(super) fn unreachable(why: &str) -> Failure {
    unavailable(format!("error trying to reach service: {why}"))
}

fn unavailable(why: String) -> Failure {
    Failure::new(503, "ServiceUnavailable", why)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_up_to_three_parts() {
        assert_eq!(split("web"), Some(("", "web", "")));
        assert_eq!(split("web:80"), Some(("", "web", "80")));
        assert_eq!(split("http:web:http"), Some(("http", "web", "http")));
        assert_eq!((split("ftp:web:80"), split(":80"), split("a:b:c:d")), (None, None, None));
    }

    #[test]
    fn a_pod_without_a_port_in_its_name_is_asked_on_the_first_it_declares() {
        let pod = json!({"metadata": {"name": "web", "namespace": "default"}, "status": {"podIP": "10.244.0.7"},
            "spec": {"containers": [{"name": "a"}, {"name": "b", "ports": [{"containerPort": 8080}]}]}});
        assert_eq!(of_pod(&pod, "").unwrap().address.to_string(), "10.244.0.7:8080");
        assert_eq!(of_pod(&pod, "81").unwrap().address.to_string(), "10.244.0.7:81");
        let waiting = json!({"metadata": {"name": "web"}, "status": {}, "spec": {}});
        assert_eq!(of_pod(&waiting, "80").unwrap_err().message, "address not allowed");
    }
}
