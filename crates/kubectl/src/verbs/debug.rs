//! `debug`: a container more in a running Pod, to look into it.

use serde_json::{Value, json};

use super::{attach, pod, run, run::pod_path};
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    server::PatchType,
    session::Session,
    watch::Events,
};

/// The letters of a generated name: none that spell words or look like another.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Runs `debug`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    check(matches)?;
    let word = matches.before_dash().first().map(String::as_str).unwrap_or_default();
    let object = pod::named(session, word).await?;
    if text_at(&object.value, "/kind") != "Pod" {
        return Err(Failure::said("only Pods can be debugged here: name a Pod"));
    }
    let target = matches.text("target");
    if !target.is_empty() && !matches.on("quiet") {
        session
            .out(&format!("Targeting container {target:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n"))
            .await?;
    }
    let name = name_of(session, matches).await?;
    let body = json!({"spec": {"ephemeralContainers": [container_of(matches, &name)?]}});
    let path = format!("{}/ephemeralcontainers", pod_path(&object.value));
    let pod = session.server.patch(&path, PatchType::Strategic, &body.to_string()).await?;
    if run::attaches(matches) { join(session, matches, &pod, &name).await } else { Ok(()) }
}

fn check(matches: &Matches) -> Outcome {
    if matches.before_dash().is_empty() {
        return Err(Failure::said("NAME or filename is required for debug"));
    }
    if matches.given("copy-to") {
        return Err(Failure::said("--copy-to is not available here: debug the Pod itself, without it"));
    }
    if matches.text("image").is_empty() {
        return Err(Failure::said("you must specify --image when not using --copy-to."));
    }
    if matches.on("tty") && !matches.on("stdin") {
        return Err(Failure::said("-i/--stdin is required for containers with -t/--tty=true"));
    }
    Ok(())
}

async fn name_of(session: &Session, matches: &Matches) -> Outcome<String> {
    if let Some(name) = matches.some("container") {
        return Ok(name.to_owned());
    }
    let name = format!("debugger-{}", suffix(session.now().as_nanosecond().unsigned_abs()));
    if !matches.on("quiet") {
        session.out(&format!("Defaulting debug container name to {name}.\n")).await?;
    }
    Ok(name)
}

/// Five letters that follow from a number.
fn suffix(mut seed: u128) -> String {
    let count = LETTERS.len() as u128;
    let letter = |seed: u128| usize::try_from(seed % count).map_or('x', |at| char::from(LETTERS[at]));
    std::iter::repeat_with(|| {
        let next = letter(seed);
        seed /= count;
        next
    })
    .take(5)
    .collect()
}

/// The container that the flags describe; the profile `general` lets it trace processes.
fn container_of(matches: &Matches, name: &str) -> Outcome<Value> {
    let mut container = json!({
        "name": name, "image": matches.text("image"), "resources": {}, "terminationMessagePolicy": "File",
    });
    if matches!(matches.text("profile"), "" | "general") {
        container["securityContext"] = json!({"capabilities": {"add": ["SYS_PTRACE"]}});
    }
    for (flag, field) in [("image-pull-policy", "imagePullPolicy"), ("target", "targetContainerName")] {
        if let Some(text) = matches.some(flag) {
            container[field] = text.into();
        }
    }
    for flag in ["stdin", "tty"] {
        if matches.on(flag) {
            container[flag] = true.into();
        }
    }
    let env = run::environment(&matches.list("env"))?;
    if !env.is_empty() {
        container["env"] = env.into();
    }
    let words = matches.after_dash();
    if !words.is_empty() {
        container[if matches.on("arguments-only") { "args" } else { "command" }] = words.to_vec().into();
    }
    Ok(container)
}

/// Attaches once the container runs; of one that has ended already, its log is all there is.
async fn join(session: &Session, matches: &Matches, pod: &Value, name: &str) -> Outcome {
    let pod = started(session, pod, name).await?;
    if state(&pod, name).is_some_and(|state| state.get("terminated").is_some()) {
        let log = session.server.text(&format!("{}/log?container={name}", pod_path(&pod))).await?;
        return session.out_bytes(&log).await;
    }
    attach::to(session, &pod, name, matches.on("stdin"), matches.on("tty"), matches.on("quiet")).await
}

async fn started(session: &Session, pod: &Value, name: &str) -> Outcome<Value> {
    let place = format!("/api/v1/namespaces/{}/pods", text_at(pod, "/metadata/namespace"));
    loop {
        let mut events = Events::of_one(session, &place, text_at(pod, "/metadata/name")).await?;
        while let Some(event) = events.next().await? {
            if event.kind == "DELETED" {
                return Err(Failure::Said(format!("pods {:?} not found", text_at(pod, "/metadata/name"))));
            }
            let state = state(&event.object, name);
            if state.is_some_and(|state| state.get("running").is_some() || state.get("terminated").is_some()) {
                return Ok(event.object);
            }
        }
    }
}

fn state<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    let all = pod.pointer("/status/ephemeralContainerStatuses")?.as_array()?;
    all.iter().find(|status| status["name"] == name)?.get("state")
}

#[cfg(test)]
mod tests {
    use super::suffix;

    #[test]
    fn a_name_ends_in_five_letters_that_differ_with_the_seed() {
        assert_eq!(suffix(0), "bbbbb");
        assert_eq!(suffix(28), "ccbbb");
    }
}
