use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{openapi::schemas, registry};

fn pod(original: Value, patch: Value) -> Result<Value, StrategicError> {
    let known = schemas().of(registry::find("", "v1", "pods").unwrap());
    merge(schemas(), known, &original, &patch)
}

fn spec(original: Value, patch: Value) -> Value {
    pod(json!({"spec": original}), json!({"spec": patch})).unwrap()["spec"].clone()
}

#[test]
fn lists_merge_by_their_keys() {
    let original =
        json!({"containers": [{"name": "a", "image": "1", "ports": [{"containerPort": 80}]}, {"name": "b"}]});
    let patch = json!({"containers": [{"name": "a", "image": "2", "ports": [{"containerPort": 81}]}]});
    let expected = json!({"containers": [
        {"name": "a", "image": "2", "ports": [{"containerPort": 81}, {"containerPort": 80}]}, {"name": "b"}]});
    assert_eq!(spec(original, patch), expected);
}

#[test]
fn new_items_come_before_the_ones_the_patch_does_not_name() {
    let patched = spec(json!({"containers": [{"name": "a"}, {"name": "b"}]}), json!({"containers": [{"name": "c"}]}));
    assert_eq!(patched, json!({"containers": [{"name": "c"}, {"name": "a"}, {"name": "b"}]}));
    let ordered = json!({
        "$setElementOrder/containers": [{"name": "a"}, {"name": "c"}, {"name": "b"}], "containers": [{"name": "c"}]});
    let patched = spec(json!({"containers": [{"name": "a"}, {"name": "b"}]}), ordered);
    assert_eq!(patched, json!({"containers": [{"name": "a"}, {"name": "c"}, {"name": "b"}]}));
}

#[test]
fn directives_delete_and_replace() {
    let two = || json!({"containers": [{"name": "a", "image": "1"}, {"name": "b"}]});
    let delete = json!({"containers": [{"name": "a", "$patch": "delete"}]});
    assert_eq!(spec(two(), delete), json!({"containers": [{"name": "b"}]}));
    let replace = json!({"containers": [{"$patch": "replace"}, {"name": "c"}]});
    assert_eq!(spec(two(), replace), json!({"containers": [{"name": "c"}]}));
    let whole = json!({"$patch": "replace", "nodeName": "n"});
    assert_eq!(spec(two(), whole), json!({"nodeName": "n"}));
    let retained = json!({"volumes": [{"name": "v", "$retainKeys": ["name", "emptyDir"], "emptyDir": {}}]});
    let volumes = json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]});
    assert_eq!(spec(volumes, retained), json!({"volumes": [{"name": "v", "emptyDir": {}}]}));
}

#[test]
fn lists_of_values_merge_as_sets_or_are_replaced() {
    let original =
        json!({"metadata": {"finalizers": ["a", "b"]}, "spec": {"containers": [{"name": "a", "args": ["x"]}]}});
    let patch = json!({
        "metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]},
        "spec": {"containers": [{"name": "a", "args": ["y"]}]},
    });
    let patched = pod(original, patch).unwrap();
    assert_eq!(patched["metadata"]["finalizers"], json!(["c", "b"]));
    assert_eq!(patched["spec"]["containers"][0]["args"], json!(["y"]));
}

#[test]
fn an_item_without_its_key_is_refused() {
    let original = json!({"spec": {"containers": [{"name": "a"}]}});
    let error = pod(original, json!({"spec": {"containers": [{"image": "x"}]}})).unwrap_err();
    assert_eq!(error.to_string(), "map: map[image:x] does not contain declared merge key: name");
}

fn labels() -> impl Strategy<Value = Value> {
    proptest::collection::btree_map("[a-c]", "[x-z]", 0..3).prop_map(|map| json!(map))
}

fn containers() -> impl Strategy<Value = Value> {
    let container = |(image, args): (String, Vec<String>)| json!({"image": image, "args": args});
    let fields = ("[x-z]", proptest::collection::vec("[a-b]", 0..3)).prop_map(container);
    proptest::collection::btree_map("[a-d]", fields, 0..4).prop_map(|map| {
        let item = |(name, mut fields): (String, Value)| {
            fields["name"] = name.into();
            fields
        };
        map.into_iter().map(item).collect()
    })
}

fn pods() -> impl Strategy<Value = Value> {
    (labels(), containers())
        .prop_map(|(labels, containers)| json!({"metadata": {"labels": labels}, "spec": {"containers": containers}}))
}

proptest! {
    #[test]
    fn an_empty_patch_changes_nothing(object in pods()) {
        prop_assert_eq!(pod(object.clone(), json!({})).unwrap(), object);
    }

    #[test]
    fn a_patch_applied_twice_does_no_more_than_once(object in pods(), patch in pods()) {
        let once = pod(object, patch.clone()).unwrap();
        prop_assert_eq!(pod(once.clone(), patch).unwrap(), once);
    }

    #[test]
    fn an_object_patched_with_itself_stays(object in pods()) {
        prop_assert_eq!(pod(object.clone(), object.clone()).unwrap(), object);
    }

    #[test]
    fn every_named_item_is_there_afterwards_and_nothing_is_lost(object in pods(), patch in pods()) {
        let names = |value: &Value| -> std::collections::BTreeSet<String> {
            value["spec"]["containers"].as_array().unwrap().iter().map(|c| c["name"].to_string()).collect()
        };
        let patched = pod(object.clone(), patch.clone()).unwrap();
        prop_assert_eq!(names(&patched), &names(&object) | &names(&patch));
    }
}

/// The patch that leads from one Pod to another, as a client makes it.
fn between(from: &Value, to: &Value) -> Value {
    let labels = |pod: &Value| pod["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    let mut changed = labels(to);
    for key in labels(from).keys().filter(|key| !labels(to).contains_key(*key)) {
        changed.insert(key.clone(), Value::Null);
    }
    let containers = |pod: &Value| pod["spec"]["containers"].as_array().cloned().unwrap_or_default();
    let there = |pod: &Value, name: &Value| containers(pod).iter().any(|container| container["name"] == *name);
    let gone = containers(from).into_iter().filter(|container| !there(to, &container["name"]));
    let mut patched: Vec<Value> =
        gone.map(|container| json!({"name": container["name"], "$patch": "delete"})).collect();
    patched.extend(containers(to));
    let order: Vec<Value> = containers(to).iter().map(|container| json!({"name": container["name"]})).collect();
    json!({"metadata": {"labels": changed}, "spec": {"containers": patched, "$setElementOrder/containers": order}})
}

proptest! {
    #[test]
    fn a_patch_leads_from_any_pod_to_any_other(from in pods(), to in pods()) {
        let patch = between(&from, &to);
        let patched = pod(from, patch.clone()).unwrap();
        prop_assert_eq!(&patched, &to);
        prop_assert_eq!(pod(patched, patch).unwrap(), to);
    }
}
