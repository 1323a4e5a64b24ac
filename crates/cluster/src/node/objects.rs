//! ConfigMaps, Secrets and Services that Pods refer to, read from the store.

use std::collections::BTreeMap;

use serde_json::Value;

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

fn entries(map: &Value) -> impl Iterator<Item = (String, &str)> {
    map.as_object().into_iter().flatten().filter_map(|(key, value)| Some((key.clone(), value.as_str()?)))
}

/// Standard base64 (RFC 4648, section 4), as the API stores bytes.
fn base64(text: &str) -> Option<Vec<u8>> {
    serde_json::from_value::<k8s_openapi::ByteString>(Value::String(text.to_owned())).ok().map(|bytes| bytes.0)
}
