//! `exec` and `attach`, over a websocket or, for kubectl before 1.29, over SPDY.

mod streams;

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use http::header;
use serde_json::Value;

use super::{
    container, passed_on,
    remote::{self, Ending},
    spdy, websocket,
};
use crate::{
    api::{Api, call::Call, failure::Failure},
    node::{
        endpoint::EndpointError,
        runtime::{ExecSpec, Process},
    },
};

/// The channel protocols spoken here, the best first.
const PROTOCOLS: &[&str] = &["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// The one that is spoken over SPDY.
const SPDY_PROTOCOLS: &[&str] = &["v4.channel.k8s.io"];

/// What a client has offered to speak.
enum Offer {
    Websocket(websocket::Offer),
    Spdy(spdy::Offer),
}

impl Offer {
    fn read(request: Request) -> Result<Self, Failure> {
        match spdy::Offer::is_in(request.headers()) {
            true => spdy::Offer::read(request, SPDY_PROTOCOLS).map(Self::Spdy),
            false => websocket::Offer::read(request, PROTOCOLS).map(Self::Websocket),
        }
    }
}

/// Runs a command in a container, or joins the container's own streams.
pub(crate) async fn attach(api: &Arc<Api>, call: &Call, request: Request) -> Result<Response, Failure> {
    let pod = api.find(call)?;
    let container = container::choose(&pod, call.query.text("container"))?;
    if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        return Err(Failure::bad_request(format!("pod {} does not have a host assigned", call.name)));
    }
    let asks_to_upgrade = request.headers().contains_key(header::UPGRADE);
    let offer = match Offer::read(request) {
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
    Ok(begin(api, offer, started, (ending, streams::wanted(&call.query))))
}

/// Answers the offer and carries the process's streams until it ends, the client goes or the cluster ends.
fn begin(
    api: &Api,
    offer: Offer,
    started: Result<Process, EndpointError>,
    (ending, wanted): (Ending, Vec<&'static str>),
) -> Response {
    let closing = api.closing().clone();
    match offer {
        Offer::Spdy(offer) => {
            let (response, connection) = offer.accept();
            tokio::spawn(async move {
                let Ok(connection) = connection.await else { return };
                closing.run_until_cancelled(streams::carry(connection, started, ending, wanted)).await;
            });
            response
        }
        Offer::Websocket(offer) => {
            let (response, socket) = offer.accept();
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
            response
        }
    }
}

/// Whether the Pod's status says that the container runs.
fn is_running(pod: &Value, container: &str) -> bool {
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut all = lists.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    all.any(|status| status["name"] == container && status["state"]["running"].is_object())
}
