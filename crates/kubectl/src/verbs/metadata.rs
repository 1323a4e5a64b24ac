//! `label` and `annotate`.

mod changes;

use serde_json::{Map, Value};

use self::changes::Changes;
use super::result::{DryRun, Reporter};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    merge,
    output::{
        json,
        printer::{Printer, RESULT_FORMATS},
    },
    selection::{Object, Request},
    server::{PatchType, query},
    session::Session,
};

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `metadata.labels`.
    Labels,
    /// `metadata.annotations`.
    Annotations,
}

impl Field {
    fn path(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Annotations => "annotations",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Self::Labels => "label",
            Self::Annotations => "annotation",
        }
    }
}

/// Runs `label` or `annotate`.
pub async fn run(session: &Session, matches: &Matches, field: Field) -> Outcome {
    DryRun::of(matches)?;
    if field == Field::Annotations {
        Printer::of(session, matches, RESULT_FORMATS).await?;
    }
    let (resources, pairs) = split(&matches.args, field.one())?;
    let changes = Changes::read(&pairs, field)?;
    check(matches, &resources, &changes, field)?;
    let mut reporter = Reporter::of(session, matches).await?;
    let request = Request::of(matches, &resources);
    let local = matches.on("local");
    let selection = request.select(session).await?;
    let (objects, mut failures) =
        if local { (selection.local(), selection.failures.clone()) } else { selection.objects(session).await };
    let several = objects.len() > 1;
    for object in &objects {
        let outcome = if matches.on("list") {
            list(session, object, field, several).await
        } else {
            one(session, matches, object, &changes, field, &mut reporter).await
        };
        if let Err(failure) = outcome {
            failures.push(failure);
        }
    }
    Failure::of(failures)
}

/// Arguments before the first change name resources; `one` is what is changed.
pub fn split(args: &[String], one: &str) -> Outcome<(Vec<String>, Vec<String>)> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for arg in args {
        let change = arg.contains('=') && !arg.starts_with('=') || arg.ends_with('-') && arg != "-";
        match (change, pairs.is_empty()) {
            (true, _) => pairs.push(arg.clone()),
            (false, true) => resources.push(arg.clone()),
            (false, false) => {
                return Err(Failure::Said(format!("all resources must be specified before {one} changes: {arg}")));
            }
        }
    }
    Ok((resources, pairs))
}

fn check(matches: &Matches, resources: &[String], changes: &Changes, field: Field) -> Outcome {
    if matches.on("list") && matches.some("output").is_some() {
        return Err(Failure::said("--list and --output may not be specified together"));
    }
    for other in ["selector", "field-selector"] {
        if matches.on("all") && matches.some(other).is_some() {
            return Err(Failure::Said(format!("cannot set --all and --{other} at the same time")));
        }
    }
    if resources.is_empty() && !matches.reads_files() {
        return Err(Failure::said("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if changes.is_empty() && !matches.on("list") {
        return Err(Failure::Said(format!("at least one {} update is required", field.one())));
    }
    Ok(())
}

fn map_of(value: &Value, field: Field) -> Map<String, Value> {
    value.pointer(&format!("/metadata/{}", field.path())).and_then(Value::as_object).cloned().unwrap_or_default()
}

async fn list(session: &Session, object: &Object, field: Field, several: bool) -> Outcome {
    let indent = if several { " " } else { "" };
    if several {
        let resource = &object.target.resource;
        session
            .line(format!("Listing {} for {}.{}/{}:", field.path(), resource.kind, resource.group, object.target.name))
            .await?;
    }
    for (key, value) in map_of(&object.value, field) {
        session.line(format!("{indent}{key}={}", value.as_str().unwrap_or_default())).await?;
    }
    Ok(())
}

async fn one(
    session: &Session,
    matches: &Matches,
    object: &Object,
    changes: &Changes,
    field: Field,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    let before = map_of(&object.value, field);
    changes.check_overwrites(&before, matches.on("overwrite"), field)?;
    if field == Field::Labels {
        for name in changes.removed.iter().filter(|name| !before.contains_key(*name)) {
            session.line(format!("label {name:?} not found.")).await?;
        }
    }
    let after = changes.apply(&before);
    let mut changed = object.value.clone();
    if let Some(metadata) = changed.get_mut("metadata").and_then(Value::as_object_mut) {
        if after.is_empty() {
            metadata.remove(field.path());
        } else {
            metadata.insert(field.path().to_owned(), Value::Object(after.clone()));
        }
        if let Some(version) = matches.some("resource-version") {
            metadata.insert("resourceVersion".to_owned(), version.into());
        }
    }
    let done = word(field, &object.value, &changed, matches.on("overwrite"));
    if matches.on("local") || reporter.dry_run() == DryRun::Client {
        return reporter.report(&changed, done).await;
    }
    let patch = merge::between(&object.value, &changed);
    let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    let path = format!("{}{}", object.target.path(), query(&pairs));
    let answer = session.server.patch(&path, PatchType::Merge, &json::compact(&patch)).await?;
    reporter.report(&answer, done).await
}

fn word(field: Field, before: &Value, after: &Value, overwrite: bool) -> &'static str {
    match field {
        Field::Annotations => "annotated",
        Field::Labels if before == after => "not labeled",
        Field::Labels if !overwrite && after.to_string().len() < before.to_string().len() => "unlabeled",
        Field::Labels => "labeled",
    }
}
