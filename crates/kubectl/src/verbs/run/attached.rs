//! `run -it`, `run --attach`, and what becomes of the Pod afterwards.

use serde_json::Value;

use crate::{
    args::{Matches, duration},
    failure::{Failure, Outcome, text_at},
    session::Session,
    verbs::{
        attach,
        delete::{Manner, one, wait_for},
        run::only_container,
    },
    watch::Events,
};

/// Attaches to a new Pod and gives the exit code of its container.
pub async fn run(session: &Session, matches: &Matches, created: &Value) -> Outcome {
    let outcome = session_of(session, matches, created).await;
    if matches.on("rm") {
        let target = super::pod::named(session, text_at(created, "/metadata/name")).await?.target;
        let manner = Manner::of(session, matches).await?;
        let gone = one(session, &target, &manner).await?;
        if matches.on("wait") {
            wait_for(session, &gone.into_iter().collect::<Vec<_>>(), &manner).await?;
        }
    }
    outcome
}

async fn session_of(session: &Session, matches: &Matches, created: &Value) -> Outcome {
    let timeout = matches.duration("pod-running-timeout");
    let pod = until(session, created, timeout, |pod| {
        matches!(text_at(pod, "/status/phase"), "Succeeded" | "Failed") || is_ready(pod)
    })
    .await?;
    let container = only_container(&pod);
    if matches!(text_at(&pod, "/status/phase"), "Succeeded" | "Failed") {
        attach::log(session, &pod, &container).await?;
    } else {
        attach::or_log(session, &pod, &container, attach::Manner::of(matches)).await?;
    }
    let policy = text_at(&pod, "/spec/restartPolicy");
    if policy == "Always" || matches.on("leave-stdin-open") {
        return Ok(());
    }
    let once = policy == "Never";
    let ended = until(session, created, timeout, |pod| {
        let phase = text_at(pod, "/status/phase");
        phase == "Succeeded" || once && phase == "Failed"
    })
    .await?;
    exit_code(&ended)
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    text_at(pod, "/status/phase") == "Running"
        && conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
}

/// Waits until the Pod is as wanted.
async fn until(session: &Session, pod: &Value, timeout: i128, wanted: impl Fn(&Value) -> bool) -> Outcome<Value> {
    let place = format!("/api/v1/namespaces/{}/pods", text_at(pod, "/metadata/namespace"));
    let wait = async {
        loop {
            let mut events = Events::of_one(session, &place, text_at(pod, "/metadata/name")).await?;
            while let Some(event) = events.next().await? {
                if event.kind == "DELETED" {
                    return Err(Failure::Said(format!("pods {:?} not found", text_at(pod, "/metadata/name"))));
                }
                if event.kind != "BOOKMARK" && wanted(&event.object) {
                    return Ok(event.object);
                }
            }
        }
    };
    match tokio::time::timeout(duration::std(timeout), wait).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::said("timed out waiting for the condition")),
    }
}

fn exit_code(pod: &Value) -> Outcome {
    if text_at(pod, "/status/phase") == "Succeeded" {
        return Ok(());
    }
    let (namespace, name) = (text_at(pod, "/metadata/namespace"), text_at(pod, "/metadata/name"));
    let ended = pod.pointer("/status/containerStatuses/0/state/terminated");
    let code = ended
        .and_then(|ended| ended["exitCode"].as_i64())
        .and_then(|code| i32::try_from(code).ok())
        .filter(|code| *code != 0);
    match (ended, code) {
        (Some(ended), Some(code)) => {
            let text = format!(
                "pod {namespace}/{name} terminated ({})\n{}",
                text_at(ended, "/reason"),
                text_at(ended, "/message")
            );
            Err(Failure::Ended(text, code))
        }
        _ => Err(Failure::Said(format!("pod {namespace}/{name} failed with unknown exit code"))),
    }
}
