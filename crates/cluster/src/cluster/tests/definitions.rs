//! Custom resources, as clients see them.

use super::*;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CRONTABS: &str = "/apis/stable.example.com/v1/namespaces/default/crontabs";

/// The documentation's own example, with a rule, a default, a status, a scale and a column.
fn definition() -> Value {
    let spec = json!({"type": "object", "required": ["cronSpec"],
    "x-kubernetes-validations": [{"rule": "self.replicas <= self.limit", "messageExpression": "'at most ' + string(self.limit)"}],
    "properties": {
        "cronSpec": {"type": "string", "pattern": "^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$"},
        "image": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "is for ever"}]},
        "replicas": {"type": "integer", "minimum": 1, "default": 1},
        "limit": {"type": "integer", "default": 10},
        "size": {"type": "string", "enum": ["S", "M"]},
        "phase": {"type": "string", "x-kubernetes-validations": [{"rule": "oldSelf.hasValue() || self == 'new'",
            "optionalOldSelf": true, "message": "begins as new"}]},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }});
    let status =
        json!({"type": "object", "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}}});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "crontabs.stable.example.com"},
        "spec": {"group": "stable.example.com", "scope": "Namespaced",
            "names": {"plural": "crontabs", "singular": "crontab", "kind": "CronTab", "shortNames": ["ct"], "categories": ["all"]},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status},
                    "x-kubernetes-validations": [{"rule": "self.metadata.name != 'forbidden'", "message": "take another"}]}},
                "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas",
                    "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"}},
                "additionalPrinterColumns": [{"name": "Spec", "type": "string", "jsonPath": ".spec.cronSpec"},
                    {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"}]}]}})
}

async fn post(cluster: &Cluster, path: &str, object: &Value) -> (u16, Value) {
    ask(cluster, "POST", path, &JSON, &object.to_string()).await
}

/// A cluster that serves CronTabs.
async fn with_crontabs() -> Cluster {
    let cluster = cluster().await;
    let (code, said) = post(&cluster, DEFINITIONS, &definition()).await;
    assert_eq!(code, 201, "{said}");
    established(&cluster, "crontabs.stable.example.com").await;
    cluster
}

async fn established(cluster: &Cluster, name: &str) {
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
    let definitions: Objects<CustomResourceDefinition> = Objects::all(cluster.client());
    let served = kube::runtime::conditions::is_crd_established();
    kube::runtime::wait::await_condition(definitions, name, served).await.unwrap();
}

fn crontab(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "stable.example.com/v1", "kind": "CronTab", "metadata": {"name": name}, "spec": spec})
}

fn message(said: &Value) -> &str {
    said["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_definition_is_served_and_found() {
    let cluster = with_crontabs().await;
    let (_, stored) = ask(&cluster, "GET", &format!("{DEFINITIONS}/crontabs.stable.example.com"), &[], "").await;
    assert_eq!(stored["status"]["storedVersions"], json!(["v1"]));
    assert_eq!(stored["spec"]["names"]["listKind"], "CronTabList");
    let (_, groups) = ask(&cluster, "GET", "/apis", &[], "").await;
    assert!(groups["groups"].as_array().unwrap().iter().any(|group| group["name"] == "stable.example.com"));
    let (_, list) = ask(&cluster, "GET", "/apis/stable.example.com/v1", &[], "").await;
    let names: Vec<&str> =
        list["resources"].as_array().unwrap().iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["crontabs", "crontabs/status", "crontabs/scale"]);
    assert_eq!(list["resources"][0]["shortNames"], json!(["ct"]));
    let (_, document) = ask(&cluster, "GET", "/openapi/v3/apis/stable.example.com/v1", &[], "").await;
    let schema = &document["components"]["schemas"]["com.example.stable.v1.CronTab"];
    assert_eq!(schema["properties"]["spec"]["properties"]["cronSpec"]["type"], "string");
    assert_eq!(schema["x-kubernetes-group-version-kind"][0]["kind"], "CronTab");
}

#[tokio::test]
async fn objects_are_pruned_and_filled_in() {
    let cluster = with_crontabs().await;
    let mut sent = crontab("a", json!({"cronSpec": "* * * * */5", "strange": 1, "free": {"any": {"thing": 1}}}));
    sent["status"] = json!({"replicas": 3});
    let (code, made) = post(&cluster, CRONTABS, &sent).await;
    assert_eq!(code, 201, "{made}");
    assert_eq!(
        made["spec"],
        json!({"cronSpec": "* * * * */5", "replicas": 1, "limit": 10, "free": {"any": {"thing": 1}}})
    );
    assert_eq!((made.get("status"), &made["metadata"]["generation"]), (None, &json!(1)));
    let (code, said) = post(&cluster, &format!("{CRONTABS}?fieldValidation=Strict"), &sent).await;
    assert_eq!(code, 400);
    insta::assert_snapshot!(message(&said), @r#"CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.strange""#);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_api_servers_words() {
    let cluster = with_crontabs().await;
    let cases = [
        json!({}),
        json!({"cronSpec": "daily"}),
        json!({"cronSpec": "* * * * *", "replicas": 0, "size": "XL"}),
        json!({"cronSpec": "* * * * *", "replicas": "two"}),
        json!({"cronSpec": "* * * * *", "replicas": 11}),
    ];
    let mut lines = Vec::new();
    for spec in cases {
        let (code, said) = post(&cluster, CRONTABS, &crontab("bad", spec)).await;
        lines.push(format!("{code} {}", message(&said)));
    }
    insta::assert_snapshot!(lines.join("\n"), @r###"
422 CronTab.stable.example.com "bad" is invalid: [spec.cronSpec: Required value, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]
422 CronTab.stable.example.com "bad" is invalid: spec.cronSpec: Invalid value: "daily": spec.cronSpec in body should match '^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$'
422 CronTab.stable.example.com "bad" is invalid: [spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1, spec.size: Unsupported value: "XL": supported values: "S", "M", <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]
422 CronTab.stable.example.com "bad" is invalid: [spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]
422 CronTab.stable.example.com "bad" is invalid: spec: Invalid value: at most 10
"###);
}

#[tokio::test]
async fn rules_see_what_was_before() {
    let cluster = with_crontabs().await;
    post(&cluster, CRONTABS, &crontab("a", json!({"cronSpec": "* * * * *", "image": "one"}))).await;
    let merge = [("content-type", "application/merge-patch+json")];
    let path = format!("{CRONTABS}/a");
    let (code, said) = ask(&cluster, "PATCH", &path, &merge, r#"{"spec": {"image": "two"}}"#).await;
    assert_eq!(
        (code, message(&said)),
        (422, "CronTab.stable.example.com \"a\" is invalid: spec.image: Invalid value: \"two\": is for ever")
    );
    let (code, _) = ask(&cluster, "PATCH", &path, &merge, r#"{"spec": {"replicas": 2}}"#).await;
    assert_eq!(code, 200);
    let strategic = [("content-type", "application/strategic-merge-patch+json")];
    assert_eq!(ask(&cluster, "PATCH", &path, &strategic, "{}").await.0, 415);
}

#[tokio::test]
async fn rules_of_a_whole_object_see_its_name() {
    let cluster = with_crontabs().await;
    let (code, said) = post(&cluster, CRONTABS, &crontab("forbidden", json!({"cronSpec": "* * * * *"}))).await;
    assert_eq!(code, 422);
    insta::assert_snapshot!(message(&said), @r#"CronTab.stable.example.com "forbidden" is invalid: <nil>: Invalid value: take another"#);
}

#[tokio::test]
async fn rules_may_be_asked_of_what_is_new() {
    let cluster = with_crontabs().await;
    let (code, said) = post(&cluster, CRONTABS, &crontab("a", json!({"cronSpec": "* * * * *", "phase": "old"}))).await;
    let why = "CronTab.stable.example.com \"a\" is invalid: spec.phase: Invalid value: \"old\": begins as new";
    assert_eq!((code, message(&said)), (422, why));
    let new = crontab("a", json!({"cronSpec": "* * * * *", "phase": "new"}));
    assert_eq!(post(&cluster, CRONTABS, &new).await.0, 201);
    let merge = [("content-type", "application/merge-patch+json")];
    let path = format!("{CRONTABS}/a");
    assert_eq!(ask(&cluster, "PATCH", &path, &merge, r#"{"spec": {"phase": "old"}}"#).await.0, 200);
}

#[tokio::test]
async fn what_is_applied_has_to_fit_its_schema() {
    let cluster = with_crontabs().await;
    let apply = [("content-type", "application/apply-patch+yaml")];
    let path = format!("{CRONTABS}/a?fieldManager=demo");
    let wrong = crontab("a", json!({"cronSpec": "* * * * *", "replicas": "two"})).to_string();
    let (_, said) = ask(&cluster, "PATCH", &path, &apply, &wrong).await;
    insta::assert_snapshot!(message(&said), @"failed to create typed patch object (/a; stable.example.com/v1, Kind=CronTab): .spec.replicas: expected numeric (int or float), got string");
    let right = crontab("a", json!({"cronSpec": "* * * * *", "replicas": 2})).to_string();
    assert_eq!(ask(&cluster, "PATCH", &path, &apply, &right).await.0, 201);
}

#[tokio::test]
async fn status_and_scale_are_parts_of_an_object() {
    let cluster = with_crontabs().await;
    post(&cluster, CRONTABS, &crontab("a", json!({"cronSpec": "* * * * *"}))).await;
    let merge = [("content-type", "application/merge-patch+json")];
    let status = r#"{"spec": {"replicas": 7}, "status": {"replicas": 1, "selector": "app=x"}}"#;
    let (_, changed) = ask(&cluster, "PATCH", &format!("{CRONTABS}/a/status"), &merge, status).await;
    assert_eq!((&changed["spec"]["replicas"], &changed["status"]["replicas"]), (&json!(1), &json!(1)));
    assert_eq!(changed["metadata"]["generation"], 1);
    let (_, scale) = ask(&cluster, "GET", &format!("{CRONTABS}/a/scale"), &[], "").await;
    assert_eq!(
        (&scale["spec"], &scale["status"]),
        (&json!({"replicas": 1}), &json!({"replicas": 1, "selector": "app=x"}))
    );
    let (_, scale) =
        ask(&cluster, "PATCH", &format!("{CRONTABS}/a/scale"), &merge, r#"{"spec": {"replicas": 3}}"#).await;
    assert_eq!(scale["spec"]["replicas"], 3);
    let (_, after) = ask(&cluster, "GET", &format!("{CRONTABS}/a"), &[], "").await;
    assert_eq!((&after["spec"]["replicas"], &after["metadata"]["generation"]), (&json!(3), &json!(2)));
}

#[tokio::test]
async fn tables_have_the_columns_of_the_definition() {
    let cluster = with_crontabs().await;
    post(&cluster, CRONTABS, &crontab("a", json!({"cronSpec": "* * * * *"}))).await;
    let table = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    let (_, body) = ask(&cluster, "GET", CRONTABS, &table, "").await;
    let names: Vec<&str> =
        body["columnDefinitions"].as_array().unwrap().iter().filter_map(|c| c["name"].as_str()).collect();
    assert_eq!((names, &body["rows"][0]["cells"]), (vec!["Name", "Spec", "Replicas"], &json!(["a", "* * * * *", 1])));
}

#[tokio::test]
async fn applied_fields_have_owners() {
    let cluster = with_crontabs().await;
    let apply = [("content-type", "application/apply-patch+yaml")];
    let path = |manager: &str| format!("{CRONTABS}/a?fieldManager={manager}");
    let one = crontab("a", json!({"cronSpec": "* * * * *", "replicas": 2})).to_string();
    let (code, made) = ask(&cluster, "PATCH", &path("one"), &apply, &one).await;
    assert_eq!(code, 201, "{made}");
    let fields = &made["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(fields, &json!({"f:spec": {"f:cronSpec": {}, "f:replicas": {}}}));
    let other = crontab("a", json!({"replicas": 3})).to_string();
    let (code, said) = ask(&cluster, "PATCH", &path("two"), &apply, &other).await;
    assert_eq!((code, message(&said)), (409, "Apply failed with 1 conflict: conflict with \"one\": .spec.replicas"));
}

#[tokio::test]
async fn objects_go_with_their_definition() {
    let cluster = with_crontabs().await;
    post(&cluster, CRONTABS, &crontab("a", json!({"cronSpec": "* * * * *"}))).await;
    let mut held = crontab("b", json!({"cronSpec": "* * * * *"}));
    held["metadata"]["finalizers"] = json!(["example.com/held"]);
    post(&cluster, CRONTABS, &held).await;
    let path = format!("{DEFINITIONS}/crontabs.stable.example.com");
    let (_, going) = ask(&cluster, "DELETE", &path, &[], "").await;
    assert_eq!(going["metadata"]["finalizers"], json!(["customresourcecleanup.apiextensions.k8s.io"]));
    let (code, said) = post(&cluster, CRONTABS, &crontab("c", json!({"cronSpec": "* * * * *"}))).await;
    let why = "crontabs.stable.example.com \"c\" is forbidden: create not allowed while custom resource definition is terminating";
    assert_eq!((code, message(&said)), (403, why));
    let (_, list) = ask(&cluster, "GET", "/apis/stable.example.com/v1", &[], "").await;
    assert_eq!(list["resources"][0]["verbs"], json!(["delete", "deletecollection", "get", "list", "watch"]));
    let merge = [("content-type", "application/merge-patch+json")];
    let (code, _) =
        ask(&cluster, "PATCH", &format!("{CRONTABS}/b"), &merge, r#"{"metadata": {"finalizers": null}}"#).await;
    assert_eq!(code, 200);
    let definitions: Objects<
        k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    > = Objects::all(cluster.client());
    let gone = |found: Option<&_>| found.is_none();
    kube::runtime::wait::await_condition(definitions, "crontabs.stable.example.com", gone).await.unwrap();
    assert_eq!(ask(&cluster, "GET", CRONTABS, &[], "").await.0, 404);
}

#[tokio::test]
async fn several_versions_show_the_same_objects() {
    let cluster = cluster().await;
    let mut two = definition();
    let mut old = two["spec"]["versions"][0].clone();
    old["name"] = "v1beta1".into();
    old["storage"] = false.into();
    old["deprecated"] = true.into();
    two["spec"]["versions"].as_array_mut().unwrap().push(old);
    assert_eq!(post(&cluster, DEFINITIONS, &two).await.0, 201);
    established(&cluster, "crontabs.stable.example.com").await;
    post(&cluster, CRONTABS, &crontab("a", json!({"cronSpec": "* * * * *"}))).await;
    let (_, shown) = ask(&cluster, "GET", &format!("{}/a", CRONTABS.replace("/v1/", "/v1beta1/")), &[], "").await;
    assert_eq!(shown["apiVersion"], "stable.example.com/v1beta1");
    let (_, group) = ask(&cluster, "GET", "/apis/stable.example.com", &[], "").await;
    assert_eq!(group["preferredVersion"]["version"], "v1");
}

#[tokio::test]
async fn a_definition_that_makes_no_sense_is_refused() {
    let cluster = cluster().await;
    let mut lines = Vec::new();
    let broken: [fn(&mut Value); 7] = [
        |d| d["metadata"]["name"] = "other".into(),
        |d| d["spec"]["versions"][0]["storage"] = false.into(),
        |d| d["spec"]["group"] = "example".into(),
        |d| d["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["x"] = json!({}),
        |d| {
            let spec = &mut d["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
            spec["properties"]["replicas"]["default"] = "one".into();
        },
        |d| {
            let spec = &mut d["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
            spec["x-kubernetes-validations"] = json!([{"rule": "self.nothing > 1"}]);
        },
        |d| {
            d["spec"]["conversion"] = json!({"strategy": "Webhook", "webhook": {
            "clientConfig": {"url": "https://example.com/convert"}, "conversionReviewVersions": ["v1"]}})
        },
    ];
    for change in broken {
        let mut definition = definition();
        change(&mut definition);
        let (code, said) = post(&cluster, DEFINITIONS, &definition).await;
        let text = message(&said).split(" is invalid: ").nth(1).unwrap_or(message(&said)).to_owned();
        lines.push(format!("{code} {}", text.chars().take(320).collect::<String>()));
    }
    insta::assert_snapshot!(lines.join("\n"), @r###"
422 metadata.name: Invalid value: "other": must be spec.names.plural+"."+spec.group
422 [spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]: must have exactly one version marked as storage version, status.storedVersions: Invalid value: null: must h
422 [metadata.name: Invalid value: "crontabs.stable.example.com": must be spec.names.plural+"."+spec.group, spec.group: Invalid value: "example": should be a domain with at least one dot]
422 spec.validation.openAPIV3Schema.properties[spec].properties[x].type: Required value: must not be empty for specified object fields
422 spec.validation.openAPIV3Schema.properties[spec].properties[replicas].default: Invalid value: "string":  in body must be of type integer: "string"
422 spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.nothing \u003e 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field 'nothing'
 | self.nothing > 1
 | ....^
422 spec.conversion.strategy: Forbidden: this sandbox's API server can't call webhooks, so nothing would convert the objects; set it to None, and keep the versions' schemas alike
"###);
}
