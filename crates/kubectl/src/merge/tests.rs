use proptest::prelude::*;
use serde_json::json;

use super::*;

fn pod(original: Value, modified: Value, current: Value) -> Value {
    let of = shape("", "Pod").unwrap();
    strategic_three_way(&original, &modified, &current, of, "Pod")
}

#[test]
fn a_new_image_is_a_small_patch() {
    let before = json!({"spec": {"containers": [{"name": "c", "image": "a"}]}});
    let after = json!({"spec": {"containers": [{"name": "c", "image": "b"}]}});
    let live =
        json!({"spec": {"containers": [{"name": "c", "image": "a", "imagePullPolicy": "Always"}], "dnsPolicy": "x"}});
    assert_eq!(
        pod(before, after, live),
        json!({"spec": {"$setElementOrder/containers": [{"name": "c"}], "containers": [{"name": "c", "image": "b"}]}})
    );
}

#[test]
fn what_was_applied_and_is_gone_is_removed() {
    let before =
        json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"containers": [{"name": "c"}, {"name": "d"}]}});
    let after = json!({"metadata": {"labels": {"a": "1"}}, "spec": {"containers": [{"name": "c"}]}});
    let live = json!({"metadata": {"labels": {"a": "1", "b": "2", "c": "3"}}, "spec": {"containers": [{"name": "c"}, {"name": "d"}]}});
    assert_eq!(
        pod(before, after, live),
        json!({"metadata": {"labels": {"b": null}}, "spec": {"$setElementOrder/containers": [{"name": "c"}], "containers": [{"$patch": "delete", "name": "d"}]}})
    );
}

#[test]
fn nothing_to_do_is_an_empty_patch() {
    let object = json!({"metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "env": [{"name": "X", "value": "1"}]}]}});
    assert_eq!(pod(object.clone(), object.clone(), object), json!({}));
}

fn any_pod() -> impl Strategy<Value = Value> {
    let labels = proptest::collection::btree_map("[a-c]", "[x-z]", 0..3);
    let env = proptest::collection::btree_map("[A-C]", "[x-z]", 0..3);
    let container = ("[a-c]", env).prop_map(|(image, env)| {
        let env: Vec<Value> = env.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        json!({"image": image, "env": env})
    });
    (labels, proptest::collection::btree_map("[k-n]", container, 1..4)).prop_map(|(labels, containers)| {
        let containers: Vec<Value> = containers
            .into_iter()
            .map(|(name, mut container)| {
                container["name"] = name.into();
                container
            })
            .collect();
        json!({"metadata": {"labels": labels}, "spec": {"containers": containers}})
    })
}

proptest! {
    /// Applying the patch to what is live gives what is wanted, when nobody else has touched the object.
    #[test]
    fn a_strategic_patch_leads_to_what_is_wanted(before in any_pod(), after in any_pod()) {
        let patch = pod(before.clone(), after.clone(), before.clone());
        let mut result = before;
        strategic_merge(&mut result, &patch, shape("", "Pod").unwrap(), "Pod");
        prop_assert_eq!(result, after, "{}", patch);
    }

    #[test]
    fn a_merge_patch_leads_to_what_is_wanted(before in any_pod(), after in any_pod()) {
        let patch = three_way(&before, &after, &before);
        let mut result = before;
        json_merge(&mut result, &patch);
        prop_assert_eq!(result, after);
    }
}
