//! What happens to an edited text: objects are patched, annotations written, or nothing yet.

use serde_json::{Value, json};

use super::draft::Reason;
use crate::{
    args::Matches,
    failure::{Failure, Outcome, text_at},
    merge,
    output::json as text,
    selection::{Object, Target},
    server::{PatchType, query},
    session::Session,
    status::Status,
    verbs::{
        apply::{self, LAST_APPLIED},
        create::validation,
        result::{DryRun, Reporter},
    },
};

/// Why a text is not edited again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The server may take it another time.
    Retryable,
    /// The server has no such object any more.
    Gone,
}

/// What was not saved.
#[derive(Debug, Default)]
pub struct Left {
    /// Why it is to be edited again.
    pub reasons: Vec<Reason>,
    /// Why it is not.
    pub lost: Option<Lost>,
}

/// Where edited objects go.
pub enum Save<'a, 'b> {
    /// To the server, as patches of what is there.
    Objects(&'a mut Stored<'b>),
    /// Into the annotation that says what was applied.
    Applied(&'a mut Applied<'b>),
    /// Nowhere yet.
    Fresh(&'a mut Option<Value>),
}

impl Save<'_, '_> {
    /// Saves all; what could not be saved comes back.
    pub async fn all(&mut self, edited: Vec<Value>) -> Outcome<Left> {
        match self {
            Self::Objects(stored) => stored.all(edited).await,
            Self::Applied(applied) => applied.all(edited).await.map(|()| Left::default()),
            Self::Fresh(made) => {
                **made = edited.into_iter().next();
                Ok(Left::default())
            }
        }
    }
}

/// Objects of the server that are edited.
pub struct Stored<'b> {
    pub session: &'b Session,
    pub matches: &'b Matches,
    pub reporter: Reporter<'b>,
    pub objects: &'b [Object],
    /// The same as the person sees them.
    pub shown: Vec<Value>,
}

impl Stored<'_> {
    async fn all(&mut self, edited: Vec<Value>) -> Outcome<Left> {
        let mut left = Left::default();
        for object in edited {
            let uid = text_at(&object, "/metadata/uid");
            let Some(at) = self.objects.iter().position(|known| text_at(&known.value, "/metadata/uid") == uid) else {
                return Err(Failure::Said(format!("no original object found for {}", text::compact(&object))));
            };
            if object == self.shown[at] {
                self.reporter.report(&object, "skipped").await?;
                continue;
            }
            match self.patch(at, &object).await {
                Ok(answer) => self.reporter.report(&answer, "edited").await?,
                Err(Failure::Server(status)) => {
                    let (line, reason) = refused(&self.objects[at].target, &status);
                    self.session.err(&line).await?;
                    match reason {
                        Some(reason) => left.reasons.push(reason),
                        None if status.reason == "NotFound" => left.lost = left.lost.or(Some(Lost::Gone)),
                        None => left.lost = Some(Lost::Retryable),
                    }
                }
                Err(other) => return Err(other),
            }
        }
        Ok(left)
    }

    async fn patch(&self, at: usize, after: &Value) -> Outcome<Value> {
        let (before, target) = (&self.shown[at], &self.objects[at].target);
        let same = |pointer: &str| before.pointer(pointer) == after.pointer(pointer);
        if !(same("/apiVersion") && same("/kind") && same("/metadata/name")) {
            return Err(Failure::said("At least one of apiVersion, kind and name was changed"));
        }
        let resource = &target.resource;
        let (kind, patch) = match merge::shape(&resource.group, &resource.kind) {
            Some(shape) => {
                (PatchType::Strategic, merge::strategic_three_way(before, after, before, shape, &resource.kind))
            }
            None => (PatchType::Merge, merge::between(before, after)),
        };
        let mut pairs: Vec<(&str, String)> = DryRun::of(self.matches)?.query().into_iter().collect();
        pairs.push(("fieldManager", self.matches.text("field-manager").to_owned()));
        pairs.extend(validation(self.matches)?);
        if self.matches.on("output-patch") {
            self.session.line(format!("Patch: {}", text::compact(&patch))).await?;
        }
        let part = self.matches.some("subresource").map(|name| format!("/{name}")).unwrap_or_default();
        let path = format!("{}{part}{}", target.path(), query(&pairs));
        self.session.server.patch(&path, kind, &text::compact(&patch)).await
    }
}

/// What is said about a refusal, and what is shown above the text if it is edited again.
fn refused(target: &Target, status: &Status) -> (String, Option<Reason>) {
    let name = format!("{} {:?}", target.resource.full_plural(), target.name);
    if status.is_invalid() {
        let causes = status.details.iter().flat_map(|details| &details.causes);
        let causes = causes.map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        return (format!("error: {name} is invalid\n"), Some(Reason { head: format!("{name} was not valid"), causes }));
    }
    let why = match status.reason.as_str() {
        "NotFound" => "could not be found on the server".to_owned(),
        _ => format!("could not be patched: {}", status.message),
    };
    (format!("error: {name} {why}\n"), None)
}

/// What was applied to objects, being edited.
pub struct Applied<'b> {
    pub session: &'b Session,
    pub matches: &'b Matches,
    pub reporter: Reporter<'b>,
    pub manifests: Vec<(&'b Target, Value)>,
}

impl Applied<'_> {
    async fn all(&mut self, edited: Vec<Value>) -> Outcome {
        for object in edited {
            let name =
                |value: &Value| (text_at(value, "/kind").to_owned(), text_at(value, "/metadata/name").to_owned());
            let meant = self.manifests.iter().find(|(_, known)| name(known) == name(&object));
            let Some((target, before)) = meant.or(self.manifests.first()) else { return Ok(()) };
            if object == *before {
                self.reporter.report(&object, "skipped").await?;
                continue;
            }
            let mut annotated = object.clone();
            apply::annotate(&mut annotated);
            let patch = json!({"metadata": {"annotations": {LAST_APPLIED: apply::last_applied(&annotated)}}});
            let manager = [("fieldManager", self.matches.text("field-manager").to_owned())];
            let path = format!("{}{}", target.path(), query(&manager));
            self.session.server.patch(&path, PatchType::Merge, &text::compact(&patch)).await?;
            self.reporter.report(&object, "edited").await?;
        }
        Ok(())
    }
}
