//! `patch`.

use serde_json::Value;

use super::result::{DryRun, Reporter};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    merge,
    output::json,
    selection::{Object, Request},
    server::{PatchType, query},
    session::Session,
};

/// Runs `patch`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let kind = check(matches)?;
    let patch = text(session, matches).await?;
    let mut reporter = Reporter::of(session, matches).await?;
    let selection = Request::of(matches, &matches.args).select(session).await?;
    let local = matches.on("local");
    let (objects, mut failures) =
        if local { (selection.local(), selection.failures.clone()) } else { selection.objects(session).await };
    for object in &objects {
        if let Err(failure) = one(session, matches, object, kind, &patch, &mut reporter).await {
            failures.push(failure);
        }
    }
    if objects.is_empty() && failures.is_empty() {
        return Err(Failure::said("no objects passed to patch"));
    }
    Failure::of(failures)
}

fn check(matches: &Matches) -> Outcome<PatchType> {
    DryRun::of(matches)?;
    match (matches.some("patch"), matches.some("patch-file")) {
        (Some(_), Some(_)) => return Err(Failure::said("cannot specify --patch and --patch-file together")),
        (None, None) => {
            return Err(Failure::said("must specify --patch or --patch-file containing the contents of the patch"));
        }
        _ => {}
    }
    match matches.text("type") {
        "strategic" => Ok(PatchType::Strategic),
        "merge" => Ok(PatchType::Merge),
        "json" => Ok(PatchType::Json),
        other => Err(Failure::Said(format!("--type must be one of [json merge strategic], not {other:?}"))),
    }
}

/// The patch as JSON; what begins like JSON goes to the server as it is.
async fn text(session: &Session, matches: &Matches) -> Outcome<String> {
    let text = match matches.some("patch") {
        Some(text) => text.to_owned(),
        None => {
            let path = matches.text("patch-file");
            let bytes = session.files.read(path).await;
            let bytes = bytes.map_err(|error| {
                Failure::Said(format!("unable to read patch file: open {path}: {}", crate::manifests::plain(&error)))
            })?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    if text.trim_start().starts_with('{') {
        return Ok(text);
    }
    let value = crate::yaml::read(&text).map_err(|why| Failure::Said(format!("unable to parse {text:?}: {why}")))?;
    Ok(json::compact(&value))
}

async fn one(
    session: &Session,
    matches: &Matches,
    object: &Object,
    kind: PatchType,
    patch: &str,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    if matches.on("local") || reporter.dry_run() == DryRun::Client {
        let mut changed = object.value.clone();
        local(&mut changed, object, kind, patch)?;
        return reporter.report_plainly(&changed, done(&object.value, &changed)).await;
    }
    let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    let sub = matches.some("subresource").map(|name| format!("/{name}")).unwrap_or_default();
    let path = format!("{}{sub}{}", object.target.path(), query(&pairs));
    let answer =
        session.server.patch(&path, kind, patch).await.map_err(|failure| unsupported(object, kind, failure))?;
    reporter.report_plainly(&answer, done(&object.value, &answer)).await
}

/// Which form of patch a kind does not take.
fn unsupported(object: &Object, kind: PatchType, failure: Failure) -> Failure {
    let resource = &object.target.resource;
    match &failure {
        Failure::Server(status) if status.reason == "UnsupportedMediaType" => Failure::Said(format!(
            "{} is not supported by {}/{}, Kind={}: {}",
            kind.media(),
            resource.group,
            resource.version,
            resource.kind,
            status.message
        )),
        _ => failure,
    }
}

fn done(before: &Value, after: &Value) -> &'static str {
    if before == after { "patched (no change)" } else { "patched" }
}

fn local(value: &mut Value, object: &Object, kind: PatchType, patch: &str) -> Outcome {
    if kind == PatchType::Json {
        return merge::steps::take(value, patch).map_err(|why| {
            // What the one sort of missing field is called here alone.
            let replaced = why.strip_prefix("replace operation does not apply: doc is missing key: ");
            Failure::Said(
                replaced.map_or(why.clone(), |path| format!("Object to be patched is missing field ({path})")),
            )
        });
    }
    let patch: Value = serde_json::from_str(patch).map_err(|error| Failure::Said(error.to_string()))?;
    let resource = &object.target.resource;
    match (kind, merge::shape(&resource.group, &resource.kind)) {
        (PatchType::Strategic, Some(shape)) => merge::strategic_merge(value, &patch, shape, &resource.kind),
        (PatchType::Strategic, None) => {
            return Err(Failure::Said(format!(
                "strategic merge patch is not supported for {}/{}, Kind={} locally, try --type merge",
                resource.group, resource.version, resource.kind
            )));
        }
        _ => merge::json_merge(value, &patch),
    }
    Ok(())
}
