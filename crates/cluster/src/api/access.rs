//! Whether who asks may have it.

use http::Method;
use serde_json::Value;

use super::{
    Api,
    call::{Call, Verb, verb},
    failure::Failure,
    path::Target,
    query::Query,
};
use crate::{
    rbac::{self, Attributes, Excess, User},
    store::Store,
};

/// Lets a request through, or says what its user can't do.
///
/// # Errors
/// 403 in the API server's words.
pub(super) fn check(store: &Store, user: &User, asked: &Attributes) -> Result<(), Failure> {
    if user.owner {
        return Ok(());
    }
    let decision = rbac::authorize(store, user, asked);
    if decision.allowed {
        return Ok(());
    }
    let mut why = asked.refusal(user);
    if !decision.reason.is_empty() {
        why = format!("{why}: {}", decision.reason);
    }
    Err(Failure::no_right(&asked.group, &asked.resource, &asked.name, &why))
}

/// What a request's method, path and query ask for: one thing, or two for what is read and written at once.
pub(super) fn asked(method: &Method, path: &str, target: &Target, query: &Query) -> Vec<Attributes> {
    let (place, name, part) = match target {
        Target::Collection(place) => (place, "", None),
        Target::Object(place, name, part) => (place, name.as_str(), part.as_ref()),
        _ => {
            let verb = method.as_str().to_lowercase();
            return vec![Attributes { verb, path: path.to_owned(), ..Attributes::default() }];
        }
    };
    // A method that the kind does not have is refused later, with a 405.
    let Ok(verb) = verb(method, place, name, part, query) else { return Vec::new() };
    let selected = query.text("fieldSelector").strip_prefix("metadata.name=").filter(|name| !name.contains(','));
    let name = if name.is_empty() && matches!(verb, Verb::List | Verb::Watch) { selected.unwrap_or("") } else { name };
    let is_namespace = (place.resource().group, place.resource().plural) == ("", "namespaces");
    let attributes = Attributes {
        verb: verb.name().to_owned(),
        group: place.resource().group.to_owned(),
        resource: place.resource().plural.to_owned(),
        subresource: part.map_or("", |part| part.row.name).to_owned(),
        name: name.to_owned(),
        // A namespace is in itself, so that who may read something of it may see that it is there.
        namespace: if is_namespace { name } else { place.namespace.as_deref().unwrap_or("") }.to_owned(),
        path: String::new(),
    };
    let streams = matches!(attributes.subresource.as_str(), "exec" | "attach" | "portforward");
    if streams && verb == Verb::Get {
        // A websocket can only be opened with GET; what it does is as much as a POST.
        let create = Attributes { verb: "create".into(), ..attributes.clone() };
        return vec![attributes, create];
    }
    vec![attributes]
}

impl Api {
    /// An apply that makes a new object needs the right to create it too.
    pub(super) fn check_create(&self, call: &Call) -> Result<(), Failure> {
        let resource = &call.resource();
        let asked = Attributes {
            verb: "create".into(),
            group: resource.group.into(),
            resource: resource.plural.into(),
            name: call.name.clone(),
            namespace: call.namespace().into(),
            ..Attributes::default()
        };
        check(&self.store, &call.user, &asked)
    }

    /// Roles and bindings grant no more than their author has.
    pub(super) fn check_grants(&self, call: &Call, old: &Value, object: &Value) -> Result<(), Failure> {
        let resource = &call.resource();
        let same = ["rules", "roleRef", "subjects"].iter().all(|field| old[field] == object[field]);
        if resource.group != rbac::GROUP || call.part.is_some() || call.user.owner || same {
            return Ok(());
        }
        match rbac::excess(&self.store, &call.user, (resource.kind, resource.plural), object) {
            None => Ok(()),
            Some(Excess::NotHeld(why)) => Err(Failure::forbidden(resource, super::create::text(object, "name"), &why)),
            Some(Excess::NoRole(name)) => Err(Failure::not_found(resource, &name)),
        }
    }
}
