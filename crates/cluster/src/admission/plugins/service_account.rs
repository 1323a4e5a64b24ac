//! ServiceAccount: every Pod runs as one, and gets a volume with its token.

use serde_json::{Value, json};

use super::{Context, Forbidden};
use crate::{
    json::{child, fill_zero, has, items, put, text},
    store::Key,
};

/// Where the token, the cluster's certificate and the namespace are mounted.
const MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// One hour, and seven seconds so that clients can tell it from a token that somebody asked for.
const TOKEN_SECONDS: i64 = 3607;

pub(super) fn admit(pod: &mut Value, context: &Context<'_>) -> Result<(), Forbidden> {
    let namespace = text(&pod["metadata"], "namespace").to_owned();
    let spec = child(pod, "spec");
    fill_zero(spec, "serviceAccountName", "default");
    let name = text(spec, "serviceAccountName").to_owned();
    put(spec, "serviceAccount", name.as_str());
    let key = Key::new("serviceaccounts", namespace.as_str(), name.as_str());
    let Some(account) = context.store.get(&key) else {
        let text = format!("error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found");
        return Err(Forbidden(text));
    };
    if mounts_token(spec, &account) {
        mount_token(spec, context);
    }
    if items(spec, "imagePullSecrets").is_empty() && !items(&account, "imagePullSecrets").is_empty() {
        put(spec, "imagePullSecrets", account["imagePullSecrets"].clone());
    }
    Ok(())
}

fn mounts_token(spec: &Value, account: &Value) -> bool {
    let wish = |value: &Value| value.get("automountServiceAccountToken").and_then(Value::as_bool);
    wish(spec).or_else(|| wish(account)).unwrap_or(true)
}

fn mount_token(spec: &mut Value, context: &Context<'_>) {
    let existing = items(spec, "volumes").iter().map(|v| text(v, "name")).find(|n| n.starts_with("kube-api-access-"));
    let known = existing.map(str::to_owned);
    let name = known.clone().unwrap_or_else(|| format!("kube-api-access-{}", context.clock.suffix(5)));
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if items(container, "volumeMounts").iter().any(|mount| text(mount, "mountPath") == MOUNT) {
                continue;
            }
            push(container, "volumeMounts", json!({"name": name, "readOnly": true, "mountPath": MOUNT}));
            mounted = true;
        }
    }
    if mounted && known.is_none() {
        push(spec, "volumes", token_volume(&name));
    }
}

fn token_volume(name: &str) -> Value {
    json!({"name": name, "projected": {"defaultMode": 0o644, "sources": [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [
            {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
        ]}},
    ]}})
}

fn push(value: &mut Value, key: &str, item: Value) {
    if !has(value, key) {
        put(value, key, json!([]));
    }
    if let Some(list) = value.get_mut(key).and_then(Value::as_array_mut) {
        list.push(item);
    }
}
