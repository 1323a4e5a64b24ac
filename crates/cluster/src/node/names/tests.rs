use serde_json::{Value, json};

use super::*;
use crate::store::Key;

/// A store with the Services `web` (10.96.5.5, port `http`) and `db` (headless, two endpoints) and one that is elsewhere.
fn store() -> Store {
    let store = Store::new();
    let put = |resource: &str, namespace: &str, name: &str, mut object: Value| {
        object["metadata"]["namespace"] = json!(namespace);
        object["metadata"]["name"] = json!(name);
        store.insert(Key::new(resource, namespace, name), object).unwrap();
    };
    put("namespaces", "", "default", json!({}));
    let http = json!([{"name": "http", "port": 80, "protocol": "TCP"}]);
    put("services", "default", "web", json!({"spec": {"clusterIP": "10.96.5.5", "ports": http}}));
    put("services", "default", "db", json!({"spec": {"clusterIP": "None"}}));
    put("services", "default", "out", json!({"spec": {"type": "ExternalName", "externalName": "example.com"}}));
    let endpoint = |address: &str, more: Value| {
        let mut endpoint = json!({"addresses": [address], "conditions": {"ready": true}});
        endpoint["hostname"] = more;
        endpoint
    };
    put(
        "endpointslices.discovery.k8s.io",
        "default",
        "db-x",
        json!({
            "metadata": {"labels": {"kubernetes.io/service-name": "db"}},
            "ports": [{"name": "sql", "port": 5432, "protocol": "TCP"}],
            "endpoints": [
                endpoint("10.244.0.5", json!("db-0")),
                endpoint("10.244.0.6", json!(null)),
                {"addresses": ["10.244.0.7"], "conditions": {"ready": false}},
            ],
        }),
    );
    store
}

fn question(name: &str, kind: u16) -> Vec<u8> {
    let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(label.len() as u8);
        query.extend(label.bytes());
    }
    query.push(0);
    query.extend(kind.to_be_bytes());
    query.extend([0, 1]);
    query
}

/// What is said about a name: the code, and the records in order.
fn ask(name: &str, kind: u16) -> (Code, Vec<String>) {
    let answer = respond(&Query::read(&question(name, kind)).unwrap(), &Zone { store: &store() });
    let mut records: Vec<String> = answer.records.iter().map(|record| format!("{:?}", record.data)).collect();
    records.sort();
    (answer.code, records)
}

const A: u16 = 1;
const AAAA: u16 = 28;
const PTR: u16 = 12;
const SRV: u16 = 33;

#[test]
fn services_have_their_address_and_headless_ones_those_of_their_pods() {
    let table: &[(&str, &[&str])] = &[
        ("web.default.svc.cluster.local", &["Address(10.96.5.5)"]),
        ("WEB.default.svc.CLUSTER.local", &["Address(10.96.5.5)"]),
        ("db.default.svc.cluster.local", &["Address(10.244.0.5)", "Address(10.244.0.6)"]),
        ("db-0.db.default.svc.cluster.local", &["Address(10.244.0.5)"]),
        ("10-244-0-6.db.default.svc.cluster.local", &["Address(10.244.0.6)"]),
        ("10-1-2-3.default.pod.cluster.local", &["Address(10.1.2.3)"]),
        ("out.default.svc.cluster.local", &["Name(\"example.com\")"]),
    ];
    for (name, records) in table {
        assert_eq!(ask(name, A), (Code::Fine, records.iter().map(ToString::to_string).collect()), "{name}");
    }
}

#[test]
fn what_is_not_there_has_no_name_and_what_has_no_such_record_has_none() {
    for name in ["nope.default.svc", "web.nope.svc", "db-1.db.default.svc", "web", "x.default.pod", "nope.svc"] {
        assert_eq!(ask(&format!("{name}.cluster.local"), A), (Code::NoSuchName, vec![]), "{name}");
    }
    assert_eq!(ask("web.default.svc.cluster.local", AAAA), (Code::Fine, vec![]));
    assert_eq!(ask("default.svc.cluster.local", A), (Code::Fine, vec![]));
    for name in ["web", "web.default", "web.default.svc"] {
        assert_eq!(ask(name, A), (Code::NoSuchName, vec![]), "{name}");
    }
    assert_eq!(ask("example.com", A), (Code::ServerFailure, vec![]));
}

#[test]
fn ports_and_addresses_are_found_by_name_and_back() {
    let web = "Service { port: 80, target: \"web.default.svc.cluster.local\" }".to_owned();
    assert_eq!(ask("_http._tcp.web.default.svc.cluster.local", SRV), (Code::Fine, vec![web]));
    assert_eq!(ask("_ftp._tcp.web.default.svc.cluster.local", SRV).0, Code::NoSuchName);
    let db = ask("_sql._tcp.db.default.svc.cluster.local", SRV).1;
    assert_eq!(db[1], "Service { port: 5432, target: \"db-0.db.default.svc.cluster.local\" }");
    let back = |name: &str| ask(name, PTR).1;
    assert_eq!(back("5.5.96.10.in-addr.arpa"), ["Pointer(\"web.default.svc.cluster.local\")"]);
    assert_eq!(back("5.0.244.10.in-addr.arpa"), ["Pointer(\"db-0.db.default.svc.cluster.local\")"]);
}

#[test]
fn an_answer_carries_the_question_and_says_when_it_is_too_long() {
    let names = ClusterNames::new(store());
    let query = question("db.default.svc.cluster.local", A);
    let answer = names.answer(&query, 512).unwrap();
    assert_eq!(answer[..2], query[..2]);
    assert_eq!((answer[2..4].to_vec(), answer[6..8].to_vec()), (vec![0x85, 0], vec![0, 2]));
    assert_eq!(answer[12..query.len()], query[12..]);
    assert_eq!(answer[query.len()..query.len() + 12], [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4]);
    let cut = names.answer(&query, query.len() + 20).unwrap();
    assert_eq!((cut[2] & 2, cut[6..8].to_vec()), (2, vec![0, 1]));
}

#[test]
fn what_is_no_query_is_not_answered() {
    let names = ClusterNames::new(store());
    let query = question("web.default.svc.cluster.local", A);
    for cut in 0..query.len() {
        assert_eq!(names.answer(&query[..cut], 512), None);
    }
    let mut reply = query.clone();
    reply[2] |= 0x80;
    assert_eq!(names.answer(&reply, 512), None);
    let mut endless = query[..12].to_vec();
    endless.extend([0xc0, 12, 0, 1, 0, 1]);
    assert_eq!(names.answer(&endless, 512), None);
}
