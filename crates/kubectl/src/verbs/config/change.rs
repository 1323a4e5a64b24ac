//! The commands that change a kubeconfig.

use serde_json::{Map, Value, json};

use super::{Held, Kind, credentials};
use crate::{
    args::{self, Matches},
    failure::{Failure, Outcome},
    session::Session,
};

/// `use-context`.
pub async fn switch(session: &Session, held: &mut Held, name: &str) -> Outcome {
    if !held.has(Kind::Context, name) {
        return Err(Failure::Said(format!("no context exists with the name: {name:?}")));
    }
    held.value["current-context"] = name.into();
    held.write(session).await?;
    session.line(format!("Switched to context {name:?}.")).await
}

/// `rename-context`.
pub async fn rename(session: &Session, held: &mut Held, from: &str, to: &str) -> Outcome {
    if !held.has(Kind::Context, from) {
        return Err(Failure::Said(format!("cannot rename the context {from:?}, it's not in {}", held.path)));
    }
    if held.has(Kind::Context, to) {
        return Err(Failure::Said(format!(
            "cannot rename the context {from:?}, the context {to:?} already exists in {}",
            held.path
        )));
    }
    for entry in held.value["contexts"].as_array_mut().into_iter().flatten().filter(|entry| entry["name"] == from) {
        entry["name"] = to.into();
    }
    if held.current() == from {
        held.value["current-context"] = to.into();
    }
    held.write(session).await?;
    session.line(format!("Context {from:?} renamed to {to:?}.")).await
}

/// `delete-cluster`, `delete-context` and `delete-user`.
pub async fn delete(session: &Session, held: &mut Held, kind: Kind, name: &str) -> Outcome {
    let word = kind.one();
    if !held.has(kind, name) {
        return Err(Failure::Said(format!("cannot delete {word} {name}, not in {}", held.path)));
    }
    if let Some(list) = held.value[kind.list()].as_array_mut() {
        list.retain(|entry| entry["name"] != name);
    }
    if kind == Kind::Context && held.current() == name {
        session
            .err("warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n")
            .await?;
    }
    held.write(session).await?;
    session.line(format!("deleted {word} {name} from {}", held.path)).await
}

/// `set` and `unset` of `contexts.NAME.namespace` and the like.
pub async fn property(session: &Session, held: &mut Held, path: &str, value: Option<&str>) -> Outcome {
    let steps: Vec<&str> = path.split('.').collect();
    let unknown = || Failure::Said(format!("unable to parse {path} after [] at api.Config"));
    let kind = [Kind::Cluster, Kind::Context, Kind::User].into_iter().find(|kind| kind.list() == steps[0]);
    match (kind, steps.as_slice()) {
        (None, ["current-context"]) => held.value["current-context"] = value.unwrap_or_default().into(),
        (Some(kind), [_, name, field]) => {
            let fields = fields(held, kind, name);
            match value {
                Some(value) if is_switch(field) && args::parse_bool(value).is_none() => {
                    return Err(Failure::Said(format!("strconv.ParseBool: parsing {value:?}: invalid syntax")));
                }
                Some(value) => _ = fields.insert((*field).to_owned(), typed(field, value)),
                None => _ = fields.remove(*field),
            }
        }
        (Some(kind), [_, name]) if value.is_none() => {
            if let Some(list) = held.value[kind.list()].as_array_mut() {
                list.retain(|entry| entry["name"] != *name);
            }
        }
        (Some(kind), [_]) if value.is_none() => held.value[kind.list()] = Value::Null,
        _ => return Err(unknown()),
    }
    held.write(session).await?;
    session.line(format!("Property {path:?} {}.", if value.is_some() { "set" } else { "unset" })).await
}

fn is_switch(field: &str) -> bool {
    field.starts_with("insecure-") || field == "disable-compression"
}

/// A switch is true or false, everything else a text.
fn typed(field: &str, value: &str) -> Value {
    if is_switch(field) { args::parse_bool(value).unwrap_or_default().into() } else { value.into() }
}

/// The fields of an entry, which is made when it is not there.
fn fields<'a>(held: &'a mut Held, kind: Kind, name: &str) -> &'a mut Map<String, Value> {
    if !held.value[kind.list()].is_array() {
        held.value[kind.list()] = json!([]);
    }
    if !held.has(kind, name) {
        let entry = json!({"name": name, kind.one(): {}});
        held.value[kind.list()].as_array_mut().into_iter().for_each(|list| list.push(entry.clone()));
    }
    held.value[kind.list()]
        .as_array_mut()
        .and_then(|list| list.iter_mut().find(|entry| entry["name"] == name))
        .and_then(|entry| entry.get_mut(kind.one())?.as_object_mut())
        .expect("the entry was made with its fields above")
}

/// The context that `set-context` is about; empty for the current one.
pub async fn context_name<'a>(session: &Session, matches: &'a Matches) -> Outcome<&'a str> {
    match (matches.args.as_slice(), matches.on("current")) {
        ([name], false) => Ok(name),
        ([], true) => Ok(""),
        ([], false) => Err(Failure::said("you must specify a non-empty context name or --current")),
        ([_], true) => Err(Failure::said("you cannot specify both a context name and --current")),
        (more, _) => {
            session.out(&args::help::of(matches.command.path)).await?;
            Err(Failure::Said(format!("Unexpected args: [{}]", more.join(" "))))
        }
    }
}

/// `set-cluster`, `set-context` and `set-credentials`.
pub async fn entry(session: &Session, matches: &Matches, held: &mut Held, kind: Kind) -> Outcome {
    let name = match kind {
        Kind::Context => context_name(session, matches).await?,
        _ => &matches.args[0],
    };
    let name = if name.is_empty() { held.current().to_owned() } else { name.to_owned() };
    if name.is_empty() {
        return Err(Failure::said("no current context is set"));
    }
    let known = held.has(kind, &name);
    let flags: &[&str] = match kind {
        Kind::Cluster => &["server", "tls-server-name", "proxy-url", "insecure-skip-tls-verify"],
        Kind::Context => &["cluster", "user", "namespace"],
        Kind::User => &["token", "username", "password"],
    };
    if kind != Kind::Context {
        credentials::check(session, matches).await?;
    }
    let fields = fields(held, kind, &name);
    for flag in flags.iter().filter(|flag| matches.given(flag)) {
        match matches.text(flag) {
            "" => _ = fields.remove(*flag),
            value => _ = fields.insert((*flag).to_owned(), typed(flag, value)),
        }
    }
    if kind != Kind::Context {
        credentials::clear_others(matches, fields);
        for &flag in credentials::files(matches) {
            if matches.given(flag) {
                credentials::file(session, matches, flag, fields).await?;
            }
        }
    }
    match kind {
        Kind::Cluster => _ = fields.entry("server").or_insert_with(|| "".into()),
        Kind::User => credentials::programs(matches, fields),
        Kind::Context => {}
    }
    held.write(session).await?;
    session
        .line(match (kind, known) {
            (Kind::Cluster, _) => format!("Cluster {name:?} set."),
            (Kind::User, _) => format!("User {name:?} set."),
            (Kind::Context, true) => format!("Context {name:?} modified."),
            (Kind::Context, false) => format!("Context {name:?} created."),
        })
        .await
}
