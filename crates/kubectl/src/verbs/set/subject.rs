//! `set subject`: who a binding is for.

use serde_json::{Value, json};

use super::send;
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    selection::Request,
    session::Session,
    verbs::result::Reporter,
};

/// Runs `set subject`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let mut reporter = Reporter::of(session, matches).await?;
    let selection = Request::of(matches, &matches.args).select(session).await?;
    let subjects = subjects(session, matches)?;
    let (objects, mut failures) = if matches.on("local") {
        (selection.local(), selection.failures.clone())
    } else {
        selection.objects(session).await
    };
    for object in &objects {
        let resource = &object.target.resource;
        if !matches!(resource.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            failures.push(Failure::Said(format!(
                "{}/{} setting subjects is only supported for RoleBinding/ClusterRoleBinding",
                resource.plural, object.target.name
            )));
            continue;
        }
        let mut changed = object.value.clone();
        if !add(&mut changed, &subjects) {
            continue;
        }
        if let Err(failure) = send(session, matches, object, changed, "subjects updated", &mut reporter).await {
            failures.push(failure);
        }
    }
    Failure::of(failures)
}

fn subjects(session: &Session, matches: &Matches) -> Outcome<Vec<Value>> {
    let named =
        |kind: &str, name: &String| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
    let mut all: Vec<Value> = matches.list("user").iter().map(|name| named("User", name)).collect();
    all.extend(matches.list("group").iter().map(|name| named("Group", name)));
    for account in matches.list("serviceaccount") {
        let (namespace, name) = account
            .split_once(':')
            .filter(|(_, name)| !name.is_empty() && !name.contains(':'))
            .ok_or_else(|| Failure::said("serviceaccount must be <namespace>:<name>"))?;
        let namespace = if namespace.is_empty() { &session.namespace } else { namespace };
        all.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
    }
    if all.is_empty() {
        return Err(Failure::said("you must specify at least one value of user, group or serviceaccount"));
    }
    Ok(all)
}

/// Adds those that are not there yet; whether there were any.
fn add(binding: &mut Value, subjects: &[Value]) -> bool {
    let mut all = binding["subjects"].as_array().cloned().unwrap_or_default();
    let before = all.len();
    for subject in subjects {
        let same = |other: &Value| ["kind", "name", "namespace"].iter().all(|field| other[*field] == subject[*field]);
        if !all.iter().any(same) {
            all.push(subject.clone());
        }
    }
    let added = all.len() > before;
    binding["subjects"] = all.into();
    added
}
