//! A container more in the Pod itself.

use serde_json::{Value, json};

use super::{Wish, profile::Way, warn_without_root};
use crate::{
    failure::{Failure, Outcome},
    server::PatchType,
    session::Session,
    verbs::run::pod_path,
};

/// Adds the container; gives the Pod as it is then, and the container's name.
pub(super) async fn add(session: &Session, wish: &Wish<'_>, pod: &Value) -> Outcome<(Value, String)> {
    let name = wish.name(session, pod).await?;
    let container = container(wish, pod, &name);
    warn_without_root(session, pod, &container).await?;
    let body = json!({"spec": {"ephemeralContainers": [container]}});
    let path = format!("{}/ephemeralcontainers", pod_path(pod));
    let answer = session.server.patch(&path, PatchType::Strategic, &body.to_string()).await;
    Ok((answer.map_err(disabled)?, name))
}

fn container(wish: &Wish<'_>, pod: &Value, name: &str) -> Value {
    let mut container = wish.container(name);
    if let Some(target) = wish.matches.some("target") {
        container["targetContainerName"] = target.into();
    }
    // The profile changes a container where it finds it: in a Pod.
    let mut alone = json!({"metadata": {}, "spec": {"ephemeralContainers": [container]}});
    if let Some(context) = pod.pointer("/spec/securityContext") {
        alone["spec"]["securityContext"] = context.clone();
    }
    wish.profile.apply(&mut alone, name, Way::Container, wish.keep);
    let mut container = alone["spec"]["ephemeralContainers"][0].take();
    wish.customize(&mut container);
    container
}

/// A server without such containers knows no such place, and says of nothing in particular that it is not found.
fn disabled(failure: Failure) -> Failure {
    let nothing =
        failure.status().is_some_and(|status| status.details.as_ref().is_none_or(|details| details.name.is_empty()));
    if failure.is_not_found() && nothing {
        let said = failure.message();
        return Failure::Said(format!(
            "ephemeral containers are disabled for this cluster (error from server: {said:?})"
        ));
    }
    failure
}
