//! Reviews: questions about tokens, users and rights that are answered and not stored.

use serde_json::{Value, json};

use super::{Api, call::Call, create::text, decode, failure::Failure, respond::Reply};
use crate::{
    clock::api_time,
    json::{has, items, text as field},
    rbac::{self, Attributes, User},
    tokens::ISSUER,
};

impl Api {
    /// Answers a review.
    pub(super) fn review(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let decoded = decode::decode(call, body)?;
        let mut review = decoded.object;
        let spec = review["spec"].clone();
        review["status"] = match call.resource().kind {
            "SelfSubjectReview" => {
                review["metadata"]["creationTimestamp"] = api_time(self.clock.now()).into();
                json!({"userInfo": described(&call.user)})
            }
            "SelfSubjectRulesReview" => self.rules(&call.user, &spec)?,
            "TokenReview" => self.token_review(&spec),
            "SelfSubjectAccessReview" => self.decided(&call.user, &spec)?,
            "LocalSubjectAccessReview" => {
                let asked = field(&spec["resourceAttributes"], "namespace");
                let home =
                    if text(&review, "namespace").is_empty() { call.namespace() } else { text(&review, "namespace") };
                if asked != home {
                    let why = "spec.resourceAttributes.namespace must match metadata.namespace";
                    return Err(Failure::bad_request(why));
                }
                self.decided(&subject(&spec), &spec)?
            }
            _ => self.decided(&subject(&spec), &spec)?,
        };
        if call.resource().kind == "SelfSubjectRulesReview" {
            review["spec"] = json!({});
        }
        if let Some(metadata) = review["metadata"].as_object_mut().filter(|_| !call.resource().namespaced) {
            metadata.remove("namespace");
        }
        Ok(Reply::created(review).with_warnings(decoded.warnings))
    }

    fn decided(&self, user: &User, spec: &Value) -> Result<Value, Failure> {
        let (resource, path) = (has(spec, "resourceAttributes"), has(spec, "nonResourceAttributes"));
        if resource == path {
            let why = if resource {
                "nonResourceAttributes and resourceAttributes: cannot be specified in combination"
            } else {
                "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            };
            return Err(Failure::bad_request(why));
        }
        let decision = rbac::authorize(&self.store, user, &attributes(spec));
        let mut status = json!({"allowed": decision.allowed});
        if !decision.reason.is_empty() {
            status["reason"] = decision.reason.into();
        }
        Ok(status)
    }

    /// All rules of a user in a namespace.
    fn rules(&self, user: &User, spec: &Value) -> Result<Value, Failure> {
        let namespace = field(spec, "namespace");
        if namespace.is_empty() {
            return Err(Failure::bad_request("no namespace on request"));
        }
        let granted = rbac::granted(&self.store, user, namespace);
        let (mut resources, mut paths) = (Vec::new(), Vec::new());
        for rule in granted.roles.iter().flat_map(|grant| grant.rules()) {
            if items(rule, "nonResourceURLs").is_empty() { resources.push(rule) } else { paths.push(rule) }
        }
        let mut status = json!({"incomplete": false, "resourceRules": resources, "nonResourceRules": paths});
        if !granted.missing.is_empty() {
            status["evaluationError"] = granted.missing.join(", ").into();
        }
        Ok(status)
    }

    fn token_review(&self, spec: &Value) -> Value {
        let audiences: Vec<&str> = items(spec, "audiences").iter().filter_map(Value::as_str).collect();
        match self.account_of(field(spec, "token"), &audiences) {
            Ok((user, claims)) => {
                let wanted = if audiences.is_empty() { vec![ISSUER] } else { audiences };
                let meant = items(&claims, "aud").iter().filter_map(Value::as_str).filter(|aud| wanted.contains(aud));
                json!({"authenticated": true, "user": described(&user), "audiences": meant.collect::<Vec<_>>()})
            }
            Err(error) => json!({"user": {}, "error": error.to_string()}),
        }
    }
}

fn described(user: &User) -> Value {
    let mut info = json!({"username": user.name, "groups": user.groups});
    if !user.uid.is_empty() {
        info["uid"] = user.uid.as_str().into();
    }
    if !user.extra.is_empty() {
        info["extra"] = json!(user.extra);
    }
    info
}

/// Whom a review is about: no groups but those it names.
fn subject(spec: &Value) -> User {
    let groups = items(spec, "groups").iter().filter_map(Value::as_str).map(str::to_owned);
    User { name: field(spec, "user").to_owned(), groups: groups.collect(), ..User::default() }
}

fn attributes(spec: &Value) -> Attributes {
    let about =
        if has(spec, "resourceAttributes") { &spec["resourceAttributes"] } else { &spec["nonResourceAttributes"] };
    let of = |key: &str| field(about, key).to_owned();
    Attributes {
        verb: of("verb"),
        group: of("group"),
        resource: of("resource"),
        subresource: of("subresource"),
        name: of("name"),
        namespace: of("namespace"),
        path: of("path"),
    }
}
