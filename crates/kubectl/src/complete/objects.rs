//! Kinds, names, containers and ports, as the server has them.

use serde_json::Value;

use super::{
    Directive, Proposals, What, flags,
    table::{RUNNERS, Then},
};
use crate::{
    args::Matches,
    failure::{Outcome, text_at},
    selection::Selection,
    server::JSON,
    session::Session,
    verbs,
};

/// What may be the next argument.
pub(super) async fn propose(session: &Session, matches: &Matches, what: What, last: &str) -> Outcome<Proposals> {
    let args = matches.args.as_slice();
    let (found, directive) = match what {
        What::Objects => {
            let with_slash = args.first().is_some_and(|first| first.contains('/'));
            let wants_kinds = with_slash || args.is_empty() && !last.contains('/');
            let kinds = if wants_kinds { kinds(session).await? } else { Vec::new() };
            return typed(session, args, &kinds, last).await;
        }
        What::Of(kinds) => {
            return typed(session, args, &kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>(), last).await;
        }
        What::Names(_) if !args.is_empty() => (Vec::new(), Directive::NoFiles),
        What::Names(kind) => (names(session, kind).await?, Directive::NoFiles),
        What::Pod(then) => pods(session, args, then, last).await?,
        What::Copy => (places(session, args, last).await?, Directive::NoSpace),
        What::Config(_) if !args.is_empty() => (Vec::new(), Directive::NoFiles),
        What::Config(list) => (flags::entries(session, list).await, Directive::NoFiles),
        What::Words(words) => (words.iter().map(|word| (*word).to_owned()).collect(), Directive::NoFiles),
        What::Anything => (Vec::new(), Directive::Default),
    };
    Ok(Proposals(found.into_iter().filter(|word| word.starts_with(last)).collect(), directive))
}

/// A kind and then its names, or `KIND/NAME` again and again.
async fn typed(session: &Session, args: &[String], kinds: &[String], last: &str) -> Outcome<Proposals> {
    let begins = |word: &String| word.starts_with(last);
    if let Some((kind, _)) = last.split_once('/') {
        let names = names(session, kind).await?.into_iter().map(|name| format!("{kind}/{name}"));
        return Ok(Proposals(names.filter(begins).collect(), Directive::NoFiles));
    }
    match args {
        [] => Ok(Proposals(kinds.iter().filter(|kind| begins(kind)).cloned().collect(), Directive::NoFiles)),
        [first, ..] if first.contains('/') => {
            let kinds = kinds.iter().map(|kind| format!("{kind}/")).filter(begins);
            Ok(Proposals(kinds.collect(), Directive::NoSpaceNoFiles))
        }
        [types, given @ ..] => {
            let mut found = Vec::new();
            for kind in types.split(',') {
                found.extend(names(session, kind).await?);
            }
            found.retain(|name| begins(name) && !given.contains(name));
            Ok(Proposals(found, Directive::NoFiles))
        }
    }
}

/// The kinds that can be got, by group and name.
async fn kinds(session: &Session) -> Outcome<Vec<String>> {
    let all = session.discovery_after(1).await?.resources.iter().filter(|resource| resource.can("get"));
    let mut found: Vec<_> = all.map(|resource| (resource.group.clone(), resource.plural.clone(), resource)).collect();
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found.dedup_by(|a, b| (&a.0, &a.1) == (&b.0, &b.1));
    Ok(found.into_iter().map(|(_, _, resource)| resource.full_plural()).collect())
}

async fn list(session: &Session, kind: &str) -> Outcome<Vec<Value>> {
    let resource = session.discovery_after(5).await?.find(kind)?;
    let selection = Selection { picks: Vec::new(), failures: Vec::new(), selector: None, fields: None, single: false };
    let mut list = selection.list(session, resource, Some(&session.namespace), JSON, 500).await?;
    Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

/// The names of a kind's objects.
pub(super) async fn names(session: &Session, kind: &str) -> Outcome<Vec<String>> {
    Ok(list(session, kind).await?.iter().map(|item| text_at(item, "/metadata/name").to_owned()).collect())
}

async fn pods(session: &Session, args: &[String], then: Then, last: &str) -> Outcome<(Vec<String>, Directive)> {
    let found = match (args, then) {
        ([], _) => match last.split_once('/') {
            Some((kind, _)) => names(session, kind).await?.into_iter().map(|name| format!("{kind}/{name}")).collect(),
            None => return Ok(pods_and_runners(session, last).await),
        },
        ([pod], Then::Container) => containers(session, pod).await?,
        ([object, ..], Then::Ports) => ports(session, object).await?,
        _ => Vec::new(),
    };
    Ok((found, Directive::NoFiles))
}

/// Pods, and the kinds that run some. Where only kinds are left, no blank follows their slash.
async fn pods_and_runners(session: &Session, last: &str) -> (Vec<String>, Directive) {
    let mut found = names(session, "pods").await.unwrap_or_default();
    let none = !found.iter().any(|name| name.starts_with(last));
    found.extend(RUNNERS.map(|kind| format!("{kind}/")));
    (found, if none { Directive::NoSpaceNoFiles } else { Directive::NoFiles })
}

/// The containers of a Pod, or of a Pod that something runs.
pub(super) async fn containers(session: &Session, word: &str) -> Outcome<Vec<String>> {
    let object = verbs::pod_named(session, word).await?;
    let spec = object.pointer("/spec/template/spec").unwrap_or(&object["spec"]);
    let all = ["initContainers", "containers", "ephemeralContainers"].map(|list| spec[list].as_array());
    let all = all.into_iter().flatten().flatten();
    Ok(all.map(|container| text_at(container, "/name").to_owned()).collect())
}

/// `80:80` for each port of a Pod, of what runs Pods, or of a Service.
async fn ports(session: &Session, word: &str) -> Outcome<Vec<String>> {
    let object = verbs::pod_named(session, word).await?;
    let spec = object.pointer("/spec/template/spec").unwrap_or(&object["spec"]);
    let of_service = object.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten();
    let of_containers = spec["containers"].as_array().into_iter().flatten();
    let of_containers = of_containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
    let numbers = of_service
        .filter_map(|port| port["port"].as_i64())
        .chain(of_containers.filter_map(|port| port["containerPort"].as_i64()));
    Ok(numbers.map(|port| format!("{port}:{port}")).collect())
}

/// Namespaces, Pods and files: `cp` copies between a Pod and this machine.
async fn places(session: &Session, args: &[String], last: &str) -> Outcome<Vec<String>> {
    if !args.is_empty() || last.contains(':') || last.starts_with(['.', '/']) {
        return Ok(Vec::new());
    }
    if let Some((namespace, _)) = last.split_once('/') {
        let resource = session.discovery().await?.find("pods")?;
        let pods = session.server.get(&resource.path(Some(namespace)), JSON).await?;
        let pods = pods["items"].as_array().into_iter().flatten();
        return Ok(pods.map(|pod| format!("{namespace}/{}:", text_at(pod, "/metadata/name"))).collect());
    }
    let mut found: Vec<String> = names(session, "namespaces").await?.iter().map(|name| format!("{name}/")).collect();
    found.extend(names(session, "pods").await?.iter().map(|name| format!("{name}:")));
    if last.is_empty() {
        found.extend(["./".to_owned(), "/".to_owned()]);
    } else {
        for name in session.files.list(".").await.unwrap_or_default() {
            let folder = session.files.list(&name).await.is_ok();
            found.push(if folder { format!("{name}/") } else { name });
        }
    }
    Ok(found)
}
