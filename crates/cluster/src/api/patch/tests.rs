//! Laws that patches hold to, whatever the objects.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// Any JSON object without null, which a merge patch can't set.
fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0..9_i32).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from)
    ];
    let value = leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    });
    prop::collection::btree_map("[a-d]", value, 0..4).prop_map(|map| json!(map))
}

/// The merge patch that leads from one object to another (RFC 7396, read backwards).
fn merge_between(from: &Value, to: &Value) -> Value {
    let (Some(before), Some(after)) = (from.as_object(), to.as_object()) else { return to.clone() };
    let mut patch = Map::new();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in after.iter().filter(|(key, value)| before.get(*key) != Some(value)) {
        patch.insert(key.clone(), before.get(key).map_or_else(|| value.clone(), |old| merge_between(old, value)));
    }
    patch.into()
}

fn merged(object: &Value, patch: &Value) -> Value {
    let mut new = object.clone();
    json_patch::merge(&mut new, patch);
    new
}

proptest! {
    #[test]
    fn an_empty_merge_changes_nothing(object in object()) {
        prop_assert_eq!(merged(&object, &json!({})), object);
    }

    #[test]
    fn a_merge_done_twice_does_no_more_than_once(object in object(), patch in object()) {
        let once = merged(&object, &patch);
        prop_assert_eq!(merged(&once, &patch), once);
    }

    #[test]
    fn a_merge_leads_from_any_object_to_any_other(from in object(), to in object()) {
        prop_assert_eq!(merged(&from, &merge_between(&from, &to)), to);
    }

    #[test]
    fn so_does_a_json_patch(from in object(), to in object()) {
        let mut new = from.clone();
        json_patch::patch(&mut new, &json_patch::diff(&from, &to)).unwrap();
        prop_assert_eq!(new, to);
    }
}
