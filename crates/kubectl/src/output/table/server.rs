//! A `Table` of the server as lines.

use serde_json::Value;

use super::Grid;
use crate::failure::text_at;

/// How a table is shown.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Columns for `-o wide` too.
    pub wide: bool,
    /// A first column with the namespace.
    pub namespaces: bool,
    /// `pod/` before the name: the kind with its group, when wanted.
    pub kind: Option<String>,
    /// A last column with all labels.
    pub show_labels: bool,
    /// Columns of these labels.
    pub label_columns: Vec<String>,
    /// Without the first line.
    pub no_headers: bool,
    /// A first column `EVENT`.
    pub events: bool,
}

/// The columns of a table, kept for the events of a watch, of which only the first names them.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<Value>,
    headed: bool,
}

impl Table {
    /// Puts the rows of a table into a grid, with a head the first time; `event` is the watch event's type.
    pub fn rows(&mut self, table: &Value, look: &Look, event: Option<&str>, grid: &mut Grid) {
        if let Some(columns) =
            table.get("columnDefinitions").and_then(Value::as_array).filter(|columns| !columns.is_empty())
        {
            self.columns.clone_from(columns);
        }
        let rows = table.get("rows").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if rows.is_empty() {
            return;
        }
        if !self.headed && !look.no_headers {
            grid.row(self.head(look));
        }
        self.headed = true;
        for row in rows {
            grid.row(self.cells(row, look, event));
        }
    }

    fn shown<'a>(&'a self, look: &'a Look) -> impl Iterator<Item = usize> + 'a {
        let priority = |column: &Value| column.get("priority").and_then(Value::as_i64).unwrap_or(0);
        self.columns.iter().enumerate().filter(move |(_, column)| look.wide || priority(column) == 0).map(|(at, _)| at)
    }

    fn head(&self, look: &Look) -> Vec<String> {
        let mut cells = Vec::new();
        if look.events {
            cells.push("EVENT".to_owned());
        }
        if look.namespaces {
            cells.push("NAMESPACE".to_owned());
        }
        cells.extend(self.shown(look).map(|at| text_at(&self.columns[at], "/name").to_uppercase()));
        cells.extend(look.label_columns.iter().map(|label| label.rsplit('/').next().unwrap_or(label).to_uppercase()));
        if look.show_labels {
            cells.push("LABELS".to_owned());
        }
        cells
    }

    fn cells(&self, row: &Value, look: &Look, event: Option<&str>) -> Vec<String> {
        let object = row.get("object").unwrap_or(&Value::Null);
        let mut cells: Vec<String> = event.filter(|_| look.events).map(str::to_owned).into_iter().collect();
        if look.namespaces {
            cells.push(text_at(object, "/metadata/namespace").to_owned());
        }
        let values = row.get("cells").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for at in self.shown(look) {
            let text = values.get(at).map(cell).unwrap_or_default();
            match &look.kind {
                Some(kind) if text_at(&self.columns[at], "/format") == "name" => cells.push(format!("{kind}/{text}")),
                _ => cells.push(text),
            }
        }
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
        let most = cells.len() + look.label_columns.len() + usize::from(look.show_labels);
        // What a row has beyond its columns stands where labels would; kubectl does not count.
        cells.extend(values.iter().skip(self.columns.len()).map(cell));
        for name in &look.label_columns {
            cells.push(
                labels.and_then(|labels| labels.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned(),
            );
        }
        if look.show_labels {
            cells.push(labels.filter(|labels| !labels.is_empty()).map_or_else(|| "<none>".to_owned(), joined));
        }
        cells.truncate(most);
        cells
    }
}

fn joined(labels: &serde_json::Map<String, Value>) -> String {
    labels
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(",")
}

/// A cell as Go prints it; of several lines only the first.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.find(['\n', '\r', '\u{c}']) {
        Some(at) => format!("{}...", &text[..at]),
        None => text,
    }
}
