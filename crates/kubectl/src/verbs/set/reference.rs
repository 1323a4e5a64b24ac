//! What stands behind a variable that has its value from elsewhere.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Spec;
use crate::{
    describe::quantity,
    failure::{Failure, Outcome, text_at},
    output::template,
    server::JSON,
    session::Session,
};

/// A variable and where its value is.
pub(super) fn line(variable: &Value, from: &Value) -> String {
    format!("# {} from {}", text_at(variable, "/name"), place(from))
}

fn place(from: &Value) -> String {
    let of_key = |kind: &str, word: &str| {
        let reference = from.get(kind)?;
        Some(format!("{word} {}, key {}", text_at(reference, "/name"), text_at(reference, "/key")))
    };
    let of_field = || Some(format!("field path {}", text_at(from.get("fieldRef")?, "/fieldPath")));
    let of_resource = || {
        let reference = from.get("resourceFieldRef")?;
        let container = text_at(reference, "/containerName");
        let slash = if container.is_empty() { "" } else { "/" };
        Some(format!("resource field {container}{slash}{}", text_at(reference, "/resource")))
    };
    let place = of_key("configMapKeyRef", "configmap").or_else(|| of_key("secretKeyRef", "secret"));
    place.or_else(of_field).or_else(of_resource).unwrap_or_else(|| "invalid valueFrom".to_owned())
}

/// Variables whose value cannot be had, by the reason.
#[derive(Debug, Default)]
pub(super) struct Missing(BTreeMap<String, Vec<String>>);

impl Missing {
    /// A variable with its value, or where it should have it from.
    pub(super) async fn line(
        &mut self,
        session: &Session,
        variable: &Value,
        from: &Value,
        object: &Value,
        container: &Spec,
    ) -> String {
        let name = text_at(variable, "/name");
        match value(session, from, object, container).await {
            Ok(value) => format!("{name}={value}"),
            Err(failure) => {
                self.0.entry(failure.message()).or_default().push(name.to_owned());
                line(variable, from)
            }
        }
    }

    /// What is said about all of them in the end.
    pub(super) fn text(&mut self) -> String {
        self.0.values_mut().for_each(|names| names.sort());
        let lines =
            self.0.iter().map(|(why, names)| format!("error retrieving reference for {}: {why}\n", names.join(", ")));
        lines.collect()
    }
}

async fn value(session: &Session, from: &Value, object: &Value, container: &Spec) -> Outcome<String> {
    if let Some(reference) = from.get("secretKeyRef") {
        let encoded = key(session, reference, "secrets", "secret").await?;
        return Ok(template::base64_decoded(&encoded).unwrap_or_default());
    }
    if let Some(reference) = from.get("configMapKeyRef") {
        return key(session, reference, "configmaps", "config map").await;
    }
    if let Some(path) = from.pointer("/fieldRef/fieldPath").and_then(Value::as_str) {
        return field(object, path);
    }
    let reference = from.get("resourceFieldRef").ok_or_else(|| Failure::said("invalid valueFrom"))?;
    Ok(quantity::of_container(&Value::Object(container.clone()), reference))
}

async fn key(session: &Session, reference: &Value, plural: &str, word: &str) -> Outcome<String> {
    let (name, key) = (text_at(reference, "/name"), text_at(reference, "/key"));
    let resource = session.discovery().await?.find(plural)?;
    let object = session.server.get(&resource.object(Some(&session.namespace), name), JSON).await?;
    let found = object.get("data").and_then(|data| data.get(key)).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| Failure::Said(format!("key {key} not found in {word} {name}")))
}

/// The fields that can be told without the node.
fn field(object: &Value, path: &str) -> Outcome<String> {
    if let Some((map, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        if !matches!(map, "metadata.annotations" | "metadata.labels") {
            return Err(Failure::Said(format!("fieldPath {path:?} does not support subscript")));
        }
        let held = object.pointer(&format!("/{}", map.replace('.', "/"))).and_then(|map| map.get(key));
        return Ok(held.and_then(Value::as_str).unwrap_or_default().to_owned());
    }
    let place = format!("/{}", path.replace('.', "/"));
    match path {
        "metadata.annotations" | "metadata.labels" => {
            let map = object.pointer(&place).and_then(Value::as_object);
            let lines = map.into_iter().flatten().map(|(key, value)| format!("{key}={value}"));
            Ok(lines.collect::<Vec<_>>().join("\n"))
        }
        "metadata.name" | "metadata.namespace" | "metadata.uid" => Ok(text_at(object, &place).to_owned()),
        _ => Err(Failure::Said(format!("unsupported fieldPath: {path}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_in_words() {
        for (from, wanted) in [
            (json!({"configMapKeyRef": {"name": "a", "key": "b"}}), "configmap a, key b"),
            (json!({"secretKeyRef": {"name": "a", "key": "b"}}), "secret a, key b"),
            (json!({"fieldRef": {"fieldPath": "status.podIP"}}), "field path status.podIP"),
            (
                json!({"resourceFieldRef": {"containerName": "a", "resource": "limits.cpu"}}),
                "resource field a/limits.cpu",
            ),
            (json!({}), "invalid valueFrom"),
        ] {
            assert_eq!(place(&from), wanted);
        }
    }

    #[test]
    fn fields_of_the_object() {
        let object = json!({"metadata": {"name": "a", "labels": {"x": "1", "y": "2"}}});
        assert_eq!(field(&object, "metadata.labels").unwrap(), "x=\"1\"\ny=\"2\"");
        assert_eq!(field(&object, "metadata.labels['y']").unwrap(), "2");
        assert_eq!(field(&object, "status.podIP").unwrap_err(), Failure::said("unsupported fieldPath: status.podIP"));
    }
}
