//! `set`: one field of many objects.

mod env;
mod image;
mod reference;
mod resources;
mod selector;
mod service_account;
mod subject;

use serde_json::Value;

use super::{
    result::{DryRun, Reporter},
    template,
};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    merge,
    output::json,
    selection::{Object, Request},
    server::{PatchType, query},
    session::Session,
};

/// A container, or the spec of a Pod.
type Spec = serde_json::Map<String, Value>;

/// Runs the command below `set`.
pub async fn run(session: &Session, matches: &Matches) -> Outcome {
    match matches.command.name() {
        "image" => image::run(session, matches).await,
        "env" => env::run(session, matches).await,
        "resources" => resources::run(session, matches).await,
        "selector" => selector::run(session, matches).await,
        "subject" => subject::run(session, matches).await,
        _ => service_account::run(session, matches).await,
    }
}

/// kubectl's words for names where only files may be.
const NOT_LOCAL: &str = "you must specify resources by --filename when --local is set.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'";
const NO_OBJECTS: &str = "one or more resources must be specified as <resource> <name> or <resource>/<name>";

/// `--all` and a selector are not given together.
fn one_choice(matches: &Matches) -> Outcome {
    if matches.on("all") && matches.some("selector").is_some() {
        return Err(Failure::said("cannot set --all and --selector at the same time"));
    }
    Ok(())
}

/// What one call works on.
struct Call<'a> {
    session: &'a Session,
    matches: &'a Matches,
    reporter: Reporter<'a>,
}

/// An object that cannot be told what it is asked to be.
fn unsuitable(object: &Object, why: impl std::fmt::Display) -> Failure {
    Failure::Said(format!("error: {}/{} {why}\n", object.target.resource.plural, object.target.name))
}

impl<'a> Call<'a> {
    async fn new(session: &'a Session, matches: &'a Matches) -> Outcome<Self> {
        let reporter = Reporter::of(session, matches).await?.ordered_by(json::API);
        Ok(Self { session, matches, reporter })
    }

    /// The objects, from the server or from files alone; nothing is done if one of them is missing.
    async fn objects(&self, names: &[String]) -> Outcome<Vec<Object>> {
        let local = self.matches.on("local");
        if local && !names.is_empty() {
            return Err(Failure::said(NOT_LOCAL));
        }
        self.objects_of(Request { local, ..Request::of(self.matches, names) }).await
    }

    async fn objects_of(&self, request: Request) -> Outcome<Vec<Object>> {
        let selection = request.select(self.session).await?;
        if !request.local {
            let objects = selection.all(self.session).await?;
            objects.iter().try_for_each(|object| object.target.resource.typed())?;
            return Ok(objects);
        }
        Failure::of(selection.failures.clone())?;
        let mut objects = selection.local();
        objects.iter_mut().for_each(|object| template::fill(&mut object.value));
        Ok(objects)
    }

    /// What the flags of all these commands must fulfil.
    fn check(&self) -> Outcome {
        if self.matches.on("local") && self.reporter.dry_run() == DryRun::Server {
            return Err(Failure::said("cannot specify --local and --dry-run=server - did you mean --dry-run=client?"));
        }
        Ok(())
    }

    /// Whether the server is left alone.
    fn only_shows(&self) -> bool {
        self.matches.on("local") || self.reporter.dry_run() == DryRun::Client
    }

    /// Stores a changed object, if something is different, and says so.
    async fn store_changed(&mut self, object: &Object, changed: &Value, done: &str, failing: &str) -> Outcome {
        if *changed == object.value { Ok(()) } else { self.store(object, changed, done, failing).await }
    }

    /// Stores an object and says so; `failing` stands before the server's refusal.
    async fn store(&mut self, object: &Object, changed: &Value, done: &str, failing: &str) -> Outcome {
        if self.only_shows() {
            return self.reporter.report(changed, done).await;
        }
        let answer = self.patch(object, changed).await.map_err(|failure| match failure {
            Failure::Server(status) if !failing.is_empty() => Failure::Said(format!("{failing}{}", status.message)),
            other => other,
        })?;
        self.reporter.report(&answer, done).await
    }

    async fn patch(&self, object: &Object, changed: &Value) -> Outcome<Value> {
        let resource = &object.target.resource;
        let patch = match merge::shape(&resource.group, &resource.kind) {
            Some(shape) => merge::strategic_three_way(&object.value, changed, &object.value, shape, &resource.kind),
            None => merge::between(&object.value, changed),
        };
        let mut pairs: Vec<(&str, String)> = self.reporter.dry_run().query().into_iter().collect();
        pairs.push(("fieldManager", self.matches.text("field-manager").to_owned()));
        let path = format!("{}{}", object.target.path(), query(&pairs));
        self.session.server.patch(&path, PatchType::Strategic, &json::compact(&patch)).await
    }
}

/// The spec of an object's Pods, or why there is none.
fn pod_spec<'a>(object: &Object, changed: &'a mut Value) -> Outcome<&'a mut Spec> {
    let (version, kind) = (&object.target.resource.version, &object.target.resource.kind);
    template::spec_mut(changed).ok_or_else(|| {
        unsuitable(object, format!("the object is not a pod or does not have a pod template: *{version}.{kind}"))
    })
}
