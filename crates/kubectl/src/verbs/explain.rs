//! `explain`: what the server's schemas say about a field.

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
    check_output(matches.text("output"))?;
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

fn check_output(output: &str) -> Outcome {
    match output {
        "plaintext" => Ok(()),
        "plaintext-openapiv2" => Err(Failure::said(
            "the older form of these pages, plaintext-openapiv2, is not available here: leave --output away",
        )),
        other => Err(Failure::Said(format!("unrecognized format: {other}"))),
    }
}

/// The resource and the path of fields: `pods.spec`, `deployments.apps.spec.replicas`.
async fn find(session: &Session, what: &str) -> Outcome<(Resource, Vec<String>)> {
    let parts: Vec<&str> = what.trim_end_matches('.').split('.').collect();
    let discovery = session.discovery().await?;
    let fields = |from: usize| parts[from..].iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    // The longest beginning that names a resource with its group is meant.
    for end in (2..=parts.len()).rev() {
        if let Ok(found) = discovery.find(&parts[..end].join("."))
            && !found.group.is_empty()
            && found.group == parts[1..end].join(".")
        {
            return Ok((found.clone(), fields(end)));
        }
    }
    match discovery.find(parts[0]) {
        Ok(found) => Ok((found.clone(), fields(1))),
        Err(failure) => Err(Failure::Bare(failure.message())),
    }
}

async fn document(session: &Session, prefix: &str) -> Outcome<Value> {
    let index = session.server.get("/openapi/v3?timeout=32s", JSON).await?;
    let path = index["paths"][prefix]["serverRelativeURL"]
        .as_str()
        .map_or_else(|| format!("/openapi/v3/{prefix}"), str::to_owned);
    session.server.get(&path, JSON).await
}
