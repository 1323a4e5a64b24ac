//! What may be resized, and what a plain write may not change.

use serde_json::{Value, json};

use super::{pod, update, validate_resize};
use crate::{
    admission::{Context, default_object, prepare_update, resources::qos_class},
    clock::SystemClock,
    registry,
    store::Store,
};

/// What is said of a resize that wants `change`.
fn resize(spec: Value, change: impl FnOnce(&mut Value)) -> String {
    let resource = registry::find_kind("v1", "Pod").unwrap();
    let mut old = pod(spec);
    default_object(resource, &mut old);
    old["status"] = json!({"qosClass": qos_class(&old["spec"])});
    let mut new = old.clone();
    change(&mut new["spec"]);
    let context = Context { store: &Store::new(), clock: &SystemClock, dry_run: false };
    prepare_update(resource, &old, &mut new, "resize", &context);
    default_object(resource, &mut new);
    let found: Vec<String> = validate_resize(&old, &new).iter().map(ToString::to_string).collect();
    found.join("\n")
}

fn burstable() -> Value {
    json!({"containers": [{"name": "a", "image": "x",
        "resources": {"requests": {"cpu": "100m", "ephemeral-storage": "1Gi"}, "limits": {"memory": "64Mi"}}}]})
}

fn first(spec: &mut Value) -> &mut Value {
    &mut spec["containers"][0]["resources"]
}

#[test]
fn processor_time_and_memory_may_change() {
    assert_eq!(resize(burstable(), |spec| first(spec)["requests"]["cpu"] = json!("200m")), "");
    assert_eq!(resize(burstable(), |spec| first(spec)["limits"]["cpu"] = json!("1")), "");
    let less = resize(burstable(), |spec| {
        first(spec)["limits"]["memory"] = json!("32Mi");
        first(spec)["requests"]["memory"] = json!("32Mi");
    });
    assert_eq!(less, "");
}

#[test]
fn what_is_no_size_is_put_back() {
    let image = resize(burstable(), |spec| spec["containers"][0]["image"] = json!("other"));
    assert_eq!(image, "");
}

#[test]
fn the_rest_is_refused_in_the_api_servers_words() {
    let class = |spec: &mut Value| *first(spec) = json!({"limits": {"cpu": "1", "memory": "1Gi"}});
    insta::assert_snapshot!(resize(json!({"containers": [{"name": "a", "image": "x"}]}), class), @r#"spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing"#);
    insta::assert_snapshot!(resize(burstable(), |spec| first(spec)["requests"]["ephemeral-storage"] = json!("2Gi")), @"spec: Forbidden: only cpu and memory resources are mutable");
    insta::assert_snapshot!(resize(burstable(), |spec| *first(spec) = json!({"requests": {"cpu": "1", "ephemeral-storage": "1Gi"}})), @r"
    spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed
    spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed
    ");
    insta::assert_snapshot!(resize(burstable(), |spec| spec["containers"][0]["name"] = json!("b")), @"spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize");
    insta::assert_snapshot!(resize(burstable(), |spec| first(spec)["requests"]["memory"] = json!("1Gi")), @r#"spec.containers[0].resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 64Mi"#);
    let policy = |spec: &mut Value| {
        spec["containers"][0]["resizePolicy"] = json!([{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]);
    };
    insta::assert_snapshot!(resize(burstable(), policy), @"spec: Forbidden: only cpu and memory resources are mutable");
    let mut windows = burstable();
    windows["os"] = json!({"name": "windows"});
    insta::assert_snapshot!(resize(windows, |_| {}), @": Forbidden: windows pods cannot be resized");
}

#[test]
fn the_pod_as_a_whole_is_resized_too() {
    let spec = || json!({"containers": [{"name": "a", "image": "x"}], "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}});
    assert_eq!(resize(spec(), |spec| spec["resources"]["limits"]["cpu"] = json!("3")), "");
    insta::assert_snapshot!(resize(spec(), |spec| spec["resources"] = json!({"requests": {"cpu": "1"}})), @"spec.resources.limits: Forbidden: pod-level resource limits cannot be removed");
}

#[test]
fn a_plain_write_does_not_resize() {
    let said =
        update(pod(burstable()), |pod| pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("2"));
    insta::assert_snapshot!(said.join("\n"), @r##"
    spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)
    @@ -16,7 +16,7 @@
          "memory": "64Mi"
         },
         "Requests": {
    -     "cpu": "100m",
    +     "cpu": "2",
          "ephemeral-storage": "1Gi",
          "memory": "64Mi"
         },
    "##);
}
