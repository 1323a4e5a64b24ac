//! `port-forward`.

use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use serde_json::Value;
use tokio::io::copy_bidirectional;

use super::pod;
use crate::{
    args::Matches,
    env::{Listener, Stream},
    failure::{Failure, Outcome, text_at},
    resolve::Resource,
    selection::Object,
    session::Session,
};

const HELP: &str = "kubectl port-forward";
/// How many connections one call carries at once.
const MOST: usize = 64;

/// `5000:80`: a local and a remote port; 0 locally takes any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    local: u16,
    remote: u16,
}

/// Runs `port-forward`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let [name, ports @ ..] = matches.args.as_slice() else {
        return Err(Failure::usage(HELP, "TYPE/NAME and list of ports are required for port-forward"));
    };
    if ports.is_empty() {
        return Err(Failure::usage(HELP, "TYPE/NAME and list of ports are required for port-forward"));
    }
    let object = pod::named(session, name).await?;
    let pods = pod::pods_of(session, &object, "cannot attach to").await?;
    let Some(pod) = pods.first() else { return Err(Failure::said("timed out waiting for the condition")) };
    let pairs = ports.iter().map(|text| pair(text, &object, pod)).collect::<Outcome<Vec<_>>>()?;
    let phase = text_at(pod, "/status/phase");
    if phase != "Running" {
        return Err(Failure::Said(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let mut listeners = Vec::new();
    for pair in &pairs {
        listeners.extend(listen(session, &matches.list("address"), *pair).await?);
    }
    serve(session, pod, listeners).await
}

fn pair(text: &str, object: &Object, pod: &Value) -> Outcome<Pair> {
    let (local, remote) = match text.split_once(':') {
        Some((_, "")) => return Err(Failure::said("remote port cannot be empty")),
        Some((local, remote)) => (local, remote),
        None => (text, text),
    };
    let remote = remote_port(remote, object, pod)?;
    let local = match local {
        "" => 0,
        name => number(name).or(Some(remote).filter(|_| !text.contains(':'))).ok_or_else(|| invalid("local", name))?,
    };
    Ok(Pair { local, remote })
}

fn invalid(which: &str, text: &str) -> Failure {
    Failure::Said(format!("error parsing {which} port '{text}': strconv.ParseUint: parsing {text:?}: invalid syntax"))
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

/// A port of the Pod by number or name; a Service's port is the Pod's that it leads to.
fn remote_port(text: &str, object: &Object, pod: &Value) -> Outcome<u16> {
    if is_service(&object.target.resource) {
        return service_port(text, &object.value, pod);
    }
    number(text).or_else(|| named_port(pod, text)).ok_or_else(|| {
        if text.parse::<u64>().is_ok() {
            Failure::said("remote port must be > 0")
        } else {
            Failure::Said(format!("Pod '{}' does not have a named port '{text}'", text_at(pod, "/metadata/name")))
        }
    })
}

fn is_service(resource: &Resource) -> bool {
    resource.is("", "Service")
}

fn service_port(text: &str, service: &Value, pod: &Value) -> Outcome<u16> {
    let ports = service.pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let found = ports
        .iter()
        .find(|port| port["name"] == text || port["port"].as_u64().is_some_and(|number| number.to_string() == text));
    let Some(port) = found else {
        let name = text_at(service, "/metadata/name");
        return Err(Failure::Said(match text.parse::<u64>() {
            Ok(_) => format!("Service {name} does not have a service port {text}"),
            Err(_) => format!("Service '{name}' does not have a named port '{text}'"),
        }));
    };
    let target = match &port["targetPort"] {
        Value::String(name) => named_port(pod, name),
        other => other.as_u64().and_then(|number| u16::try_from(number).ok()),
    };
    target
        .or_else(|| number(text))
        .ok_or_else(|| Failure::Said(format!("Pod does not have a port for service port {text}")))
}

fn named_port(pod: &Value, name: &str) -> Option<u16> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array)?;
    let mut ports = containers.iter().filter_map(|container| container["ports"].as_array()).flatten();
    ports.find(|port| port["name"] == name).and_then(|port| u16::try_from(port["containerPort"].as_u64()?).ok())
}

type Open = (Box<dyn Listener>, u16);

async fn listen(session: &Session, addresses: &[String], pair: Pair) -> Outcome<Vec<Open>> {
    let (mut open, mut errors) = (Vec::new(), Vec::new());
    for address in addresses {
        // `localhost` is both; whichever is missing does not matter.
        let hosts: &[&str] = if address == "localhost" { &["127.0.0.1", "::1"] } else { &[address.as_str()] };
        for host in hosts {
            let port = open.first().map_or(pair.local, |(listener, _): &Open| listener.port());
            match session.ports.listen(host, port).await {
                Ok(listener) => {
                    let shown = if host.contains(':') { format!("[{host}]") } else { (*host).to_owned() };
                    session.line(format!("Forwarding from {shown}:{} -> {}", listener.port(), pair.remote)).await?;
                    open.push((listener, pair.remote));
                }
                Err(error) => errors.push(format!("Unable to listen on port {port}: Listeners failed to create with the following errors: [unable to create listener: Error listen tcp4 {host}:{port}: {error}]")),
            }
        }
    }
    if open.is_empty() {
        session.err(&format!("{}\n", errors.first().map(String::as_str).unwrap_or_default())).await?;
        return Err(Failure::Said(format!(
            "unable to listen on any of the requested ports: [{{{} {}}}]",
            pair.local, pair.remote
        )));
    }
    Ok(open)
}

async fn serve(session: &Session, pod: &Value, listeners: Vec<Open>) -> Outcome {
    let api: Api<Pod> = Api::namespaced(session.server.client().clone(), text_at(pod, "/metadata/namespace"));
    let name = text_at(pod, "/metadata/name");
    let mut accepting: FuturesUnordered<_> = listeners.into_iter().map(accept).collect();
    let mut running = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some((accepted, (listener, remote))) = accepting.next(), if running.len() < MOST => {
                let local = accepted.map_err(Failure::from)?;
                session.line(format!("Handling connection for {}", listener.port())).await?;
                accepting.push(accept((listener, remote)));
                running.push(carry(session, &api, name, local, remote).boxed());
            }
            Some(outcome) = running.next() => outcome?,
            else => return Ok(()),
        }
    }
}

async fn accept((mut listener, remote): Open) -> (std::io::Result<Box<dyn Stream>>, Open) {
    let accepted = listener.accept().await;
    (accepted, (listener, remote))
}

/// Carries one connection; only a Pod that is lost ends the command.
async fn carry(session: &Session, api: &Api<Pod>, name: &str, mut local: Box<dyn Stream>, remote: u16) -> Outcome {
    let mut forwarder = match api.portforward(name, &[remote]).await {
        Ok(forwarder) => forwarder,
        Err(error) => {
            session.err(&format!("error: lost connection to pod: {error}\n")).await?;
            return Err(Failure::Exit(1));
        }
    };
    let (Some(mut stream), Some(error)) = (forwarder.take_stream(remote), forwarder.take_error(remote)) else {
        return Ok(());
    };
    tokio::select! {
        _ = copy_bidirectional(&mut local, &mut stream) => {}
        Some(why) = async { match error.await { Some(why) => Some(why), None => std::future::pending().await } } => {
            session.err(&format!("error: an error occurred forwarding {remote}: {why}\n")).await?;
        }
    }
    forwarder.abort();
    Ok(())
}
