//! What a kubelet serves on its own port, as far as it is known here: its health, its Pods and their logs.

use std::{convert::Infallible, sync::Arc};

use axum::{body::Body, response::Response};
use futures::StreamExt;
use serde_json::{Value, json};

use super::target;
use crate::{
    api::{
        Api,
        call::{Call, Verb},
        failure::Failure,
        pod::logs,
        respond,
    },
    json::text,
    store::Object,
};

/// Answers what is asked of a node.
///
/// # Errors
/// 404 when there is no such node, 405 for what is not merely read.
pub(super) async fn answer(api: &Arc<Api>, call: &Call, path: &str) -> Result<Response, Failure> {
    let (_, name, _) = target::split(&call.name)
        .ok_or_else(|| Failure::bad_request(format!("invalid node request {:?}", call.name)))?;
    api.find(&Call { name: name.to_owned(), ..call.clone() })?;
    if call.verb != Verb::Get {
        return Err(Failure::method_not_allowed());
    }
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        ["healthz"] => Ok(plain(200, "ok")),
        ["pods" | "runningpods"] => Ok(pods(api, name)),
        ["containerLogs", namespace, pod, container] => log(api, call, name, [namespace, pod, container]).await,
        _ => Ok(nothing()),
    }
}

fn plain(code: u16, text: &'static str) -> Response {
    respond::document(code, "text/plain; charset=utf-8", text.into())
}

fn nothing() -> Response {
    plain(404, "404 page not found\n")
}

fn on_node(api: &Api, node: &str) -> Vec<Object> {
    let mut pods = api.store.list("pods", None).1;
    pods.retain(|pod| text(&pod["spec"], "nodeName") == node);
    pods
}

fn pods(api: &Api, node: &str) -> Response {
    let bare = |pod: &Object| {
        let mut pod = Value::clone(pod);
        if let Some(fields) = pod.as_object_mut() {
            fields.remove("kind");
            fields.remove("apiVersion");
        }
        pod
    };
    let items: Vec<Value> = on_node(api, node).iter().map(bare).collect();
    let list = json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items});
    respond::document(200, "application/json", list.to_string().into())
}

async fn log(
    api: &Arc<Api>,
    call: &Call,
    node: &str,
    [namespace, name, container]: [&str; 3],
) -> Result<Response, Failure> {
    let is_meant = |pod: &Object| {
        let metadata = &pod["metadata"];
        text(metadata, "namespace") == namespace && text(metadata, "name") == name
    };
    if !on_node(api, node).iter().any(is_meant) {
        return Ok(nothing());
    }
    let mut options = logs::options(&call.query, name, api.clock.now())?;
    container.clone_into(&mut options.container);
    let lines = match api.node.logs(namespace, name, options).await {
        Ok(lines) => lines,
        Err(error) => return Ok(respond::document(error.code, "text/plain; charset=utf-8", error.message.into())),
    };
    let closing = api.closing().clone().cancelled_owned();
    let body = Body::from_stream(lines.map(Ok::<_, Infallible>).take_until(closing));
    Ok(respond::document(200, "text/plain", body))
}
