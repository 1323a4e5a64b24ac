//! Custom resources in `/openapi/v3` and `/openapi/v2`.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value, json};

use super::{
    documents::{Document, add_paths, definition, group_version_kind, reach},
    schemas,
    swagger::{Message, named, path, schema_message, swagger},
};
use crate::{custom::CustomKind, registry::Resource};

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
/// Every kind says the same of what every object has; this is one of them.
const ANY_KIND: &str = "io.k8s.api.core.v1.ConfigMap";

/// The document of one group and version.
pub(crate) fn custom_document(kinds: &[Arc<CustomKind>]) -> Document {
    let mut paths = Map::new();
    let mut needed = BTreeSet::new();
    reach(schemas(), METADATA, &mut needed);
    let mut definitions: Map<String, Value> =
        needed.into_iter().map(|name| (name.to_owned(), definition(schemas(), name))).collect();
    for kind in kinds {
        let row = kind.row();
        definitions.insert(full_name(&row), described(kind, "allOf"));
        add_paths(&format!("apis/{}", row.api_version()), &row, &mut paths);
    }
    let whole = json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"},
        "paths": paths,
        "components": {"schemas": definitions},
    });
    Document::of(whole.to_string().into_bytes())
}

/// The document of the older form with these kinds too. A message's fields may come in parts, one after another.
pub(crate) fn swagger_with(kinds: &[Arc<CustomKind>]) -> Document {
    let (mut definitions, mut paths, mut more) = (Message::default(), Message::default(), Message::default());
    for kind in kinds {
        let row = kind.row();
        definitions.message(1, &named(&full_name(&row), &schema_message(&described(kind, "$ref"))));
        paths.message(2, &path(&row));
    }
    more.message(8, &paths).message(9, &definitions);
    let mut whole = swagger().plain.to_vec();
    whole.extend(more.0);
    Document::of(whole)
}

/// `com.example.v1.Widget`
fn full_name(row: &Resource) -> String {
    let group: Vec<&str> = row.group.split('.').rev().collect();
    format!("{}.{}.{}", group.join("."), row.version, row.kind)
}

/// A kind's schema with what every object has.
fn described(kind: &CustomKind, form: &str) -> Value {
    let row = kind.row();
    let mut schema = if kind.schema.is_object() { kind.schema.clone() } else { json!({"type": "object"}) };
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    for name in ["apiVersion", "kind", "metadata"] {
        schema["properties"][name] = schemas().definitions[ANY_KIND]["properties"][name].clone();
    }
    let metadata = &mut schema["properties"]["metadata"];
    let reference = format!("#/components/schemas/{METADATA}");
    let said = metadata["description"].clone();
    *metadata = match form {
        "allOf" => json!({"allOf": [{"$ref": reference}], "description": said}),
        _ => json!({"$ref": reference, "description": said}),
    };
    schema["x-kubernetes-group-version-kind"] = json!([group_version_kind(&row.api_version(), row.kind)]);
    schema
}
