use serde_json::{Value, json};

use super::*;
use crate::{
    node::runtime::network::{Allowed, Direction, Isolation, Peers, PortRange, Protocol},
    store::Key,
};

fn store(objects: &[(&str, Value)]) -> Store {
    let store = Store::new();
    for (resource, object) in objects {
        let metadata = |field: &str| object["metadata"][field].as_str().unwrap_or("").to_owned();
        store.insert(Key::new(*resource, metadata("namespace"), metadata("name")), object.clone()).unwrap();
    }
    store
}

fn pod(namespace: &str, name: &str, host: u8) -> (&'static str, Value) {
    let pod = json!({
        "metadata": {"namespace": namespace, "name": name, "labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]}]},
        "status": {"phase": "Running", "podIP": format!("10.244.0.{host}")},
    });
    ("pods", pod)
}

fn namespace(name: &str, team: &str) -> (&'static str, Value) {
    ("namespaces", json!({"metadata": {"name": name, "labels": {"team": team}}}))
}

fn policy(spec: &Value) -> (&'static str, Value) {
    let policy = json!({"metadata": {"namespace": "default", "name": "p"}, "spec": spec});
    ("networkpolicies.networking.k8s.io", policy)
}

fn isolations(spec: &Value) -> Vec<Isolation> {
    let objects = [
        namespace("default", "a"),
        namespace("other", "b"),
        namespace("kube-system", "k"),
        pod("default", "web", 2),
        pod("default", "db", 3),
        pod("other", "web", 4),
        policy(spec),
    ];
    rules(&store(&objects)).isolations
}

fn addresses(hosts: &[u8]) -> Peers {
    Peers::Addresses(hosts.iter().map(|host| [10, 244, 0, *host].into()).collect())
}

fn tcp(first: u16, last: u16) -> PortRange {
    PortRange { protocol: Protocol::Tcp, first, last }
}

fn service(spec: &Value) -> [(&'static str, Value); 2] {
    let endpoint = |host: u8, ready: bool, serving: bool| {
        let conditions = json!({"ready": ready, "serving": serving, "terminating": serving && !ready});
        json!({"addresses": [format!("10.244.0.{host}")], "conditions": conditions})
    };
    let slice = json!({
        "metadata": {"namespace": "default", "name": "web-x", "labels": {"kubernetes.io/service-name": "web"}},
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        "endpoints": [endpoint(2, true, true), endpoint(3, true, true), endpoint(4, false, false), endpoint(5, false, true)],
    });
    [("services", json!({"metadata": {"namespace": "default", "name": "web"}, "spec": spec})), (slices::SLICES, slice)]
}

#[test]
fn a_service_leads_to_its_ready_endpoints_from_its_own_address_and_from_the_nodes_port() {
    let objects = service(&json!({"type": "NodePort", "clusterIP": "10.96.5.5", "sessionAffinity": "ClientIP",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30080}]}));
    let node = |name: &str, address: &str| {
        let addresses = json!([{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]);
        ("nodes", json!({"metadata": {"name": name}, "status": {"addresses": addresses}}))
    };
    let nodes = [node("kind-control-plane", "172.18.0.2"), node("kind-worker", "172.18.0.3")];
    let rules = rules(&store(&[&objects[..], &nodes[..]].concat())).services;
    let places: Vec<String> = rules.iter().map(|rule| rule.at.to_string()).collect();
    assert_eq!(places, ["10.96.5.5:80", "172.18.0.2:30080", "172.18.0.3:30080"]);
    let backends: Vec<String> = rules[0].backends.iter().map(ToString::to_string).collect();
    assert_eq!((backends, rules[0].sticky), (vec!["10.244.0.2:8080".to_owned(), "10.244.0.3:8080".to_owned()], true));
}

#[test]
fn endpoints_that_end_serve_while_no_other_does() {
    let mut objects = service(&json!({"clusterIP": "10.96.5.5", "ports": [{"port": 80, "protocol": "TCP"}]}));
    objects[1].1["endpoints"].as_array_mut().unwrap().drain(..2);
    let rules = rules(&store(&objects)).services;
    assert_eq!(rules[0].backends, ["10.244.0.5:8080".parse().unwrap()]);
}

#[test]
fn services_without_an_address_have_no_rules_and_ports_of_the_node_have() {
    let headless = service(&json!({"clusterIP": "None", "ports": [{"port": 80, "protocol": "TCP"}]}));
    assert_eq!(rules(&store(&headless)).services, []);
    let external = service(&json!({"type": "ExternalName", "externalName": "example.com"}));
    assert_eq!(rules(&store(&external)).services, []);
    let mut pod = pod("default", "web", 2);
    pod.1["spec"]["containers"][0]["ports"][0]["hostPort"] = json!(9000);
    let rules = rules(&store(&[pod])).services;
    assert_eq!(
        (rules[0].at.to_string(), rules[0].backends[0].to_string()),
        ("172.18.0.2:9000".into(), "10.244.0.2:8080".into())
    );
}

#[test]
fn without_policies_nobody_is_isolated_and_an_empty_one_closes_its_namespace() {
    assert_eq!(rules(&store(&[pod("default", "web", 2)])).isolations, []);
    let closed = isolations(&json!({"podSelector": {}, "policyTypes": ["Ingress"]}));
    let pods = vec![[10, 244, 0, 3].into(), [10, 244, 0, 2].into()];
    assert_eq!(closed, [Isolation { pods, direction: Direction::Ingress, allowed: vec![] }]);
}

#[test]
fn peers_are_chosen_by_labels_of_their_own_and_of_their_namespace() {
    let peers = |from: Value| {
        let spec = json!({"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"from": from}]});
        isolations(&spec)[0].allowed.iter().map(|allowed| allowed.peers.clone()).collect::<Vec<_>>()
    };
    let web = json!({"matchLabels": {"app": "web"}});
    let other = json!({"matchLabels": {"team": "b"}});
    assert_eq!(peers(json!([{"podSelector": web}])), [addresses(&[2])]);
    assert_eq!(peers(json!([{"namespaceSelector": other}])), [addresses(&[4])]);
    assert_eq!(peers(json!([{"namespaceSelector": {}, "podSelector": web}])), [addresses(&[2, 4])]);
    let block = json!([{"ipBlock": {"cidr": "10.244.0.0/24", "except": ["10.244.0.4/32"]}}]);
    let expected = Peers::Block { network: ([10, 244, 0, 0].into(), 24), except: vec![([10, 244, 0, 4].into(), 32)] };
    assert_eq!(peers(block), [expected]);
}

#[test]
fn ports_have_numbers_ranges_and_names() {
    let ports = |ports: Value| {
        isolations(&json!({"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{"ports": ports}]}))[0]
            .allowed
            .clone()
    };
    let anyone = |ports: Vec<PortRange>| [Allowed { peers: Peers::Anyone, ports: Some(ports) }];
    assert_eq!(ports(json!([{"port": 80}])), anyone(vec![tcp(80, 80)]));
    assert_eq!(ports(json!([{"port": 80, "endPort": 90, "protocol": "TCP"}])), anyone(vec![tcp(80, 90)]));
    assert_eq!(ports(json!([{"port": "http"}])), anyone(vec![tcp(8080, 8080)]));
    assert_eq!(ports(json!([{"port": "nope"}])), anyone(vec![]));
}

#[test]
fn what_leaves_a_pod_is_limited_too_and_names_are_a_pod_of_kube_system() {
    let spec = json!({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"], "egress": [
        {"to": [{"namespaceSelector": {"matchLabels": {"team": "k"}}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
         "ports": [{"port": 53, "protocol": "UDP"}]},
        {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": "http"}]},
    ]});
    let isolation = &isolations(&spec)[0];
    assert_eq!((isolation.direction, &isolation.pods), (Direction::Egress, &vec![[10, 244, 0, 2].into()]));
    let dns = Allowed {
        peers: Peers::Addresses(vec![[10, 96, 0, 10].into()]),
        ports: Some(vec![PortRange { protocol: Protocol::Udp, first: 53, last: 53 }]),
    };
    let db = Allowed { peers: addresses(&[3]), ports: Some(vec![tcp(8080, 8080)]) };
    assert!(isolation.allowed.contains(&dns) && isolation.allowed.contains(&db), "{isolation:?}");
}
