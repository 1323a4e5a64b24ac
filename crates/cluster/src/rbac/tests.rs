use serde_json::json;

use super::*;
use crate::clock::SystemClock;

fn cluster() -> Store {
    let store = Store::new();
    seed(&store, &SystemClock);
    store
}

fn user(name: &str) -> User {
    User { name: name.into(), groups: vec![AUTHENTICATED.into()], ..User::default() }
}

fn asks(verb: &str, group: &str, whole: &str, namespace: &str) -> Attributes {
    let (resource, subresource) = whole.split_once('/').unwrap_or((whole, ""));
    Attributes {
        verb: verb.into(),
        group: group.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        namespace: namespace.into(),
        ..Attributes::default()
    }
}

fn bind(store: &Store, namespace: &str, role: &str, subject: Value) {
    let (kind, plural) = if namespace.is_empty() {
        ("ClusterRoleBinding", "clusterrolebindings")
    } else {
        ("RoleBinding", "rolebindings")
    };
    let object = json!({
        "kind": kind, "metadata": {"name": "b", "namespace": namespace}, "subjects": [subject],
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
    });
    store.insert(Key::new(format!("{plural}.{GROUP}"), namespace, "b"), object).unwrap();
}

#[test]
fn nobody_may_do_anything_until_a_binding_says_so() {
    let (store, jane) = (cluster(), user("jane"));
    let asked = asks("list", "", "pods", "default");
    assert!(!authorize(&store, &jane, &asked).allowed);
    bind(&store, "default", "view", json!({"kind": "User", "name": "jane"}));
    let decision = authorize(&store, &jane, &asked);
    insta::assert_snapshot!(decision.reason, @r#"RBAC: allowed by RoleBinding "b/default" of ClusterRole "view" to User "jane""#);
    for (verb, group, what, namespace, expected) in [
        ("get", "", "pods/log", "default", true),
        ("get", "apps", "deployments/scale", "default", true),
        ("get", "", "secrets", "default", false),
        ("create", "", "pods", "default", false),
        ("list", "", "pods", "other", false),
        ("list", "", "pods", "", false),
    ] {
        let asked = asks(verb, group, what, namespace);
        assert_eq!(authorize(&store, &jane, &asked).allowed, expected, "{verb} {what} in {namespace:?}");
    }
}

#[test]
fn a_service_account_without_a_namespace_is_of_the_bindings_own() {
    let store = cluster();
    bind(&store, "default", "edit", json!({"kind": "ServiceAccount", "name": "builder"}));
    let builder = User::service_account("default", "builder", "u");
    assert!(authorize(&store, &builder, &asks("create", "apps", "deployments", "default")).allowed);
    assert!(!authorize(&store, &builder, &asks("create", GROUP, "roles", "default")).allowed);
    let namesake = User::service_account("other", "builder", "v");
    assert!(!authorize(&store, &namesake, &asks("create", "apps", "deployments", "default")).allowed);
}

#[test]
fn everybody_may_discover_and_ask_about_themselves() {
    let (store, jane) = (cluster(), user("jane"));
    let path = |path: &str| Attributes { verb: "get".into(), path: path.into(), ..Attributes::default() };
    assert!(authorize(&store, &jane, &path("/openapi/v3/api/v1")).allowed);
    assert!(!authorize(&store, &jane, &path("/metrics")).allowed);
    let asked = asks("create", "authorization.k8s.io", "selfsubjectaccessreviews", "");
    assert!(authorize(&store, &jane, &asked).allowed);
    insta::assert_snapshot!(path("/metrics").refusal(&jane), @r#"User "jane" cannot get path "/metrics""#);
}

#[test]
fn a_binding_to_a_role_that_is_missing_says_so() {
    let (store, jane) = (cluster(), user("jane"));
    bind(&store, "", "gone", json!({"kind": "Group", "name": AUTHENTICATED}));
    let decision = authorize(&store, &jane, &asks("list", "", "nodes", ""));
    insta::assert_snapshot!(decision.reason, @r#"RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found"#);
}

#[test]
fn nobody_gives_away_what_they_do_not_have() {
    let (store, jane) = (cluster(), user("jane"));
    let excess = |user: &User, kind: &str, object: &Value| {
        excess(&store, user, (kind, &format!("{}s", kind.to_lowercase())), object)
    };
    bind(&store, "default", "admin", json!({"kind": "User", "name": "jane"}));
    let role = |rules: Value| json!({"metadata": {"name": "r", "namespace": "default"}, "rules": rules});
    let held = role(json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}]));
    assert_eq!(excess(&jane, "Role", &held), None);
    let more = role(json!([{"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "proxy"]}]));
    let told = |kind: &str, object: &Value| match excess(&jane, kind, object) {
        Some(Excess::NotHeld(why)) => why,
        other => format!("{other:?}"),
    };
    insta::assert_snapshot!(told("Role", &more), @r#"
    user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
    {APIGroups:[""], Resources:["nodes"], Verbs:["get" "proxy"]}
    {APIGroups:[""], Resources:["pods"], Verbs:["proxy"]}
    "#);
    let named =
        role(json!([{"apiGroups": [""], "resources": ["nodes/log"], "resourceNames": ["a", "b"], "verbs": ["get"]}]));
    bind(&store, "", "gone", json!({"kind": "User", "name": "jane"}));
    insta::assert_snapshot!(told("Role", &named), @r#"
    user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
    {APIGroups:[""], Resources:["nodes/log"], ResourceNames:["a"], Verbs:["get"]}
    {APIGroups:[""], Resources:["nodes/log"], ResourceNames:["b"], Verbs:["get"]}; resolution errors: [roles.rbac.authorization.k8s.io "gone" not found]
    "#);
    let absent =
        json!({"metadata": {"name": "b", "namespace": "default"}, "roleRef": {"kind": "Role", "name": "absent"}});
    assert_eq!(excess(&jane, "RoleBinding", &absent), Some(Excess::NoRole("absent".into())));
    let all = json!({"metadata": {"name": "b", "namespace": "default"}, "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}});
    assert!(excess(&jane, "RoleBinding", &all).is_some());
    assert_eq!(excess(&User::owner(), "RoleBinding", &all), None);
}
