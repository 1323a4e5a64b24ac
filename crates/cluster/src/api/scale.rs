//! The `scale` subresource: how many Pods something wants and has, in one form for all kinds that have Pods.

use serde_json::{Value, json};

use super::{
    Api,
    call::{Call, Verb},
    create::{Record, metadata_mut, text},
    decode,
    failure::Failure,
    patch,
    respond::Reply,
};
use crate::{
    admission::field::{Fault, FieldError},
    custom::JsonPath,
};

impl Api {
    /// Reads or changes a scale.
    pub(super) fn scale(&self, call: &Call, body: &[u8]) -> Result<Reply, Failure> {
        if call.verb == Verb::Get {
            let object = self.find(call)?;
            return Ok(Reply::ok(view(call, &object)?));
        }
        let (object, _) = self.change(call, Record::Keep, |old| {
            let scale = match call.verb {
                Verb::Update => decode::body(call, body)?,
                _ => patch::change_of(call)?(call, &view(call, old)?, body)?,
            };
            resized(call, old, &scale)
        })?;
        Ok(Reply::ok(view(call, &object)?))
    }
}

/// An object with the size that a scale wants.
fn resized(call: &Call, old: &Value, scale: &Value) -> Result<Value, Failure> {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let why = "must be greater than or equal to 0";
        let error = FieldError::new(Fault::Invalid, "spec.replicas", why).with_value(replicas.into());
        return Err(Failure::invalid_as("Scale.autoscaling", "autoscaling", "Scale", &call.name, &[error]));
    }
    let mut new = old.clone();
    match call.resource().custom.and_then(|custom| custom.scale.as_ref()) {
        Some(paths) => paths.wanted.put(&mut new, replicas.into()),
        None => new["spec"]["replicas"] = replicas.into(),
    }
    for key in ["resourceVersion", "uid"] {
        if !text(scale, key).is_empty() {
            metadata_mut(&mut new).insert(key.into(), text(scale, key).into());
        }
    }
    Ok(new)
}

/// What an object's scale says.
fn view(call: &Call, object: &Value) -> Result<Value, Failure> {
    let Some(paths) = call.resource().custom.and_then(|custom| custom.scale.as_ref()) else {
        return Ok(of_workload(object));
    };
    let number = |path: &JsonPath| path.find(object).and_then(Value::as_i64);
    let wanted = number(&paths.wanted).ok_or_else(|| Failure::internal("the spec replicas field does not exist"))?;
    let selector = paths.selector.as_ref().and_then(|path| path.find(object)).and_then(Value::as_str);
    Ok(document(object, wanted, number(&paths.current).unwrap_or(0), selector.unwrap_or_default()))
}

/// What a workload's scale says (`wire/scale.json`).
fn of_workload(object: &Value) -> Value {
    let replicas = |part: &str| object[part]["replicas"].as_i64().unwrap_or(0);
    document(object, replicas("spec"), replicas("status"), &selector_text(&object["spec"]["selector"]))
}

fn document(object: &Value, wanted: i64, current: i64, selector: &str) -> Value {
    let mut metadata = json!({});
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = object["metadata"].get(key) {
            metadata[key] = value.clone();
        }
    }
    let mut status = json!({"replicas": current});
    if !selector.is_empty() {
        status["selector"] = selector.into();
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        // None at all is not written.
        "spec": if wanted == 0 { json!({}) } else { json!({"replicas": wanted}) }, "status": status,
    })
}

/// A selector as a query would write it: `app=web,tier in (back,front)`.
fn selector_text(selector: &Value) -> String {
    let labels = selector.get("matchLabels").filter(|labels| labels.is_object());
    // ReplicationControllers have a plain map.
    let plain = selector.get("matchExpressions").is_none() && labels.is_none();
    let labels = if plain { Some(selector) } else { labels };
    let mut terms: Vec<(String, String)> = Vec::new();
    for (key, value) in labels.and_then(Value::as_object).into_iter().flatten() {
        terms.push((key.clone(), format!("{key}={}", value.as_str().unwrap_or_default())));
    }
    for term in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = term["key"].as_str().unwrap_or_default();
        let mut values: Vec<&str> = term["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let shown = match term["operator"].as_str() {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("Exists") => key.to_owned(),
            _ => format!("!{key}"),
        };
        terms.push((key.to_owned(), shown));
    }
    terms.sort();
    terms.into_iter().map(|(_, term)| term).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_the_recorded_one() {
        let deployment = json!({
            "metadata": {"name": "dep", "namespace": "default", "labels": {"x": "y"}},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "dep"}}}, "status": {"replicas": 1}});
        let expected = json!({
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "dep", "namespace": "default"},
            "spec": {"replicas": 1}, "status": {"replicas": 1, "selector": "app=dep"}});
        assert_eq!(of_workload(&deployment), expected);
        let terms = json!({"matchLabels": {"b": "c"}, "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["y", "x"]}, {"key": "d", "operator": "DoesNotExist"}]});
        assert_eq!(selector_text(&terms), "a in (x,y),b=c,!d");
    }
}
