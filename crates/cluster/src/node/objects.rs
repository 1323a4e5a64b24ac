//! ConfigMaps, Secrets and Services that Pods refer to, read from the store.

use std::collections::BTreeMap;

use serde_json::Value;

use super::images::Credential;
use crate::store::{Key, Object, Store};

/// What a Pod refers to and is not there, in the kubelet's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// No such object.
    #[error("{resource} {name:?} not found")]
    Object {
        /// `configmap` or `secret`.
        resource: &'static str,
        /// Its name.
        name: String,
    },
    /// No such key in it, for a variable.
    #[error("couldn't find key {key} in {kind} {namespace}/{name}")]
    Key {
        /// `ConfigMap` or `Secret`.
        kind: &'static str,
        /// Where.
        namespace: String,
        /// Its name.
        name: String,
        /// The key.
        key: String,
    },
}

/// File or variable contents by key.
pub type Data = BTreeMap<String, Vec<u8>>;

/// Reads the objects of one namespace.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    /// All objects.
    pub store: &'a Store,
    /// The Pod's namespace.
    pub namespace: &'a str,
}

impl Lookup<'_> {
    fn get(&self, resource: &str, name: &str) -> Option<Object> {
        self.store.get(&Key::new(resource, self.namespace, name))
    }

    /// The data of a ConfigMap; empty when it is missing and may be.
    ///
    /// # Errors
    /// It is missing.
    pub fn config_map(&self, name: &str, optional: bool) -> Result<Data, Missing> {
        match self.get("configmaps", name) {
            Some(map) => {
                let text = entries(&map["data"]).map(|(key, value)| (key, value.as_bytes().to_vec()));
                let binary = entries(&map["binaryData"]).filter_map(|(key, value)| Some((key, base64(value)?)));
                Ok(text.chain(binary).collect())
            }
            None if optional => Ok(Data::new()),
            None => Err(Missing::Object { resource: "configmap", name: name.to_owned() }),
        }
    }

    /// The text in a ConfigMap, which is all that variables have of it; empty when it is missing and may be.
    ///
    /// # Errors
    /// It is missing.
    pub fn config_map_text(&self, name: &str, optional: bool) -> Result<Data, Missing> {
        let mut data = self.config_map(name, optional)?;
        if let Some(map) = self.get("configmaps", name) {
            data.retain(|key, _| map["data"].get(key).is_some());
        }
        Ok(data)
    }

    /// The data of a Secret, decoded; empty when it is missing and may be.
    ///
    /// # Errors
    /// It is missing.
    pub fn secret(&self, name: &str, optional: bool) -> Result<Data, Missing> {
        match self.get("secrets", name) {
            Some(secret) => {
                Ok(entries(&secret["data"]).filter_map(|(key, value)| Some((key, base64(value)?))).collect())
            }
            None if optional => Ok(Data::new()),
            None => Err(Missing::Object { resource: "secret", name: name.to_owned() }),
        }
    }

    /// The Services of a namespace, by name.
    pub fn services(&self, namespace: &str) -> Vec<Object> {
        self.store.list("services", Some(namespace)).1
    }
}

/// The credentials in pull secrets, and the names of those that are not there.
pub fn pull_secrets<'a>(lookup: &Lookup<'_>, names: impl Iterator<Item = &'a str>) -> (Vec<Credential>, Vec<&'a str>) {
    let (mut credentials, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        match lookup.secret(name, false) {
            Ok(data) => credentials.extend(credentials_in(&data)),
            Err(_) => missing.push(name),
        }
    }
    (credentials, missing)
}

/// What a `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg` secret holds.
fn credentials_in(data: &Data) -> Vec<Credential> {
    let parse = |key: &str| serde_json::from_slice::<Value>(data.get(key)?).ok();
    let auths = parse(".dockerconfigjson").map(|config| config["auths"].clone()).or_else(|| parse(".dockercfg"));
    let of = |(address, entry): (&String, &Value)| {
        let joined = entry["auth"].as_str().and_then(base64).and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = joined.as_deref().and_then(|joined| joined.split_once(':'));
        let (username, password) = pair.or(entry["username"].as_str().zip(entry["password"].as_str()))?;
        Some(Credential::at(address, username, password))
    };
    auths.as_ref().and_then(Value::as_object).into_iter().flatten().filter_map(of).collect()
}

fn entries(map: &Value) -> impl Iterator<Item = (String, &str)> {
    map.as_object().into_iter().flatten().filter_map(|(key, value)| Some((key.clone(), value.as_str()?)))
}

/// Standard base64 (RFC 4648, section 4), as the API stores bytes.
fn base64(text: &str) -> Option<Vec<u8>> {
    serde_json::from_value::<k8s_openapi::ByteString>(Value::String(text.to_owned())).ok().map(|bytes| bytes.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pull_secrets_hold_names_and_passwords() {
        let config = json!({"auths": {
            "https://index.docker.io/v1/": {"auth": "YW5uOnNlY3JldA=="},
            "ghcr.io": {"username": "bob", "password": "p"},
            "quay.io": {},
        }});
        let store = Store::new();
        let encoded = serde_json::to_value(k8s_openapi::ByteString(config.to_string().into_bytes())).unwrap();
        let secret = json!({"metadata": {"name": "reg"}, "data": {".dockerconfigjson": encoded}});
        store.insert(Key::new("secrets", "default", "reg"), secret).unwrap();
        let lookup = Lookup { store: &store, namespace: "default" };
        let (credentials, missing) = pull_secrets(&lookup, ["reg", "nope"].into_iter());
        let seen: Vec<_> =
            credentials.iter().map(|c| (c.place.as_str(), c.username.as_str(), c.password.as_str())).collect();
        assert_eq!(seen, [("ghcr.io", "bob", "p"), ("index.docker.io", "ann", "secret")]);
        assert_eq!(missing, ["nope"]);
    }
}
