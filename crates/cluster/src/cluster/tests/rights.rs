//! Who may do what, over HTTP.

use super::*;

const PODS: &str = "/api/v1/namespaces/default/pods";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

async fn post(cluster: &Cluster, path: &str, headers: &[(&str, &str)], body: Value) -> (u16, Value) {
    ask(cluster, "POST", path, headers, &body.to_string()).await
}

fn message(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["message"].as_str().unwrap_or(""))
}

/// A cluster with a service account that may edit `default`, and a token of it.
async fn with_editor() -> (Cluster, String) {
    let cluster = cluster().await;
    post(&cluster, "/api/v1/namespaces/default/serviceaccounts", &[], json!({"metadata": {"name": "editor"}})).await;
    let binding = json!({
        "metadata": {"name": "editor"}, "subjects": [{"kind": "ServiceAccount", "name": "editor", "namespace": "default"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
    });
    let made = post(&cluster, &format!("{RBAC}/namespaces/default/rolebindings"), &[], binding).await;
    assert_eq!(made.0, 201, "{}", made.1);
    let path = "/api/v1/namespaces/default/serviceaccounts/editor/token";
    let (code, request) = post(&cluster, path, &[], json!({"spec": {"expirationSeconds": 600}})).await;
    assert_eq!(code, 201);
    let token = request["status"]["token"].as_str().unwrap().to_owned();
    (cluster, format!("Bearer {token}"))
}

#[tokio::test]
async fn the_refusal_of_an_impersonated_user_is_the_recorded_one() {
    let cluster = cluster().await;
    wire::assert_recorded(&cluster, "error-403-user").await;
    let asked = ask(&cluster, "GET", PODS, &[("authorization", "Bearer nonsense")], "").await;
    assert_eq!(asked, (401, wire::recorded("error-401")["body"].clone()));
}

#[tokio::test]
async fn a_token_may_do_what_the_roles_of_its_account_say() {
    let (cluster, token) = with_editor().await;
    let bearer = [("authorization", token.as_str())];
    assert_eq!(ask(&cluster, "GET", PODS, &bearer, "").await.0, 200);
    let map = json!({"metadata": {"name": "m"}});
    assert_eq!(post(&cluster, "/api/v1/namespaces/default/configmaps", &bearer, map).await.0, 201);
    let elsewhere = ask(&cluster, "GET", "/api/v1/namespaces/kube-system/pods/web", &bearer, "").await;
    insta::assert_snapshot!(message(&elsewhere).1, @r#"pods "web" is forbidden: User "system:serviceaccount:default:editor" cannot get resource "pods" in API group "" in the namespace "kube-system""#);
    let nodes = ask(&cluster, "GET", "/api/v1/nodes", &bearer, "").await;
    insta::assert_snapshot!(message(&nodes).1, @r#"nodes is forbidden: User "system:serviceaccount:default:editor" cannot list resource "nodes" in API group "" at the cluster scope"#);
    let metrics = ask(&cluster, "GET", "/metrics", &bearer, "").await;
    insta::assert_snapshot!(message(&metrics).1, @r#"forbidden: User "system:serviceaccount:default:editor" cannot get path "/metrics""#);
    let as_other = [bearer[0], ("impersonate-user", "jane")];
    let spoken = ask(&cluster, "GET", PODS, &as_other, "").await;
    insta::assert_snapshot!(message(&spoken).1, @r#"users "jane" is forbidden: User "system:serviceaccount:default:editor" cannot impersonate resource "users" in API group "" at the cluster scope"#);
    let role =
        json!({"metadata": {"name": "all"}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]});
    let made = post(&cluster, &format!("{RBAC}/namespaces/default/roles"), &bearer, role).await;
    assert_eq!(made.0, 403);
    let gone = "/api/v1/namespaces/default/serviceaccounts/editor";
    ask(&cluster, "DELETE", gone, &[], "").await;
    assert_eq!(ask(&cluster, "GET", PODS, &bearer, "").await.0, 401);
}

#[tokio::test]
async fn reviews_tell_the_truth() {
    let (cluster, token) = with_editor().await;
    let bearer = [("authorization", token.as_str())];
    let can = |verb: &str, resource: &str| json!({"spec": {"resourceAttributes": {"verb": verb, "resource": resource, "namespace": "default"}}});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let yes = post(&cluster, path, &bearer, can("delete", "pods")).await;
    assert_eq!(
        yes.1["status"],
        json!({"allowed": true, "reason": "RBAC: allowed by RoleBinding \"editor/default\" of ClusterRole \"edit\" to \
            ServiceAccount \"editor/default\""})
    );
    assert_eq!(post(&cluster, path, &bearer, can("delete", "nodes")).await.1["status"], json!({"allowed": false}));
    assert_eq!(
        post(&cluster, path, &[], can("delete", "nodes")).await.1["status"],
        json!({"allowed": true, "reason": "RBAC: allowed by ClusterRoleBinding \"kubeadm:cluster-admins\" of ClusterRole \
            \"cluster-admin\" to Group \"kubeadm:cluster-admins\""})
    );

    let about = json!({"spec": {"user": "jane", "resourceAttributes": {"verb": "get", "resource": "pods"}}});
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    assert_eq!(post(&cluster, path, &[], about).await.1["status"], json!({"allowed": false}));

    let path = "/apis/authentication.k8s.io/v1/tokenreviews";
    let review = json!({"spec": {"token": token.trim_start_matches("Bearer ")}});
    let known = post(&cluster, path, &[], review).await.1;
    assert_eq!(known["status"]["authenticated"], true);
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let me = post(&cluster, path, &bearer, json!({})).await.1;
    assert_eq!(me["status"]["userInfo"], known["status"]["user"]);
    assert_eq!(me["status"]["userInfo"]["username"], "system:serviceaccount:default:editor");

    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let rules = post(&cluster, path, &bearer, json!({"spec": {"namespace": "default"}})).await.1;
    let pods = json!({"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]});
    assert!(rules["status"]["resourceRules"].as_array().unwrap().contains(&pods));
}

#[tokio::test]
async fn a_role_that_gathers_others_gets_their_rules() {
    let cluster = cluster().await;
    let rule = json!({"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["get"]});
    let role = json!({
        "metadata": {"name": "widgets", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}, "rules": [rule],
    });
    let store = &cluster.api.store;
    let mut changes = store.watch("clusterroles.rbac.authorization.k8s.io", None, 0).unwrap();
    assert_eq!(post(&cluster, &format!("{RBAC}/clusterroles"), &[], role).await.0, 201);
    loop {
        let event = changes.next().await.unwrap();
        if event.key.name == "admin" && event.object["rules"].as_array().unwrap().contains(&rule) {
            break;
        }
    }
}

/// A Secret of this type is filled in by the cluster, and goes when there is nobody whom it could be for.
#[tokio::test]
async fn a_token_secret_gets_the_token_of_its_account() {
    const SECRETS: &str = "/api/v1/namespaces/default/secrets";
    let cluster = cluster().await;
    let secret = |account: &str| {
        let annotations = json!({"kubernetes.io/service-account.name": account});
        json!({"metadata": {"name": account, "annotations": annotations}, "type": "kubernetes.io/service-account-token"})
    };
    assert_eq!(post(&cluster, SECRETS, &[], secret("default")).await.0, 201);
    let (_, filled) = ask(&cluster, "GET", &format!("{SECRETS}/default"), &[], "").await;
    let keys: Vec<&String> = filled["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["ca.crt", "namespace", "token"]);
    assert!(filled["metadata"]["annotations"]["kubernetes.io/service-account.uid"].is_string());
    assert_eq!(post(&cluster, SECRETS, &[], secret("nobody")).await.0, 201);
    assert_eq!(ask(&cluster, "GET", &format!("{SECRETS}/nobody"), &[], "").await.0, 404);
}
