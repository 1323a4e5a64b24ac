//! `exec` and `attach`.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use http::header;
use serde_json::Value;

use super::{
    container, passed_on,
    remote::{self, Ending},
    websocket::Offer,
};
use crate::{
    api::{Api, call::Call, failure::Failure},
    node::{endpoint::EndpointError, runtime::ExecSpec},
};

/// The channel protocols spoken here, the best first.
const PROTOCOLS: &[&str] = &["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// Runs a command in a container, or joins the container's own streams.
pub(crate) async fn attach(api: &Arc<Api>, call: &Call, request: Request) -> Result<Response, Failure> {
    let pod = api.find(call)?;
    let container = container::choose(&pod, call.query.text("container"))?;
    if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        return Err(Failure::bad_request(format!("pod {} does not have a host assigned", call.name)));
    }
    let asks_to_upgrade = request.headers().contains_key(header::UPGRADE);
    let offer = match Offer::read(request, PROTOCOLS) {
        Ok(offer) => offer,
        // When the node refused, kubectl asks again over SPDY, and that answer is what it shows.
        Err(_) if asks_to_upgrade && !is_running(&pod, &container) => {
            let message = format!("container not found ({container:?})");
            return Err(passed_on(call, &EndpointError { code: 404, message }));
        }
        Err(failure) => return Err(failure),
    };
    let exec = call.part.as_ref().is_some_and(|part| part.row.name == "exec");
    let ending = if exec { Ending::ExitCode } else { Ending::Success };
    let stdin = call.query.flag("stdin");
    let started = if exec {
        let argv = call.query.all("command").to_vec();
        let spec = ExecSpec { argv, tty: call.query.flag("tty"), stdin };
        api.node.exec(call.namespace(), &call.name, &container, spec).await
    } else {
        api.node.attach(call.namespace(), &call.name, &container, stdin).await
    };
    if let Err(error) = &started
        && error.code < 500
    {
        return Err(passed_on(call, error));
    }
    let (response, socket) = offer.accept();
    let closing = api.closing().clone();
    tokio::spawn(async move {
        let Ok(socket) = socket.await else { return };
        let conversation = async {
            match started {
                Ok(process) => remote::carry(socket, process, ending).await,
                Err(error) => remote::refuse(socket, &remote::internal(&error.message)).await,
            }
        };
        closing.run_until_cancelled(conversation).await;
    });
    Ok(response)
}

/// Whether the Pod's status says that the container runs.
fn is_running(pod: &Value, container: &str) -> bool {
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut all = lists.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    all.any(|status| status["name"] == container && status["state"]["running"].is_object())
}
