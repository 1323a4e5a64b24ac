//! GET of an object and of a collection.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Value, json};

use super::{Api, call::Call, failure::Failure, respond::Reply, selector::Selection, versioning, versions};
use crate::{
    node::lease,
    registry::Resource,
    store::{Object, TooOld},
};

impl Api {
    /// One object.
    pub(super) fn get(&self, call: &Call) -> Result<Reply, Failure> {
        let object = self.find(call)?;
        let object = versions::served(&call.resource(), &object);
        Ok(Reply::ok(lease::renewed(&object, self.clock.now()).into_owned()))
    }

    /// The stored object a call is about.
    pub(super) fn find(&self, call: &Call) -> Result<Object, Failure> {
        self.store.get(&call.key()).ok_or_else(|| Failure::not_found(&call.resource(), &call.name))
    }

    /// The objects of a collection that are wanted, page by page if the client asks for pages.
    pub(super) fn list(&self, call: &Call) -> Result<Reply, Failure> {
        let selection = selection(call)?;
        let from = Position::parse(call.query.text("continue"))?;
        versioning::check_list(call)?;
        if from.is_some() && versioning::version(call)? > 0 {
            return Err(Failure::bad_request("specifying resource version is not allowed when using continue"));
        }
        let (revision, objects) = self.version_of_list(call, from.as_ref())?;
        let mut wanted: Vec<Object> = objects.into_iter().filter(|object| selection.matches(object)).collect();
        if call.resource().kind == "Lease" {
            let now = self.clock.now();
            wanted.iter_mut().for_each(|object| *object = Arc::new(lease::renewed(object, now).into_owned()));
        }
        let limit = call.query.number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0);
        let everywhere = call.resource().namespaced && call.place.namespace.is_none();
        let page = Page::cut(wanted, limit, from, revision, everywhere);
        Ok(Reply::ok(page.document(&call.resource(), selection.is_everything())))
    }

    /// The objects of a collection as of the version that is asked for: by a page token, by `Exact`, or now.
    fn version_of_list(&self, call: &Call, from: Option<&Position>) -> Result<(u64, Vec<Object>), Failure> {
        let (name, namespace) = (call.resource().store_name(), call.place.namespace.as_deref());
        let asked = versioning::version(call)?;
        let at = match from {
            Some(position) => position.revision,
            None if call.query.text("resourceVersionMatch") == "Exact" => asked,
            None => {
                versioning::check_reached(asked, self.store.revision())?;
                return Ok(self.store.list(&name, namespace));
            }
        };
        versioning::check_reached(at, self.store.revision())?;
        match self.store.list_at(&name, namespace, at) {
            Ok(objects) => Ok((at, objects)),
            Err(_) if from.is_some() => Err(versioning::page_expired()),
            Err(TooOld { asked, oldest }) => Err(Failure::expired(asked, oldest)),
        }
    }
}

/// Which objects a call wants.
pub(super) fn selection(call: &Call) -> Result<Selection, Failure> {
    Selection::parse(&call.resource(), call.query.text("labelSelector"), call.query.text("fieldSelector"))
}

/// Where the next page starts: the token's own content.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    /// The version the first page was from; all pages say the same.
    revision: u64,
    /// `/name` or `/namespace/name` of the last object seen.
    after: String,
}

impl Position {
    fn parse(token: &str) -> Result<Option<Self>, Failure> {
        if token.is_empty() {
            return Ok(None);
        }
        let invalid =
            |why: &str| Failure::bad_request(format!("invalid continue token: continue key is not valid{why}"));
        let text = super::encoding::from_base64_url(token).ok_or_else(|| invalid(&not_base64(token)))?;
        let value: Value = serde_json::from_slice(&text).map_err(|_| invalid(&not_json(&text)))?;
        if value["v"] != "meta.k8s.io/v1" {
            let version = value["v"].as_str().unwrap_or_default();
            return Err(invalid(&format!(": server does not recognize this encoded version {version}")));
        }
        let revision = value["rv"].as_u64().filter(|revision| *revision > 0);
        let revision =
            revision.ok_or_else(|| invalid(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)"))?;
        let after = value["start"].as_str().filter(|start| !start.is_empty());
        let after = after.ok_or_else(|| invalid(": encoded start key empty (version meta.k8s.io/v1)"))?;
        let after = after.trim_end_matches('\0').to_owned();
        Ok(Some(Self { revision, after }))
    }

    fn token(&self) -> String {
        // The key order of the recorded token.
        let start = Value::String(format!("{}\0", self.after));
        let text = format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{},\"start\":{start}}}", self.revision);
        super::encoding::to_base64_url(text.as_bytes())
    }
}

/// Where a token stops being base64, in Go's words.
fn not_base64(token: &str) -> String {
    let digit = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let at = token.find(|letter| !digit(letter)).unwrap_or(token.len());
    format!(": illegal base64 data at input byte {at}")
}

/// Why what a token holds is no JSON, in Go's words.
fn not_json(text: &[u8]) -> String {
    match text.first() {
        None => ": unexpected end of JSON input".to_owned(),
        Some(first) => format!(": invalid character {:?} looking for beginning of value", char::from(*first)),
    }
}

struct Page {
    objects: Vec<Object>,
    revision: u64,
    next: Option<Position>,
    remaining: usize,
}

impl Page {
    fn cut(objects: Vec<Object>, limit: usize, from: Option<Position>, revision: u64, everywhere: bool) -> Self {
        let revision = from.as_ref().map_or(revision, |position| position.revision);
        let after = from.map(|position| position.after);
        let mut rest: Vec<Object> = objects
            .into_iter()
            .filter(|object| after.as_ref().is_none_or(|after| comes_after(object, after)))
            .collect();
        if limit == 0 || rest.len() <= limit {
            return Self { objects: rest, revision, next: None, remaining: 0 };
        }
        let remaining = rest.len() - limit;
        rest.truncate(limit);
        let next = rest.last().map(|last| Position { revision, after: place(last, everywhere) });
        Self { objects: rest, revision, next, remaining }
    }

    fn document(&self, resource: &Resource, everything: bool) -> Value {
        let mut metadata = Map::new();
        metadata.insert("resourceVersion".into(), self.revision.to_string().into());
        if let Some(next) = &self.next {
            metadata.insert("continue".into(), next.token().into());
            if everything {
                metadata.insert("remainingItemCount".into(), self.remaining.into());
            }
        }
        list_document(resource, metadata.into(), self.objects.iter().map(|object| versions::served(resource, object)))
    }
}

/// A list of what is served; its items carry no kind of their own, unless they are custom resources.
pub(super) fn list_document<'v>(
    resource: &Resource,
    metadata: Value,
    served: impl Iterator<Item = Cow<'v, Value>>,
) -> Value {
    let bare = |item: Cow<Value>| {
        let mut item = item.into_owned();
        if let Some(fields) = item.as_object_mut().filter(|_| resource.custom.is_none()) {
            fields.remove("kind");
            fields.remove("apiVersion");
        }
        item
    };
    json!({
        "kind": resource.custom.map_or_else(|| format!("{}List", resource.kind), |custom| custom.list_kind.clone()),
        "apiVersion": resource.api_version(),
        "metadata": metadata,
        "items": served.map(bare).collect::<Vec<_>>(),
    })
}

fn names(object: &Value) -> (&str, &str) {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    (text("namespace"), text("name"))
}

/// How a page token names an object.
fn place(object: &Value, everywhere: bool) -> String {
    let (namespace, name) = names(object);
    if everywhere { format!("/{namespace}/{name}") } else { format!("/{name}") }
}

fn comes_after(object: &Value, after: &str) -> bool {
    let (namespace, name) = names(object);
    match after.trim_start_matches('/').split_once('/') {
        Some(seen) => (namespace, name) > seen,
        None => name > after.trim_start_matches('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_token_is_the_recorded_one() {
        let position = Position { revision: 8852, after: "/kube-root-ca.crt".into() };
        let recorded = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6ODg1Miwic3RhcnQiOiIva3ViZS1yb290LWNhLmNydFx1MDAwMCJ9";
        assert_eq!(position.token(), recorded);
        assert_eq!(Position::parse(recorded).unwrap(), Some(position));
    }
}
