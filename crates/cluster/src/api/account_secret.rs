//! Secrets of type `kubernetes.io/service-account-token`: once one is there, its token comes into it.

use std::convert::Infallible;

use serde_json::{Value, json};

use super::{Api, create::text, encoding::to_base64};
use crate::{
    json::{at, child, has, put},
    managed::{self, Writer},
    registry::{self, Resource},
    store::{Key, Next},
    tokens::Bearer,
};

/// The type of the Secrets that are meant.
const TOKEN: &str = "kubernetes.io/service-account-token";
/// Whom such a Secret is for.
const NAME: &str = "kubernetes.io/service-account.name";
/// The uid of that service account.
const UID: &str = "kubernetes.io/service-account.uid";
/// How long its token is good: as long as the Secret is there, as far as anybody can tell.
const SECONDS: i64 = 100 * 366 * 24 * 3600;

impl Api {
    /// Puts the token, the cluster's certificate and the namespace into a Secret that asks for them. One whose service
    /// account is not there goes again.
    pub(super) fn fill_account_secret(&self, resource: &Resource, key: &Key, secret: &Value) {
        if (resource.group, resource.kind) != ("", "Secret") || secret["type"] != TOKEN {
            return;
        }
        let name = at(secret, &["metadata", "annotations", NAME]).as_str().unwrap_or_default();
        let account = self.store.get(&Key::new("serviceaccounts", key.namespace.as_str(), name));
        let root = self.store.get(&Key::new("configmaps", key.namespace.as_str(), "kube-root-ca.crt"));
        let certificate = root.as_ref().and_then(|map| at(map, &["data", "ca.crt"]).as_str()).unwrap_or_default();
        // Whoever was quicker has deleted or filled it: both are as good.
        let _ = self.store.modify(key, |stored| {
            let Some(account) = &account else { return Ok(Next::Remove) };
            let mut filled = stored.clone();
            self.fill(key, account, certificate, &mut filled);
            Ok::<_, Infallible>(Next::Put(filled))
        });
    }

    fn fill(&self, key: &Key, account: &Value, certificate: &str, secret: &mut Value) {
        let before = secret.clone();
        let bearer = Bearer {
            namespace: &key.namespace,
            account: (text(account, "name"), text(account, "uid")),
            secret: Some((&key.name, text(&before, "uid"))),
            ..Bearer::default()
        };
        let now = self.clock.now();
        let token = self.signer.token(bearer, &[], SECONDS, &self.clock.uid(), now);
        let data = child(secret, "data");
        for (entry, value) in
            [("ca.crt", certificate), ("namespace", key.namespace.as_str()), ("token", token.as_str())]
        {
            if !has(data, entry) {
                put(data, entry, json!(to_base64(value.as_bytes())));
            }
        }
        put(child(child(secret, "metadata"), "annotations"), UID, text(account, "uid"));
        let secrets = registry::find("", "v1", "secrets").expect("the core group has Secrets");
        let writer = Writer { manager: "kube-controller-manager", subresource: "", now };
        managed::track(secrets, &before, secret, &writer, false);
    }
}
