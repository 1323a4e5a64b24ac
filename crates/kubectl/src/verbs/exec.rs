//! `exec`.

use super::{pod, run::pod_path};
use crate::{
    args::Matches,
    channels::{self, Wanted},
    failure::{Failure, Outcome, text_at},
    selection::{Object, Request},
    session::Session,
};

/// Runs `exec`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let (names, command) = (matches.before_dash(), matches.after_dash());
    if names.is_empty() && !matches.reads_files() {
        return Err(Failure::said("pod, type/name or --filename must be specified"));
    }
    if matches.dash.is_none() && names.len() > 1 {
        return Err(Failure::usage(
            "kubectl exec",
            "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
        ));
    }
    if matches.duration("pod-running-timeout") <= 0 {
        return Err(Failure::usage("kubectl exec", "--pod-running-timeout must be higher than zero"));
    }
    if command.is_empty() {
        return Err(Failure::said("you must specify at least one command for the container"));
    }
    let object = match names.first() {
        Some(name) => pod::named(session, name).await?,
        None => in_file(session, matches).await?,
    };
    let pods = pod::pods_of(session, &object, "cannot attach to").await?;
    let Some(pod) = pods.first() else { return Err(Failure::said("timed out waiting for the condition")) };
    let phase = text_at(pod, "/status/phase");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Failure::Said(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let container = pod::container(session, pod, matches.text("container"), matches.on("quiet")).await?;
    let tty = matches.on("tty") && terminal(session, matches).await?;
    let wanted = Wanted { stdin: matches.on("stdin"), tty };
    channels::run(session, &format!("{}/exec{}", pod_path(pod), wanted.query(&container, command)), wanted).await
}

/// The object that `-f` names, as the file has it.
async fn in_file(session: &Session, matches: &Matches) -> Outcome<Object> {
    let selection = Request::of(matches, &[]).select(session).await?;
    Failure::of(selection.failures.clone())?;
    selection.local().into_iter().next().ok_or_else(|| Failure::said("no resource found"))
}

/// Whether there is a terminal to give; says so when there is none.
pub async fn terminal(session: &Session, matches: &Matches) -> Outcome<bool> {
    // Without input there is nothing that a terminal would be for.
    if !matches.on("stdin") {
        return Ok(false);
    }
    if session.terminal.is_none() {
        session.err("Unable to use a TTY - input is not a terminal or the right kind of file\n").await?;
    }
    Ok(session.terminal.is_some())
}
