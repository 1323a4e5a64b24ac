//! Server-side Table columns, one file per kind (`SERVER.md`, "Tables"): what `kubectl get` prints.

pub(crate) mod age;
mod pod;

use jiff::Timestamp;
use serde_json::Value;

use crate::registry::Resource;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// `Name`; kubectl prints it in capitals.
    pub name: &'static str,
    /// `string`, `integer`, `date`.
    pub kind: &'static str,
    /// `name` for the name column, else empty.
    pub format: &'static str,
    /// What discovery clients show as help.
    pub description: &'static str,
    /// 0 is always shown, 1 only by `-o wide`.
    pub priority: i32,
}

/// One object's cells and row conditions (`Completed` for Pods that have ended).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// One value per column.
    pub cells: Vec<Value>,
    /// `rows[].conditions`, mostly empty.
    pub conditions: Vec<Value>,
}

/// `Name`.
const NAME: Column = Column { format: "name", ..column("Name", "string", NAME_DOC) };
/// `Age`.
const AGE: Column = column("Age", "string", CREATED_DOC);

const NAME_DOC: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const CREATED_DOC: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

const fn column(name: &'static str, kind: &'static str, description: &'static str) -> Column {
    Column { name, kind, format: "", description, priority: 0 }
}

/// A text column that only `-o wide` shows.
const fn wide(name: &'static str, description: &'static str) -> Column {
    Column { priority: 1, ..column(name, "string", description) }
}

/// The columns of a kind.
pub fn columns(resource: &Resource) -> &'static [Column] {
    match (resource.group, resource.kind) {
        ("", "Pod") => pod::COLUMNS,
        _ => &[NAME, CREATED_AT],
    }
}

/// The cells of one object.
pub fn row(resource: &Resource, object: &Value, now: Timestamp) -> Row {
    match (resource.group, resource.kind) {
        ("", "Pod") => pod::row(object, now),
        _ => Row::of(vec![object["metadata"]["name"].clone(), object["metadata"]["creationTimestamp"].clone()]),
    }
}

impl Row {
    fn of(cells: Vec<Value>) -> Self {
        Self { cells, conditions: Vec::new() }
    }
}

/// What kinds without columns of their own show instead of an age: the time as it is.
const CREATED_AT: Column = column("Created At", "date", CREATED_DOC);

/// The cells that nearly every kind has: name and age.
fn metadata_cells(object: &Value, now: Timestamp) -> [Value; 2] {
    let metadata = &object["metadata"];
    [metadata["name"].clone(), Value::String(age::since(&metadata["creationTimestamp"], now))]
}

/// The text, or `<none>`.
fn or_none(text: &str) -> Value {
    Value::String(if text.is_empty() { "<none>" } else { text }.to_owned())
}
