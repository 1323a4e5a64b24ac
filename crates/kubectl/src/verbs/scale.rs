//! `scale`.

use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::result::{DryRun, Reporter};
use crate::{
    args::{Matches, duration},
    failure::{Failure, Outcome, text_at},
    selection::{Object, Request},
    server::{JSON, PatchType, query},
    session::Session,
};

/// Runs `scale`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if !matches.given("replicas") {
        return Err(Failure::said("required flag(s) \"replicas\" not set"));
    }
    let replicas = matches.int("replicas");
    if replicas < 0 {
        return Err(Failure::said(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    if matches.int("current-replicas") < -1 {
        return Err(Failure::said("The --current-replicas must specify an integer of -1 or greater"));
    }
    let mut reporter = Reporter::of(session, matches).await?;
    let (objects, mut failures) = Request::of(matches, &matches.args).select(session).await?.objects(session).await;
    if matches.some("resource-version").is_some() && objects.len() > 1 {
        return Err(Failure::said("cannot use --resource-version with multiple resources"));
    }
    for object in &objects {
        if let Err(failure) = one(session, matches, object, replicas, &mut reporter).await {
            failures.push(failure);
        }
    }
    if objects.is_empty() && failures.is_empty() {
        return Err(Failure::said("no objects passed to scale"));
    }
    Failure::of(failures)
}

async fn one(
    session: &Session,
    matches: &Matches,
    object: &Object,
    replicas: i64,
    reporter: &mut Reporter<'_>,
) -> Outcome {
    let mut shown = object.value.clone();
    if let Some(spec) = shown.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("replicas".to_owned(), replicas.into());
    }
    if reporter.dry_run() == DryRun::Client {
        return reporter.report(&shown, "scaled").await;
    }
    let path = format!("{}/scale", object.target.path());
    let current = matches.int("current-replicas");
    if current >= 0 || matches.some("resource-version").is_some() {
        let scale = session.server.get(&path, JSON).await?;
        let have = scale.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(0);
        if current >= 0 && have != current {
            return Err(Failure::Said(format!("Expected replicas to be {current}, was {have}")));
        }
        let wanted = matches.text("resource-version");
        let version = text_at(&scale, "/metadata/resourceVersion");
        if !wanted.is_empty() && wanted != version {
            return Err(Failure::Said(format!("Expected resource version to be {wanted}, was {version}")));
        }
    }
    let pairs: Vec<_> = reporter.dry_run().query().into_iter().collect();
    session
        .server
        .patch(
            &format!("{path}{}", query(&pairs)),
            PatchType::Merge,
            &json!({"spec": {"replicas": replicas}}).to_string(),
        )
        .await?;
    if matches.duration("timeout") > 0 && reporter.dry_run() == DryRun::No {
        until(session, &path, replicas, Instant::now() + duration::std(matches.duration("timeout"))).await?;
    }
    reporter.report(&shown, "scaled").await
}

/// Waits until as many run; asked every second, as kubectl does.
async fn until(session: &Session, path: &str, replicas: i64, end: Instant) -> Outcome {
    loop {
        let scale = session.server.get(path, JSON).await?;
        if scale.pointer("/status/replicas").and_then(Value::as_i64).unwrap_or(0) == replicas {
            return Ok(());
        }
        if tokio::time::timeout_at(end, tokio::time::sleep(Duration::from_secs(1))).await.is_err() {
            return Err(Failure::said("timed out waiting for the condition"));
        }
    }
}
