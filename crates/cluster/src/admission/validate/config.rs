//! ConfigMaps and Secrets.

use serde_json::Value;

use super::{Findings, Path, metadata, names};
use crate::json::{at, entries, flag, has, text};

/// All values of one object together.
const LIMIT: usize = 1024 * 1024;
const IMMUTABLE: &str = "field is immutable when `immutable` is set";

/// A ConfigMap.
pub(super) fn config_map(found: &mut Findings, map: &Value, old: Option<&Value>) {
    match old {
        Some(old) => {
            metadata::update(found, old, map);
            frozen(found, old, map, &["data", "binaryData"]);
        }
        None => metadata::create(found, map, names::subdomain),
    }
    let mut size = 0;
    for (key, value) in entries(map, "data") {
        let path = Path::new("data").key(key);
        found.invalid_each(&path, key, names::config_key(key));
        if has(&map["binaryData"], key) {
            found.invalid(&path, key.as_str(), "duplicate of key present in binaryData");
        }
        size += value.as_str().map_or(0, str::len);
    }
    for (key, value) in entries(map, "binaryData") {
        found.invalid_each(&Path::new("binaryData").key(key), key, names::config_key(key));
        size += decoded_len(value);
    }
    if size > LIMIT {
        found.too_long(&Path::new("[]"), LIMIT);
    }
}

/// A Secret.
pub(super) fn secret(found: &mut Findings, secret: &Value, old: Option<&Value>) {
    match old {
        Some(old) => {
            metadata::update(found, old, secret);
            found.immutable(&Path::new("type"), &secret["type"], &old["type"]);
            frozen(found, old, secret, &["data"]);
        }
        None => metadata::create(found, secret, names::subdomain),
    }
    let path = Path::new("data");
    let mut size = 0;
    for (key, value) in entries(secret, "data") {
        found.invalid_each(&path.key(key), key, names::config_key(key));
        size += decoded_len(value);
    }
    if size > LIMIT {
        found.too_long(&path, LIMIT);
    }
    typed(found, secret, &path);
}

/// What some types of Secret have to hold.
fn typed(found: &mut Findings, secret: &Value, path: &Path) {
    let holds = |key: &str| has(&secret["data"], key);
    let missing = |found: &mut Findings, keys: &[&str]| {
        for key in keys.iter().filter(|key| !holds(key)) {
            found.required(&path.key(key), "");
        }
    };
    match text(secret, "type") {
        "kubernetes.io/service-account-token" => {
            const ACCOUNT: &str = "kubernetes.io/service-account.name";
            if text(at(secret, &["metadata", "annotations"]), ACCOUNT).is_empty() {
                found.required(&Path::new("metadata").child("annotations").key(ACCOUNT), "");
            }
        }
        "kubernetes.io/dockercfg" => registry_login(found, secret, ".dockercfg", path),
        "kubernetes.io/dockerconfigjson" => registry_login(found, secret, ".dockerconfigjson", path),
        "kubernetes.io/basic-auth" if !holds("username") && !holds("password") => {
            missing(found, &["username", "password"])
        }
        "kubernetes.io/ssh-auth" => missing(found, &["ssh-privatekey"]),
        "kubernetes.io/tls" => missing(found, &["tls.crt", "tls.key"]),
        _ => {}
    }
}

/// The credentials of an image registry are JSON; what they are is not shown.
fn registry_login(found: &mut Findings, secret: &Value, key: &str, path: &Path) {
    let stored = serde_json::from_value(secret["data"][key].clone());
    let (true, Ok(k8s_openapi::ByteString(bytes))) = (has(&secret["data"], key), stored) else {
        return found.required(&path.key(key), "");
    };
    if let Err(error) = serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes) {
        let first = String::from_utf8_lossy(&bytes).trim_start().chars().next();
        let why = match first {
            Some(first) if !error.is_eof() && !"{[\"-0123456789tfn".contains(first) => {
                format!("invalid character '{first}' looking for beginning of value")
            }
            _ if error.is_eof() => "unexpected end of JSON input".to_owned(),
            _ => error.to_string(),
        };
        found.invalid(&path.key(key), "<secret contents redacted>", why);
    }
}

fn frozen(found: &mut Findings, old: &Value, new: &Value, fields: &[&str]) {
    if !flag(old, "immutable") {
        return;
    }
    if !flag(new, "immutable") {
        found.forbidden(&Path::new("immutable"), IMMUTABLE);
    }
    for field in fields {
        if old.get(field) != new.get(field) {
            found.forbidden(&Path::new(field), IMMUTABLE);
        }
    }
}

/// How many bytes a base64 text stands for.
fn decoded_len(value: &Value) -> usize {
    let text = value.as_str().unwrap_or("").trim_end_matches('=');
    text.len() * 3 / 4
}
