//! The objects of a selection, from the server.

use serde_json::{Map, Value};

use super::{Pick, Selection, Target};
use crate::{
    failure::{Failure, Outcome, text_at},
    resolve::Resource,
    server::{JSON, encode, query},
    session::Session,
};

/// An object as the server has it.
#[derive(Debug, Clone)]
pub struct Object {
    /// Where it is.
    pub target: Target,
    /// What it is.
    pub value: Value,
}

/// The path of a list with its selectors.
pub fn list_path(
    resource: &Resource,
    namespace: Option<&str>,
    selection: &Selection,
    more: &[(&str, String)],
) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    if let Some(fields) = selection.fields.clone().filter(|fields| !fields.is_empty()) {
        pairs.push(("fieldSelector", fields));
    }
    if let Some(selector) = selection.selector.clone().filter(|selector| !selector.is_empty()) {
        pairs.push(("labelSelector", selector));
    }
    pairs.extend(more.iter().cloned());
    format!("{}{}", resource.path(namespace), query(&pairs))
}

impl Target {
    /// What the server has, or a part of it. Where an object is missing in a namespace that is missing too, the latter
    /// is said.
    pub async fn get(&self, session: &Session, part: &str, accept: &str) -> Outcome<Value> {
        let missing = match session.server.get(&format!("{}{part}", self.path()), accept).await {
            Err(failure) if failure.is_not_found() => failure,
            other => return other,
        };
        let Some(namespace) = self.namespace.as_deref().filter(|name| !matches!(*name, "" | "default")) else {
            return Err(missing);
        };
        match session.server.get(&format!("/api/v1/namespaces/{}", encode(namespace)), JSON).await {
            Err(failure) if failure.is_not_found() => Err(failure),
            _ => Err(missing),
        }
    }
}

impl Selection {
    /// All objects one by one, lists taken apart, and what went wrong with some.
    pub async fn objects(&self, session: &Session) -> (Vec<Object>, Vec<Failure>) {
        let (mut objects, mut failures) = (Vec::new(), self.failures.clone());
        for pick in &self.picks {
            match self.fetch(session, pick).await {
                Ok(found) => objects.extend(found),
                Err(failure) => failures.push(failure),
            }
        }
        (objects, failures)
    }

    /// The objects as files have them, without the server.
    pub fn local(&self) -> Vec<Object> {
        let of = |pick: &Pick| match pick {
            Pick::One(target) => target.manifest.clone().map(|value| Object { target: target.clone(), value }),
            Pick::Many { .. } => None,
        };
        self.picks.iter().filter_map(of).collect()
    }

    /// The same, where nothing may go wrong.
    pub async fn all(&self, session: &Session) -> Outcome<Vec<Object>> {
        let (objects, failures) = self.objects(session).await;
        Failure::of(failures)?;
        Ok(objects)
    }

    async fn fetch(&self, session: &Session, pick: &Pick) -> Outcome<Vec<Object>> {
        match pick {
            Pick::One(target) => {
                let value = match target.unnamed() {
                    Some(value) => value.clone(),
                    None => target.get(session, "", JSON).await?,
                };
                Ok(vec![Object { target: target.clone(), value }])
            }
            Pick::Many { resource, namespace } => {
                let list = self.list(session, resource, namespace.as_deref(), JSON, 500).await?;
                Ok(items(resource, list))
            }
        }
    }

    /// A whole list, asked for in pieces of `chunk` (0: at once).
    pub async fn list(
        &self,
        session: &Session,
        resource: &Resource,
        namespace: Option<&str>,
        accept: &str,
        chunk: i64,
    ) -> Outcome<Value> {
        let mut whole: Option<Value> = None;
        let mut next = String::new();
        loop {
            let mut more = Vec::new();
            if chunk > 0 {
                more.push(("limit", chunk.to_string()));
            }
            if !next.is_empty() {
                more.push(("continue", next.clone()));
            }
            let path = list_path(resource, namespace, self, &more);
            let piece = session.server.get(&path, accept).await.map_err(|failure| self.unlisted(resource, failure))?;
            next = text_at(&piece, "/metadata/continue").to_owned();
            whole = Some(match whole {
                None => piece,
                Some(list) => joined(list, piece),
            });
            if next.is_empty() {
                break;
            }
        }
        Ok(whole.unwrap_or_default())
    }

    /// A whole list at once, with further parameters.
    pub async fn list_with(
        &self,
        session: &Session,
        resource: &Resource,
        namespace: Option<&str>,
        accept: &str,
        more: &[(&str, String)],
    ) -> Outcome<Value> {
        let path = list_path(resource, namespace, self, more);
        session.server.get(&path, accept).await.map_err(|failure| self.unlisted(resource, failure))
    }

    fn unlisted(&self, resource: &Resource, failure: Failure) -> Failure {
        let refused =
            failure.status().is_some_and(|status| matches!(status.reason.as_str(), "BadRequest" | "NotFound"));
        if !refused {
            return failure;
        }
        let (labels, fields) = (self.selector.clone().unwrap_or_default(), self.fields.clone().unwrap_or_default());
        let what = format!("{:?}", resource.to_string());
        if labels.is_empty() && fields.is_empty() {
            return failure.prefixed(&format!("Unable to list {what}: "));
        }
        failure.prefixed(&format!(
            "Unable to find {what} that match label selector {labels:?}, field selector {fields:?}: "
        ))
    }
}

/// Puts the items or rows of a further piece behind those of the first.
fn joined(mut list: Value, piece: Value) -> Value {
    let (Value::Object(all), Value::Object(mut piece)) = (&mut list, piece) else { return list };
    for key in ["items", "rows"] {
        if let (Some(Value::Array(have)), Some(Value::Array(more))) = (all.get_mut(key), piece.remove(key)) {
            have.extend(more);
        }
    }
    list
}

/// The items of a list as objects of their own, with kind and version.
pub fn items(resource: &Resource, list: Value) -> Vec<Object> {
    let Value::Object(mut list) = list else { return Vec::new() };
    let Some(Value::Array(items)) = list.remove("items") else { return Vec::new() };
    items.into_iter().map(|value| object(resource, value)).collect()
}

fn object(resource: &Resource, mut value: Value) -> Object {
    if let Some(map) = value.as_object_mut() {
        typed(map, resource);
    }
    let target = Target {
        resource: resource.clone(),
        namespace: Some(text_at(&value, "/metadata/namespace").to_owned()).filter(|_| resource.namespaced),
        name: text_at(&value, "/metadata/name").to_owned(),
        manifest: None,
        source: None,
    };
    Object { target, value }
}

fn typed(map: &mut Map<String, Value>, resource: &Resource) {
    map.entry("apiVersion").or_insert_with(|| Value::String(resource.api_version()));
    map.entry("kind").or_insert_with(|| Value::String(resource.kind.clone()));
}
