//! Flags, and what may be their value.

use serde_json::Value;

use super::{Directive, Proposals, objects};
use crate::{
    args::{self, Command, Flag, FlagKind, GLOBAL, Matches},
    failure::text_at,
    session::Session,
    yaml,
};

/// Flags that a command cannot do without.
const REQUIRED: &[(&str, &[&str])] = &[
    ("autoscale", &["max"]),
    ("create clusterrolebinding", &["clusterrole"]),
    ("create cronjob", &["image", "schedule"]),
    ("create deployment", &["image"]),
    ("create service externalname", &["external-name"]),
    ("run", &["image"]),
    ("scale", &["replicas"]),
];

/// Flags that kubectl does not propose, for they are on their way out or not for everybody.
const HIDDEN: [&str; 2] = ["cpu-percent", "edit-last-applied"];

/// The formats of `get -o`, in kubectl's order.
const FORMATS: [&str; 14] = [
    "json",
    "yaml",
    "kyaml",
    "name",
    "go-template",
    "go-template-file",
    "template",
    "templatefile",
    "jsonpath",
    "jsonpath-as-json",
    "jsonpath-file",
    "custom-columns",
    "custom-columns-file",
    "wide",
];

/// The command that words begin with, whatever is wrong with the rest.
pub(super) fn command_of(words: &[String]) -> &'static str {
    let mut found: Option<&'static Command> = None;
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        match args::child(found.map_or("", |command| command.path), word) {
            Some(next) => found = Some(next),
            None => break,
        }
    }
    found.map_or("", |command| command.path)
}

fn own(path: &str) -> &'static [Flag] {
    args::find(path).map(|command| command.flags.as_slice()).unwrap_or_default()
}

/// The flags that begin so: those of every command, then the command's own.
pub(super) fn names(path: &str, before: &[String], last: &str) -> Vec<String> {
    let help = Flag { name: "help", short: Some('h'), kind: FlagKind::Bool, default: "false" };
    let mut local: Vec<&Flag> = own(path).iter().chain([&help]).collect();
    local.sort_by_key(|flag| flag.name);
    let shadowed = |flag: &&Flag| !own(path).iter().any(|own| own.name == flag.name);
    let all = GLOBAL.iter().filter(shadowed).chain(local);
    all.filter(|flag| !HIDDEN.contains(&flag.name) && (repeats(flag) || !given(flag, before)))
        .flat_map(|flag| forms(path, flag))
        .filter(|line| line.starts_with(last))
        .collect()
}

fn forms(path: &str, flag: &Flag) -> Vec<String> {
    let about = if flag.name == "help" { "What this command does." } else { args::help::flag(path, flag.name) };
    let short = flag.short.map(|short| format!("-{short}\t{about}"));
    std::iter::once(format!("--{}\t{about}", flag.name)).chain(short).collect()
}

fn repeats(flag: &Flag) -> bool {
    matches!(flag.kind, FlagKind::List | FlagKind::Array | FlagKind::Map)
}

fn given(flag: &Flag, before: &[String]) -> bool {
    let long = format!("--{}", flag.name);
    before.iter().any(|word| {
        word == &long
            || word.strip_prefix(&long).is_some_and(|rest| rest.starts_with('='))
            || flag.short.is_some_and(|short| word.starts_with(&format!("-{short}")))
    })
}

/// The flags that must still be given.
pub(super) fn required(matches: &Matches) -> Vec<String> {
    let path = matches.command.path;
    let names = REQUIRED.iter().find(|(of, _)| *of == path).map(|(_, names)| *names).unwrap_or_default();
    let missing = names.iter().filter(|name| !matches.given(name));
    missing.map(|name| format!("--{name}\t{}", args::help::flag(path, name))).collect()
}

/// What may be the value of the flag that stands last; `None` where no value is to come.
pub(super) async fn value(session: &Session, path: &str, before: &[String], last: &str) -> Option<Proposals> {
    let (flag, typed) = match last.strip_prefix("--").and_then(|word| word.split_once('=')) {
        Some((name, typed)) => (find(path, &format!("--{name}"))?, typed),
        None => (find(path, before.last()?).filter(|flag| flag.bare().is_none())?, last),
    };
    let (found, directive) = match (flag.name, path) {
        ("namespace", _) => (objects::names(session, "namespaces").await.unwrap_or_default(), Directive::NoFiles),
        ("context" | "cluster" | "user", _) if !path.starts_with("config ") && !path.starts_with("create ") => {
            (entries(session, &format!("{}s", flag.name)).await, Directive::NoFiles)
        }
        ("output", "get") => (FORMATS.map(str::to_owned).to_vec(), Directive::NoFiles),
        ("container", "exec") => (containers(session, path, before).await, Directive::NoFiles),
        ("filename", _) => {
            return Some(Proposals(["json", "yaml", "yml"].map(str::to_owned).to_vec(), Directive::Endings));
        }
        _ => (Vec::new(), Directive::Default),
    };
    Some(Proposals(found.into_iter().filter(|word| word.starts_with(typed)).collect(), directive))
}

fn find(path: &str, word: &str) -> Option<&'static Flag> {
    let all = || own(path).iter().chain(GLOBAL.iter());
    match word.strip_prefix("--") {
        Some(name) => all().find(|flag| flag.name == name),
        None => {
            let short = word.strip_prefix('-').filter(|rest| rest.chars().count() == 1)?.chars().next();
            all().find(|flag| flag.short == short)
        }
    }
}

/// The names in one of the kubeconfig's lists.
pub(super) async fn entries(session: &Session, list: &str) -> Vec<String> {
    let text = session.kubeconfig.read().await.unwrap_or_default();
    let config = yaml::read(&text).unwrap_or(Value::Null);
    let all = config[list].as_array().into_iter().flatten();
    let mut names: Vec<String> = all.map(|entry| text_at(entry, "/name").to_owned()).collect();
    names.sort();
    names
}

/// The containers of the Pod that was named before.
async fn containers(session: &Session, path: &str, before: &[String]) -> Vec<String> {
    let skipped = path.split(' ').count();
    let named = before.iter().filter(|word| !word.starts_with('-')).nth(skipped);
    match named {
        Some(pod) => objects::containers(session, pod).await.unwrap_or_default(),
        None => Vec::new(),
    }
}
