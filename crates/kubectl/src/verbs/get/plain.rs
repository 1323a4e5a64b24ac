//! Tables of what every object has, for `--server-print=false`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, singles};
use crate::{failure::text_at, output::age};

/// Lists as their items, each an answer of its own.
pub fn taken_apart(found: Vec<Answer>) -> Vec<Answer> {
    let parts = |answer: Answer| {
        let resource = answer.resource;
        let values = singles(answer.value, &resource);
        values.into_iter().map(move |value| Answer { resource: resource.clone(), value })
    };
    found.into_iter().flat_map(parts).collect()
}

/// Names and ages as a table of the server has them.
pub fn table<'a>(objects: impl Iterator<Item = &'a Value>, now: Timestamp) -> Value {
    let row = |object: &Value| {
        let name = text_at(object, "/metadata/name");
        let age = age::since(text_at(object, "/metadata/creationTimestamp"), now);
        json!({"cells": [name, age], "object": {"metadata": object["metadata"]}})
    };
    json!({
        "columnDefinitions": [{"name": "Name", "type": "string", "format": "name"}, {"name": "Age", "type": "string"}],
        "rows": objects.map(row).collect::<Vec<_>>(),
    })
}
