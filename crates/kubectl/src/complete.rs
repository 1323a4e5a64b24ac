//! `__complete`: what may follow on a command line, in the form that shells ask for (cobra's).
//!
//! One proposal a line, with a tab before its description; then a line with a colon and what the shell shall do.

use serde_json::Value;

use crate::{
    args::{self, Command, Matches, Parsed},
    env::Env,
    failure::{Outcome, text_at},
    selection::Selection,
    server::JSON,
    session::Session,
};

/// No files besides.
const NO_FILES: u8 = 4;
/// Files, as a shell proposes them.
const FILES: u8 = 0;

/// Proposals and what the shell shall do.
struct Proposals(Vec<String>, u8);

/// Answers `__complete`; the last word is the one to be completed.
pub async fn run(words: &[String], env: Env) -> i32 {
    let (last, before) = words.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    let parsed = args::parse(before);
    let session = match &parsed {
        Parsed::Run(matches) => Session::open(env, matches).0,
        _ => Session::bare(env).0,
    };
    let Proposals(mut found, directive) = propose(&session, &parsed, before, last).await;
    found.retain(|line| line.starts_with(last));
    found.sort();
    found.dedup();
    let text: String = found.iter().map(|line| format!("{line}\n")).collect();
    let name = if directive == NO_FILES { "ShellCompDirectiveNoFileComp" } else { "ShellCompDirectiveDefault" };
    let written = async {
        session.out(&format!("{text}:{directive}\n")).await?;
        session.err(&format!("Completion ended with directive: {name}\n")).await
    };
    // A shell that has gone away needs no answer.
    i32::from(written.await.is_err())
}

async fn propose(session: &Session, parsed: &Parsed, before: &[String], last: &str) -> Proposals {
    if let Some(found) = value_of_flag(session, before).await {
        return found;
    }
    let path = match parsed {
        Parsed::Help(path) => *path,
        Parsed::Group(command) => command.path,
        Parsed::Run(matches) => matches.command.path,
        _ => return Proposals(Vec::new(), NO_FILES),
    };
    if last.starts_with('-') {
        return Proposals(flags(path), NO_FILES);
    }
    if let Parsed::Run(matches) = parsed {
        let mut found = objects(session, matches, last).await.unwrap_or_default();
        if matches.args.is_empty() {
            found.extend(commands(path));
        }
        return Proposals(found, NO_FILES);
    }
    Proposals(commands(path), NO_FILES)
}

fn commands(path: &str) -> Vec<String> {
    args::children(path).map(|command| format!("{}\t{}", command.name(), command.short)).collect()
}

fn flags(path: &str) -> Vec<String> {
    let own = args::find(path).map(|command| command.flags.as_slice()).unwrap_or_default();
    own.iter().map(|flag| format!("--{}\t{}", flag.name, args::help::flag(path, flag.name))).collect()
}

/// What may stand behind `-n` or `-f`.
async fn value_of_flag(session: &Session, before: &[String]) -> Option<Proposals> {
    match before.last()?.as_str() {
        "-n" | "--namespace" => Some(Proposals(names(session, "namespaces").await.unwrap_or_default(), NO_FILES)),
        "-f" | "--filename" => Some(Proposals(session.files.list(".").await.unwrap_or_default(), FILES)),
        "-o" | "--output" => Some(Proposals(
            ["json", "yaml", "name", "wide", "jsonpath", "go-template", "custom-columns"].map(str::to_owned).to_vec(),
            NO_FILES,
        )),
        _ => None,
    }
}

/// Names of Pods, of resources, or of a resource's objects, whichever is next.
async fn objects(session: &Session, matches: &Matches, last: &str) -> Outcome<Vec<String>> {
    if let Some((kind, _)) = last.split_once('/') {
        return Ok(names(session, kind).await?.into_iter().map(|name| format!("{kind}/{name}")).collect());
    }
    match (matches.command.path, matches.args.as_slice()) {
        ("logs" | "exec" | "attach" | "port-forward", []) => names(session, "pods").await,
        (
            "logs" | "exec" | "attach" | "port-forward" | "run" | "version" | "apply" | "api-resources"
            | "api-versions",
            _,
        ) => Ok(Vec::new()),
        (path, _) if path.starts_with("create") => Ok(Vec::new()),
        (_, []) => kinds(session, matches.command).await,
        (_, [kind, ..]) => names(session, kind).await,
    }
}

async fn kinds(session: &Session, command: &Command) -> Outcome<Vec<String>> {
    let verb = match command.path {
        "delete" => "delete",
        "edit" | "label" | "annotate" | "patch" => "patch",
        _ => "get",
    };
    Ok(session
        .discovery()
        .await?
        .resources
        .iter()
        .filter(|resource| resource.can(verb))
        .map(|resource| resource.full_plural())
        .collect())
}

async fn names(session: &Session, kind: &str) -> Outcome<Vec<String>> {
    let resource = session.discovery().await?.find(kind)?;
    let selection = Selection { picks: Vec::new(), failures: Vec::new(), selector: None, fields: None, single: false };
    let list = selection.list(session, resource, Some(&session.namespace), JSON, 500).await?;
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(items.iter().map(|item: &Value| text_at(item, "/metadata/name").to_owned()).collect())
}
