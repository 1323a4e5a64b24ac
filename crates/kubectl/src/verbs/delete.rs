//! `delete`, with the wait for the end.

use serde_json::{Value, json};

use super::result::DryRun;
use crate::{
    args::{Matches, duration},
    failure::{Failure, Outcome, text_at},
    selection::{Object, Pick, Request, Selection, Target},
    server::{JSON, query},
    session::Session,
    watch::Events,
};

/// How objects are deleted.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Seconds to stop; `None` leaves it to the object.
    pub grace: Option<i64>,
    /// What happens to what the object owns.
    pub propagation: &'static str,
    /// Whether nothing is waited for at the server either.
    pub force: bool,
    /// Whether it is only tried.
    pub dry_run: DryRun,
    /// Whether to wait until the objects are gone, and how long; nanoseconds, 0 for long.
    pub wait: Option<i128>,
    /// Whether only names are printed.
    pub names: bool,
}

const IMMEDIATE: &str = "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n";

impl Manner {
    /// What the flags say.
    pub async fn of(session: &Session, matches: &Matches) -> Outcome<Self> {
        let (now, force) = (matches.on("now"), matches.on("force"));
        let given = matches.int("grace-period");
        if now && matches.given("grace-period") && given >= 0 {
            return Err(Failure::said("--now and --grace-period cannot be specified together"));
        }
        let mut grace = (given >= 0).then_some(given);
        if now {
            grace = Some(1);
        }
        if grace == Some(0) && !force {
            // Without --force the shortest stop is a second, and it is waited for.
            grace = Some(1);
        }
        if force && grace.is_none() {
            grace = Some(0);
        }
        let wait = (matches.command.flag("wait").is_none() || matches.on("wait")).then(|| matches.duration("timeout"));
        Ok(Self {
            grace,
            propagation: propagation(matches)?,
            force,
            dry_run: DryRun::asked(session, matches).await?,
            wait,
            names: matches.text("output") == "name",
        })
    }

    /// The body of the request.
    pub fn options(&self) -> Value {
        let mut options = json!({"propagationPolicy": self.propagation});
        if let Some(grace) = self.grace {
            options["gracePeriodSeconds"] = grace.into();
        }
        if self.dry_run == DryRun::Server {
            options["dryRun"] = json!(["All"]);
        }
        options
    }
}

/// What becomes of what an object owns (`--cascade`).
pub fn propagation(matches: &Matches) -> Outcome<&'static str> {
    match matches.text("cascade") {
        "background" | "true" | "" => Ok("Background"),
        "foreground" => Ok("Foreground"),
        "orphan" | "false" => Ok("Orphan"),
        other => Err(Failure::Said(format!(
            "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
        ))),
    }
}

fn check_output(matches: &Matches) -> Outcome {
    match matches.text("output") {
        "" | "name" => Ok(()),
        other => Err(Failure::Said(format!("unexpected -o output mode: {other}. We only support '-o name'"))),
    }
}

/// Runs `delete`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if let Some(path) = matches.some("raw") {
        return raw(session, matches, path).await;
    }
    let manner = Manner::of(session, matches).await?;
    let selecting = matches.on("all") || matches.given("selector") || matches.given("field-selector");
    let ignore_missing = if matches.given("ignore-not-found") { matches.on("ignore-not-found") } else { selecting };
    if matches.on("all") && matches.given("selector") {
        return Err(Failure::said("setting 'all' parameter but found a non empty selector. "));
    }
    if manner.grace == Some(0) {
        session.err(IMMEDIATE).await?;
    }
    let selection = Request::of(matches, &matches.args).select(session).await?;
    check_output(matches)?;
    if manner.force && manner.grace.is_some_and(|grace| grace > 0) {
        return Err(Failure::said("--force and --grace-period greater than 0 cannot be specified together"));
    }
    let (mut deleted, mut failures) = (Vec::new(), selection.failures.clone());
    let targets = targets(session, &selection, &mut failures).await;
    if matches.on("interactive") && !targets.is_empty() && !confirmed(session, &targets).await? {
        return session.line("deletion is cancelled").await;
    }
    for target in &targets {
        match one(session, target, &manner).await {
            Ok(gone) => deleted.extend(gone),
            Err(failure) if failure.is_not_found() && ignore_missing => {}
            Err(failure) if target.manifest.is_some() => failures.push(failure.when("deleting", target.source())),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures)?;
    if targets.is_empty() {
        return session.out("No resources found\n").await;
    }
    wait_for(session, &deleted, &manner).await
}

/// DELETE of a path as it stands.
async fn raw(session: &Session, matches: &Matches, path: &str) -> Outcome {
    let path = super::get::raw_path(path)?;
    if matches.list("filename").len() > 1 {
        return Err(Failure::said("--raw can only use a single local file or stdin"));
    }
    let body = session.server.delete_bytes(path).await?;
    session.out_bytes(&body).await
}

/// Asks a person (`-i`).
async fn confirmed(session: &Session, targets: &[Target]) -> Outcome<bool> {
    session.line(format!("You are about to delete the following {} resource(s):", targets.len())).await?;
    for target in targets {
        session.line(format!("{}/{}", target.resource.full_singular(), target.name)).await?;
    }
    session.out("Do you want to continue? (y/N): ").await?;
    let answer = session.read_stdin_word().await?;
    Ok(answer.eq_ignore_ascii_case("y"))
}

/// The objects one by one; lists are asked for.
async fn targets(session: &Session, selection: &Selection, failures: &mut Vec<Failure>) -> Vec<Target> {
    let mut all = Vec::new();
    for pick in &selection.picks {
        match pick {
            Pick::One(target) => all.push(target.clone()),
            Pick::Many { resource, namespace } => {
                match selection.list(session, resource, namespace.as_deref(), JSON, 500).await {
                    Ok(list) => all.extend(
                        crate::selection::items(resource, list).into_iter().map(|Object { target, .. }| target),
                    ),
                    Err(failure) => failures.push(failure),
                }
            }
        }
    }
    all
}

/// An object that is on its way out.
#[derive(Debug, Clone)]
pub struct Going {
    /// What it is.
    pub target: Target,
    /// Which one, should another of that name follow.
    pub uid: String,
}

/// Deletes one object and says so; gives what is to be waited for.
pub async fn one(session: &Session, target: &Target, manner: &Manner) -> Outcome<Option<Going>> {
    if manner.dry_run == DryRun::Client {
        said(session, target, manner).await?;
        return Ok(None);
    }
    let pairs: Vec<_> = manner.dry_run.query().into_iter().collect();
    let answer = session.server.delete(&format!("{}{}", target.path(), query(&pairs)), &manner.options()).await?;
    said(session, target, manner).await?;
    let uid = match text_at(&answer, "/kind") {
        "Status" => text_at(&answer, "/details/uid"),
        _ => text_at(&answer, "/metadata/uid"),
    };
    Ok(Some(Going { target: target.clone(), uid: uid.to_owned() }))
}

async fn said(session: &Session, target: &Target, manner: &Manner) -> Outcome {
    if manner.names {
        return session.line(format!("{}/{}", target.resource.full_singular(), target.name)).await;
    }
    let forced = if manner.grace == Some(0) { "force deleted" } else { "deleted" };
    let place = target.namespace.as_ref().map(|namespace| format!(" from {namespace} namespace")).unwrap_or_default();
    let kind = target.resource.full_singular();
    session.line(format!("{kind} {:?} {forced}{place}{}", target.name, manner.dry_run.suffix())).await
}

/// Waits until all are gone.
pub async fn wait_for(session: &Session, going: &[Going], manner: &Manner) -> Outcome {
    let Some(nanos) = manner.wait.filter(|_| manner.dry_run == DryRun::No) else { return Ok(()) };
    for gone in going {
        let wait = until_gone(session, gone);
        if nanos <= 0 {
            wait.await?;
            continue;
        }
        match tokio::time::timeout(duration::std(nanos), wait).await {
            Ok(outcome) => outcome?,
            Err(_) => {
                return Err(Failure::Said(format!(
                    "timed out waiting for the condition on {}/{}",
                    gone.target.resource.plural, gone.target.name
                )));
            }
        }
    }
    Ok(())
}

/// Waits for the end of one object, with as many watches as it takes.
pub async fn until_gone(session: &Session, gone: &Going) -> Outcome {
    let target = &gone.target;
    loop {
        match session.server.get(&target.path(), JSON).await {
            Ok(value) if !gone.uid.is_empty() && text_at(&value, "/metadata/uid") != gone.uid => return Ok(()),
            Ok(_) => {}
            Err(failure) if failure.is_not_found() => return Ok(()),
            Err(failure) if failure.status().is_some_and(|status| status.code == 403) => return Ok(()),
            Err(failure) => return Err(failure),
        }
        let mut events =
            Events::of_one(session, &target.resource.path(target.namespace.as_deref()), &target.name).await?;
        while let Some(event) = events.next().await? {
            let other =
                !gone.uid.is_empty() && event.kind != "BOOKMARK" && text_at(&event.object, "/metadata/uid") != gone.uid;
            if event.kind == "DELETED" || other {
                return Ok(());
            }
            if event.ends_initial()
                && session.server.get(&target.path(), JSON).await.is_err_and(|failure| failure.is_not_found())
            {
                return Ok(());
            }
        }
    }
}
