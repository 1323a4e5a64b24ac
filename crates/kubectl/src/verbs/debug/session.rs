//! Looking through the container that was made.

use serde_json::{Value, json};

use crate::{
    args::Matches,
    failure::{Outcome, text_at},
    session::Session,
    status::Status,
    verbs::attach,
    watch::Events,
};

/// Attaches once the container runs; of one that has ended already, its log is all there is.
pub(super) async fn join(session: &Session, matches: &Matches, pod: &Value, name: &str) -> Outcome {
    let pod = started(session, matches, pod, name).await?;
    if state(&pod, name).is_some_and(|state| state.get("terminated").is_some()) {
        return attach::log(session, &pod, name).await;
    }
    attach::or_log(session, &pod, name, attach::Manner::of(matches)).await
}

async fn started(session: &Session, matches: &Matches, pod: &Value, name: &str) -> Outcome<Value> {
    let place = format!("/api/v1/namespaces/{}/pods", text_at(pod, "/metadata/namespace"));
    loop {
        let mut events = Events::of_one(session, &place, text_at(pod, "/metadata/name")).await?;
        while let Some(event) = events.next().await? {
            if event.kind == "DELETED" {
                return Err(Status::read(&json!({"reason": "NotFound", "message": "pods \"\" not found"}), 404).into());
            }
            let Some(state) = state(&event.object, name) else { continue };
            if state.get("running").is_some() || state.get("terminated").is_some() {
                return Ok(event.object);
            }
            let waits = text_at(state, "/waiting/message");
            if !waits.is_empty() && !matches.on("quiet") {
                session.err(&format!("Warning: container {name}: {waits}\n")).await?;
            }
        }
    }
}

fn state<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    let lists = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
    let mut all = lists.iter().filter_map(|list| pod["status"][*list].as_array()).flatten();
    all.find(|status| status["name"] == name)?.get("state")
}
