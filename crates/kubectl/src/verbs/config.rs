//! `config`: which clusters there are, and which of them is meant.

mod change;
mod credentials;
mod view;

use serde_json::{Value, json};

use crate::{
    args::{self, Matches},
    failure::{Failure, Outcome, text_at},
    output::{tabs::align, yaml},
    session::Session,
};

/// A kubeconfig as it was read.
pub struct Held {
    value: Value,
    path: String,
}

/// The lists of a kubeconfig.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `clusters`.
    Cluster,
    /// `contexts`.
    Context,
    /// `users`.
    User,
}

impl Kind {
    /// The name of the list.
    pub fn list(self) -> &'static str {
        match self {
            Self::Cluster => "clusters",
            Self::Context => "contexts",
            Self::User => "users",
        }
    }

    /// The name of one, and of the field that holds it.
    pub fn one(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Context => "context",
            Self::User => "user",
        }
    }
}

impl Held {
    async fn read(session: &Session) -> Outcome<Self> {
        let path = session.kubeconfig.path();
        let text = session.kubeconfig.read().await?;
        let value = if text.trim().is_empty() {
            json!({"apiVersion": "v1", "kind": "Config", "clusters": null, "contexts": null, "users": null})
        } else {
            crate::yaml::read(&text)
                .map_err(|why| Failure::Said(format!("error loading config file {path:?}: {why}")))?
        };
        let mut held = Self { value, path };
        if let Some(map) = held.value.as_object_mut() {
            map.entry("current-context").or_insert_with(|| "".into());
        }
        Ok(held)
    }

    /// Writes all entries in the order of their names.
    async fn write(&mut self, session: &Session) -> Outcome {
        for kind in [Kind::Cluster, Kind::Context, Kind::User] {
            if let Some(list) = self.value[kind.list()].as_array_mut() {
                list.sort_by_cached_key(|entry| text_at(entry, "/name").to_owned());
            }
        }
        Ok(session.kubeconfig.write(yaml::text(&self.value)).await?)
    }

    fn current(&self) -> &str {
        text_at(&self.value, "/current-context")
    }

    fn all(&self, kind: Kind) -> &[Value] {
        self.value[kind.list()].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn names(&self, kind: Kind) -> Vec<&str> {
        self.all(kind).iter().map(|entry| text_at(entry, "/name")).collect()
    }

    fn has(&self, kind: Kind, name: &str) -> bool {
        self.names(kind).contains(&name)
    }

    fn entry(&self, kind: Kind, name: &str) -> Option<&Value> {
        self.all(kind).iter().find(|entry| entry["name"] == name).map(|entry| &entry[kind.one()])
    }
}

/// Runs the command below `config`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    if !count(session, matches).await? {
        return Ok(());
    }
    let mut held = Held::read(session).await?;
    let word = |at: usize| matches.args.get(at).map(String::as_str).unwrap_or_default();
    match matches.command.name() {
        "current-context" if held.current().is_empty() => Err(Failure::said("current-context is not set")),
        "current-context" => session.line(held.current()).await,
        "get-clusters" => names(session, &held, Kind::Cluster).await,
        "get-users" => names(session, &held, Kind::User).await,
        "get-contexts" => contexts(session, matches, &held).await,
        "view" => view::run(session, matches, held.value).await,
        "use-context" => change::switch(session, &mut held, word(0)).await,
        "rename-context" => change::rename(session, &mut held, word(0), word(1)).await,
        "delete-cluster" => change::delete(session, &mut held, Kind::Cluster, word(0)).await,
        "delete-context" => change::delete(session, &mut held, Kind::Context, word(0)).await,
        "delete-user" => change::delete(session, &mut held, Kind::User, word(0)).await,
        "set" => change::property(session, &mut held, word(0), Some(word(1))).await,
        "unset" => change::property(session, &mut held, word(0), None).await,
        "set-cluster" => change::entry(session, matches, &mut held, Kind::Cluster).await,
        "set-context" => change::entry(session, matches, &mut held, Kind::Context).await,
        _ => change::entry(session, matches, &mut held, Kind::User).await,
    }
}

/// Whether there are as many arguments as there must be. With others kubectl shows the help, and then what is wrong.
async fn count(session: &Session, matches: &Matches) -> Outcome<bool> {
    let (found, name) = (matches.args.len(), matches.command.name());
    let fits = match name {
        "current-context" | "get-clusters" | "get-users" | "view" | "get-contexts" => true,
        "rename-context" | "set" => found == 2,
        "set-context" => return change::context_name(session, matches).await.map(|_| true),
        _ => found == 1,
    };
    if fits {
        return Ok(true);
    }
    session.out(&args::help::of(matches.command.path)).await?;
    if name.starts_with("delete-") {
        return Ok(false);
    }
    let word = if name == "set-credentials" { "unexpected" } else { "Unexpected" };
    Err(Failure::Said(format!("{word} args: [{}]", matches.args.join(" "))))
}

async fn names(session: &Session, held: &Held, kind: Kind) -> Outcome {
    let mut names = held.names(kind);
    names.sort_unstable();
    session.out(&std::iter::once("NAME").chain(names).map(|name| format!("{name}\n")).collect::<String>()).await
}

async fn contexts(session: &Session, matches: &Matches, held: &Held) -> Outcome {
    let output = matches.text("output");
    if !matches!(output, "" | "name") {
        return Err(Failure::Said(format!(
            "--output {output} is not available in kubectl config get-contexts; resetting to default output format"
        )));
    }
    let mut wanted: Vec<&str> = held.names(Kind::Context);
    wanted.sort_unstable();
    let mut failures = Vec::new();
    if !matches.args.is_empty() {
        for name in matches.args.iter().filter(|name| !held.has(Kind::Context, name)) {
            failures.push(Failure::Said(format!("context {name} not found")));
        }
        wanted.retain(|name| matches.args.iter().any(|arg| arg == name));
    }
    if output == "name" {
        session.out(&wanted.iter().map(|name| format!("{name}\n")).collect::<String>()).await?;
        return Failure::of(failures);
    }
    let mut table = String::new();
    if !matches.on("no-headers") {
        table.push_str("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
    }
    for name in wanted {
        let context = held.entry(Kind::Context, name).unwrap_or(&Value::Null);
        let current = if name == held.current() { "*" } else { " " };
        let cells = ["/cluster", "/user", "/namespace"].map(|pointer| text_at(context, pointer));
        table.push_str(&format!("{current}\t{name}\t{}\n", cells.join("\t")));
    }
    session.out(&align(&table, 6, 3)).await?;
    Failure::of(failures)
}
