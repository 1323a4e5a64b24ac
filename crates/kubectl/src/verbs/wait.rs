//! `wait`.

mod condition;

use serde_json::Value;
use tokio::time::{Duration, Instant, timeout_at};

use self::condition::Condition;
use super::result::Reporter;
use crate::{
    args::{Matches, duration},
    failure::{Failure, Outcome},
    selection::{Object, Request, Target},
    session::Session,
    status::Status,
    watch::Events,
};

/// How long `--timeout=-1s` waits: a week.
const WEEK: Duration = Duration::from_hours(168);

/// Runs `wait`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let conditions = condition::read(&matches.list("for"))?;
    let nanos = matches.duration("timeout");
    let end = Instant::now() + if nanos < 0 { WEEK } else { duration::std(nanos) };
    let mut reporter = Reporter::of(session, matches).await?;
    let request = Request { recursive: matches.on("recursive"), ..Request::of(matches, &matches.args) };
    if conditions.contains(&Condition::Created) {
        until_created(session, &request, end).await?;
    }
    let for_delete = conditions.contains(&Condition::Deleted);
    let (objects, mut failures) = request.select(session).await?.objects(session).await;
    failures.retain(|failure| !(for_delete && failure.is_not_found()));
    if objects.is_empty() && failures.is_empty() && !for_delete {
        return Err(Failure::said("no matching resources found"));
    }
    if objects.iter().any(|object| object.target.name.is_empty()) {
        return Err(Failure::said("resource name must be provided"));
    }
    // kubectl ends with the first that fails.
    if let Some(failure) = failures.into_iter().next() {
        return Err(failure);
    }
    let mut failures = Vec::new();
    for object in &objects {
        for condition in &conditions {
            match one(session, object, condition, nanos == 0, end).await {
                Ok(met) => reporter.report(&met, "condition met").await?,
                Err(failure) => failures.push(failure),
            }
        }
    }
    Failure::of(failures)
}

async fn until_created(session: &Session, request: &Request, end: Instant) -> Outcome {
    loop {
        let (objects, failures) = request.select(session).await?.objects(session).await;
        match failures.into_iter().next() {
            Some(failure) if !failure.is_not_found() => return Err(failure),
            None if !objects.is_empty() => return Ok(()),
            _ => {}
        }
        // As often as kubectl asks.
        if timeout_at(end, tokio::time::sleep(Duration::from_millis(500))).await.is_err() {
            return Err(Failure::said("timed out waiting for the condition"));
        }
    }
}

async fn one(session: &Session, object: &Object, condition: &Condition, once: bool, end: Instant) -> Outcome<Value> {
    let target = &object.target;
    if *condition == Condition::Created {
        return Ok(object.value.clone());
    }
    if once {
        let met = condition.met(&object.value)?;
        return if met {
            Ok(object.value.clone())
        } else {
            Err(Failure::Said(format!("condition not met for {}/{}", target.resource.plural, target.name)))
        };
    }
    match timeout_at(end, until(session, target, condition, &object.value)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::Said(format!(
            "timed out waiting for the condition on {}/{}",
            target.resource.plural, target.name
        ))),
    }
}

async fn until(session: &Session, target: &Target, condition: &Condition, first: &Value) -> Outcome<Value> {
    let deleted = *condition == Condition::Deleted;
    loop {
        let mut events =
            Events::of_one(session, &target.resource.path(target.namespace.as_deref()), &target.name).await?;
        let mut seen = false;
        while let Some(event) = events.next().await? {
            match event.kind.as_str() {
                "BOOKMARK" if event.ends_initial() && !seen => {
                    return if deleted { Ok(first.clone()) } else { Err(missing(target)) };
                }
                "BOOKMARK" => {}
                "DELETED" if deleted => return Ok(event.object),
                "DELETED" => return Err(missing(target)),
                _ => {
                    seen = true;
                    if !deleted && condition.met(&event.object)? {
                        return Ok(event.object);
                    }
                }
            }
        }
    }
}

fn missing(target: &Target) -> Failure {
    let message = format!("{} {:?} not found", target.resource.full_plural(), target.name);
    Status { code: 404, reason: "NotFound".to_owned(), message, details: None }.into()
}
