//! `--sort-by`.

use std::cmp::Ordering;

use serde_json::Value;

use crate::{
    failure::{Failure, Outcome},
    output::jsonpath::{Template, text_of},
};

/// Sorts the rows of a table by a field of their objects.
pub fn rows(table: &mut Value, path: &Template) -> Outcome {
    let Some(rows) = table.get_mut("rows").and_then(Value::as_array_mut) else { return Ok(()) };
    by(rows, path, |row| row.get("object").unwrap_or(&Value::Null))
}

/// Sorts the items of a list.
pub fn items(list: &mut Value, path: &Template) -> Outcome {
    let Some(items) = list.get_mut("items").and_then(Value::as_array_mut) else { return Ok(()) };
    by(items, path, |item| item)
}

fn by(values: &mut Vec<Value>, path: &Template, object: fn(&Value) -> &Value) -> Outcome {
    let mut keyed = Vec::new();
    for value in values.drain(..) {
        let key = path.results(object(&value), true).map_err(Failure::Said)?.into_iter().next();
        keyed.push((key, value));
    }
    keyed.sort_by(|a, b| order(a.0.as_ref(), b.0.as_ref()));
    values.extend(keyed.into_iter().map(|(_, value)| value));
    Ok(())
}

/// Missing fields come first; quantities and numbers by size; texts with digits as numbers.
fn order(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Some(a), Some(b)) => texts(&text_of(a), &text_of(b)),
    }
}

fn texts(a: &str, b: &str) -> Ordering {
    crate::output::yaml::natural(a, b)
}
