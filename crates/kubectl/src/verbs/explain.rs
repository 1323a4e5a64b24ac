//! `explain`: what the server's schemas say about a field.

mod older;
mod print;
mod wrap;

use serde_json::Value;

use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    resolve::Resource,
    server::JSON,
    session::Session,
};

/// Runs `explain`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    let [what] = matches.args.as_slice() else {
        return Err(Failure::said(if matches.args.is_empty() {
            "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.\n"
        } else {
            "We accept only this format: explain RESOURCE\n"
        }));
    };
    if what.is_empty() {
        return Err(Failure::said("a resource must be present, got: /, Resource="));
    }
    let (mut resource, path) = find(session, what).await?;
    if let Some(text) = matches.some("api-version") {
        let (group, version) = text.split_once('/').unwrap_or(("", text));
        let all = &session.discovery().await?.resources;
        let found = all.iter().find(|other| {
            (other.group.as_str(), other.version.as_str(), &other.plural) == (group, version, &resource.plural)
        });
        let missing = || Failure::Said(format!("couldn't find resource for \"{text}, Resource={}\"", resource.plural));
        resource = found.cloned().ok_or_else(missing)?;
    }
    match matches.text("output") {
        "plaintext" => {}
        "plaintext-openapiv2" => {
            return session.out(&older::page(session, &resource, &path, matches.on("recursive")).await?).await;
        }
        other => return Err(Failure::Said(format!("unrecognized format: {other}"))),
    }
    let prefix = if resource.group.is_empty() {
        format!("api/{}", resource.version)
    } else {
        format!("apis/{}/{}", resource.group, resource.version)
    };
    let document = document(session, &prefix).await?;
    session.out(&print::head(&resource)).await?;
    let Some(schema) = print::schema(&document, &resource) else {
        return Err(Failure::Said(format!("error: GVK {resource} not found in OpenAPI schema")));
    };
    match print::page(&document, schema, &path, matches.on("recursive")) {
        Some(text) => session.out(&text).await,
        None => Err(Failure::Said(format!(
            "error: field {:?} does not exist",
            path.last().map(String::as_str).unwrap_or_default()
        ))),
    }
}

/// The resource and the path of fields: `pods.spec`, `deployments.apps.spec.replicas`.
async fn find(session: &Session, what: &str) -> Outcome<(Resource, Vec<String>)> {
    let discovery = session.discovery().await?;
    let name = what.split('.').next().unwrap_or_default();
    let first = discovery.find(name).map_err(|failure| Failure::Bare(failure.message()))?;
    let fields = |rest: &str| rest.split('.').filter(|field| !field.is_empty()).map(str::to_owned).collect();
    // Of the resources of that name the first is meant whose group is written behind it.
    let mut named = discovery.resources.iter().filter(|resource| resource.plural == first.plural);
    let meant = named.find_map(|resource| Some((resource, what.strip_prefix(&resource.full_plural())?)));
    let (resource, rest) = meant.unwrap_or((first, &what[name.len()..]));
    Ok((resource.clone(), fields(rest)))
}

async fn document(session: &Session, prefix: &str) -> Outcome<Value> {
    let index = session.server.get("/openapi/v3?timeout=32s", JSON).await?;
    let path = index["paths"][prefix]["serverRelativeURL"]
        .as_str()
        .map_or_else(|| format!("/openapi/v3/{prefix}"), str::to_owned);
    session.server.get(&path, JSON).await
}
