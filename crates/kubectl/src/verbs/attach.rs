//! `attach`.

use serde_json::Value;

use super::{exec, pod, run::pod_path};
use crate::{
    args::Matches,
    channels::{self, Wanted},
    failure::{Failure, Outcome, text_at},
    session::Session,
};

/// Runs `attach`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let word = match matches.args.as_slice() {
        [] => return Err(Failure::said("at least 1 argument is required for attach")),
        [one] => one.clone(),
        [kind, name] => format!("{kind}/{name}"),
        more => {
            return Err(Failure::Said(format!(
                "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
                more.len(),
                more.join(" ")
            )));
        }
    };
    let object = pod::named(session, &word).await?;
    let pods = pod::pods_of(session, &object, "cannot attach to").await?;
    let Some(pod) = pods.first() else { return Err(Failure::said("timed out waiting for the condition")) };
    let phase = text_at(pod, "/status/phase");
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Failure::Said(format!("cannot attach a container in a completed pod; current phase is {phase}")));
    }
    let container = pod::container(session, pod, matches.text("container"), matches.on("quiet"))
        .await
        .map_err(|failure| failure.prefixed("cannot attach to the container: "))?;
    let tty = matches.on("tty") && exec::terminal(session, matches).await?;
    to(session, pod, &container, matches.on("stdin"), tty, matches.on("quiet")).await
}

/// Attaches to one container.
pub async fn to(session: &Session, pod: &Value, container: &str, stdin: bool, tty: bool, quiet: bool) -> Outcome {
    let allocated = has_terminal(pod, container);
    if tty && !allocated {
        session.err(&format!("error: Unable to use a TTY - container {container} did not allocate one\n")).await?;
    }
    if !quiet {
        session
            .err("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n")
            .await?;
    }
    let wanted = Wanted { stdin, tty: allocated };
    channels::run(session, &format!("{}/attach{}", pod_path(pod), wanted.query(container, &[])), wanted).await
}

/// A container with a terminal has one output, whatever was asked for.
fn has_terminal(pod: &Value, name: &str) -> bool {
    ["/spec/containers", "/spec/ephemeralContainers"]
        .iter()
        .filter_map(|list| pod.pointer(list)?.as_array())
        .flatten()
        .any(|container| container["name"] == name && container["tty"] == true)
}
