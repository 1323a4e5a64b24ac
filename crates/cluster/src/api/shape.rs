//! Answers in the form a client asked for: plain, as rows of a table, or metadata alone.

use serde_json::{Value, json};

use super::{Api, call::Call, negotiate::Shape, respond::Reply, versions};
use crate::{
    custom::CustomColumn,
    printers::{self, Column},
    registry::Resource,
};

/// Which part of an object a row carries (`?includeObject=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    /// Its metadata.
    Metadata,
    /// All of it.
    Object,
    /// Nothing.
    Nothing,
}

impl Include {
    /// Reads the parameter; metadata is the default.
    pub fn of(call: &Call) -> Self {
        match call.query.text("includeObject") {
            "Object" => Self::Object,
            "None" => Self::Nothing,
            _ => Self::Metadata,
        }
    }
}

/// Gives an answer the form that was asked for. A `Status` stays as it is.
pub(crate) fn shape(api: &Api, call: &Call, mut reply: Reply) -> Reply {
    let resource = &call.resource();
    if reply.body["kind"] == "Status" {
        return reply;
    }
    let list = reply.body.get("items").is_some_and(Value::is_array);
    reply.body = match call.accept.shape {
        Shape::Plain => reply.body,
        Shape::Table(version) => {
            let metadata = if list { reply.body["metadata"].clone() } else { version_of(&reply.body) };
            let objects = match reply.body.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => items.into_iter().map(|item| with_kind(resource, item)).collect(),
                _ => vec![reply.body],
            };
            let rows = objects.iter().map(|object| row(api, resource, object, Include::of(call), version)).collect();
            table(version, metadata, Some(columns(resource)), rows)
        }
        Shape::Metadata(version) if list => {
            let items = reply.body["items"].as_array().into_iter().flatten();
            json!({
                "kind": "PartialObjectMetadataList", "apiVersion": format!("meta.k8s.io/{version}"),
                "metadata": reply.body["metadata"],
                "items": items.map(|item| metadata_only(item, version)).collect::<Vec<_>>(),
            })
        }
        Shape::Metadata(version) => metadata_only(&reply.body, version),
    };
    reply
}

/// An object of a watch event in the form that was asked for; only the first table names its columns.
pub(crate) fn shape_event(api: &Api, call: &Call, object: &Value, first: bool) -> Value {
    let resource = &call.resource();
    match call.accept.shape {
        Shape::Plain => versions::served(resource, object).into_owned(),
        Shape::Table(version) => {
            let rows = vec![row(api, resource, object, Include::of(call), version)];
            table(version, version_of(object), first.then(|| columns(resource)), rows)
        }
        Shape::Metadata(version) => metadata_only(object, version),
    }
}

/// A bookmark in the form that was asked for.
pub(crate) fn shape_bookmark(call: &Call, bare: Value) -> Value {
    match call.accept.shape {
        Shape::Plain => bare,
        Shape::Metadata(version) => metadata_only(&bare, version),
        Shape::Table(version) => {
            let object = metadata_only(&bare, version);
            table(version, version_of(&bare), None, vec![json!({"cells": [], "object": object})])
        }
    }
}

fn table(version: &str, metadata: Value, columns: Option<Value>, rows: Vec<Value>) -> Value {
    json!({
        "kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata,
        "columnDefinitions": columns, "rows": rows,
    })
}

fn version_of(object: &Value) -> Value {
    json!({"resourceVersion": object["metadata"]["resourceVersion"]})
}

fn with_kind(resource: &Resource, mut object: Value) -> Value {
    object["kind"] = resource.kind.into();
    object["apiVersion"] = resource.api_version().into();
    object
}

fn columns(resource: &Resource) -> Value {
    let definition = |column: &Column| {
        json!({
            "name": column.name, "type": column.kind, "format": column.format, "description": column.description,
            "priority": column.priority,
        })
    };
    match resource.custom {
        Some(custom) => {
            let name = definition(&printers::NAME);
            std::iter::once(name).chain(custom.columns.iter().map(CustomColumn::definition)).collect()
        }
        None => printers::columns(resource).iter().map(definition).collect(),
    }
}

fn row(api: &Api, resource: &Resource, object: &Value, include: Include, version: &str) -> Value {
    if let Some(custom) = resource.custom {
        let shown = custom.served(object);
        let name = shown["metadata"]["name"].clone();
        let cells = custom.columns.iter().map(|column| column.cell(&shown, api.clock.now()));
        let cells: Vec<Value> = std::iter::once(name).chain(cells).collect();
        return with_object(json!({"cells": cells}), &shown, include, version);
    }
    let stored = versions::stored(resource, object.clone());
    let printed = printers::row(resource, &stored, api.clock.now());
    let mut row = json!({"cells": printed.cells});
    if !printed.conditions.is_empty() {
        row["conditions"] = printed.conditions.into();
    }
    with_object(row, object, include, version)
}

fn with_object(mut row: Value, object: &Value, include: Include, version: &str) -> Value {
    match include {
        Include::Metadata => row["object"] = metadata_only(object, version),
        Include::Object => row["object"] = object.clone(),
        Include::Nothing => {}
    }
    row
}

fn metadata_only(object: &Value, version: &str) -> Value {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{version}"),
        "metadata": object["metadata"],
    })
}
