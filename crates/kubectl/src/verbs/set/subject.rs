//! `set subject`: who a binding is for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Call, one_choice, unsuitable};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    selection::Object,
    session::Session,
};

/// Runs `set subject`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let mut call = Call::new(session, matches).await?;
    let objects = call.objects(&matches.args).await?;
    call.check()?;
    one_choice(matches)?;
    let subjects = subjects(session, matches, &objects)?;
    let mut failures = Vec::new();
    for object in &objects {
        if !matches!(object.target.resource.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            failures.push(unsuitable(object, "setting subjects is only supported for RoleBinding/ClusterRoleBinding"));
            continue;
        }
        let mut changed = object.value.clone();
        if add(&mut changed, &subjects) {
            let failing = "failed to patch subjects to rolebinding: ";
            failures.extend(call.store_changed(object, &changed, "subjects updated", failing).await.err());
        }
    }
    Failure::of(failures)
}

fn subjects(session: &Session, matches: &Matches, objects: &[Object]) -> Outcome<Vec<Value>> {
    let names = |flag| matches.list(flag).into_iter().collect::<BTreeSet<String>>();
    let named =
        |kind: &str, name: &String| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
    let mut all: Vec<Value> = names("user").iter().map(|name| named("User", name)).collect();
    all.extend(names("group").iter().map(|name| named("Group", name)));
    let everywhere = objects.iter().any(|object| object.target.resource.kind == "ClusterRoleBinding");
    for account in names("serviceaccount") {
        let (namespace, name) = account
            .split_once(':')
            .filter(|(_, name)| !name.is_empty() && !name.contains(':'))
            .ok_or_else(|| Failure::said("serviceaccount must be <namespace>:<name>"))?;
        if namespace.is_empty() && everywhere {
            return Err(Failure::said("serviceaccount must be <namespace>:<name>, namespace must be specified"));
        }
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
