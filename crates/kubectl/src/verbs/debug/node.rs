//! A Pod on a node, in the node's own namespaces and with its files.

use serde_json::{Value, json};

use super::{
    Wish,
    profile::{Way, container_of},
    suffix,
};
use crate::{
    failure::{Outcome, text_at},
    session::Session,
};

/// Makes the Pod; gives it and its container's name.
pub(super) async fn create(session: &Session, wish: &Wish<'_>, node: &Value) -> Outcome<(Value, String)> {
    let (node, container) = (text_at(node, "/metadata/name"), wish.matches.some("container").unwrap_or("debugger"));
    let name = format!("node-debugger-{node}-{}", suffix(session.now().as_nanosecond().unsigned_abs()));
    wish.tell(session, &format!("Creating debugging pod {name} with container {container} on node {node}.\n")).await?;
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "kubectl-debug"}},
        "spec": {
            "containers": [wish.container(container)], "nodeName": node, "restartPolicy": "Never",
            "tolerations": [{"operator": "Exists"}],
        },
    });
    wish.profile.apply(&mut pod, container, Way::Node, wish.keep);
    if let Some(container) = container_of(&mut pod, container) {
        wish.customize(container);
    }
    let place = format!("/api/v1/namespaces/{}/pods", session.namespace);
    Ok((session.server.post(&place, &pod).await?, container.to_owned()))
}
