//! Server-side Table columns, one file per kind (`SERVER.md`, "Tables"): what `kubectl get` prints.

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

/// The columns of a kind.
pub fn columns(_resource: &Resource) -> &'static [Column] {
    &[]
}

/// The cells of one object.
pub fn row(_resource: &Resource, _object: &Value, _now: Timestamp) -> Row {
    Row::default()
}
