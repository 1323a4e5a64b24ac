//! `set selector`: which Pods a Service finds.

use serde_json::{Map, Value};

use super::send;
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    selection::Request,
    session::Session,
    verbs::result::Reporter,
};

/// Runs `set selector`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let Some((text, names)) = matches.args.split_last() else { return Err(Failure::said("one selector is required")) };
    let (names, text) = if text.contains(['=', ' ', '!']) { (names, text.as_str()) } else { (&matches.args[..], "") };
    let mut reporter = Reporter::of(session, matches).await?;
    let request = Request { selector: None, ..Request::of(matches, names) };
    let selection = request.select(session).await?;
    let (objects, mut failures) = if matches.on("local") {
        (selection.local(), selection.failures.clone())
    } else {
        selection.objects(session).await
    };
    let labels = labels(text)?;
    for object in &objects {
        if object.target.resource.kind != "Service" {
            failures.push(Failure::said("setting a selector is only supported for Services"));
            continue;
        }
        let mut changed = object.value.clone();
        changed["spec"]["selector"] = Value::Object(labels.clone());
        if let Some(version) = matches.some("resource-version") {
            changed["metadata"]["resourceVersion"] = version.into();
        }
        if let Err(failure) = send(session, matches, object, changed, "selector updated", &mut reporter).await {
            failures.push(failure);
        }
    }
    Failure::of(failures)
}

/// A Service's selector knows equality only.
fn labels(text: &str) -> Outcome<Map<String, Value>> {
    if let Some((key, rest)) = text.split_once(" in ").or_else(|| text.split_once(" notin ")) {
        let operator = if text.contains(" notin ") { "NotIn" } else { "In" };
        let key = key.rsplit(',').next().unwrap_or(key).trim();
        let values = rest.trim().trim_matches(['(', ')']).replace(',', " ");
        return Err(Failure::Said(format!(
            "match expression [{{{key} {operator} [{values}]}}] not supported on this object"
        )));
    }
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(|part| match part.replace("==", "=").split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), Value::from(value))),
            None => Err(Failure::Said(format!("invalid selector: {part}"))),
        })
        .collect()
}
