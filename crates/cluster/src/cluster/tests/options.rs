//! What may be asked for beside an object, and what is said when it may not.

use super::*;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const MERGE: (&str, &str) = ("content-type", "application/merge-patch+json");
const STRATEGIC: (&str, &str) = ("content-type", "application/strategic-merge-patch+json");

fn said((code, body): &(u16, Value)) -> (u16, &str) {
    (*code, body["message"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn options_that_are_not_understood_change_nothing() {
    let cluster = cluster().await;
    let map = json!({"metadata": {"name": "kept"}}).to_string();
    let asked = ask(&cluster, "POST", &format!("{MAPS}?dryRun=Some&fieldValidation=Odd"), &[], &map).await;
    insta::assert_snapshot!(said(&asked).1, @r#"CreateOptions.meta.k8s.io "" is invalid: [dryRun: Unsupported value: ["Some"]: supported values: "All", fieldValidation: Unsupported value: "Odd": supported values: "", "Ignore", "Strict", "Warn"]"#);
    assert_eq!(ask(&cluster, "POST", MAPS, &[], &map).await.0, 201);
    let kept = format!("{MAPS}/kept");
    for (path, body) in [(format!("{kept}?dryRun=Some"), ""), (kept.clone(), r#"{"dryRun": ["all"]}"#)] {
        assert_eq!(ask(&cluster, "DELETE", &path, &[], body).await.0, 422, "{path} {body}");
    }
    assert_eq!(ask(&cluster, "DELETE", &kept, &[], r#"{"dryRun": ["All"]}"#).await.0, 200);
    assert_eq!(ask(&cluster, "GET", &kept, &[], "").await.0, 200);
}

#[tokio::test]
async fn page_tokens_that_make_no_sense_are_told_why() {
    let cluster = cluster().await;
    let of = async |query: &str| {
        let answer = ask(&cluster, "GET", &format!("{MAPS}?{query}"), &[], "").await;
        assert_eq!(answer.0, 400);
        answer.1["message"].as_str().unwrap().to_owned()
    };
    insta::assert_snapshot!(of("continue=a*c").await, @"invalid continue token: continue key is not valid: illegal base64 data at input byte 1");
    insta::assert_snapshot!(of("continue=eA").await, @"invalid continue token: continue key is not valid: invalid character 'x' looking for beginning of value");
    insta::assert_snapshot!(of("continue=e30").await.trim(), @"invalid continue token: continue key is not valid: server does not recognize this encoded version");
    let (_, first) = ask(&cluster, "GET", "/api/v1/namespaces?limit=1", &[], "").await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    let both = format!("/api/v1/namespaces?limit=1&resourceVersion=5&continue={token}");
    let both = ask(&cluster, "GET", &both, &[], "").await;
    assert_eq!(said(&both), (400, "specifying resource version is not allowed when using continue"));
}

#[tokio::test]
async fn a_patch_can_not_rename_and_is_told_what_does_not_fit() {
    let cluster = cluster().await;
    assert_eq!(ask(&cluster, "POST", MAPS, &[], &json!({"metadata": {"name": "a"}}).to_string()).await.0, 201);
    let path = format!("{MAPS}/a");
    let renamed = ask(&cluster, "PATCH", &path, &[MERGE], r#"{"metadata": {"name": "b"}}"#).await;
    assert_eq!(said(&renamed), (400, "the name of the object (b) does not match the name on the URL (a)"));
    let moved = ask(&cluster, "PATCH", &path, &[MERGE], r#"{"metadata": {"namespace": "b"}}"#).await;
    let why = "the namespace of the object (b) does not match the namespace on the request (default)";
    assert_eq!(said(&moved), (400, why));
    let number = ask(&cluster, "PATCH", &path, &[STRATEGIC], r#"{"data": {"k": 1}}"#).await;
    let why = " \"\" is invalid: patch: Invalid value: \"map[data:map[k:1]]\": cannot convert int64 to string";
    assert_eq!(said(&number), (422, why));
}

#[tokio::test]
async fn a_node_says_how_it_is_and_what_runs_on_it() {
    let cluster = cluster().await;
    let node = "/api/v1/nodes/kind-control-plane/proxy";
    assert_eq!(ask(&cluster, "GET", &format!("{node}/healthz"), &[], "").await, (200, json!("ok")));
    assert_eq!(ask(&cluster, "GET", node, &[], "").await.0, 404);
    let pod = json!({"metadata": {"name": "web"}, "spec": {"nodeName": "kind-control-plane",
        "containers": [{"name": "c", "image": "busybox"}]}});
    let made = ask(&cluster, "POST", "/api/v1/namespaces/default/pods", &[], &pod.to_string()).await;
    assert_eq!(made.0, 201);
    let (code, list) = ask(&cluster, "GET", &format!("{node}/pods"), &[], "").await;
    assert_eq!((code, &list["kind"], &list["items"][0]["metadata"]["name"]), (200, &json!("PodList"), &json!("web")));
    let missing = ask(&cluster, "GET", "/api/v1/nodes/none/proxy/healthz", &[], "").await;
    assert_eq!(said(&missing), (404, "nodes \"none\" not found"));
}

/// As Kubernetes 1.36 tells it of patches that say a field twice or that are no JSON.
#[tokio::test]
async fn patches_are_told_what_is_wrong_with_them() {
    let cluster = cluster().await;
    let map = json!({"metadata": {"name": "told"}, "data": {"a": "b"}}).to_string();
    assert_eq!(ask(&cluster, "POST", MAPS, &[], &map).await.0, 201);
    let path = format!("{MAPS}/told?fieldValidation=Strict");
    let twice = ask(&cluster, "PATCH", &path, &[STRATEGIC], r#"{"data":{"c":"d","c":"e"},"foo":1}"#).await;
    insta::assert_snapshot!(said(&twice).1, @r#" "" is invalid: patch: Invalid value: "map[data:map[c:e] foo:1]": strict decoding error: duplicate field "data.c", unknown field "foo""#);
    let broken = ask(&cluster, "PATCH", &path, &[MERGE], r#"{"data":tru}"#).await;
    assert_eq!(said(&broken), (400, "error decoding patch: invalid character '}' in literal true (expecting 'e')"));
    let list = ask(&cluster, "PATCH", &path, &[STRATEGIC], "[]").await;
    assert_eq!(said(&list), (400, "json: cannot unmarshal array into Go value of type map[string]interface {}"));
    let directive = ask(&cluster, "PATCH", &path, &[STRATEGIC], r#"{"data":{"$patch":"foo"}}"#).await;
    assert_eq!(said(&directive), (500, "unknown patch type: foo in map: map[$patch:foo]"));
    let null = ask(&cluster, "PATCH", &path, &[MERGE], r#"{"data":{"a":null,"z":"y"}}"#).await;
    assert_eq!(null.1["data"], json!({"z": "y"}));
}

/// Bodies that are no objects are told in the words of Kubernetes 1.36, with how they begin.
#[tokio::test]
async fn bodies_that_are_no_objects_are_told_with_their_beginning() {
    let cluster = cluster().await;
    let of = async |body: &str| ask(&cluster, "POST", MAPS, &[], body).await.1["message"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(of("").await, @"the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)");
    insta::assert_snapshot!(of(r#"{"kind":"ConfigMap","apiVersion":"v1",}"#).await, @r#"the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string ({"kind":"ConfigMap","apiVersio ...)"#);
    insta::assert_snapshot!(of("kind: x").await, @"the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'k' looking for beginning of value (6b696e643a2078)");
    insta::assert_snapshot!(of(r#"{"kind":3}"#).await, @r#"the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":3})"#);
    insta::assert_snapshot!(of("null").await, @r#"ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required"#);
}
