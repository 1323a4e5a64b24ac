//! `auth can-i`, `auth whoami` and, in a file of its own, `auth reconcile`.

pub mod reconcile;

use serde_json::{Value, json};

use crate::{
    args::Matches,
    describe::rules,
    failure::{Failure, Outcome, text_at},
    output::{
        printer::{Printer, RESULT_FORMATS},
        table::Grid,
    },
    session::Session,
};

/// The fields of a review as Go declares them.
const REVIEW: &str = "kind apiVersion metadata status; userInfo; username uid groups extra";
/// The verbs that resources know; others are warned of.
const VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];
/// The verbs of URLs.
const URL_VERBS: [&str; 8] = ["get", "put", "post", "head", "options", "delete", "patch", "*"];

/// Runs `auth whoami`.
pub async fn whoami(session: &Session, matches: &Matches) -> Outcome {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = session.server.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).await?;
    if let Some(printer) = Printer::of(session, matches, RESULT_FORMATS).await? {
        return session.out(&printer.ordered_by(REVIEW).print(&answer)?).await;
    }
    let user = &answer["status"]["userInfo"];
    let list = |value: &Value| {
        format!("[{}]", value.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
    };
    let mut grid = Grid::default();
    grid.row(["ATTRIBUTE", "VALUE"]);
    for (name, pointer) in [("Username", "/username"), ("UID", "/uid")] {
        let value = text_at(user, pointer);
        if !value.is_empty() {
            grid.row([name, value]);
        }
    }
    if user["groups"].is_array() {
        grid.row(["Groups".to_owned(), list(&user["groups"])]);
    }
    for (key, value) in user["extra"].as_object().into_iter().flatten() {
        grid.row([format!("Extra: {key}"), list(value)]);
    }
    session.out(&grid.text()).await
}

/// Runs `auth can-i`.
pub async fn can_i(session: &Session, matches: &Matches) -> Outcome {
    if matches.on("list") {
        return list(session, matches).await;
    }
    let (verb, what) = match matches.args.as_slice() {
        [verb, what] => (verb, what),
        _ => {
            return Err(Failure::said(
                "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
            ));
        }
    };
    let namespace = if matches.on("all-namespaces") { "" } else { &session.namespace };
    let spec = if what.starts_with('/') {
        if matches.some("subresource").is_some() {
            return Err(Failure::said("--subresource can not be used with NonResourceURL"));
        }
        warn_of_verb(session, verb, &URL_VERBS).await?;
        json!({"nonResourceAttributes": {"verb": verb, "path": what}})
    } else {
        let attributes = attributes(session, matches, verb, what, namespace).await?;
        if !matches.on("all-namespaces") {
            warn_of_verb(session, verb, &VERBS).await?;
        }
        json!({"resourceAttributes": attributes})
    };
    if matches.on("no-headers") {
        return Err(Failure::said("--no-headers cannot be set without --list specified"));
    }
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec});
    let answer = session.server.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).await?;
    let status = &answer["status"];
    let allowed = status["allowed"] == true;
    let mut text = if allowed { "yes" } else { "no" }.to_owned();
    for pointer in ["/reason", "/evaluationError"] {
        let more = text_at(status, pointer);
        if !more.is_empty() && !allowed {
            text.push_str(&format!(" - {more}"));
        }
    }
    if !matches.on("quiet") {
        session.line(text).await?;
    }
    if allowed { Ok(()) } else { Err(Failure::Exit(1)) }
}

async fn warn_of_verb(session: &Session, verb: &str, known: &[&str]) -> Outcome {
    if known.contains(&verb) {
        Ok(())
    } else {
        session.err(&format!("Warning: verb '{verb}' is not a known verb\n\n")).await
    }
}

async fn attributes(session: &Session, matches: &Matches, verb: &str, what: &str, namespace: &str) -> Outcome<Value> {
    let (kind, name) = what.split_once('/').unwrap_or((what, ""));
    let mut attributes = json!({"verb": verb});
    let mut namespaced = true;
    match session.discovery().await.and_then(|discovery| discovery.find(kind)) {
        Ok(resource) => {
            attributes["resource"] = resource.plural.clone().into();
            namespaced = resource.namespaced;
            if !resource.group.is_empty() {
                attributes["group"] = resource.group.clone().into();
            }
            if !namespaced && !matches.on("all-namespaces") {
                let place =
                    if resource.group.is_empty() { String::new() } else { format!(" in group '{}'", resource.group) };
                session
                    .err(&format!("Warning: resource '{}' is not namespace scoped{place}\n\n", resource.plural))
                    .await?;
            }
        }
        Err(_) if matches!(kind, "*" | "users" | "groups") => attributes["resource"] = kind.into(),
        Err(_) => {
            let (plural, group) = kind.split_once('.').unwrap_or((kind, ""));
            let place = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
            session.err(&format!("Warning: the server doesn't have a resource type '{plural}'{place}\n\n")).await?;
            attributes["resource"] = kind.into();
        }
    }
    for (field, value) in [
        ("name", name),
        ("subresource", matches.text("subresource")),
        ("namespace", if namespaced { namespace } else { "" }),
    ] {
        if !value.is_empty() {
            attributes[field] = value.into();
        }
    }
    Ok(attributes)
}

async fn list(session: &Session, matches: &Matches) -> Outcome {
    if matches.on("quiet") || matches.on("all-namespaces") || matches.some("subresource").is_some() {
        return Err(Failure::said(
            "list option can't be specified with neither quiet, all-namespaces nor subresource options",
        ));
    }
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": session.namespace}});
    let answer = session.server.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &review).await?;
    let status = &answer["status"];
    if status["incomplete"] == true {
        let why = text_at(status, "/evaluationError");
        session.err(&format!("Warning: the list may be incomplete: {why}\n")).await?;
    }
    let mut grid = Grid::default();
    if !matches.on("no-headers") {
        grid.row(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]);
    }
    let all = ["resourceRules", "nonResourceRules"];
    let found = all.iter().filter_map(|kind| status[*kind].as_array()).flat_map(|list| rules::of(list)).collect();
    for rule in rules::compact(found) {
        grid.row(rule.cells());
    }
    session.out(&grid.text()).await
}
