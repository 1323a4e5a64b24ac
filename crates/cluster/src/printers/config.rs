//! Namespaces and what configures Pods in them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AGE, CREATED_AT, Column, NAME, Row, column, metadata_cells};
use crate::{
    admission::{quantity::Quantity, resources::amounts},
    json::text,
};

pub(super) const NAMESPACE: &[Column] = &[NAME, column("Status", "string", "The status of the namespace"), AGE];

pub(super) const SERVICE_ACCOUNT: &[Column] = &[NAME, AGE];

pub(super) const CONFIG_MAP: &[Column] = &[
    NAME,
    column(
        "Data",
        "string",
        "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.",
    ),
    AGE,
];

pub(super) const SECRET: &[Column] = &[
    NAME,
    column(
        "Type",
        "string",
        "Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types",
    ),
    column(
        "Data",
        "string",
        "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4",
    ),
    AGE,
];

pub(super) const QUOTA: &[Column] = &[
    NAME,
    column("Request", "string", "Request represents a minimum amount of cpu/memory that a container may consume."),
    column(
        "Limit",
        "string",
        "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
    ),
    AGE,
];

pub(super) const LIMIT_RANGE: &[Column] = &[NAME, CREATED_AT];

pub(super) fn namespace(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    Row::of(vec![name, json!(text(&object["status"], "phase")), age])
}

fn entries(object: &Value, field: &str) -> usize {
    object.get(field).and_then(Value::as_object).map_or(0, serde_json::Map::len)
}

pub(super) fn config_map(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    Row::of(vec![name, json!(entries(object, "data") + entries(object, "binaryData")), age])
}

pub(super) fn secret(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    Row::of(vec![name, json!(text(object, "type")), json!(entries(object, "data")), age])
}

pub(super) fn quota(object: &Value, now: Timestamp) -> Row {
    let [name, age] = metadata_cells(object, now);
    let (hard, used) = (amounts(&object["status"]["hard"]), amounts(&object["status"]["used"]));
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, most) in &hard {
        let used = used.get(name).copied().unwrap_or(Quantity::ZERO);
        let column = if name.starts_with("limits.") { &mut limits } else { &mut requests };
        column.push(format!("{name}: {used}/{most}"));
    }
    Row::of(vec![name, json!(requests.join(", ")), json!(limits.join(", ")), age])
}
