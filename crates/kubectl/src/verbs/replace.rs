//! `replace`, and with `--force` what deletes and makes anew.

use serde_json::Value;

use super::{
    apply, create,
    delete::{self, Manner},
    result::{DryRun, Reporter},
};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    selection::{Pick, Request, Target},
    server::{JSON, query},
    session::Session,
};

/// Runs `replace`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if let Some(path) = matches.some("raw").filter(|_| matches.reads_files()) {
        return raw(session, matches, path).await;
    }
    let mut reporter = Reporter::of(session, matches).await?;
    let force = matches.on("force");
    if matches.int("grace-period") >= 0 && !force {
        return Err(Failure::said("--grace-period must have --force specified"));
    }
    if matches.duration("timeout") != 0 && !force {
        return Err(Failure::said("--timeout must have --force specified"));
    }
    if force && DryRun::of(matches)? != DryRun::No {
        return Err(Failure::said("--dry-run can not be used when --force is set"));
    }
    if !matches.reads_files() {
        return Err(Failure::said("must specify one of -f and -k"));
    }
    let request = Request { validate: create::validates(matches)?, ..Request::of(matches, &matches.args) };
    let selection = request.select(session).await?;
    let targets: Vec<&Target> = selection
        .picks
        .iter()
        .filter_map(|pick| if let Pick::One(target) = pick { Some(target) } else { None })
        .collect();
    let mut failures = selection.failures.clone();
    if force {
        Failure::of(std::mem::take(&mut failures))?;
        clear(session, matches, &targets).await?;
    }
    for target in &targets {
        let (doing, outcome) = if force {
            ("creating", make(session, matches, target, &mut reporter).await)
        } else {
            ("replacing", put(session, matches, target, &mut reporter).await)
        };
        if let Err(failure) = outcome {
            failures.push(failure.when(doing, target.source()));
        }
    }
    if targets.is_empty() && failures.is_empty() {
        return Err(Failure::said("no objects passed to replace"));
    }
    Failure::of(failures)
}

/// PUT of a file as it stands.
async fn raw(session: &Session, matches: &Matches, path: &str) -> Outcome {
    let path = super::get::raw_path(path)?;
    let [file] = &matches.list("filename")[..] else {
        return Err(Failure::said("--raw can only use a single local file or stdin"));
    };
    let bytes = if file == "-" { session.read_stdin().await? } else { session.files.read(file).await? };
    let answer = session.server.put_bytes(path, bytes).await?;
    session.out_bytes(&answer).await
}

fn object(matches: &Matches, target: &Target) -> Value {
    let mut object = target.manifest.clone().unwrap_or_default();
    if matches.on("save-config") || apply::last_applied(&object).is_some() {
        apply::annotate(&mut object);
    }
    object
}

async fn put(session: &Session, matches: &Matches, target: &Target, reporter: &mut Reporter<'_>) -> Outcome {
    let mut object = object(matches, target);
    if reporter.dry_run() == DryRun::Client {
        return reporter.report(&object, "replaced").await;
    }
    let sub = matches.some("subresource").map(|name| format!("/{name}")).unwrap_or_default();
    if text_at(&object, "/metadata/resourceVersion").is_empty() {
        let live = session.server.get(&target.path(), JSON).await?;
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), live["metadata"]["resourceVersion"].clone());
        }
    }
    let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    pairs.extend(create::validation(matches)?);
    let answer = session.server.put(&format!("{}{sub}{}", target.path(), query(&pairs)), &object).await?;
    reporter.report(&answer, "replaced").await
}

async fn clear(session: &Session, matches: &Matches, targets: &[&Target]) -> Outcome {
    let manner = Manner { force: false, ..Manner::of(session, matches).await? };
    let manner = if matches.int("grace-period") < 0 { Manner { grace: None, ..manner } } else { manner };
    let mut going = Vec::new();
    for target in targets {
        match delete::one(session, target, &manner).await {
            Ok(gone) => going.extend(gone),
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure.when("deleting", target.source())),
        }
    }
    delete::wait_for(session, &going, &Manner { wait: Some(matches.duration("timeout")), ..manner }).await
}

async fn make(session: &Session, matches: &Matches, target: &Target, reporter: &mut Reporter<'_>) -> Outcome {
    let object = object(matches, target);
    let answer = create::send(session, matches, target, &object, reporter.dry_run()).await?;
    reporter.report(&answer, "replaced").await
}
