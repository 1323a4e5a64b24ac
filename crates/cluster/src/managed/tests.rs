use proptest::prelude::*;
use serde_json::json;

use super::{set::FieldSet, *};
use crate::registry;

fn writer(manager: &str) -> Writer<'_> {
    Writer { manager, subresource: "", now: "2026-11-23T07:50:06Z".parse().unwrap() }
}

fn config_maps() -> &'static Resource<'static> {
    registry::find("", "v1", "configmaps").unwrap()
}

fn pods() -> &'static Resource<'static> {
    registry::find("", "v1", "pods").unwrap()
}

fn owned(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    entries.into_iter().find(|entry| entry["manager"] == manager).map_or(Value::Null, |entry| entry["fieldsV1"].clone())
}

fn put(old: &Value, new: Value, manager: &str, created: bool) -> Value {
    let mut new = new;
    track(config_maps(), old, &mut new, &writer(manager), created);
    new
}

/// wire/configmap.json, patch-merge.json, put-configmap.json
#[test]
fn ordinary_writes_are_recorded_as_the_recordings_have_it() {
    let made = put(
        &json!({"metadata": {}}),
        json!({"metadata": {"name": "s"}, "data": {"color": "blue"}}),
        "kubectl-create",
        true,
    );
    assert_eq!(owned(&made, "kubectl-create"), json!({"f:data": {".": {}, "f:color": {}}}));
    let patched = put(&made, json!({"metadata": made["metadata"], "data": {"size": "1"}}), "curl", false);
    assert_eq!(owned(&patched, "kubectl-create"), json!({"f:data": {}}));
    assert_eq!(owned(&patched, "curl"), json!({"f:data": {"f:size": {}}}));
    let replaced = put(&patched, json!({"metadata": {}, "data": {"color": "green"}}), "curl", false);
    assert_eq!(owned(&replaced, "curl"), json!({"f:data": {"f:color": {}}}));
}

/// wire/pod-create.json
#[test]
fn a_new_pod_is_recorded_with_its_defaults() {
    let recorded: Value = serde_json::from_str(include_str!("../../tests/wire/pod-create.json")).unwrap();
    let mut pod: Value = serde_json::from_str(recorded["send"]["body"].as_str().unwrap()).unwrap();
    pod = crate::api::conformed(pods(), pod);
    crate::admission::default_object(pods(), &mut pod);
    let empty = crate::api::conformed(pods(), json!({"metadata": {}}));
    track(pods(), &empty, &mut pod, &writer("demo"), true);
    assert_eq!(owned(&pod, "demo"), recorded["body"]["metadata"]["managedFields"][0]["fieldsV1"]);
}

fn applied(live: &Value, data: Value, manager: &str, force: bool) -> Result<Value, ApplyError> {
    let config = json!({"metadata": {"name": "ssa"}, "data": data});
    apply(config_maps(), live, &config, &writer(manager), force)
}

#[test]
fn an_applied_object_belongs_to_who_applied_it() {
    let one = applied(&json!({"metadata": {}}), json!({"a": "1", "b": "2"}), "demo", false).unwrap();
    assert_eq!(owned(&one, "demo"), json!({"f:data": {"f:a": {}, "f:b": {}}}));
    assert_eq!(applied(&one, json!({"a": "1", "b": "2"}), "demo", false).unwrap(), one);
    // What it names no more goes.
    let less = applied(&one, json!({"a": "1"}), "demo", false).unwrap();
    assert_eq!(less["data"], json!({"a": "1"}));
    // Another value is a conflict, the same value is shared.
    let conflict = Conflict { manager: "\"demo\"".into(), field: ".data.a".into() };
    assert_eq!(applied(&less, json!({"a": "3"}), "other", false), Err(ApplyError::Conflicts(vec![conflict])));
    let shared = applied(&less, json!({"a": "1"}), "other", false).unwrap();
    assert_eq!(owned(&shared, "demo"), owned(&shared, "other"));
    let forced = applied(&shared, json!({"a": "3"}), "other", true).unwrap();
    assert_eq!((owned(&forced, "demo"), &forced["data"]["a"]), (Value::Null, &json!("3")));
}

#[test]
fn list_items_are_owned_by_their_keys() {
    let pod = |containers: Value| json!({"metadata": {"name": "p"}, "spec": {"containers": containers}});
    let both = pod(json!([{"name": "a", "image": "1", "ports": [{"containerPort": 80}]}, {"name": "b", "image": "2"}]));
    let one = apply(pods(), &json!({"metadata": {}}), &both, &writer("demo"), false).unwrap();
    let port = "k:{\"containerPort\":80,\"protocol\":\"TCP\"}";
    let expected = json!({".": {}, "f:name": {}, "f:image": {}, "f:ports": {port: {".": {}, "f:containerPort": {}}}});
    assert_eq!(owned(&one, "demo")["f:spec"]["f:containers"]["k:{\"name\":\"a\"}"], expected);
    let less = apply(pods(), &one, &pod(json!([{"name": "b", "image": "2"}])), &writer("demo"), false).unwrap();
    assert_eq!(less["spec"]["containers"], json!([{"name": "b", "image": "2"}]));
}

fn sets() -> impl Strategy<Value = FieldSet> {
    proptest::collection::vec(proptest::collection::vec("f:[a-c]", 1..4), 0..6).prop_map(|paths| {
        let mut set = FieldSet::default();
        paths.iter().for_each(|path| set.insert(path));
        set
    })
}

fn data() -> impl Strategy<Value = Value> {
    proptest::collection::btree_map("[a-d]", "[1-2]", 1..4).prop_map(|map| json!(map))
}

proptest! {
    #[test]
    fn sets_obey_the_laws_of_sets(a in sets(), b in sets()) {
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)).paths(), a.paths());
        prop_assert!(a.difference(&a).is_empty());
        prop_assert_eq!(FieldSet::read(&a.write()).paths(), a.paths());
    }

    #[test]
    fn applying_twice_does_no_more_than_once(first in data(), second in data()) {
        let one = applied(&json!({"metadata": {}}), first, "demo", false).unwrap();
        let two = applied(&one, second.clone(), "demo", false).unwrap();
        prop_assert_eq!(&two["data"], &second);
        prop_assert_eq!(applied(&two, second, "demo", false).unwrap(), two);
    }

    #[test]
    fn without_force_nobody_loses_a_field(first in data(), second in data()) {
        let one = applied(&json!({"metadata": {}}), first.clone(), "demo", false).unwrap();
        if let Ok(two) = applied(&one, second, "other", false) {
            for (key, value) in first.as_object().unwrap() {
                prop_assert_eq!(&two["data"][key], value);
            }
            prop_assert_eq!(owned(&two, "demo"), owned(&one, "demo"));
        }
    }
}

fn values(object: &Value) -> std::collections::BTreeMap<String, Value> {
    object["data"].as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

proptest! {
    /// A field that its only owner drops goes; one that another owns too stays.
    #[test]
    fn a_dropped_field_goes_with_its_last_owner(first in data(), second in data(), less in data()) {
        let one = applied(&json!({"metadata": {}}), first.clone(), "demo", false).unwrap();
        let two = applied(&one, second.clone(), "other", true).unwrap();
        let three = applied(&two, less.clone(), "demo", true).unwrap();
        for (key, value) in values(&two) {
            let (kept, others) = (!less[&key].is_null(), !second[&key].is_null());
            match (kept, others) {
                (true, _) => prop_assert_eq!(&three["data"][&key], &less[&key]),
                (false, true) => prop_assert_eq!(&three["data"][&key], &value),
                (false, false) => prop_assert!(three["data"].get(&key).is_none(), "{} stays", key),
            }
        }
    }

    /// There is a conflict exactly where another owns a field with another value.
    #[test]
    fn conflicts_are_where_values_differ(first in data(), second in data()) {
        let one = applied(&json!({"metadata": {}}), first.clone(), "demo", false).unwrap();
        let differing: Vec<String> = values(&one)
            .into_iter()
            .filter(|(key, value)| second.get(key).is_some_and(|wanted| wanted != value))
            .map(|(key, _)| format!(".data.{key}"))
            .collect();
        match applied(&one, second, "other", false) {
            Ok(_) => prop_assert!(differing.is_empty(), "{:?}", differing),
            Err(ApplyError::Conflicts(found)) => {
                let fields: Vec<String> = found.into_iter().map(|conflict| conflict.field).collect();
                prop_assert_eq!(fields, differing);
            }
        }
    }

    /// Who forces owns what it names, alone where it changed something.
    #[test]
    fn force_takes_over(first in data(), second in data()) {
        let one = applied(&json!({"metadata": {}}), first.clone(), "demo", false).unwrap();
        let two = applied(&one, second.clone(), "other", true).unwrap();
        for (key, value) in second.as_object().unwrap() {
            let field = format!("f:{key}");
            prop_assert_eq!(&two["data"][key], value);
            prop_assert!(owned(&two, "other")["f:data"].get(&field).is_some());
            let shared = first.get(key) == Some(value);
            prop_assert_eq!(owned(&two, "demo")["f:data"].get(&field).is_some(), shared);
        }
    }
}
