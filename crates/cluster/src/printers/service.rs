//! Services and their endpoints.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AGE, Column, NAME, Row, column, metadata_cells, or_none, selector, wide};
use crate::json::{int, items, text};

pub(super) const SERVICE: &[Column] = &[
    NAME,
    column(
        "Type",
        "string",
        "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are ExternalName, ClusterIP, NodePort, and LoadBalancer. \"ClusterIP\" allocates a cluster-internal IP address for load-balancing to endpoints. Endpoints are determined by the selector or if that is not specified, by manual construction of an Endpoints object or EndpointSlice objects. If clusterIP is \"None\", no virtual IP is allocated and the endpoints are published as a set of endpoints rather than a virtual IP. \"NodePort\" builds on ClusterIP and allocates a port on every node which routes to the same endpoints as the clusterIP. \"LoadBalancer\" builds on NodePort and creates an external load-balancer (if supported in the current cloud) which routes to the same endpoints as the clusterIP. \"ExternalName\" aliases this service to the specified externalName. Several other fields do not apply to ExternalName services. More info: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types",
    ),
    column(
        "Cluster-IP",
        "string",
        "clusterIP is the IP address of the service and is usually assigned randomly. If an address is specified manually, is in-range (as per system configuration), and is not in use, it will be allocated to the service; otherwise creation of the service will fail. This field may not be changed through updates unless the type field is also being changed to ExternalName (which requires this field to be blank) or the type field is being changed from ExternalName (in which case this field may optionally be specified, as describe above).  Valid values are \"None\", empty string (\"\"), or a valid IP address. Setting this to \"None\" makes a \"headless service\" (no virtual IP), which is useful when direct endpoint connections are preferred and proxying is not required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is specified when creating a Service of type ExternalName, creation will fail. This field will be wiped when updating a Service to type ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies",
    ),
    column(
        "External-IP",
        "string",
        "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.  These IPs are not managed by Kubernetes.  The user is responsible for ensuring that traffic arrives at a node with this IP.  A common example is external load-balancers that are not part of the Kubernetes system.",
    ),
    column(
        "Port(s)",
        "string",
        "The list of ports that are exposed by this service. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies",
    ),
    AGE,
    wide(
        "Selector",
        "Route service traffic to pods with label keys and values matching this selector. If empty or not present, the service is assumed to have an external process managing its endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and LoadBalancer. Ignored if type is ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/",
    ),
];

pub(super) const ENDPOINTS: &[Column] = &[
    NAME,
    column(
        "Endpoints",
        "string",
        "The set of all endpoints is the union of all subsets. Addresses are placed into subsets according to the IPs they share. A single address with multiple ports, some of which are ready and some of which are not (because they come from different containers) will result in the address being displayed in different subsets for the different ports. No address will appear in both Addresses and NotReadyAddresses in the same subset. Sets of addresses and ports that comprise a service.",
    ),
    AGE,
];

pub(super) const SLICE: &[Column] = &[
    NAME,
    column(
        "AddressType",
        "string",
        "addressType specifies the type of address carried by this EndpointSlice. All addresses in this slice must be the same type. This field is immutable after creation. The following address types are currently supported: * IPv4: Represents an IPv4 Address. * IPv6: Represents an IPv6 Address. * FQDN: Represents a Fully Qualified Domain Name. (Deprecated) The EndpointSlice controller only generates, and kube-proxy only processes, slices of addressType \"IPv4\" and \"IPv6\". No semantics are defined for the \"FQDN\" type.",
    ),
    column(
        "Ports",
        "string",
        "ports specifies the list of network ports exposed by each endpoint in this slice. Each port must have a unique name. Each slice may include a maximum of 100 ports. Services always have at least 1 port, so EndpointSlices generated by the EndpointSlice controller will likewise always have at least 1 port. EndpointSlices used for other purposes may have an empty ports list.",
    ),
    column(
        "Endpoints",
        "string",
        "endpoints is a list of unique endpoints in this slice. Each slice may include a maximum of 1000 endpoints.",
    ),
    AGE,
];

pub(super) fn service(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    let [name, age] = metadata_cells(object, now);
    let address = items(spec, "clusterIPs").first().and_then(Value::as_str).unwrap_or("");
    Row::of(vec![
        name,
        spec["type"].clone(),
        or_none(address),
        json!(external(object)),
        or_none(&ports(spec)),
        age,
        json!(selector::labels(&spec["selector"])),
    ])
}

fn listed(values: &[Value]) -> Vec<&str> {
    values.iter().filter_map(Value::as_str).collect()
}

fn external(service: &Value) -> String {
    let spec = &service["spec"];
    let mut addresses = Vec::new();
    match text(spec, "type") {
        "ExternalName" => return text(spec, "externalName").to_owned(),
        "LoadBalancer" => {
            let ingress = items(&service["status"]["loadBalancer"], "ingress").iter();
            let shown = |point| if text(point, "ip").is_empty() { text(point, "hostname") } else { text(point, "ip") };
            addresses.extend(ingress.map(shown));
            addresses.sort_unstable();
        }
        _ => {}
    }
    addresses.extend(listed(items(spec, "externalIPs")));
    match (addresses.is_empty(), text(spec, "type")) {
        (true, "LoadBalancer") => "<pending>".to_owned(),
        (true, _) => "<none>".to_owned(),
        _ => addresses.join(","),
    }
}

fn ports(spec: &Value) -> String {
    let shown = |port: &Value| {
        let (number, protocol) = (int(port, "port").unwrap_or(0), text(port, "protocol"));
        match int(port, "nodePort") {
            Some(node) if node > 0 => format!("{number}:{node}/{protocol}"),
            _ => format!("{number}/{protocol}"),
        }
    };
    items(spec, "ports").iter().map(shown).collect::<Vec<_>>().join(",")
}

/// How many endpoints are listed; the rest is counted.
const SHOWN: usize = 3;

/// The first few, and how many more there are.
fn first_few(all: &[String]) -> String {
    let head = all[..all.len().min(SHOWN)].join(",");
    if all.len() > SHOWN { format!("{head} + {} more...", all.len() - SHOWN) } else { head }
}

pub(super) fn endpoints(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    let mut all = Vec::new();
    for subset in items(object, "subsets") {
        let addresses = items(subset, "addresses").iter().map(|address| text(address, "ip"));
        if items(subset, "ports").is_empty() {
            all.extend(addresses.map(str::to_owned));
        } else {
            let addresses: Vec<&str> = addresses.collect();
            for port in items(subset, "ports") {
                let number = int(port, "port").unwrap_or(0);
                all.extend(addresses.iter().map(|address| format!("{address}:{number}")));
            }
        }
    }
    Row::of(vec![name, or_none(&first_few(&all)), age])
}

pub(super) fn slice(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    let unset = |text: String| json!(if text.is_empty() { "<unset>".to_owned() } else { text });
    let port = |port: &Value| int(port, "port").map_or_else(|| "*".to_owned(), |number| number.to_string());
    let ports: Vec<String> = items(object, "ports").iter().map(port).collect();
    let addresses: Vec<String> = items(object, "endpoints")
        .iter()
        .flat_map(|endpoint| listed(items(endpoint, "addresses")))
        .map(str::to_owned)
        .collect();
    Row::of(vec![name, object["addressType"].clone(), unset(first_few(&ports)), unset(first_few(&addresses)), age])
}
