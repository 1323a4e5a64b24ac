//! Objects that are made for others: what `expose` and `autoscale` have in common.

use serde_json::Value;

use super::{
    apply,
    result::{DryRun, Reporter},
};
use crate::{
    args::Matches,
    failure::{Failure, Outcome},
    selection::{Object, Request},
    server::query,
    session::Session,
};

/// What is made for each object that the command line names.
pub struct Derived {
    /// Its group and version in paths: `/api/v1`.
    pub root: &'static str,
    /// Its resource.
    pub plural: &'static str,
    /// What is said when it is made.
    pub done: &'static str,
    /// What is said when it would be made.
    pub tried: &'static str,
}

impl Derived {
    /// Makes one for each object; `make` is given the first one too.
    pub async fn of_each(
        &self,
        session: &Session,
        matches: &Matches,
        reporter: &mut Reporter<'_>,
        make: impl Fn(&Object, &Object) -> Outcome<Value>,
    ) -> Outcome {
        let request = Request { selector: None, ..Request::of(matches, &matches.args) };
        let selection = request.select(session).await?;
        // What a file says is taken as it is.
        let (objects, mut failures) = if matches.reads_files() {
            (selection.local(), selection.failures.clone())
        } else {
            selection.objects(session).await
        };
        for object in &objects {
            if self.plural == "services" {
                object.target.resource.typed()?;
            }
            let outcome = match make(object, &objects[0]) {
                Ok(made) => self.create(session, matches, reporter, object, made).await,
                Err(failure) => Err(failure),
            };
            failures.extend(outcome.err());
        }
        Failure::of(failures)
    }

    async fn create(
        &self,
        session: &Session,
        matches: &Matches,
        reporter: &mut Reporter<'_>,
        object: &Object,
        mut made: Value,
    ) -> Outcome {
        if reporter.dry_run() == DryRun::Client {
            return reporter.report(&made, self.tried).await;
        }
        if matches.on("save-config") {
            apply::annotate(&mut made);
        }
        let mut pairs: Vec<(&str, String)> = reporter.dry_run().query().into_iter().collect();
        pairs.push(("fieldManager", matches.text("field-manager").to_owned()));
        let namespace = object.target.namespace.as_deref().unwrap_or(&session.namespace);
        let path = format!("{}/namespaces/{namespace}/{}{}", self.root, self.plural, query(&pairs));
        let answer = session.server.post(&path, &made).await?;
        reporter.report(&answer, self.done).await
    }
}
