//! `rollout status|history|pause|resume|restart|undo`.

mod history;
mod status;

use serde_json::{Value, json as object};

use super::result::{DryRun, Reporter};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    output::{
        json,
        printer::{Printer, RESULT_FORMATS},
    },
    selection::{Object, Request},
    server::{PatchType, query},
    session::Session,
};

/// Runs the command below `rollout`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if matches.args.is_empty() && !matches.reads_files() {
        return Err(Failure::said("required resource not specified"));
    }
    if matches.int("revision") < 0 {
        return Err(Failure::Said(format!("revision must be a positive integer: {}", matches.int("revision"))));
    }
    let selection = Request::listing(matches, &matches.args).select(session).await?;
    let (objects, mut failures) = selection.objects(session).await;
    if objects.is_empty() && failures.is_empty() {
        return session.err(&super::get::nothing_found(session, true)).await;
    }
    let history = matches.command.name() == "history";
    let mut reporter = Reporter::of(session, matches).await?;
    let mut printer = if history {
        Printer::of(session, matches, RESULT_FORMATS).await?.map(|printer| printer.ordered_by(json::API))
    } else {
        None
    };
    for object in &objects {
        if let Err(failure) = object.target.resource.typed() {
            failures.push(failure);
            continue;
        }
        let outcome = match matches.command.name() {
            "status" => status::one(session, matches, object).await,
            "history" => match &mut printer {
                Some(printer) => history::print(session, matches, object, printer).await,
                None => history::one(session, matches, object).await,
            },
            "undo" => history::undo(session, matches, object, &mut reporter).await,
            verb => change(session, matches, object, verb, &mut reporter).await,
        };
        if let Err(failure) = outcome {
            failures.push(failure);
        }
    }
    Failure::of(failures)
}

async fn change(
    session: &Session,
    matches: &Matches,
    object: &Object,
    verb: &str,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    let paused = object.value.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or_default();
    let kind = object.target.resource.kind.as_str();
    let (patch, done) = match (verb, kind, paused) {
        ("pause", "Deployment", true) => return Err(refused(object, "is already paused")),
        ("pause", "Deployment", false) => (object!({"spec": {"paused": true}}), "paused"),
        ("resume", "Deployment", false) => return Err(refused(object, "is not paused")),
        ("resume", "Deployment", true) => (object!({"spec": {"paused": null}}), "resumed"),
        ("pause", ..) => return Err(refused(object, "pausing is not supported")),
        ("resume", ..) => return Err(refused(object, "resuming is not supported")),
        ("restart", "Deployment", true) => {
            return Err(refused(object, "can't restart paused deployment (run rollout resume first)"));
        }
        ("restart", "Deployment" | "StatefulSet" | "DaemonSet", _) => (restart(session), "restarted"),
        _ => return Err(refused(object, "restarting is not supported")),
    };
    let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
    pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
    if reporter.dry_run() == DryRun::Client {
        return reporter.report(&object.value, done).await;
    }
    let path = format!("{}{}", object.target.path(), query(&pairs));
    let answer = session.server.patch(&path, PatchType::Strategic, &patch.to_string()).await;
    let answer = answer.map_err(|failure| Failure::Said(format!("failed to patch: {}", failure.message())))?;
    reporter.report(&answer, done).await
}

/// A new annotation makes new Pods.
fn restart(session: &Session) -> Value {
    let now = session.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    object!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}}}})
}

fn refused(object: &Object, why: &str) -> Failure {
    Failure::Said(format!("error: {} {:?} {why}", object.target.resource.full_plural(), object.target.name))
}

/// A number of an object.
fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// The revision that a Deployment or ReplicaSet is at.
fn revision(object: &Value) -> i64 {
    text_at(object, "/metadata/annotations/deployment.kubernetes.io~1revision").parse().unwrap_or(0)
}
