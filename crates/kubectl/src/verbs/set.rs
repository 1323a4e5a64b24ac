//! `set image`, `set env`, `set resources`, `set serviceaccount`.

mod env;
mod selector;
mod subject;

use serde_json::{Map, Value, json};

use super::{
    result::{DryRun, Reporter},
    template,
};
use crate::{
    args::Matches,
    describe::quantity,
    failure::{Failure, Outcome},
    merge,
    output::json as text,
    selection::{Object, Request},
    server::{PatchType, query},
    session::Session,
};

type Spec = Map<String, Value>;

/// Runs the command below `set`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    match matches.command.name() {
        "image" => image(session, matches).await,
        "env" => env::run(session, matches).await,
        "resources" => resources(session, matches).await,
        "selector" => selector::run(session, matches).await,
        "subject" => subject::run(session, matches).await,
        _ => service_account(session, matches).await,
    }
}

async fn image(session: &Session, matches: &Matches) -> Outcome {
    let (names, pairs): (Vec<String>, Vec<String>) = matches.args.iter().cloned().partition(|arg| !arg.contains('='));
    if matches.on("all") && matches.given("selector") {
        return Err(Failure::said("cannot set --all and --selector at the same time"));
    }
    let mut wrong = Vec::new();
    if names.is_empty() && !matches.reads_files() {
        wrong.push(Failure::said("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    let images: Vec<(&str, &str)> = pairs.iter().filter_map(|pair| pair.split_once('=')).collect();
    if images.is_empty() {
        wrong.push(Failure::said("at least one image update is required"));
    } else if images.len() > 1 && images.iter().any(|(name, _)| *name == "*") {
        wrong.push(Failure::said(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        ));
    }
    Failure::of(wrong)?;
    change(session, matches, &names, "image updated", &|spec| {
        let mut containers = template::containers_mut(spec);
        for (name, image) in &images {
            let mut found = false;
            for container in
                containers.iter_mut().filter(|container| *name == "*" || template::name(container) == *name)
            {
                container.insert("image".to_owned(), (*image).into());
                found = true;
            }
            if !found {
                return Err(Failure::Said(format!("error: unable to find container named {name:?}")));
            }
        }
        Ok(())
    })
    .await
}

async fn resources(session: &Session, matches: &Matches) -> Outcome {
    if matches.args.is_empty() && !matches.reads_files() {
        return Err(Failure::said("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    let (limits, requests) = (amounts(matches.text("limits"))?, amounts(matches.text("requests"))?);
    if limits.is_empty() && requests.is_empty() {
        return Err(Failure::said(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let pattern = matches.text("containers").to_owned();
    change(session, matches, &matches.args, "resource requirements updated", &|spec| {
        let mut found = false;
        for container in template::containers_mut(spec)
            .into_iter()
            .filter(|container| template::fits(&pattern, template::name(container)))
        {
            found = true;
            let held = container.entry("resources").or_insert_with(|| json!({}));
            for (name, amounts) in [("limits", &limits), ("requests", &requests)] {
                if !amounts.is_empty() {
                    merge::json_merge(held, &json!({name: amounts}));
                }
            }
        }
        if found { Ok(()) } else { Err(Failure::Said(format!("error: unable to find container named {pattern}"))) }
    })
    .await
}

fn amounts(text: &str) -> Outcome<Map<String, Value>> {
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(|part| match part.split_once('=') {
            Some((_, amount)) if quantity::milli(amount).is_none() => Err(Failure::said(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            )),
            Some((name, amount)) => Ok((name.to_owned(), Value::String(amount.to_owned()))),
            None => Err(Failure::Said(format!("Invalid argument syntax {part}, expected <resource>=<value>"))),
        })
        .collect()
}

async fn service_account(session: &Session, matches: &Matches) -> Outcome {
    let Some((account, names)) = matches.args.split_last() else {
        return Err(Failure::said("serviceaccount is required"));
    };
    change(session, matches, names, "serviceaccount updated", &|spec| {
        spec.insert("serviceAccountName".to_owned(), account.clone().into());
        spec.insert("serviceAccount".to_owned(), account.clone().into());
        Ok(())
    })
    .await
}

type Change<'a> = dyn Fn(&mut Spec) -> Outcome + Send + Sync + 'a;

/// Changes the Pod templates of objects and patches what is different.
async fn change(session: &Session, matches: &Matches, names: &[String], done: &str, by: &Change<'_>) -> Outcome {
    let mut reporter = Reporter::of(session, matches).await?;
    let selection = Request::of(matches, names).select(session).await?;
    let local = matches.on("local");
    let (objects, mut failures) =
        if local { (selection.local(), selection.failures.clone()) } else { selection.objects(session).await };
    for object in &objects {
        let mut changed = object.value.clone();
        let outcome = match template::spec_mut(&mut changed) {
            Some(spec) => by(spec),
            None => Err(Failure::Said(format!(
                "error: {}/{} the object is not a pod or does not have a pod template: {}\n",
                object.target.resource.plural, object.target.name, object.target.resource.kind
            ))),
        };
        let outcome = match outcome {
            Ok(()) => send(session, matches, object, changed, done, &mut reporter).await,
            failed => failed,
        };
        if let Err(failure) = outcome {
            failures.push(failure);
        }
    }
    Failure::of(failures)
}

async fn send(
    session: &Session,
    matches: &Matches,
    object: &Object,
    changed: Value,
    done: &str,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    if matches.on("local") || reporter.dry_run() == DryRun::Client {
        return reporter.report(&changed, done).await;
    }
    if changed == object.value {
        return Ok(());
    }
    let resource = &object.target.resource;
    let patch = match merge::shape(&resource.group, &resource.kind) {
        Some(shape) => merge::strategic_three_way(&object.value, &changed, &object.value, shape, &resource.kind),
        None => merge::between(&object.value, &changed),
    };
    let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    let answer = session
        .server
        .patch(&format!("{}{}", object.target.path(), query(&pairs)), PatchType::Strategic, &text::compact(&patch))
        .await?;
    reporter.report(&answer, done).await
}
