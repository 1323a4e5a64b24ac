//! `/openapi/v2`: all kinds in one document, for clients that know no other form. It is sent as protobuf, the only form
//! they take (the message `Document` of gnostic's OpenAPIv2.proto).

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{
    documents::{Document, annotate, group_version_kind},
    schemas,
};
use crate::registry::{self, Resource};

/// The document; the first call makes it.
pub(crate) fn swagger() -> &'static Document {
    static SWAGGER: OnceLock<Document> = OnceLock::new();
    SWAGGER.get_or_init(|| Document::of(document()))
}

/// A message while it is written.
#[derive(Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) -> &mut Self {
        self.varint(u64::from(field << 3 | 2));
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// Empty texts are not written.
    fn text(&mut self, field: u32, text: &str) -> &mut Self {
        if text.is_empty() { self } else { self.bytes(field, text.as_bytes()) }
    }

    pub(super) fn message(&mut self, field: u32, inner: &Self) -> &mut Self {
        self.bytes(field, &inner.0)
    }
}

fn document() -> Vec<u8> {
    let mut info = Message::default();
    info.text(1, "Kubernetes").text(2, crate::version::RELEASE);
    let mut definitions = Message::default();
    for (name, schema) in &schemas().definitions {
        definitions.message(1, &named(name, &schema_message(&definition(name, schema))));
    }
    let mut paths = Message::default();
    for resource in registry::all().filter(|row| row.verbs.contains(&"patch")) {
        paths.message(2, &path(resource));
    }
    let mut document = Message::default();
    document.text(1, "2.0").message(2, &info).message(8, &paths).message(9, &definitions);
    document.0
}

pub(super) fn named(name: &str, value: &Message) -> Message {
    let mut pair = Message::default();
    pair.text(1, name).message(2, value);
    pair
}

/// A definition with its extensions, references as the older form writes them.
fn definition(name: &str, schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let (Some(known), Some(properties)) =
        (schemas().structs.get(name), schema.get_mut("properties").and_then(Value::as_object_mut))
    {
        for (key, property) in properties {
            let reference = property.get("$ref").or_else(|| property["allOf"][0].get("$ref")).cloned();
            annotate(property, &known.fields[key]);
            if let (Some(reference), Some(fields)) = (reference, property.as_object_mut()) {
                fields.remove("allOf");
                fields.insert("$ref".into(), reference);
            }
        }
    }
    let mut kinds = schemas().names.iter().filter(|(_, full)| *full == name);
    if let Some(((api_version, kind), _)) = kinds.next() {
        schema["x-kubernetes-group-version-kind"] = json!([group_version_kind(api_version, kind)]);
    }
    match name.rsplit('.').next() {
        Some("Quantity") => schema["type"] = "string".into(),
        Some("IntOrString") => {
            schema["type"] = "string".into();
            schema["format"] = "int-or-string".into();
        }
        _ => {}
    }
    schema
}

pub(super) fn schema_message(schema: &Value) -> Message {
    let mut message = Message::default();
    let text = |key: &str| schema[key].as_str().unwrap_or_default();
    let reference = text("$ref").replace("#/components/schemas/", "#/definitions/");
    message.text(1, &reference).text(2, text("format")).text(4, text("description"));
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        message.text(19, name);
    }
    if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
        message.message(21, Message::default().message(1, &schema_message(inner)));
    }
    if !text("type").is_empty() {
        message.message(22, Message::default().text(1, text("type")));
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        message.message(23, Message::default().message(1, &schema_message(items)));
    }
    if let Some(properties) = schema["properties"].as_object() {
        let mut all = Message::default();
        for (key, property) in properties {
            all.message(1, &named(key, &schema_message(property)));
        }
        message.message(25, &all);
    }
    for (key, value) in schema.as_object().into_iter().flatten().filter(|(key, _)| key.starts_with("x-")) {
        message.message(31, &extension(key, value));
    }
    message
}

/// An extension; its value is YAML, and JSON is YAML.
fn extension(key: &str, value: &Value) -> Message {
    let mut any = Message::default();
    any.text(2, &value.to_string());
    named(key, &any)
}

/// A path with the one thing that clients look for: which parameters a PATCH takes.
pub(super) fn path(resource: &Resource) -> Message {
    let mut operation = Message::default();
    for name in ["dryRun", "fieldManager", "fieldValidation", "force"] {
        let mut query = Message::default();
        query.text(2, "query").text(4, name).text(6, "string");
        let (mut parameter, mut item) = (Message::default(), Message::default());
        parameter.message(2, Message::default().message(3, &query));
        item.message(1, &parameter);
        operation.message(8, &item);
    }
    let kind = group_version_kind(&resource.api_version(), resource.kind);
    operation.message(13, &extension("x-kubernetes-action", &"patch".into()));
    operation.message(13, &extension("x-kubernetes-group-version-kind", &kind));
    let root = if resource.group.is_empty() { "api" } else { "apis" };
    let scope = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    let address = format!("/{root}/{}{scope}/{}/{{name}}", resource.api_version(), resource.plural);
    named(&address, Message::default().message(8, &operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_the_encoding_has_it() {
        let mut inner = Message::default();
        inner.text(1, "a").text(2, "");
        let mut outer = Message::default();
        outer.message(3, &inner);
        assert_eq!(outer.0, [3 << 3 | 2, 3, 1 << 3 | 2, 1, b'a']);
        let long = "x".repeat(200);
        assert_eq!(Message::default().text(1, &long).0[..3], [1 << 3 | 2, 0xc8, 0x01]);
    }

    #[test]
    fn the_document_holds_every_definition() {
        let plain = String::from_utf8_lossy(&swagger().plain).into_owned();
        for name in ["io.k8s.api.core.v1.Pod", "#/definitions/io.k8s.api.core.v1.PodSpec", "fieldValidation"] {
            assert!(plain.contains(name), "{name}");
        }
    }
}
