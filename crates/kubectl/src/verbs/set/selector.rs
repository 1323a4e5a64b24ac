//! `set selector`: which Pods a Service finds.

use serde_json::{Map, Value};

use super::Call;
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    names,
    selection::{Object, Request},
    session::Session,
};

/// Runs `set selector`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let mut call = Call::new(session, matches).await?;
    let Some((text, names)) = matches.args.split_last() else { return Err(Failure::said("one selector is required")) };
    check(text)?;
    let labels = labels(text);
    let local = matches.on("local");
    let objects = call.objects_of(Request { local, selector: None, ..Request::of(matches, names) }).await?;
    let mut failures = Vec::new();
    for object in &objects {
        failures.extend(one(&mut call, object, labels.as_ref()).await.err());
    }
    Failure::of(failures)
}

async fn one(call: &mut Call<'_>, object: &Object, labels: Result<&Map<String, Value>, &String>) -> Outcome {
    if object.target.resource.kind != "Service" {
        return Err(Failure::said("setting a selector is only supported for Services"));
    }
    let labels = labels.map_err(|why| Failure::Said(why.clone()))?;
    let mut changed = object.value.clone();
    changed["spec"]["selector"] = Value::Object(labels.clone());
    if let Some(version) = call.matches.some("resource-version") {
        changed["metadata"]["resourceVersion"] = version.into();
    }
    call.store(object, &changed, "selector updated", "").await
}

/// A key alone must be one; what is more is a condition, and looked at with the objects.
fn check(text: &str) -> Outcome {
    let wrong =
        if text.is_empty() || text.contains(['=', ' ', '!', ',']) { Vec::new() } else { names::qualified(text) };
    if wrong.is_empty() {
        return Ok(());
    }
    let why = format!("<nil>: Invalid value: {text:?}: {}", wrong.join("; "));
    Err(Failure::Said(format!("couldn't parse the selector string {text:?}: unable to parse requirement: {why}")))
}

/// A Service's selector knows equality only: what else a selector may say is a mistake when it comes to an object.
fn labels(text: &str) -> Result<Map<String, Value>, String> {
    if let Some((key, rest)) = text.split_once(" in ").or_else(|| text.split_once(" notin ")) {
        let operator = if text.contains(" notin ") { "NotIn" } else { "In" };
        let key = key.rsplit(',').next().unwrap_or(key).trim();
        let values = rest.trim().trim_matches(['(', ')']).replace(',', " ");
        return Err(format!("match expression [{{{key} {operator} [{values}]}}] not supported on this object"));
    }
    let parts = text.split(',').filter(|part| !part.is_empty());
    let pairs: Result<Map<String, Value>, String> = parts
        .map(|part| match part.replace("==", "=").split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), Value::from(value))),
            None if part.starts_with('!') => Err(format!("{{{} DoesNotExist []}}", &part[1..])),
            None => Err(format!("{{{part} Exists []}}")),
        })
        .collect();
    pairs.map_err(|expression| format!("match expression [{expression}] not supported on this object"))
}
