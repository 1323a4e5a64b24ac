use std::convert::Infallible;

use serde_json::json;

use super::*;

fn key(name: &str) -> Key {
    Key::new("pods", "default", name)
}

fn put(store: &Store, name: &str, value: Value) -> Object {
    store.modify(&key(name), |_| Ok::<_, Infallible>(Next::Put(value))).unwrap()
}

#[test]
fn each_write_has_the_next_version() {
    let store = Store::new();
    let a = store.insert(key("a"), json!({"metadata": {"name": "a"}})).unwrap();
    let b = store.insert(key("b"), json!({"metadata": {"name": "b"}})).unwrap();
    assert_eq!((&a["metadata"]["resourceVersion"], &b["metadata"]["resourceVersion"]), (&json!("2"), &json!("3")));
    assert!(store.insert(key("a"), json!({"metadata": {}})).is_err());
    assert_eq!(store.revision(), 3);
}

#[test]
fn a_write_that_changes_nothing_keeps_the_version() {
    let store = Store::new();
    store.insert(key("a"), json!({"metadata": {"name": "a"}})).unwrap();
    put(&store, "a", json!({"metadata": {"name": "a"}}));
    assert_eq!(store.revision(), 2);
}

#[test]
fn lists_hold_one_resource_and_namespace_in_order() {
    let store = Store::new();
    for (resource, namespace, name) in
        [("pods", "z", "c"), ("pods", "default", "b"), ("pods", "default", "a"), ("podsx", "default", "a")]
    {
        store.insert(Key::new(resource, namespace, name), json!({"metadata": {"name": name}})).unwrap();
    }
    let names = |ns| store.list("pods", ns).1.iter().map(|o| o["metadata"]["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(Some("default")), ["a", "b"]);
    assert_eq!(names(None), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_watch_sees_its_own_resource_from_its_version_on() {
    let store = Store::new();
    store.insert(key("old"), json!({"metadata": {}})).unwrap();
    let from = store.revision();
    let mut watch = store.watch("pods", Some("default"), from).unwrap();
    store.insert(Key::new("secrets", "default", "s"), json!({"metadata": {}})).unwrap();
    store.insert(key("a"), json!({"metadata": {}})).unwrap();
    put(&store, "a", json!({"metadata": {"labels": {"x": "y"}}}));
    store.modify(&key("a"), |_| Ok::<_, Infallible>(Next::Remove)).unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let event = watch.next().await.unwrap();
        seen.push((event.revision, event.change, event.previous.is_some()));
    }
    assert_eq!(seen, [(4, Change::Added, false), (5, Change::Modified, true), (6, Change::Deleted, true)]);
    assert_eq!(watch.seen(), 6);
}

#[tokio::test]
async fn a_watch_that_waits_is_woken() {
    let store = Store::new();
    let mut watch = store.watch("pods", None, 0).unwrap();
    let next = tokio::spawn(async move { watch.next().await.unwrap().key.name });
    tokio::task::yield_now().await;
    store.insert(key("a"), json!({"metadata": {}})).unwrap();
    assert_eq!(next.await.unwrap(), "a");
}

#[tokio::test]
async fn a_version_that_the_log_has_left_behind_is_too_old() {
    let store = Store::new();
    let mut slow = store.watch("pods", None, 0).unwrap();
    store.insert(key("a"), json!({"metadata": {}})).unwrap();
    for i in 0..=HISTORY {
        put(&store, "a", json!({"metadata": {"labels": {"i": i.to_string()}}}));
    }
    assert!(store.watch("pods", None, 2).is_err());
    assert!(slow.next().await.is_err());
}

#[test]
fn a_list_can_be_of_the_past() {
    let store = Store::new();
    let key = |name: &str| Key::new("pods", "default", name);
    let pod = |name: &str, n: u32| json!({"metadata": {"name": name}, "n": n});
    store.insert(key("a"), pod("a", 1)).unwrap();
    store.insert(key("b"), pod("b", 1)).unwrap();
    let then = store.revision();
    store.modify(&key("a"), |_| Ok::<_, Infallible>(Next::Put(pod("a", 2)))).unwrap();
    store.modify(&key("b"), |_| Ok::<_, Infallible>(Next::Remove)).unwrap();
    store.insert(key("c"), pod("c", 1)).unwrap();
    let shown = |objects: Vec<Object>| {
        objects.iter().map(|o| format!("{}{}", o["metadata"]["name"], o["n"])).collect::<Vec<_>>()
    };
    assert_eq!(shown(store.list_at("pods", None, then).unwrap()), ["\"a\"1", "\"b\"1"]);
    assert_eq!(shown(store.list_at("pods", Some("default"), store.revision()).unwrap()), ["\"a\"2", "\"c\"1"]);
    assert!(store.list_at("pods", None, 0).is_err());
}

#[test]
fn a_namespace_is_found_in_all_kinds() {
    let store = Store::new();
    for (resource, namespace, name) in [
        ("a", "", "x"),
        ("a", "blue", "x"),
        ("ab", "blue", "y"),
        ("ab", "blues", "z"),
        ("b", "blue", "x"),
        ("b", "red", "x"),
    ] {
        store.insert(Key::new(resource, namespace, name), json!({"metadata": {"name": name}})).unwrap();
    }
    let keys = ["a", "ab", "b"].map(|resource| Key::new(resource, "blue", if resource == "ab" { "y" } else { "x" }));
    assert_eq!(store.keys_in("blue"), keys);
    assert_eq!(store.keys_in("green"), []);
}

#[test]
fn a_write_that_changes_nothing_but_the_version_is_none() {
    let store = Store::new();
    let key = Key::new("pods", "default", "web");
    store.insert(key.clone(), json!({"metadata": {"name": "web"}, "spec": {"a": 1}})).unwrap();
    let put = |object: Value| store.modify(&key, |_| Ok::<_, Infallible>(Next::Put(object))).unwrap();
    let before = store.revision();
    put(json!({"metadata": {"name": "web", "resourceVersion": "77"}, "spec": {"a": 1}}));
    put(json!({"metadata": {"name": "web"}, "spec": {"a": 1}}));
    assert_eq!(store.revision(), before);
    put(json!({"metadata": {"name": "web", "labels": {}}, "spec": {"a": 1}}));
    put(json!({"metadata": {"name": "web", "labels": {}}}));
    assert_eq!(store.revision(), before + 2);
}
