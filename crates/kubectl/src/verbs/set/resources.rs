//! `set resources`.

use serde_json::{Map, Value, json};

use super::{Call, Spec, one_choice, pod_spec};
use crate::{
    args::Matches,
    describe::quantity,
    failure::{Failure, Outcome},
    merge,
    session::Session,
    verbs::template,
};

/// Runs `set resources`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let mut call = Call::new(session, matches).await?;
    let objects = call.objects(&matches.args).await?;
    call.check()?;
    one_choice(matches)?;
    let amounts = [("limits", matches.text("limits")), ("requests", matches.text("requests"))];
    if amounts.iter().all(|(_, text)| text.is_empty()) {
        return Err(Failure::said(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let mut update = Map::new();
    for (name, text) in amounts.into_iter().filter(|(_, text)| !text.is_empty()) {
        update.insert(name.to_owned(), Value::Object(list(text)?));
    }
    let mut failures = Vec::new();
    for object in &objects {
        let mut changed = object.value.clone();
        let outcome = pod_spec(object, &mut changed).and_then(|spec| apply(spec, matches, &update));
        let failing = "failed to patch resources update to pod template ";
        let outcome = match outcome {
            Ok(()) => call.store_changed(object, &changed, "resource requirements updated", failing).await,
            wrong => wrong,
        };
        failures.extend(outcome.err());
    }
    Failure::of(failures)
}

fn apply(spec: &mut Spec, matches: &Matches, update: &Map<String, Value>) -> Outcome {
    let pattern = matches.text("containers");
    let mut found = false;
    for container in template::containers_mut(spec) {
        if template::fits(pattern, template::name(container)) {
            found = true;
            let held = container.entry("resources").or_insert_with(|| json!({}));
            merge::json_merge(held, &Value::Object(update.clone()));
        }
    }
    if found { Ok(()) } else { Err(Failure::Said(format!("error: unable to find container named {pattern}"))) }
}

/// `cpu=1,memory=1Gi`.
fn list(text: &str) -> Outcome<Map<String, Value>> {
    let one = |part: &str| match part.split_once('=').filter(|(_, amount)| !amount.contains('=')) {
        Some((_, amount)) if quantity::milli(amount).is_none() => Err(Failure::said(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )),
        Some((name, amount)) => Ok((name.to_owned(), amount.into())),
        None => Err(Failure::Said(format!("Invalid argument syntax {part}, expected <resource>=<value>"))),
    };
    text.split(',').map(one).collect()
}
