//! `create -f`, and the generators below it.

pub mod generate;

use serde_json::Value;

use super::result::{DryRun, Reporter};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    selection::{Pick, Request, Target},
    server::query,
    session::Session,
};

/// Runs `create -f`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let files = matches.list("filename");
    if let Some(path) = matches.some("raw") {
        return raw(session, matches, path, &files).await;
    }
    let mut reporter = Reporter::of(session, matches).await?;
    if !matches.reads_files() {
        return Err(if matches.args.is_empty() {
            Failure::said("must specify one of -f and -k")
        } else {
            Failure::usage("kubectl create", format!("Unexpected args: [{}]", matches.args.join(" ")))
        });
    }
    if !matches.args.is_empty() {
        return Err(Failure::usage("kubectl create", format!("Unexpected args: [{}]", matches.args.join(" "))));
    }
    let request = Request { validate: validates(matches)?, ..Request::of(matches, &[]) };
    let selection = request.select(session).await?;
    let (mut failures, mut count) = (selection.failures.clone(), 0);
    for pick in &selection.picks {
        let Pick::One(target) = pick else { continue };
        count += 1;
        if let Err(failure) = one(session, matches, target, &mut reporter).await {
            failures.push(failure.when("creating", target.source()));
        }
    }
    Failure::of(failures)?;
    if count == 0 { Err(Failure::said("no objects passed to create")) } else { Ok(()) }
}

async fn raw(session: &Session, matches: &Matches, path: &str, files: &[String]) -> Outcome {
    if matches.some("kustomize").is_some() && !files.is_empty() {
        return Err(Failure::said("only one of -f or -k can be specified"));
    }
    if matches.some("selector").is_some() || matches.on("edit") {
        let other = if matches.on("edit") { "edit" } else { "selector (-l)" };
        return Err(Failure::Said(format!("--raw and --{other} are mutually exclusive")));
    }
    if matches.on("recursive") {
        return Err(Failure::said("--raw and --recursive are mutually exclusive"));
    }
    let path = super::get::raw_path(path)?;
    let [file] = files else { return Err(Failure::said("--raw can only use a single local file or stdin")) };
    let bytes = if file == "-" { session.read_stdin().await? } else { session.files.read(file).await? };
    let answer = session.server.post_bytes(path, bytes).await?;
    session.out_bytes(&answer).await
}

async fn one(session: &Session, matches: &Matches, target: &Target, reporter: &mut Reporter<'_>) -> Outcome {
    let mut object = target.manifest.clone().unwrap_or_default();
    if matches.on("edit") {
        match super::edit::fresh(session, target, &object).await? {
            Some(edited) => object = edited,
            None => return Ok(()),
        }
    }
    if matches.on("save-config") {
        super::apply::annotate(&mut object);
    }
    if reporter.dry_run() == DryRun::Client {
        return reporter.report(&object, "created").await;
    }
    let created = send(session, matches, target, &object, reporter.dry_run()).await?;
    reporter.report(&created, "created").await
}

/// Creates an object at the server.
pub async fn send(
    session: &Session,
    matches: &Matches,
    target: &Target,
    object: &Value,
    dry_run: DryRun,
) -> Outcome<Value> {
    let mut pairs: Vec<(&str, String)> = dry_run.query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    pairs.extend(validation(matches)?);
    session
        .server
        .post(&format!("{}{}", target.resource.path(target.namespace.as_deref()), query(&pairs)), object)
        .await
}

/// Whether manifests are checked before they are sent.
pub fn validates(matches: &Matches) -> Outcome<bool> {
    Ok(matches!(validation(matches)?, Some((_, value)) if value != "Ignore"))
}

/// The query parameter for `--validate`.
pub fn validation(matches: &Matches) -> Outcome<Option<(&'static str, String)>> {
    if matches.command.flag("validate").is_none() {
        return Ok(None);
    }
    let level = match matches.text("validate") {
        "true" | "strict" => "Strict",
        "warn" => "Warn",
        "false" | "ignore" => "Ignore",
        other => {
            return Err(Failure::Said(format!(
                "invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"
            )));
        }
    };
    Ok(Some(("fieldValidation", level.to_owned())))
}
