//! Who asks: by a bearer token, as somebody else if that is allowed, or the sandbox's own user.

use http::{HeaderMap, header};
use serde_json::Value;

use super::{Api, access, failure::Failure};
use crate::{
    json::{at, text},
    rbac::{AUTHENTICATED, Attributes, User, account_groups},
    store::Key,
    tokens::TokenError,
};

const ANONYMOUS: &str = "system:anonymous";
const UNAUTHENTICATED: &str = "system:unauthenticated";

/// What a client has shown of itself before its first request, where the API is served with TLS: an extension of each
/// of its requests. Without this extension, who says nothing is the sandbox's administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The administrator's certificate.
    Administrator,
    /// Nothing.
    Nothing,
}
const EXTRA: &str = "impersonate-extra-";

impl Api {
    /// Whom the request is from.
    ///
    /// # Errors
    /// 401 for a token that is not good, 403 for who may not speak for the one they name.
    pub(super) fn caller(&self, headers: &HeaderMap, shown: Option<Credential>) -> Result<User, Failure> {
        // As in the API server, a certificate is looked at before a token.
        let own = match (shown, bearer(headers)) {
            (Some(Credential::Administrator), _) | (None, None) => User::owner(),
            (_, Some(token)) => self.account_of(token, &[]).map_err(|_| unauthorized())?.0,
            (Some(Credential::Nothing), None) => anonymous(),
        };
        self.impersonated(own, headers)
    }

    /// The service account behind a token, and the token's claims.
    pub(super) fn account_of(&self, token: &str, audiences: &[&str]) -> Result<(User, Value), TokenError> {
        let claims = self.signer.verify(token, audiences, self.clock.now())?;
        let own = &claims["kubernetes.io"];
        let namespace = text(own, "namespace");
        let is_there = |resource: &str, bound: &Value| {
            let found = self.store.get(&Key::new(resource, namespace, text(bound, "name")));
            found.is_some_and(|object| text(&object["metadata"], "uid") == text(bound, "uid"))
        };
        let bound = [("serviceaccount", "serviceaccounts"), ("pod", "pods"), ("secret", "secrets")];
        let gone = bound.iter().any(|(claim, resource)| !own[claim].is_null() && !is_there(resource, &own[claim]));
        if gone {
            return Err(TokenError::Unknown);
        }
        let account = &own["serviceaccount"];
        let mut user = User::service_account(namespace, text(account, "name"), text(account, "uid"));
        user.extra = extra(&claims);
        Ok((user, claims))
    }

    fn impersonated(&self, own: User, headers: &HeaderMap) -> Result<User, Failure> {
        let all = |name: &str| -> Vec<String> {
            headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
        };
        let one = |name: &str| all(name).into_iter().next().unwrap_or_default();
        let mut wanted = User {
            name: one("impersonate-user"),
            uid: one("impersonate-uid"),
            groups: all("impersonate-group"),
            ..User::default()
        };
        for name in headers.keys().filter(|name| name.as_str().starts_with(EXTRA)) {
            let key = super::path::decode(name.as_str().trim_start_matches(EXTRA));
            wanted.extra.insert(key, all(name.as_str()));
        }
        if wanted == User::default() {
            return Ok(own);
        }
        if wanted.name.is_empty() {
            return Err(Failure::internal("requested impersonation without impersonating a user name"));
        }
        for asked in questions(&wanted) {
            access::check(&self.store, &own, &asked)?;
        }
        complete(&mut wanted);
        Ok(wanted)
    }
}

fn anonymous() -> User {
    User { name: ANONYMOUS.into(), groups: vec![UNAUTHENTICATED.into()], ..User::default() }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized() -> Failure {
    Failure::new(401, "Unauthorized", "Unauthorized")
}

/// What the API server knows of a user by the token.
fn extra(claims: &Value) -> std::collections::BTreeMap<String, Vec<String>> {
    const PREFIX: &str = "authentication.kubernetes.io/";
    let own = &claims["kubernetes.io"];
    let mut facts = vec![("credential-id", format!("JTI={}", text(claims, "jti")))];
    for (key, path) in [
        ("node-name", ["node", "name"]),
        ("node-uid", ["node", "uid"]),
        ("pod-name", ["pod", "name"]),
        ("pod-uid", ["pod", "uid"]),
    ] {
        if let Some(value) = at(own, &path).as_str() {
            facts.push((key, value.to_owned()));
        }
    }
    facts.into_iter().map(|(key, value)| (format!("{PREFIX}{key}"), vec![value])).collect()
}

/// What one must be allowed to impersonate to speak for somebody.
fn questions(wanted: &User) -> Vec<Attributes> {
    let ask = |group: &str, resource: &str, namespace: &str, name: &str| Attributes {
        verb: "impersonate".into(),
        group: group.into(),
        resource: resource.into(),
        name: name.into(),
        namespace: namespace.into(),
        ..Attributes::default()
    };
    const AUTHENTICATION: &str = "authentication.k8s.io";
    let mut asked = vec![match User::account(&wanted.name) {
        Some((namespace, name)) => ask("", "serviceaccounts", namespace, name),
        None => ask("", "users", "", &wanted.name),
    }];
    asked.extend(wanted.groups.iter().map(|group| ask("", "groups", "", group)));
    if !wanted.uid.is_empty() {
        asked.push(ask(AUTHENTICATION, "uids", "", &wanted.uid));
    }
    for (key, values) in &wanted.extra {
        asked.extend(values.iter().map(|value| {
            let mut asked = ask(AUTHENTICATION, "userextras", "", value);
            asked.subresource.clone_from(key);
            asked
        }));
    }
    asked
}

/// The groups that somebody is in without saying so.
fn complete(user: &mut User) {
    if let Some((namespace, _)) = User::account(&user.name)
        && user.groups.is_empty()
    {
        user.groups = account_groups(namespace);
    }
    let everybody = if user.name == ANONYMOUS { UNAUTHENTICATED } else { AUTHENTICATED };
    if !user.groups.iter().any(|group| group == AUTHENTICATED || group == everybody) {
        user.groups.push(everybody.to_owned());
    }
}
