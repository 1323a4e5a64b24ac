//! What `/openapi/v3` serves: an index, and one document per group and version.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::OnceLock,
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha512};

use super::{Schemas, schemas};
use crate::registry::{self, Resource, Version};

/// A document as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// JSON.
    pub plain: Bytes,
    /// The same, compressed with gzip.
    pub gzip: Bytes,
    /// A digest of it: its `ETag`, and the `hash` in its address.
    pub hash: String,
}

/// All documents by their place beneath `/openapi/v3/` (`api/v1`, `apis/apps/v1`).
pub(crate) type Documents = BTreeMap<String, Document>;

/// The documents; the first call makes them.
pub(crate) fn documents() -> &'static Documents {
    static DOCUMENTS: OnceLock<Documents> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        let mut all = Documents::new();
        for group in registry::groups() {
            for version in group.versions {
                let place = match group.name {
                    "" => format!("api/{}", version.name),
                    name => format!("apis/{name}/{}", version.name),
                };
                all.insert(place.clone(), Document::of(describe(schemas(), &place, version).to_string().into_bytes()));
            }
        }
        all
    })
}

impl Document {
    /// A document of these bytes.
    pub(super) fn of(plain: Vec<u8>) -> Self {
        let hash = Sha512::digest(&plain).iter().map(|byte| format!("{byte:02X}")).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&plain).expect("writing into memory succeeds");
        let gzip = encoder.finish().expect("writing into memory succeeds").into();
        Self { plain: plain.into(), gzip, hash }
    }
}

fn describe(schemas: &Schemas, place: &str, version: &Version) -> Value {
    let mut needed = BTreeSet::new();
    let mut paths = Map::new();
    for resource in version.resources {
        if let Some(name) = schemas.names.get(&(resource.api_version(), resource.kind.to_owned())) {
            reach(schemas, name, &mut needed);
        }
        add_paths(place, resource, &mut paths);
    }
    let definitions: Map<String, Value> =
        needed.into_iter().map(|name| (name.to_owned(), definition(schemas, name))).collect();
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": crate::version::RELEASE},
        "paths": paths,
        "components": {"schemas": definitions},
    })
}

/// Adds a definition and all that it refers to.
pub(super) fn reach<'a>(schemas: &'a Schemas, name: &str, needed: &mut BTreeSet<&'a str>) {
    let Some((name, schema)) = schemas.definitions.get_key_value(name) else { return };
    if !needed.insert(name) {
        return;
    }
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                    reach(schemas, target.rsplit('/').next().unwrap_or_default(), needed);
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

/// A definition with what upstream publishes beside the schema itself.
pub(super) fn definition(schemas: &Schemas, name: &str) -> Value {
    let mut schema = schemas.definitions[name].clone();
    let kinds: Vec<Value> = schemas
        .names
        .iter()
        .filter(|(_, full)| *full == name)
        .map(|((api_version, kind), _)| group_version_kind(api_version, kind))
        .collect();
    if !kinds.is_empty() {
        schema["x-kubernetes-group-version-kind"] = kinds.into();
    }
    if schemas.structs.get(name).is_some_and(|known| known.atomic) {
        schema["x-kubernetes-map-type"] = "atomic".into();
    }
    if let (Some(known), Some(properties)) =
        (schemas.structs.get(name), schema.get_mut("properties").and_then(Value::as_object_mut))
    {
        for (key, property) in properties {
            annotate(property, &known.fields[key]);
        }
    }
    schema
}

pub(super) fn annotate(property: &mut Value, field: &super::Field) {
    use super::{Form, ListType};
    let Some(fields) = property.as_object_mut() else { return };
    add_values(fields, field);
    // A reference stands alone in OpenAPI 3.0, so what is said beside it goes around it.
    if let Some(reference) = fields.remove("$ref") {
        fields.insert("allOf".into(), json!([{"$ref": reference}]));
        fields.insert("default".into(), json!({}));
    }
    let mut add = |key: &str, value: Value| fields.insert(format!("x-kubernetes-{key}"), value);
    if field.merges || field.retains_keys {
        let strategy = match (field.merges, field.retains_keys) {
            (true, true) => "merge,retainKeys",
            (true, false) => "merge",
            (false, _) => "retainKeys",
        };
        add("patch-strategy", strategy.into());
    }
    if let Some(key) = &field.merge_key {
        add("patch-merge-key", key.as_str().into());
    }
    match (&field.form, &field.list) {
        (Form::List(_), ListType::Atomic) => {
            add("list-type", "atomic".into());
        }
        (Form::List(_), ListType::Set) => {
            add("list-type", "set".into());
        }
        (Form::List(_), ListType::Map(keys)) => {
            add("list-type", "map".into());
            add("list-map-keys", keys.as_slice().into());
        }
        _ if field.atomic => {
            add("map-type", "atomic".into());
        }
        _ => {}
    }
}

/// The values of an enumeration, and the end of the description that lists them.
fn add_values(fields: &mut Map<String, Value>, field: &super::Field) {
    let Some(values) = field.values else { return };
    let list: String = values.split(',').map(|value| format!("\n - `\"{value}\"`{}", remark(field, value))).collect();
    let description = fields.get("description").and_then(Value::as_str).unwrap_or_default();
    let description = format!("{description}\n\nPossible enum values:{list}");
    fields.insert("description".into(), description.into());
    fields.insert("enum".into(), values.split(',').collect());
}

/// What is said about a value.
fn remark(field: &super::Field, value: &str) -> String {
    if field.go == Some("v1.Protocol") { format!(" is the {value} protocol.") } else { String::new() }
}

pub(super) fn group_version_kind(api_version: &str, kind: &str) -> Value {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    json!({"group": group, "version": version, "kind": kind})
}

pub(super) fn add_paths(place: &str, resource: &Resource, paths: &mut Map<String, Value>) {
    let scope = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    let collection = format!("/{place}{scope}/{}", resource.plural);
    let object = format!("{collection}/{{name}}");
    let kind = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
    let methods = [
        (&object, "get", "get"),
        (&object, "put", "update"),
        (&object, "patch", "patch"),
        (&object, "delete", "delete"),
        (&collection, "get", "list"),
        (&collection, "post", "create"),
        (&collection, "delete", "deletecollection"),
    ];
    for (path, method, verb) in methods {
        if !resource.verbs.contains(&verb) {
            continue;
        }
        let writes = matches!(verb, "create" | "update" | "patch");
        let names: &[&str] =
            if writes { &["dryRun", "fieldManager", "fieldValidation", "pretty"] } else { &["pretty"] };
        let parameters: Vec<Value> = names
            .iter()
            .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}}))
            .collect();
        let entry = paths.entry(path.as_str()).or_insert_with(|| json!({}));
        entry[method] = json!({
            "x-kubernetes-action": match verb { "create" => "post", "update" => "put", other => other },
            "x-kubernetes-group-version-kind": kind,
            "parameters": parameters,
            "responses": {"200": {"description": "OK"}},
        });
    }
}
