//! `exec`.

use super::{pod, run::pod_path};
use crate::{
    args::Matches,
    channels::{self, Wanted},
    failure::{Failure, Outcome, text_at},
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
    if command.is_empty() {
        return Err(Failure::said("you must specify at least one command for the container"));
    }
    let object = pod::named(session, names.first().map(String::as_str).unwrap_or_default()).await?;
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
