//! A table as the API server prints it, kept up to date by watch events. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The most rows a view shows.
const MAX_ROWS: usize = 500;

/// What a view asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// `/api/v1/namespaces/default/pods`
    pub path: String,
    /// Whether columns of lower priority are shown, as by `-o wide`.
    pub wide: bool,
    /// In which order.
    pub order: Order,
}

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By name, as `kubectl get` shows them.
    Name,
    /// Events: the newest last.
    LastSeen,
}

/// What a page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// `NAME`, `READY`, …
    pub columns: Vec<String>,
    /// The rows in order.
    pub rows: Vec<Row>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `metadata.uid`
    pub uid: String,
    /// `metadata.name`
    pub name: String,
    /// `metadata.creationTimestamp`
    pub created: Option<Timestamp>,
    /// As kubectl prints them.
    pub cells: Vec<String>,
    /// When it was last seen, of an event; else when it was made. Then its version, to tell those of one second apart.
    moment: (Option<Timestamp>, u64),
}

/// `meta.k8s.io/v1` Table, as far as it is shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawTable {
    #[serde(default)]
    pub metadata: RawListMeta,
    /// Only the first table of a watch has them; later ones have `null`.
    column_definitions: Option<Vec<RawColumn>>,
    rows: Option<Vec<RawRow>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawListMeta {
    #[serde(default)]
    pub resource_version: String,
}

#[derive(Debug, Clone, Deserialize)]
struct RawColumn {
    name: String,
    #[serde(default)]
    priority: i32,
}

#[derive(Debug, Clone, Deserialize)]
struct RawRow {
    cells: Vec<Value>,
    #[serde(default)]
    object: Value,
}

/// What a watch event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Added or modified.
    Set,
    /// Deleted.
    Gone,
}

/// The rows that are known, by uid.
#[derive(Debug)]
pub(super) struct Rows {
    wide: bool,
    order: Order,
    columns: Vec<RawColumn>,
    rows: BTreeMap<String, Row>,
    /// The version of the last list: what a watch says that is older is known already.
    listed: u64,
}

impl Rows {
    pub fn new(query: &Query) -> Self {
        Self { wide: query.wide, order: query.order, columns: Vec::new(), rows: BTreeMap::new(), listed: 0 }
    }

    /// A list replaces everything.
    pub fn list(&mut self, table: RawTable) {
        self.listed = table.metadata.resource_version.parse().unwrap_or(0);
        if let Some(columns) = table.column_definitions {
            self.columns = columns;
        }
        self.rows = table
            .rows
            .into_iter()
            .flatten()
            .filter_map(|raw| self.row(raw))
            .map(|row| (row.uid.clone(), row))
            .collect();
    }

    /// A watch event changes what it carries.
    pub fn event(&mut self, change: Change, table: RawTable) {
        for raw in table.rows.into_iter().flatten() {
            let Some(row) = self.row(raw).filter(|row| row.moment.1 == 0 || row.moment.1 > self.listed) else {
                continue;
            };
            match change {
                Change::Set => self.rows.insert(row.uid.clone(), row),
                Change::Gone => self.rows.remove(&row.uid),
            };
        }
    }

    fn shown(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|n| self.wide || self.columns[*n].priority == 0)
    }

    fn row(&self, raw: RawRow) -> Option<Row> {
        let meta = raw.object.get("metadata")?;
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let created = text(meta, "creationTimestamp").and_then(|t| t.parse().ok());
        let seen = ["/lastTimestamp", "/series/lastObservedTime", "/eventTime"].iter();
        let seen = seen.filter_map(|p| raw.object.pointer(p).and_then(Value::as_str)).find_map(|t| t.parse().ok());
        let version = text(meta, "resourceVersion").and_then(|v| v.parse().ok()).unwrap_or(0);
        Some(Row {
            uid: text(meta, "uid")?,
            name: text(meta, "name")?,
            created,
            cells: self.shown().map(|n| raw.cells.get(n).map(cell).unwrap_or_default()).collect(),
            moment: (seen.or(created), version),
        })
    }

    /// What is shown now.
    pub fn table(&self) -> Table {
        let mut rows: Vec<Row> = self.rows.values().cloned().collect();
        match self.order {
            Order::Name => {
                rows.sort_by(|a, b| a.name.cmp(&b.name));
                rows.truncate(MAX_ROWS);
            }
            Order::LastSeen => {
                // The scheduler's events carry microseconds and the kubelet's whole seconds: within one second the
                // version tells what came first.
                rows.sort_by_key(|row| (row.moment.0.map(Timestamp::as_second), row.moment.1));
                rows.drain(..rows.len().saturating_sub(MAX_ROWS));
            }
        }
        Table { columns: self.shown().map(|n| self.columns[n].name.to_uppercase()).collect(), rows }
    }
}

/// A cell as kubectl prints it: one line.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => match text.split_once(['\n', '\r', '\x0c']) {
            Some((first, _)) => format!("{first}..."),
            None => text.clone(),
        },
        other => other.to_string(),
    }
}

impl Table {
    /// Whether a cell shows seconds, so that it is old in a second.
    pub(super) fn shows_seconds(&self) -> bool {
        let counts = |text: &str| {
            text.strip_suffix('s').is_some_and(|t| t.ends_with(|c: char| c.is_ascii_digit()) && !t.contains(' '))
        };
        self.rows.iter().flat_map(|r| &r.cells).any(|c| counts(c) || c.contains("s ago)") || c.contains("s (x"))
    }

    /// The row that was made last.
    pub fn newest(&self) -> Option<&Row> {
        self.rows.iter().max_by_key(|row| (row.created, row.moment.1.min(1), row.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(version: u64, rows: &[(&str, u64, &str)]) -> RawTable {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(name, version, status)| {
                let metadata = json!({"name": name, "uid": format!("u-{name}"), "resourceVersion": version.to_string(),
                    "creationTimestamp": "2026-11-23T07:32:40Z"});
                json!({"cells": [name, status, 0, null], "object": {"metadata": metadata}})
            })
            .collect();
        let columns = json!([{"name": "Name"}, {"name": "Status"}, {"name": "Restarts"},
            {"name": "Nominated Node", "priority": 1}]);
        let table =
            json!({"metadata": {"resourceVersion": version.to_string()}, "columnDefinitions": columns, "rows": rows});
        serde_json::from_value(table).unwrap()
    }

    fn rows(wide: bool) -> Rows {
        Rows::new(&Query { path: String::new(), wide, order: Order::Name })
    }

    fn cells(rows: &Rows) -> Vec<String> {
        rows.table().rows.iter().map(|r| r.cells.join(" ")).collect()
    }

    #[test]
    fn a_list_then_events() {
        let mut rows = rows(false);
        rows.list(raw(10, &[("b", 4, "Pending"), ("a", 3, "Running")]));
        assert_eq!(rows.table().columns, ["NAME", "STATUS", "RESTARTS"]);
        assert_eq!(cells(&rows), ["a Running 0", "b Pending 0"]);
        rows.event(Change::Set, raw(0, &[("b", 11, "Running")]));
        rows.event(Change::Gone, raw(0, &[("a", 12, "Running")]));
        assert_eq!(cells(&rows), ["b Running 0"]);
    }

    #[test]
    fn later_tables_of_a_watch_have_no_columns() {
        let mut rows = rows(false);
        rows.list(raw(10, &[]));
        let mut later = raw(0, &[("a", 11, "Running")]);
        later.column_definitions = serde_json::from_str::<RawTable>(r#"{"columnDefinitions": null, "rows": null}"#)
            .unwrap()
            .column_definitions;
        rows.event(Change::Set, later);
        assert_eq!(cells(&rows), ["a Running 0"]);
    }

    #[test]
    fn an_event_older_than_the_list_changes_nothing() {
        let mut rows = rows(true);
        rows.list(raw(10, &[("a", 9, "Running")]));
        rows.event(Change::Set, raw(0, &[("a", 8, "Pending")]));
        rows.event(Change::Gone, raw(0, &[("a", 7, "Pending")]));
        assert_eq!(cells(&rows), ["a Running 0 "]);
        assert_eq!(rows.table().columns[3], "NOMINATED NODE");
    }

    #[test]
    fn seconds_make_a_table_old() {
        let with = |cell: &str| {
            let row = Row {
                uid: String::new(),
                name: String::new(),
                created: None,
                cells: vec![cell.into()],
                moment: (None, 0),
            };
            Table { columns: Vec::new(), rows: vec![row] }.shows_seconds()
        };
        assert!(with("5s") && with("3m20s") && with("3 (10s ago)") && with("7s (x3 over 1m)"));
        assert!(!with("5m") && !with("Pods") && !with("the 3s") && !with("4d"));
    }
}
