//! One request about objects.

use http::{HeaderMap, Method, header};
use jiff::Timestamp;

use super::{
    failure::Failure,
    negotiate::Accept,
    path::{Part, Place},
    query::Query,
};
use crate::{managed::Writer, rbac::User, registry::Resource, store::Key};

/// What a request wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// One object.
    Get,
    /// A collection.
    List,
    /// A collection's changes.
    Watch,
    /// A new object, or a POST to a subresource.
    Create,
    /// Replace.
    Update,
    /// Change.
    Patch,
    /// Remove.
    Delete,
    /// Remove many.
    DeleteCollection,
}

impl Verb {
    /// As discovery names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
        }
    }
}

/// One request about objects.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Who asks.
    pub user: User,
    /// What is to be done.
    pub verb: Verb,
    /// With which kind, in which namespace.
    pub place: Place,
    /// With which object; empty for collections.
    pub name: String,
    /// With which part of it.
    pub part: Option<Part>,
    /// How.
    pub query: Query,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The form of the answer.
    pub accept: Accept,
}

impl Call {
    /// The kind.
    pub fn resource(&self) -> Resource<'_> {
        self.place.resource()
    }

    /// The namespace; empty for cluster-wide kinds.
    pub fn namespace(&self) -> &str {
        self.place.namespace.as_deref().unwrap_or_default()
    }

    /// The store's key of the object.
    pub fn key(&self) -> Key {
        Key::new(self.resource().store_name(), self.namespace(), &*self.name)
    }

    /// The media type of the body, without parameters, in lower case.
    pub fn content_type(&self) -> String {
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Who is writing: `fieldManager`, else the first part of the client's name.
    pub fn manager(&self) -> String {
        let named = self.query.text("fieldManager");
        if !named.is_empty() {
            return named.to_owned();
        }
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
        agent.split('/').next().unwrap_or_default().chars().take(128).collect()
    }

    /// The same as the record of fields needs it.
    pub fn writer<'a>(&'a self, manager: &'a str, now: Timestamp) -> Writer<'a> {
        let subresource = self.part.as_ref().map_or("", |part| part.row.name);
        Writer { manager, subresource, now }
    }
}

/// What a method means on a collection or on an object, if the kind allows it.
///
/// # Errors
/// 405 when it does not.
pub(crate) fn verb(
    method: &Method,
    place: &Place,
    name: &str,
    part: Option<&Part>,
    query: &Query,
) -> Result<Verb, Failure> {
    let on_object = !name.is_empty();
    let verb = match (method, on_object) {
        (&Method::GET | &Method::HEAD, true) if place.watch => Verb::Watch,
        (&Method::GET | &Method::HEAD, true) => Verb::Get,
        (&Method::GET | &Method::HEAD, false) if place.watch || query.flag("watch") => Verb::Watch,
        (&Method::GET | &Method::HEAD, false) => Verb::List,
        (&Method::POST, _) => Verb::Create,
        (&Method::PUT, true) => Verb::Update,
        (&Method::PATCH, true) => Verb::Patch,
        (&Method::DELETE, true) => Verb::Delete,
        (&Method::DELETE, false) => Verb::DeleteCollection,
        _ => return Err(Failure::method_not_allowed()),
    };
    let allowed = match part {
        Some(part) => part.row.verbs.contains(&verb.name()),
        // Only reading goes over all namespaces at once.
        None if place.resource().namespaced && place.namespace.is_none() => {
            matches!(verb, Verb::List | Verb::Watch) && place.resource().verbs.contains(&verb.name())
        }
        None => place.resource().verbs.contains(&verb.name()) && !(on_object && verb == Verb::Create),
    };
    if allowed { Ok(verb) } else { Err(Failure::method_not_allowed()) }
}
