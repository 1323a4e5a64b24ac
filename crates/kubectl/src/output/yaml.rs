//! YAML as Go's yaml.v2 writes it: sorted keys, lists not indented, quotes only where a reader would be misled,
//! lines broken after 80 columns.

mod scalar;

pub use scalar::natural;

use serde_json::{Map, Value};

/// Text of a value, with a newline at the end.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, 0),
        Value::Array(list) if !list.is_empty() => sequence(&mut out, list, 0),
        other => {
            out.push_str(&scalar::value(other, 2, 0));
            out.push('\n');
        }
    }
    out
}

/// Keys longer than this are written with a question mark.
const LONG_KEY: usize = 128;

fn mapping(out: &mut String, map: &Map<String, Value>, indent: usize) {
    for (at, (key, value)) in sorted(map).into_iter().enumerate() {
        // The first key stands on the line of the dash, if there is one.
        if at > 0 || out.is_empty() || out.ends_with('\n') {
            pad(out, indent);
        }
        let key = scalar::key(key);
        if key.len() > LONG_KEY {
            out.push_str(&format!("? {key}\n"));
            pad(out, indent);
        } else {
            out.push_str(&key);
        }
        out.push(':');
        entry(out, value, indent);
    }
}

fn entry(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            mapping(out, map, indent + 2);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            sequence(out, list, indent);
        }
        other => {
            out.push(' ');
            let column = out.len() - out.rfind('\n').map_or(0, |at| at + 1);
            out.push_str(&scalar::value(other, indent + 2, column));
            out.push('\n');
        }
    }
}

fn sequence(out: &mut String, list: &[Value], indent: usize) {
    for (at, value) in list.iter().enumerate() {
        if at > 0 || out.is_empty() || out.ends_with('\n') {
            pad(out, indent);
        }
        out.push_str("- ");
        match value {
            Value::Object(map) if !map.is_empty() => mapping(out, map, indent + 2),
            Value::Array(inner) if !inner.is_empty() => sequence(out, inner, indent + 2),
            other => {
                out.push_str(&scalar::value(other, indent + 2, indent + 2));
                out.push('\n');
            }
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// yaml.v2 sorts keys so that numbers in them count as numbers: `a2` before `a10`.
fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|a, b| natural(a.0, b.0));
    entries
}

#[cfg(test)]
mod tests;
