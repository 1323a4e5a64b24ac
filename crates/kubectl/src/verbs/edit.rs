//! `edit`: an object as YAML, changed by a person.

use serde_json::Value;

use super::{
    create::validation,
    result::{DryRun, Reporter},
};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    merge,
    output::{json, yaml},
    selection::{Object, Request, Target},
    server::{PatchType, query},
    session::Session,
};

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";

const NO_EDITOR: &str = "there is no editor here: change the file and run \"kubectl apply -f\" instead";

/// Runs `edit`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let objects = Request::listing(matches, &matches.args).select(session).await?.all(session).await?;
    if objects.is_empty() {
        return Err(Failure::said("edit cancelled, no objects found"));
    }
    let mut reporter = Reporter::of(session, matches).await?;
    for object in &objects {
        one(session, matches, object, &mut reporter).await?;
    }
    Ok(())
}

async fn one(session: &Session, matches: &Matches, object: &Object, reporter: &mut Reporter<'_>) -> Outcome {
    let Some(editor) = session.editor.clone() else {
        return Err(Failure::said(NO_EDITOR));
    };
    let mut shown = object.value.clone();
    if let Some(metadata) = shown.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let before = yaml::text(&shown);
    let name = format!("{}-{}.yaml", object.target.resource.plural, object.target.name);
    let mut text = format!("{HEAD}{before}");
    loop {
        let edited = editor.edit(&name, text.clone()).await.map_err(|error| Failure::Said(error.to_string()))?;
        let plain: String =
            edited.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect();
        if plain.trim().is_empty() || plain == before || edited == text {
            session.err("Edit cancelled, no changes made.\n").await?;
            return Ok(());
        }
        match save(session, matches, object, &shown, &plain).await {
            Ok(Some(answer)) => return reporter.report(&answer, "edited").await,
            Ok(None) => {
                session.err("Edit cancelled, no changes made.\n").await?;
                return Ok(());
            }
            Err(failure) => {
                let why: String = failure.text().lines().map(|line| format!("# {line}\n")).collect();
                text = format!("{HEAD}{why}#\n{plain}");
            }
        }
    }
}

/// What a person makes of an object that is not created yet (`create --edit`); `None` when it is given up.
pub async fn fresh(session: &Session, target: &Target, object: &Value) -> Outcome<Option<Value>> {
    let Some(editor) = session.editor.clone() else { return Err(Failure::said(NO_EDITOR)) };
    let name = format!("{}-{}.yaml", target.resource.plural, target.name);
    let edited = editor
        .edit(&name, format!("{HEAD}{}", yaml::text(object)))
        .await
        .map_err(|error| Failure::Said(error.to_string()))?;
    let plain: String =
        edited.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect();
    if plain.trim().is_empty() {
        session.err("Edit cancelled, saved file was empty.\n").await?;
        return Ok(None);
    }
    crate::yaml::read(&plain).map(Some).map_err(|why| Failure::Said(format!("error converting YAML to JSON: {why}")))
}

async fn save(
    session: &Session,
    matches: &Matches,
    object: &Object,
    before: &Value,
    text: &str,
) -> Outcome<Option<Value>> {
    let after =
        crate::yaml::read(text).map_err(|why| Failure::Said(format!("error converting YAML to JSON: {why}")))?;
    let resource = &object.target.resource;
    let (kind, patch) = match merge::shape(&resource.group, &resource.kind) {
        Some(shape) => {
            (PatchType::Strategic, merge::strategic_three_way(before, &after, before, shape, &resource.kind))
        }
        None => (PatchType::Merge, merge::between(before, &after)),
    };
    if patch.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(None);
    }
    let mut pairs: Vec<(&str, String)> = DryRun::of(matches)?.query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    pairs.extend(validation(matches)?);
    if matches.on("output-patch") {
        session.line(format!("Patch: {}", json::compact(&patch))).await?;
    }
    session
        .server
        .patch(&format!("{}{}", object.target.path(), query(&pairs)), kind, &json::compact(&patch))
        .await
        .map(Some)
}
