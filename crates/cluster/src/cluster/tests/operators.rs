//! kube-rs as operators use it: watchers, reflectors, controllers with finalizers, server-side apply.

use std::sync::Arc;

use kube::{
    ResourceExt,
    runtime::{
        Controller, WatchStreamExt,
        controller::Action,
        finalizer::{Event as Finalizer, finalizer},
        reflector, watcher,
    },
};

use super::*;

fn labelled(name: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name, "labels": {"tended": "yes"}}})).unwrap()
}

async fn reflects(config: watcher::Config) {
    let (_client, maps) = config_maps().await;
    let params = PostParams::default();
    maps.create(&params, &config_map("before", "k", "1")).await.unwrap();
    let (reader, writer) = reflector::store::<ConfigMap>();
    let stream = reflector(writer, watcher(maps.clone(), config)).applied_objects();
    let mut stream = std::pin::pin!(stream);
    let known = |reader: &reflector::Store<ConfigMap>| {
        let mut names: Vec<_> = reader.state().iter().map(|map| map.name_any()).collect();
        names.sort();
        names
    };
    while stream.next().await.unwrap().unwrap().name_any() != "before" {}
    maps.create(&params, &config_map("later", "k", "1")).await.unwrap();
    while stream.next().await.unwrap().unwrap().name_any() != "later" {}
    assert_eq!(known(&reader), ["before", "kube-root-ca.crt", "later"]);
    maps.delete("before", &DeleteParams::default()).await.unwrap();
    maps.create(&params, &config_map("last", "k", "1")).await.unwrap();
    while stream.next().await.unwrap().unwrap().name_any() != "last" {}
    assert_eq!(known(&reader), ["kube-root-ca.crt", "last", "later"]);
}

#[tokio::test]
async fn a_reflector_follows_what_happens() {
    reflects(watcher::Config::default()).await;
}

#[tokio::test]
async fn a_reflector_that_streams_its_first_list_follows_too() {
    reflects(watcher::Config::default().streaming_lists()).await;
}

/// Notes on each object that it was seen, and says goodbye when it goes.
async fn tend(
    map: Arc<ConfigMap>,
    client: Arc<Client>,
) -> Result<Action, kube::runtime::finalizer::Error<kube::Error>> {
    let maps: Objects<ConfigMap> = Objects::default_namespaced((*client).clone());
    let own = maps.clone();
    finalizer(&maps, "podyard.test/tended", map, |event| async move {
        match event {
            Finalizer::Apply(map) => {
                let seen = json!({"apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"name": map.name_any()}, "data": {"seen": "yes"}});
                own.patch(&map.name_any(), &PatchParams::apply("gardener"), &Patch::Apply(seen)).await?;
            }
            Finalizer::Cleanup(map) => {
                let goodbye = config_map(&format!("goodbye-{}", map.name_any()), "k", "v");
                own.create(&PostParams::default(), &goodbye).await?;
            }
        }
        Ok(Action::await_change())
    })
    .await
}

#[tokio::test]
async fn a_controller_tends_its_objects_and_sees_them_off() {
    let (client, maps) = config_maps().await;
    let controller = Controller::new(maps.clone(), watcher::Config::default().labels("tended=yes")).run(
        tend,
        |_, _, _| Action::requeue(std::time::Duration::from_millis(10)),
        Arc::new(client),
    );
    let working = tokio::spawn(controller.for_each(|_| std::future::ready(())));
    let mut changes = std::pin::pin!(watcher(maps.clone(), watcher::Config::default()).applied_objects());
    maps.create(&PostParams::default(), &labelled("rose")).await.unwrap();
    let tended = loop {
        let map = changes.next().await.unwrap().unwrap();
        if map.data.as_ref().is_some_and(|data| data.contains_key("seen")) {
            break map;
        }
    };
    assert_eq!(tended.finalizers(), ["podyard.test/tended"]);
    let managers: Vec<_> = tended.managed_fields().iter().filter_map(|entry| entry.manager.clone()).collect();
    assert!(managers.contains(&"gardener".to_owned()), "{managers:?}");
    maps.delete("rose", &DeleteParams::default()).await.unwrap();
    while changes.next().await.unwrap().unwrap().name_any() != "goodbye-rose" {}
    kube::runtime::wait::await_condition(
        maps.clone(),
        "rose",
        kube::runtime::conditions::is_deleted(&tended.uid().unwrap()),
    )
    .await
    .unwrap();
    working.abort();
}

/// What it is about does not matter: a conflict is a conflict to the client, and forcing takes over.
#[tokio::test]
async fn apply_of_two_managers_conflicts_until_forced() {
    let (_client, maps) = config_maps().await;
    let wish = |value: &str| {
        Patch::Apply(json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "a"}, "data": {"k": value}}))
    };
    maps.patch("a", &PatchParams::apply("one"), &wish("1")).await.unwrap();
    let refused = maps.patch("a", &PatchParams::apply("two"), &wish("2")).await.unwrap_err();
    assert_eq!(code(refused), (409, "Apply failed with 1 conflict: conflict with \"one\": .data.k".into()));
    let forced = maps.patch("a", &PatchParams::apply("two").force(), &wish("2")).await.unwrap();
    assert_eq!(forced.data.unwrap()["k"], "2");
}

/// Anybody may send anything: whatever it is, there is an answer, and the cluster goes on.
#[test]
fn no_request_is_too_odd_to_be_answered() {
    use proptest::{
        prelude::*,
        test_runner::{Config, TestRunner},
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cluster = runtime.block_on(cluster());
    let path = prop_oneof![
        "(/api|/apis|/openapi)?(/[a-z0-9.%]{0,12}){0,7}",
        Just("/api/v1/namespaces/default/pods".to_owned()),
        Just("/api/v1/namespaces/default/configmaps/a".to_owned()),
        Just("/apis/apps/v1/namespaces/default/deployments/a/scale".to_owned()),
    ];
    let query = "([a-zA-Z]{1,20}=[ -~&&[^#]]{0,12}&){0,3}(labelSelector=[a-z,!=() ]{0,12})?";
    let body = prop_oneof![any::<Vec<u8>>(), tree(4).prop_map(|value| value.to_string().into_bytes())];
    let kind = prop::sample::select(&MEDIA_TYPES[..]);
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    runner
        .run(&(method, path, query, kind, body), |(method, path, query, kind, body)| {
            let uri = format!("{path}?{}&watch=0", query.replace(' ', "+"));
            let Ok(request) = Request::builder()
                .method(method)
                .uri(uri)
                .header("content-type", kind)
                .body(axum::body::Body::from(body))
            else {
                return Ok(());
            };
            let response =
                runtime.block_on(async { tower::ServiceExt::oneshot(cluster.router(), request).await.unwrap() });
            let code = response.status().as_u16();
            prop_assert!(code != 500 || method == "PATCH" || method == "POST", "{method} {path}: {code}");
            Ok(())
        })
        .unwrap();
    assert_eq!(runtime.block_on(ask(&cluster, "GET", "/healthz", &[], "")).0, 200);
}

/// JSON of a few levels with the field names that objects have.
fn tree(depth: u32) -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let key = prop::sample::select(vec![
        "metadata",
        "name",
        "namespace",
        "labels",
        "spec",
        "containers",
        "image",
        "data",
        "kind",
        "apiVersion",
        "ports",
        "replicas",
        "selector",
        "template",
        "status",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["a", "", "default", "v1", "Pod", "apps/v1", "ConfigMap", "1Gi"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}
