//! `serviceaccounts/token`: tokens for those who ask (TokenRequest).

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Api, call::Call, create::text, decode, failure::Failure, respond::Reply};
use crate::{
    admission::field::{Fault, FieldError},
    clock::api_time,
    json::{at, items},
    store::{Key, Object},
    tokens::{Bearer, ISSUER},
};

/// How long a token is good when nobody says, and the least and the most (pkg/apis/authentication).
const USUAL: i64 = 3600;
const LEAST: i64 = 600;
const MOST: i64 = 1 << 32;

impl Api {
    /// Makes a token for a service account.
    pub(super) fn request_token(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        let mut request = decode::body(call, body)?;
        let account = self.find(call)?;
        let seconds = at(&request, &["spec", "expirationSeconds"]).as_i64().unwrap_or(USUAL);
        check_seconds(seconds)?;
        let audiences: Vec<String> =
            items(&request["spec"], "audiences").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let reference = request["spec"]["boundObjectRef"].clone();
        let bound = self.bound(call, &reference)?;
        let node = bound.as_ref().and_then(|object| self.node_of(object, &reference));
        let of = |kind: &str| {
            let object = bound.as_ref().filter(|_| reference["kind"] == kind)?;
            Some((text(object, "name"), text(object, "uid")))
        };
        let bearer = Bearer {
            namespace: call.namespace(),
            account: (&call.name, text(&account, "uid")),
            pod: of("Pod"),
            secret: of("Secret"),
            node: node.as_ref().map(|node| (text(node, "name"), text(node, "uid"))),
        };
        let now = self.clock.now();
        let wanted: Vec<&str> = audiences.iter().map(String::as_str).collect();
        let token = self.signer.token(bearer, &wanted, seconds, &self.clock.uid(), now);
        request["kind"] = "TokenRequest".into();
        request["apiVersion"] = "authentication.k8s.io/v1".into();
        request["metadata"] =
            json!({"name": call.name, "namespace": call.namespace(), "creationTimestamp": api_time(now)});
        request["spec"]["audiences"] = if audiences.is_empty() { json!([ISSUER]) } else { json!(audiences) };
        request["spec"]["expirationSeconds"] = seconds.into();
        request["spec"]["boundObjectRef"] = reference;
        let ends = api_time(now + SignedDuration::from_secs(seconds));
        request["status"] = json!({"token": token, "expirationTimestamp": ends});
        Ok(Reply::created(request))
    }

    /// The node that the token is bound to, or that its Pod is on.
    fn node_of(&self, object: &Object, reference: &Value) -> Option<Object> {
        if reference["kind"] == "Node" {
            return Some(object.clone());
        }
        let name = object["spec"]["nodeName"].as_str()?;
        self.store.get(&Key::new("nodes", "", name))
    }

    /// The object that the token is to end with.
    fn bound(&self, call: &Call, reference: &Value) -> Result<Option<Object>, Failure> {
        let named = |key: &str| reference[key].as_str().unwrap_or_default();
        let plural = match (named("apiVersion"), named("kind")) {
            (_, "") => return Ok(None),
            ("v1", "Pod") => "pods",
            ("v1", "Secret") => "secrets",
            ("v1", "Node") => "nodes",
            (version, kind) => {
                let group = version.split_once('/').map_or("", |(group, _)| group);
                return Err(Failure::bad_request(format!(
                    "cannot bind token for serviceaccount \"{}\" to type {kind}.{group}",
                    call.name
                )));
            }
        };
        let resource = crate::registry::find("", "v1", plural).expect("the core group has all of them");
        let namespace = if plural == "nodes" { "" } else { call.namespace() };
        let object = self.store.get(&Key::new(plural, namespace, named("name")));
        let object = object.ok_or_else(|| Failure::not_found(resource, named("name")))?;
        let uid = text(&object, "uid");
        if !named("uid").is_empty() && named("uid") != uid {
            let why = format!(
                "the UID in the bound object reference ({}) does not match the UID in record. The object might have \
                 been deleted and then recreated",
                named("uid")
            );
            return Err(Failure::conflict(resource, named("name"), &why));
        }
        Ok(Some(object))
    }
}

fn check_seconds(seconds: i64) -> Result<(), Failure> {
    let why = match seconds {
        ..LEAST => "may not specify a duration less than 10 minutes",
        LEAST..=MOST => return Ok(()),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let error = FieldError::new(Fault::Invalid, "spec.expirationSeconds", why).with_value(seconds.into());
    Err(Failure::invalid_as(
        "TokenRequest.authentication.k8s.io",
        "authentication.k8s.io",
        "TokenRequest",
        "",
        &[error],
    ))
}
