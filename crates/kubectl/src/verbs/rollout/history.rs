//! Older revisions, and the way back to them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{number, revision};
use crate::{
    args::Matches,
    describe,
    failure::{Failure, Outcome, text_at},
    merge,
    output::{printer::Printer, tabs::align},
    selection::{Object, Selection, items},
    server::{JSON, PatchType, query},
    session::Session,
    verbs::{
        apply::LAST_APPLIED,
        result::{DryRun, Reporter},
    },
};

const CAUSE: &str = "/metadata/annotations/kubernetes.io~1change-cause";

/// Revisions with what they stand for: ReplicaSets, or controller revisions.
async fn revisions(session: &Session, object: &Object, what: &str) -> Outcome<BTreeMap<i64, Value>> {
    let kind = object.target.resource.kind.as_str();
    let resource = match kind {
        "Deployment" => "replicasets.apps",
        "StatefulSet" | "DaemonSet" => "controllerrevisions.apps",
        _ => {
            return Err(Failure::Said(format!(
                "no {what} has been implemented for {:?}",
                format!("{kind}.{}", object.target.resource.group).trim_end_matches('.')
            )));
        }
    };
    let resource = session.discovery().await?.find(resource)?;
    let selector = super::super::pod::selector(&object.value);
    let selection = Selection { picks: Vec::new(), failures: Vec::new(), selector, fields: None, single: false };
    let list = selection.list(session, resource, object.target.namespace.as_deref(), JSON, 500).await?;
    let uid = text_at(&object.value, "/metadata/uid").to_owned();
    let owned = |value: &Value| {
        value
            .pointer("/metadata/ownerReferences")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|owner| owner["uid"] == uid.as_str()))
    };
    let found = items(resource, list).into_iter().map(|found| found.value).filter(owned);
    Ok(found
        .map(|value| (if kind == "Deployment" { revision(&value) } else { number(&value, "/revision") }, value))
        .collect())
}

fn template(value: &Value) -> &Value {
    value.pointer("/spec/template").or_else(|| value.pointer("/data/spec/template")).unwrap_or(&Value::Null)
}

/// Shows the revisions of an object, or the template of one.
pub async fn one(session: &Session, matches: &Matches, object: &Object) -> Outcome {
    let all = revisions(session, object, "history viewer").await?;
    let wanted = matches.int("revision");
    let head = format!("{}/{}", object.target.resource.full_singular(), object.target.name);
    if wanted > 0 {
        let Some(found) = all.get(&wanted) else { return Err(Failure::said("unable to find the specified revision")) };
        let page = describe::raw_pod_template(template(found));
        return session.out(&format!("{head} with revision #{wanted}\n{page}\n")).await;
    }
    if all.is_empty() {
        return session.line(format!("{head} \nNo rollout history found.")).await;
    }
    let mut table = "REVISION\tCHANGE-CAUSE\n".to_owned();
    for (number, value) in &all {
        let cause = text_at(value, CAUSE);
        table.push_str(&format!("{number}\t{}\n", if cause.is_empty() { "<none>" } else { cause }));
    }
    session.out(&format!("{head} \n{}\n", align(&table, 0, 2))).await
}

/// Prints the objects that revisions stand for: ReplicaSets, or the object itself as it was.
pub async fn print(session: &Session, matches: &Matches, object: &Object, printer: &mut Printer) -> Outcome {
    let all = revisions(session, object, "history viewer").await?;
    let wanted = matches.int("revision");
    if wanted > 0 && !all.contains_key(&wanted) {
        return Err(Failure::said("unable to find the specified revision"));
    }
    for (_, revision) in all.iter().filter(|(number, _)| wanted == 0 || **number == wanted) {
        session.out(&printer.print(&as_it_was(&object.value, revision))?).await?;
    }
    Ok(())
}

fn as_it_was(object: &Value, revision: &Value) -> Value {
    if text_at(revision, "/kind") == "ReplicaSet" {
        return revision.clone();
    }
    let (mut before, kind) = (object.clone(), text_at(object, "/kind").to_owned());
    match merge::shape("apps", &kind) {
        Some(shape) => merge::strategic_merge(&mut before, &revision["data"], shape, &kind),
        None => merge::json_merge(&mut before, &revision["data"]),
    }
    before
}

/// Goes back to an older revision.
pub async fn undo(session: &Session, matches: &Matches, object: &Object, reporter: &mut Reporter<'_>) -> Outcome {
    if object.value.pointer("/metadata/annotations").and_then(|all| all.get(LAST_APPLIED)).is_some() {
        session.err(&format!("Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n", object.target.resource.plural, object.target.name)).await?;
    }
    let all = revisions(session, object, "rollbacker").await?;
    let wanted = matches.int("to-revision");
    let found = if wanted > 0 { all.get(&wanted) } else { all.iter().rev().nth(1).map(|(_, value)| value) };
    let Some(found) = found else {
        return Err(match (wanted, object.target.resource.kind.as_str()) {
            (0, "Deployment") => {
                Failure::Said(format!("no rollout history found for deployment {:?}", object.target.name))
            }
            (0, _) => Failure::said("no last revision to roll back to"),
            _ => Failure::Said(format!("unable to find specified revision {wanted} in history")),
        });
    };
    if object.value.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Err(Failure::said(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    let restored = without_hash(template(found));
    if restored == without_hash(&object.value["spec"]["template"]) {
        return reporter
            .report(&object.value, &format!("skipped rollback (current template already matches revision {wanted})"))
            .await;
    }
    if reporter.dry_run() == DryRun::Client {
        return session.out(&describe::pod_template(template(found))).await;
    }
    let pairs: Vec<_> = reporter.dry_run().query().into_iter().collect();
    let path = format!("{}{}", object.target.path(), query(&pairs));
    let answer = if object.target.resource.kind == "Deployment" {
        let patch = json!([
            {"op": "replace", "path": "/spec/template", "value": restored},
            {"op": "replace", "path": "/metadata/annotations", "value": annotations(&object.value, found)},
        ]);
        session.server.patch(&path, PatchType::Json, &patch.to_string()).await
    } else {
        session.server.patch(&path, PatchType::Strategic, &found["data"].to_string()).await
    };
    let answer = answer
        .map_err(|failure| Failure::Said(format!("failed restoring revision {wanted}: {}", failure.message())))?;
    reporter.report(&answer, "rolled back").await
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove("pod-template-hash");
    }
    template
}

/// The Deployment's own annotations stay, the others are those of the revision.
fn annotations(object: &Value, found: &Value) -> Map<String, Value> {
    let own = |key: &str| {
        key == LAST_APPLIED
            || matches!(
                key.strip_prefix("deployment.kubernetes.io/"),
                Some("revision" | "revision-history" | "desired-replicas" | "max-replicas")
            )
    };
    let of =
        |value: &Value| value.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default();
    let kept = of(object).into_iter().filter(|(key, _)| own(key));
    kept.chain(of(found).into_iter().filter(|(key, _)| !own(key))).collect()
}
