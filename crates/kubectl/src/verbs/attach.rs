//! `attach`.

use serde_json::Value;

use super::{pod, run::pod_path};
use crate::{
    args::Matches,
    channels::{self, Wanted},
    failure::{Failure, Outcome, text_at},
    server,
    session::Session,
};

/// With what somebody attaches.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Standard input is passed on.
    pub stdin: bool,
    /// A terminal is wanted.
    pub tty: bool,
    /// Nothing is said but what the container says.
    pub quiet: bool,
}

impl Manner {
    /// What the flags say.
    pub fn of(matches: &Matches) -> Self {
        Self { stdin: matches.on("stdin"), tty: matches.on("tty"), quiet: matches.on("quiet") }
    }
}

/// Runs `attach`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if matches.duration("pod-running-timeout") <= 0 {
        return Err(Failure::usage("kubectl attach", "--pod-running-timeout must be higher than zero"));
    }
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
    to(session, pod, &container, Manner::of(matches)).await
}

/// Attaches to one container.
pub async fn to(session: &Session, pod: &Value, container: &str, manner: Manner) -> Outcome {
    let allocated = has_terminal(pod, container);
    if manner.tty && !allocated && !manner.quiet {
        session.err(&format!("error: Unable to use a TTY - container {container} did not allocate one\n")).await?;
    }
    let raw = manner.stdin && allocated && session.terminal.is_some();
    if manner.stdin && allocated && !raw && !manner.quiet {
        session.err("Unable to use a TTY - input is not a terminal or the right kind of file\n").await?;
    }
    if !manner.quiet {
        session
            .err("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n")
            .await?;
    }
    let wanted = Wanted { stdin: manner.stdin, tty: allocated };
    channels::run(session, &format!("{}/attach{}", pod_path(pod), wanted.query(container, &[])), wanted).await?;
    if raw && !manner.quiet { session.line(goodbye(pod, container)).await } else { Ok(()) }
}

/// How a session that has ended is gone on with.
fn goodbye(pod: &Value, container: &str) -> String {
    let (name, namespace) = (text_at(pod, "/metadata/name"), text_at(pod, "/metadata/namespace"));
    let line = format!("kubectl attach {name} -c {container} -n {namespace} -i -t");
    if pod::containers(pod, "ephemeralContainers").contains(&container) {
        return format!(
            "Session ended, the ephemeral container will not be restarted but may be reattached using '{line}' if it is still running"
        );
    }
    format!("Session ended, resume using '{line}' command")
}

/// Attaches, and where that cannot be, shows what the container has written.
pub async fn or_log(session: &Session, pod: &Value, container: &str, manner: Manner) -> Outcome {
    let failure = match to(session, pod, container, manner).await {
        Err(failure @ (Failure::Said(_) | Failure::Bare(_) | Failure::Server(_) | Failure::Within(..))) => failure,
        other => return other,
    };
    let name = text_at(pod, "/metadata/name");
    session
        .err(&format!(
            "warning: couldn't attach to pod/{name}, falling back to streaming logs: {}\n",
            failure.message()
        ))
        .await?;
    log(session, pod, container).await
}

/// All that a container has written.
pub async fn log(session: &Session, pod: &Value, container: &str) -> Outcome {
    let path = format!("{}/log{}", pod_path(pod), server::query(&[("container", container.to_owned())]));
    session.out_bytes(&session.server.text(&path).await?).await
}

/// A container with a terminal has one output, whatever was asked for.
fn has_terminal(pod: &Value, name: &str) -> bool {
    ["/spec/containers", "/spec/ephemeralContainers"]
        .iter()
        .filter_map(|list| pod.pointer(list)?.as_array())
        .flatten()
        .any(|container| container["name"] == name && container["tty"] == true)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::goodbye;

    #[test]
    fn a_session_ends_with_a_word_on_how_to_go_on() {
        let pod = json!({
            "metadata": {"name": "web", "namespace": "blue"},
            "spec": {"containers": [{"name": "main"}], "ephemeralContainers": [{"name": "look"}]},
        });
        assert_snapshot!(goodbye(&pod, "main"), @"Session ended, resume using 'kubectl attach web -c main -n blue -i -t' command");
        assert_snapshot!(goodbye(&pod, "look"), @"Session ended, the ephemeral container will not be restarted but may be reattached using 'kubectl attach web -c look -n blue -i -t' if it is still running");
    }
}
