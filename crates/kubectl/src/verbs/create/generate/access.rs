//! Roles, bindings and tokens.

use serde_json::{Value, json};

use super::named;
use crate::{
    args::{Matches, duration::SECOND},
    failure::{Failure, Outcome, text_at},
    output::printer::{Printer, RESULT_FORMATS},
    session::Session,
};

/// `create role` and `create clusterrole`.
pub async fn role(session: &Session, matches: &Matches) -> Outcome<Value> {
    let (kind, verbs, urls) = (
        if matches.command.name() == "role" { "Role" } else { "ClusterRole" },
        unique(matches.list("verb")),
        matches.list("non-resource-url"),
    );
    let mut object = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind});
    if let Some(rule) = matches.some("aggregation-rule") {
        let labels = super::pairs(&rule.split(',').map(str::to_owned).collect::<Vec<_>>(), |pair| {
            format!("unexpected selector: {pair}")
        })?;
        object["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": labels}]});
        object["rules"] = Value::Null;
        return Ok(object);
    }
    if verbs.is_empty() {
        return Err(Failure::said("at least one verb must be specified"));
    }
    let resources = matches.list("resource");
    if resources.is_empty() && urls.is_empty() {
        return Err(Failure::said(if kind == "Role" {
            "at least one resource must be specified"
        } else {
            "one of resource or nonResourceURL must be specified"
        }));
    }
    let mut rules: Vec<Value> = Vec::new();
    for text in &resources {
        let (group, name) = resource(session, text).await?;
        match rules.iter_mut().find(|rule| rule["apiGroups"] == json!([group])) {
            Some(rule) => rule["resources"].as_array_mut().into_iter().for_each(|list| list.push(name.clone().into())),
            None => rules.push(json!({"apiGroups": [group], "resources": [name], "verbs": verbs})),
        }
    }
    let names = matches.list("resource-name");
    if !names.is_empty() {
        rules.iter_mut().for_each(|rule| rule["resourceNames"] = names.clone().into());
    }
    if !urls.is_empty() {
        rules.push(json!({"nonResourceURLs": urls, "verbs": verbs}));
    }
    object["rules"] = rules.into();
    Ok(object)
}

fn unique(all: Vec<String>) -> Vec<String> {
    if all.iter().any(|verb| verb == "*") {
        return vec!["*".to_owned()];
    }
    let mut kept: Vec<String> = Vec::new();
    all.into_iter().for_each(|verb| {
        if !kept.contains(&verb) {
            kept.push(verb)
        }
    });
    kept
}

/// `deployments.apps/scale`: the group, and the plural with its subresource.
async fn resource(session: &Session, text: &str) -> Outcome<(String, String)> {
    let (name, sub) = text.split_once('/').map_or((text, None), |(name, sub)| (name, Some(sub)));
    if name.is_empty() {
        return Err(Failure::said("resource must be specified if apiGroup/subresource specified"));
    }
    if name == "*" {
        return Ok((String::new(), "*".to_owned()));
    }
    let found = session.discovery().await?.find(name)?;
    Ok((found.group.clone(), sub.map_or_else(|| found.plural.clone(), |sub| format!("{}/{sub}", found.plural))))
}

/// `create rolebinding` and `create clusterrolebinding`.
pub fn binding(matches: &Matches) -> Outcome<Value> {
    let whole = matches.command.name() == "clusterrolebinding";
    let (role, cluster_role) = (matches.some("role"), matches.some("clusterrole"));
    let (kind, name) = match (role, cluster_role) {
        (Some(role), None) => ("Role", role),
        (None, Some(role)) => ("ClusterRole", role),
        _ => return Err(Failure::said("exactly one of clusterrole or role must be specified")),
    };
    let subject = |kind: &str, name: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
    let mut subjects: Vec<Value> = matches.list("user").iter().map(|user| subject("User", user)).collect();
    subjects.extend(matches.list("group").iter().map(|group| subject("Group", group)));
    for account in matches.list("serviceaccount") {
        match account.split_once(':') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains(':') => {
                subjects.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
            }
            _ => return Err(Failure::said("serviceaccount must be <namespace>:<name>")),
        }
    }
    let mut object = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": if whole { "ClusterRoleBinding" } else { "RoleBinding" },
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
    });
    if !subjects.is_empty() {
        object["subjects"] = subjects.into();
    }
    Ok(object)
}

/// What a token may be bound to.
const BOUND_TO: [&str; 3] = ["Node", "Pod", "Secret"];

fn check_token(matches: &Matches) -> Outcome {
    let duration = matches.duration("duration");
    let (kind, name) = (matches.some("bound-object-kind"), matches.some("bound-object-name"));
    let wrong = if duration < 0 {
        "--duration must be greater than or equal to 0".to_owned()
    } else if duration % SECOND != 0 {
        "--duration cannot be expressed in units less than seconds".to_owned()
    } else if matches.given("audience") && matches.text("audience").is_empty() {
        "--audience must not be an empty string".to_owned()
    } else if kind.is_none() && name.is_some() {
        "--bound-object-name can only be set if --bound-object-kind is provided".to_owned()
    } else if kind.is_none() && matches.some("bound-object-uid").is_some() {
        "--bound-object-uid can only be set if --bound-object-kind is provided".to_owned()
    } else if kind.is_some_and(|kind| !BOUND_TO.contains(&kind)) {
        format!("supported --bound-object-kind values are {}", BOUND_TO.join(", "))
    } else if kind.is_some() && name.is_none() {
        "--bound-object-name is required if --bound-object-kind is provided".to_owned()
    } else {
        return Ok(());
    };
    Err(Failure::Said(wrong))
}

/// `create token`.
pub async fn token(session: &Session, matches: &Matches) -> Outcome {
    let [name] = matches.before_dash() else {
        return Err(Failure::usage(
            "kubectl create token",
            format!("exactly one NAME is required, got {}", matches.before_dash().len()),
        ));
    };
    if name.is_empty() {
        return Err(Failure::said("service account name is required"));
    }
    check_token(matches)?;
    if name.contains('/') {
        return Err(Failure::Said(format!(
            "failed to create token: invalid resource name {name:?}: [may not contain '/']"
        )));
    }
    let mut spec = json!({"audiences": matches.list("audience")});
    let seconds = matches.duration("duration").div_euclid(SECOND);
    if seconds > 0 {
        spec["expirationSeconds"] = i64::try_from(seconds).unwrap_or(i64::MAX).into();
    }
    if let Some(kind) = matches.some("bound-object-kind") {
        spec["boundObjectRef"] = json!({"kind": kind, "apiVersion": "v1", "name": matches.text("bound-object-name"), "uid": matches.text("bound-object-uid")});
    }
    let mut request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec});
    named(&mut request, "");
    let path =
        format!("/api/v1/namespaces/{}/serviceaccounts/{}/token", session.namespace, crate::server::encode(name));
    let answer = session
        .server
        .post(&path, &request)
        .await
        .map_err(|failure| Failure::Said(format!("failed to create token: {}", failure.message())))?;
    match Printer::of(session, matches, RESULT_FORMATS).await? {
        Some(mut printer) => session.out(&printer.print(&answer)?).await,
        None => session.line(text_at(&answer, "/status/token")).await,
    }
}
