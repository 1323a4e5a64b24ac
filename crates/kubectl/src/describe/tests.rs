//! A page of every kind, from objects and a clock that never change. The objects are those that the differential test
//! shows to the real kubectl as well.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::*;
use crate::selection::Labels;

const KINDS: &str = include_str!("../../../../tests/it/differential/files/kinds.yaml");
const STATES: &str = include_str!("../../../../tests/it/differential/files/states.yaml");
const LATER: &str = include_str!("../../../../tests/it/differential/files/later.yaml");
/// Kinds that a cluster makes by itself.
const MORE: &str = include_str!("tests/more.yaml");

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap()).collect()
}

fn name(object: &Value) -> (String, String) {
    (page::at(object, "/kind"), page::at(object, "/metadata/name"))
}

fn objects() -> Vec<Value> {
    let mut all: Vec<Value> = [KINDS, LATER, MORE].into_iter().flat_map(documents).collect();
    let states = documents(STATES);
    for object in &mut all {
        object["metadata"]["creationTimestamp"] = json!("2026-01-02T03:04:05Z");
        if let Some(state) = states.iter().find(|state| name(state) == name(object)) {
            object["status"] = state["status"].clone();
        }
    }
    all
}

/// What the server would give for the lists that a page wants.
fn related(object: &Value, all: &[Value]) -> Vec<Value> {
    let kinds: &[&str] = match page::at(object, "/kind").as_str() {
        "Service" | "Ingress" => &["Service", "EndpointSlice"],
        "Namespace" => &["ResourceQuota", "LimitRange"],
        "PersistentVolumeClaim" => &["Pod"],
        "Node" => &["Pod", "Lease", "ResourceSlice"],
        _ => &[],
    };
    let service = object["kind"] == "Service";
    let of = |other: &&Value| {
        let label = page::at(other, "/metadata/labels/kubernetes.io~1service-name");
        kinds.iter().any(|kind| other["kind"] == **kind) && (!service || label == name(object).1)
    };
    all.iter().filter(of).cloned().collect()
}

#[test]
fn a_page_of_every_kind() {
    let (all, now) = (objects(), "2026-01-02T05:34:05Z".parse::<Timestamp>().unwrap());
    let mut pages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for object in &all {
        let of_it = |event: &&Value| event["involvedObject"]["name"] == object["metadata"]["name"];
        let events: Vec<Value> = all.iter().filter(|other| other["kind"] == "Event").filter(of_it).cloned().collect();
        let related = related(object, &all);
        let subject = Subject { object, related: &related, events: Some(&events), now };
        pages.entry(name(object).0.to_lowercase()).or_default().push(text(&subject));
    }
    for (kind, texts) in pages {
        insta::assert_snapshot!(kind, texts.join("\n\n"));
    }
}

proptest! {
    #[test]
    fn a_selector_that_was_printed_and_read_again_picks_the_same(
        equal in prop::collection::btree_map("[a-c]", "[x-z]", 0..3),
        listed in prop::collection::vec(("[a-d]", 0..4_usize, prop::collection::vec("[x-z]", 1..3)), 0..3),
        labels in prop::collection::btree_map("[a-d]", "[x-z]", 0..4),
    ) {
        const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];
        let holds = |(key, operator, values): &(String, usize, Vec<String>)| {
            let listed = labels.get(key).is_some_and(|label| values.contains(label));
            [listed, !listed, labels.contains_key(key), !labels.contains_key(key)][*operator]
        };
        let wanted = equal.iter().all(|(key, value)| labels.get(key) == Some(value)) && listed.iter().all(holds);
        let expressions: Vec<Value> = listed
            .iter()
            .map(|(key, operator, values)| json!({"key": key, "operator": OPERATORS[*operator], "values": values}))
            .collect();
        let selector = json!({"matchLabels": equal, "matchExpressions": expressions});
        let printed = page::selector(Some(&selector));
        let text = if printed == "<none>" { String::new() } else { printed };
        let object = json!({"metadata": {"labels": labels}});
        prop_assert_eq!(Labels::read(&text).unwrap().fit(&object), wanted, "{}", text);
    }
}
