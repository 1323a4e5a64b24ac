//! `pods/x/resize`.

use super::*;

const STRATEGIC: [(&str, &str); 1] = [("content-type", "application/strategic-merge-patch+json")];

#[tokio::test]
async fn a_pod_is_resized_through_its_own_address_only() {
    let cluster = cluster().await;
    let pods = "/api/v1/namespaces/default/pods";
    let pod = json!({"metadata": {"name": "web"}, "spec": {
        "schedulingGates": [{"name": "example.com/wait"}],
        "containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "100m"}}}]}});
    assert_eq!(ask(&cluster, "POST", pods, &[], &pod.to_string()).await.0, 201);
    let path = format!("{pods}/web/resize?fieldManager=me");
    let wish = r#"{"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "other",
        "resources": {"requests": {"cpu": "200m"}}}]}}"#;
    let (code, resized) = ask(&cluster, "PATCH", &path, &STRATEGIC, wish).await;
    let container = &resized["spec"]["containers"][0];
    assert_eq!((code, &container["resources"]["requests"]["cpu"]), (200, &json!("200m")));
    assert_eq!((&container["image"], &resized["metadata"]["generation"]), (&json!("x"), &json!(2)));
    assert_eq!(resized["metadata"]["labels"], Value::Null);
    let managed = resized["metadata"]["managedFields"].as_array().unwrap();
    let mine = managed.iter().find(|entry| entry["manager"] == "me").unwrap();
    let fields =
        json!({"f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {"f:resources": {"f:requests": {"f:cpu": {}}}}}}});
    assert_eq!((&mine["subresource"], &mine["fieldsV1"]), (&json!("resize"), &fields));

    let (_, read) = ask(&cluster, "GET", &format!("{pods}/web/resize"), &[], "").await;
    assert_eq!((&read["kind"], &read["spec"]), (&json!("Pod"), &resized["spec"]));
    let (code, put) = ask(&cluster, "PUT", &format!("{pods}/web/resize"), &[], &read.to_string()).await;
    assert_eq!((code, &put["metadata"]["generation"]), (200, &json!(2)));
    let more = wish.replace("200m", "300m");
    let (code, refused) = ask(&cluster, "PATCH", &format!("{pods}/web"), &STRATEGIC, &more).await;
    assert_eq!(
        (code, refused["message"].as_str().unwrap().contains("pod updates may not change fields other than")),
        (422, true)
    );
}

#[tokio::test]
async fn a_resize_keeps_within_what_the_namespace_allows() {
    let cluster = cluster().await;
    let of = |kind: &str| format!("/api/v1/namespaces/default/{kind}");
    let pod = json!({"metadata": {"name": "web"}, "spec": {"schedulingGates": [{"name": "example.com/wait"}],
        "containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "1"}}}]}});
    assert_eq!(ask(&cluster, "POST", &of("pods"), &[], &pod.to_string()).await.0, 201);
    let quota = json!({"metadata": {"name": "small"}, "spec": {"hard": {"requests.cpu": "500m"}}});
    assert_eq!(ask(&cluster, "POST", &of("resourcequotas"), &[], &quota.to_string()).await.0, 201);
    let wish = |cpu: &str| {
        json!({"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}}).to_string()
    };
    let path = of("pods/web/resize");
    let (code, refused) = ask(&cluster, "PATCH", &path, &STRATEGIC, &wish("600m")).await;
    insta::assert_snapshot!(format!("{code} {}", refused["message"].as_str().unwrap()), @r#"403 pods "web" is forbidden: exceeded quota: small, requested: requests.cpu=500m, used: requests.cpu=100m, limited: requests.cpu=500m"#);
    assert_eq!(ask(&cluster, "PATCH", &path, &STRATEGIC, &wish("500m")).await.0, 200);
}
