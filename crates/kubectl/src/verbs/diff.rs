//! `diff`: what `apply` would change.

mod unified;

use serde_json::{Value, json};

use super::apply;
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    merge,
    output::{json as text, yaml},
    selection::{Pick, Request, Target},
    server::{JSON, PatchType, query},
    session::Session,
};

/// Runs `diff`; exit code 1 says that there is a difference, a higher one that something went wrong.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    match differences(session, matches).await {
        Ok(false) => Ok(()),
        Ok(true) => Err(Failure::Exit(1)),
        Err(failure) => Err(Failure::Ended(failure.text(), failure.code() + 1)),
    }
}

async fn differences(session: &Session, matches: &Matches) -> Outcome<bool> {
    if !matches.args.is_empty() {
        return Err(Failure::usage("kubectl diff", format!("Unexpected args: [{}]", matches.args.join(" "))));
    }
    if !matches.reads_files() {
        return Err(Failure::said("must specify one of -f and -k"));
    }
    let selection = Request { selector: None, ..Request::of(matches, &matches.args) }.select(session).await?;
    Failure::of(selection.failures.clone())?;
    let stamp = session.now();
    let (mut found, mark) = (false, stamp.as_nanosecond().unsigned_abs() % 10_000_000_000);
    for pick in &selection.picks {
        let Pick::One(target) = pick else { continue };
        let (mut live, mut merged) = both(session, matches, target).await?;
        if target.resource.is("", "Secret") && !matches.on("show-secrets") {
            mask(&mut live, &mut merged);
        }
        let name = file_name(target);
        let (from, to) = (format!("/tmp/LIVE-{mark}/{name}"), format!("/tmp/MERGED-{}/{name}", mark / 3 + 1));
        let show = |value: &Option<Value>| value.as_ref().map(yaml::text).unwrap_or_default();
        let body = unified::diff(&show(&live), &show(&merged));
        if !body.is_empty() {
            found = true;
            let time = stamp.strftime("%Y-%m-%d %H:%M:%S.%9f +0000");
            session.out(&format!("diff -u -N {from} {to}\n--- {from}\t{time}\n+++ {to}\t{time}\n{body}")).await?;
        }
    }
    Ok(found)
}

fn file_name(target: &Target) -> String {
    let resource = &target.resource;
    let group = if resource.group.is_empty() { String::new() } else { format!("{}.", resource.group) };
    format!(
        "{group}{}.{}.{}.{}",
        resource.version,
        resource.kind,
        target.namespace.as_deref().unwrap_or_default(),
        target.name
    )
}

/// The object as it is, and as it would be.
async fn both(session: &Session, matches: &Matches, target: &Target) -> Outcome<(Option<Value>, Option<Value>)> {
    let object = target.manifest.clone().unwrap_or_default();
    let live = match session.server.get(&target.path(), JSON).await {
        Ok(live) => Some(live),
        Err(failure) if failure.is_not_found() => None,
        Err(failure) => return Err(failure),
    };
    let pairs = query(&[("dryRun", "All".to_owned()), ("fieldManager", matches.text("field-manager").to_owned())]);
    let merged = match &live {
        None => {
            session
                .server
                .post(&format!("{}{pairs}", target.resource.path(target.namespace.as_deref())), &object)
                .await?
        }
        Some(live) => {
            let (kind, mut patch) = change(target, &object, live)?;
            if let Some(version) = live.pointer("/metadata/resourceVersion") {
                merge::json_merge(&mut patch, &json!({"metadata": {"resourceVersion": version}}));
            }
            session.server.patch(&format!("{}{pairs}", target.path()), kind, &text::compact(&patch)).await?
        }
    };
    Ok((live.map(stripped), Some(stripped(merged))))
}

fn change(target: &Target, object: &Value, live: &Value) -> Outcome<(PatchType, Value)> {
    let mut object = object.clone();
    merge::json_merge(&mut object, &json!({"metadata": {"annotations": {}}}));
    let (kind, mut patch) = apply::patch(target, &object, live)?;
    // What was applied last is not part of what is compared.
    if let Some(annotations) = patch.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(apply::LAST_APPLIED);
    }
    Ok((kind, patch))
}

fn stripped(mut value: Value) -> Value {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    value
}

/// Hides what is in Secrets; only that it differs is shown.
fn mask(live: &mut Option<Value>, merged: &mut Option<Value>) {
    let data =
        |value: &Option<Value>| value.as_ref().and_then(|value| value["data"].as_object().cloned()).unwrap_or_default();
    let (before, after) = (data(live), data(merged));
    let hide = |value: &mut Option<Value>, other: &serde_json::Map<String, Value>, word: &str| {
        for (key, held) in value.as_mut().and_then(|value| value["data"].as_object_mut()).into_iter().flatten() {
            let differs = other.get(key).is_some_and(|other| other != held);
            *held = if differs { format!("*** ({word})") } else { "***".to_owned() }.into();
        }
    };
    hide(live, &after, "before");
    hide(merged, &before, "after");
}
