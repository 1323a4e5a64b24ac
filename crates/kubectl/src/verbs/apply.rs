//! `apply`: a three-way merge with what was applied before, kept in an annotation of the object.

pub mod last_applied;
mod prune;
mod server_side;

use serde_json::{Map, Value, json};

use self::prune::Applied;
use super::{
    create,
    result::{DryRun, Reporter},
};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    merge,
    output::json,
    selection::{Pick, Request, Target},
    server::{JSON, PatchType, query},
    session::Session,
};

/// The annotation that keeps what was applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// How often a conflict is tried again.
const TRIES: usize = 5;

/// Runs `apply`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if !matches.args.is_empty() {
        return Err(Failure::usage("kubectl apply", format!("Unexpected args: [{}]", matches.args.join(" "))));
    }
    DryRun::of(matches)?;
    if !matches.reads_files() {
        return Err(Failure::said("must specify one of -f and -k"));
    }
    check(matches)?;
    let prunable = prune::kinds(session, matches).await?;
    let mut reporter = Reporter::of(session, matches).await?;
    let request =
        Request { validate: create::validates(matches)?, fields: None, all: false, ..Request::of(matches, &[]) };
    let selection = request.select(session).await?;
    let mut failures = selection.failures.clone();
    let (mut count, mut applied) = (0, Applied::default());
    for pick in &selection.picks {
        let Pick::One(target) = pick else { continue };
        count += 1;
        match one(session, matches, target, &mut reporter).await {
            Ok(object) => {
                applied.uids.insert(text_at(&object, "/metadata/uid").to_owned());
                applied.namespaces.extend(target.namespace.clone());
            }
            Err(failure) => failures.push(failure),
        }
    }
    if count == 0 && failures.is_empty() {
        return Err(Failure::said("no objects passed to apply"));
    }
    Failure::of(failures)?;
    if matches.on("prune") {
        prune::run(session, matches, &prunable, &applied, &mut reporter).await?;
    }
    Ok(())
}

/// Flags that do not go together, in the order in which kubectl looks at them.
fn check(matches: &Matches) -> Outcome {
    let (server, force, all) = (matches.on("server-side"), matches.on("force"), matches.on("all"));
    let selecting = matches.some("selector").is_some();
    super::delete::propagation(matches)?;
    let dry_run = DryRun::of(matches)?;
    let wrong = [
        (matches.on("force-conflicts") && !server, "--force-conflicts only works with --server-side"),
        (
            server && dry_run == DryRun::Client,
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        ),
        (server && force, "--force cannot be used with --server-side"),
        (force && dry_run == DryRun::Server, "--dry-run=server cannot be used with --force"),
        (all && selecting, "cannot set --all and --selector at the same time"),
        (
            matches.on("prune") && !all && !selecting,
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
        ),
        (
            matches.on("prune") && server,
            "--prune is in alpha and doesn't currently work on objects created by server-side apply",
        ),
    ];
    wrong.iter().find(|(holds, _)| *holds).map_or(Ok(()), |(_, text)| Err(Failure::said(*text)))
}

async fn one(session: &Session, matches: &Matches, target: &Target, reporter: &mut Reporter<'_>) -> Outcome<Value> {
    let object = target.manifest.clone().unwrap_or_default();
    if target.name.is_empty() && !text_at(&object, "/metadata/generateName").is_empty() {
        return Err(Failure::Said(format!(
            "from {}: cannot use generate name with apply",
            text_at(&object, "/metadata/generateName")
        )));
    }
    if matches.on("server-side") {
        return server_side::one(session, matches, target, reporter).await;
    }
    if target.name.is_empty() {
        return Err(unread(target, Failure::said("resource name may not be empty")));
    }
    match session.server.get(&target.path(), JSON).await {
        Ok(live) => update(session, matches, target, object, live, reporter).await,
        Err(failure) if failure.is_not_found() => {
            let mut object = object;
            annotate(&mut object);
            if reporter.dry_run() == DryRun::Client {
                reporter.report(&object, "created").await?;
                return Ok(object);
            }
            let created = create::send(session, matches, target, &object, reporter.dry_run())
                .await
                .map_err(|failure| failure.when("creating", target.source()))?;
            reporter.report(&created, "created").await?;
            Ok(created)
        }
        Err(failure) => Err(unread(target, failure)),
    }
}

fn unread(target: &Target, failure: Failure) -> Failure {
    let group = &target.resource.group;
    let words = format!(
        "error when retrieving current configuration of:\nResource: {:?}, GroupVersionKind: \"{group}/{}, Kind={}\"\nName: {:?}, Namespace: {:?}\nfrom server for: {:?}: ",
        target.resource.to_string(),
        target.resource.version,
        target.resource.kind,
        target.name,
        target.namespace.as_deref().unwrap_or_default(),
        target.source(),
    );
    failure.prefixed(&words)
}

async fn update(
    session: &Session,
    matches: &Matches,
    target: &Target,
    mut object: Value,
    mut live: Value,
    reporter: &mut Reporter<'_>,
) -> Outcome<Value> {
    if last_applied(&live).is_none() {
        session
            .err(&format!(
                "Warning: resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
                target.resource.plural, target.name
            ))
            .await?;
    }
    annotate(&mut object);
    for attempt in 1.. {
        let (kind, patch) = patch(target, &object, &live)?;
        if patch.as_object().is_some_and(Map::is_empty) {
            reporter.report(&live, "unchanged").await?;
            return Ok(live);
        }
        if reporter.dry_run() == DryRun::Client {
            reporter.report(&merged(target, &patch, &live), "configured").await?;
            return Ok(live);
        }
        match send(session, matches, target, kind, &patch, reporter.dry_run()).await {
            Ok(changed) => {
                reporter.report(&changed, "configured").await?;
                return Ok(changed);
            }
            Err(failure) if failure.is_conflict() && attempt < TRIES => {
                live = session.server.get(&target.path(), JSON).await?
            }
            Err(failure)
                if matches.on("force") && failure.status().is_some_and(|status| matches!(status.code, 409 | 422)) =>
            {
                return replace(session, matches, target, &object, reporter).await;
            }
            Err(failure) => return Err(refused(target, &patch, failure)),
        }
    }
    Ok(live)
}

/// What the server would make of the patch.
fn merged(target: &Target, patch: &Value, live: &Value) -> Value {
    let (mut after, resource) = (live.clone(), &target.resource);
    match merge::shape(&resource.group, &resource.kind) {
        Some(shape) => merge::strategic_merge(&mut after, patch, shape, &resource.kind),
        None => merge::json_merge(&mut after, patch),
    }
    after
}

/// Deletes and creates anew (`--force`).
async fn replace(
    session: &Session,
    matches: &Matches,
    target: &Target,
    object: &Value,
    reporter: &mut Reporter<'_>,
) -> Outcome<Value> {
    let grace = matches.int("grace-period");
    let mut options = json!({"propagationPolicy": "Background"});
    if grace >= 0 {
        options["gracePeriodSeconds"] = grace.into();
    }
    let gone = session.server.delete(&target.path(), &options).await?;
    let uid = text_at(&gone, "/metadata/uid").to_owned();
    super::delete::until_gone(session, &super::delete::Going { target: target.clone(), uid }).await?;
    let created = create::send(session, matches, target, object, reporter.dry_run()).await?;
    reporter.report(&created, "configured").await?;
    Ok(created)
}

/// The patch that leads from what is live to what is wanted.
pub fn patch(target: &Target, object: &Value, live: &Value) -> Outcome<(PatchType, Value)> {
    let original = match last_applied(live) {
        Some(text) => serde_json::from_str(text)
            .map_err(|error| Failure::Said(format!("retrieving original configuration from live object: {error}")))?,
        None => json!({}),
    };
    let resource = &target.resource;
    Ok(match merge::shape(&resource.group, &resource.kind) {
        Some(shape) => {
            (PatchType::Strategic, merge::strategic_three_way(&original, object, live, shape, &resource.kind))
        }
        None => (PatchType::Merge, merge::three_way(&original, object, live)),
    })
}

async fn send(
    session: &Session,
    matches: &Matches,
    target: &Target,
    kind: PatchType,
    patch: &Value,
    dry_run: DryRun,
) -> Outcome<Value> {
    let mut pairs: Vec<(&str, String)> = dry_run.query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    pairs.extend(create::validation(matches)?);
    session.server.patch(&format!("{}{}", target.path(), query(&pairs)), kind, &json::compact(patch)).await
}

fn refused(target: &Target, patch: &Value, failure: Failure) -> Failure {
    let resource = &target.resource;
    failure.prefixed(&format!(
        "error when applying patch:\n{}\nto:\nResource: {:?}, GroupVersionKind: \"{}/{}, Kind={}\"\nName: {:?}, Namespace: {:?}\nfor: {:?}: error when patching {:?}: ",
        json::compact(patch),
        resource.to_string(),
        resource.group,
        resource.version,
        resource.kind,
        target.name,
        target.namespace.as_deref().unwrap_or_default(),
        target.source(),
        target.source(),
    ))
}

/// What was applied to an object.
pub fn last_applied(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("annotations")?.get(LAST_APPLIED)?.as_str()
}

/// Writes what is applied into the object's own annotation.
pub fn annotate(object: &mut Value) {
    let Some(map) = object.as_object_mut() else { return };
    let metadata = map.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else { return };
    if !metadata.get("annotations").is_some_and(Value::is_object) {
        metadata.insert("annotations".to_owned(), json!({}));
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
    let text = format!("{}\n", json::compact(object));
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.insert(LAST_APPLIED.to_owned(), text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_applied_is_kept() {
        let mut object = json!({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "<"}});
        annotate(&mut object);
        assert_eq!(
            last_applied(&object),
            Some(
                "{\"data\":{\"x\":\"\\u003c\"},\"kind\":\"ConfigMap\",\"metadata\":{\"annotations\":{},\"name\":\"a\"}}\n"
            )
        );
    }
}
