//! `describe`.

use serde_json::Value;

use crate::{
    args::Matches,
    describe::{self, Subject},
    failure::{Failure, Outcome, text_at},
    selection::{Object, Request, Selection},
    server::{JSON, query},
    session::Session,
};

/// Runs `describe`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if matches.args.is_empty() && !matches.reads_files() {
        return Err(Failure::said(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.\n",
        ));
    }
    let selection = Request::listing(matches, &matches.args).select(session).await?;
    let (objects, failures) = selection.objects(session).await;
    let missing =
        failures.first().filter(|failure| failures.len() == 1 && failure.is_not_found() && matches.args.len() == 2);
    if let Some(failure) = missing {
        return by_prefix(session, matches, failure.clone()).await;
    }
    if objects.iter().any(|object| object.target.name.is_empty()) {
        return Err(Failure::said("resource name may not be empty"));
    }
    // Events of many objects would drown the page.
    let with_events = matches.on("show-events") && (objects.len() == 1 || matches.given("show-events"));
    pages(session, &objects, with_events).await?;
    if objects.is_empty() && failures.is_empty() {
        let namespaced = !matches.on("all-namespaces");
        session.err(&super::get::nothing_found(session, namespaced)).await?;
    }
    match failures.as_slice() {
        [Failure::Said(text)] if text.starts_with("unable to recognize") => Failure::gathered(failures),
        _ => Failure::of(failures),
    }
}

/// A name that is none may be the beginning of several.
async fn by_prefix(session: &Session, matches: &Matches, failure: Failure) -> Outcome {
    let prefix = &matches.args[1];
    let request = Request { args: vec![matches.args[0].clone()], ..Request::listing(matches, &[]) };
    let objects = request.select(session).await?.all(session).await?;
    let found: Vec<Object> =
        objects.into_iter().filter(|object| object.target.name.starts_with(prefix.as_str())).collect();
    if found.is_empty() {
        return Err(failure);
    }
    let with_events = matches.given("show-events") && matches.on("show-events");
    for object in &found {
        pages(session, std::slice::from_ref(object), with_events).await?;
        session.out("\n").await?;
    }
    Ok(())
}

async fn pages(session: &Session, objects: &[Object], with_events: bool) -> Outcome {
    for (at, object) in objects.iter().enumerate() {
        let more = describe::wanted(&object.value);
        let related = related(session, object, &more).await;
        let events = if with_events { events(session, &object.value).await } else { None };
        let subject =
            Subject { object: &object.value, related: &related, events: events.as_deref(), now: session.now() };
        let text = describe::text(&subject);
        session.out(&if at == 0 { text } else { format!("\n\n{text}") }).await?;
    }
    Ok(())
}

/// What else a page needs; what cannot be had is left out, as kubectl does.
async fn related(session: &Session, object: &Object, wanted: &[describe::Wanted]) -> Vec<Value> {
    let mut found = Vec::new();
    for wanted in wanted {
        let Ok(discovery) = session.discovery().await else { continue };
        let Ok(resource) = discovery.find(wanted.resource) else { continue };
        let selection = Selection {
            picks: Vec::new(),
            failures: Vec::new(),
            selector: wanted.selector.clone(),
            fields: wanted.fields.clone(),
            single: false,
        };
        let namespace =
            if wanted.everywhere { None } else { wanted.namespace.as_deref().or(object.target.namespace.as_deref()) };
        if let Ok(list) = selection.list(session, resource, namespace, JSON, 500).await {
            found.extend(crate::selection::items(resource, list).into_iter().map(|object| object.value));
        }
    }
    found
}

/// The events about an object.
async fn events(session: &Session, object: &Value) -> Option<Vec<Value>> {
    let (name, namespace, uid) =
        (text_at(object, "/metadata/name"), text_at(object, "/metadata/namespace"), text_at(object, "/metadata/uid"));
    let mut fields = format!("involvedObject.name={name},involvedObject.namespace={namespace}");
    let kind = text_at(object, "/kind");
    if kind != "Pod" {
        fields = format!("involvedObject.kind={kind},{fields}");
    }
    let mut found = with_uid(session, namespace, &fields, uid).await?;
    if kind == "Node" {
        // Some of the kubelet's events have the name of the Node for its uid.
        found.extend(with_uid(session, namespace, &fields, name).await.unwrap_or_default());
    }
    Some(found)
}

async fn with_uid(session: &Session, namespace: &str, fields: &str, uid: &str) -> Option<Vec<Value>> {
    let uid = if uid.is_empty() { String::new() } else { format!(",involvedObject.uid={uid}") };
    let place = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
    let pairs = [("fieldSelector", format!("{fields}{uid}")), ("limit", "500".to_owned())];
    let list = session.server.get(&format!("/api/v1{place}/events{}", query(&pairs)), JSON).await.ok()?;
    Some(list.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
}
