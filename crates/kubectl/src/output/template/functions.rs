//! The functions of a template.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    format::{self, Argument},
    run::{shown, truth},
};
use crate::output::columns::go_text;

const KNOWN: [&str; 21] = [
    "and",
    "or",
    "not",
    "len",
    "index",
    "slice",
    "print",
    "println",
    "printf",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "html",
    "js",
    "urlquery",
    "exists",
    "base64decode",
    "call",
];

/// The name, if there is such a function.
pub fn known(name: &str) -> Option<String> {
    KNOWN.contains(&name).then(|| name.to_owned())
}

/// A range over a number has at most so many turns.
pub const MOST_TURNS: i64 = 1 << 16;

/// Refuses too few or too many arguments.
pub fn check_count(name: &str, count: usize) -> Result<(), String> {
    let (least, most) = match name {
        "and" | "or" | "eq" | "index" | "slice" | "printf" | "call" | "exists" => (1, usize::MAX),
        "not" | "len" | "base64decode" => (1, 1),
        "ne" | "lt" | "le" | "gt" | "ge" => (2, 2),
        _ => (0, usize::MAX),
    };
    if (least..=most).contains(&count) {
        return Ok(());
    }
    let at_least = if most == usize::MAX { "at least " } else { "" };
    Err(format!("wrong number of args for {name}: want {at_least}{least} got {count}"))
}

/// Prints values into a text; `own` says which arguments are numbers of the template itself.
pub fn printf(arguments: &[Value], own: &[bool]) -> Value {
    let (format, values) =
        arguments.split_first().map_or((String::new(), &[][..]), |(first, rest)| (shown(first), rest));
    let own = own.iter().skip(1).chain(std::iter::repeat(&false));
    let values = values.iter().zip(own);
    format::printf(
        &format,
        values.map(|(value, own)| Argument { value, kind: if *own { "int" } else { go_type(value) } }),
    )
    .into()
}

/// Calls a function other than `printf`.
pub fn call(name: &str, arguments: Vec<Value>) -> Result<Value, String> {
    let first = arguments.first().cloned().unwrap_or_default();
    match name {
        "and" => Ok(arguments.iter().find(|value| !truth(value)).or(arguments.last()).cloned().unwrap_or_default()),
        "or" => Ok(arguments.iter().find(|value| truth(value)).or(arguments.last()).cloned().unwrap_or_default()),
        "not" => Ok(Value::Bool(!truth(&first))),
        "len" => len(&first).map(Value::from),
        "index" => arguments.iter().skip(1).try_fold(first, index),
        "slice" => slice(&arguments),
        "print" => Ok(format::print(&arguments).into()),
        "println" => Ok(format!("{}\n", arguments.iter().map(go_text).collect::<Vec<_>>().join(" ")).into()),
        "eq" => equal(&first, arguments.get(1..).unwrap_or_default()).map(Value::Bool),
        "ne" | "lt" | "le" | "gt" | "ge" => compare(name, &arguments),
        "html" => Ok(format::print(&arguments)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&#34;")
            .replace('\'', "&#39;")
            .into()),
        "js" => Ok(format::print(&arguments)
            .replace('\\', "\\\\")
            .replace('\'', "\\'")
            .replace('"', "\\\"")
            .replace('<', "\\u003C")
            .replace('>', "\\u003E")
            .into()),
        "urlquery" => Ok(crate::server::encode(&format::print(&arguments)).replace("%20", "+").into()),
        "exists" => Ok(Value::Bool(arguments.iter().skip(1).try_fold(first, step).is_some())),
        "base64decode" => base64_decoded(&shown(&first)).map(Value::from),
        "call" => Err(format!("non-function of type {}", go_type(&first))),
        other => Err(format!("function {other:?} not defined")),
    }
}

fn len(value: &Value) -> Result<usize, String> {
    match value {
        Value::String(text) => Ok(text.len()),
        Value::Array(list) => Ok(list.len()),
        Value::Object(map) => Ok(map.len()),
        other => Err(format!("len of type {}", go_type(other))),
    }
}

fn step(value: Value, key: &Value) -> Option<Value> {
    match (value, key) {
        (Value::Object(mut map), Value::String(key)) => map.remove(key),
        (Value::Array(mut list), Value::Number(at)) => {
            let at = usize::try_from(at.as_i64()?).ok().filter(|at| *at < list.len())?;
            Some(list.swap_remove(at))
        }
        _ => None,
    }
}

fn index(value: Value, key: &Value) -> Result<Value, String> {
    match (&value, key) {
        (Value::Array(list), Value::Number(at)) if at.as_u64().is_none_or(|at| at >= list.len() as u64) => {
            // Go's lists have room for more than is in them, and tell the two apart.
            let within = at.as_u64().is_some_and(|at| at < 1 << 20 && at <= list.len().next_power_of_two() as u64);
            Err(if within && !list.is_empty() {
                "reflect: slice index out of range".to_owned()
            } else {
                format!("index out of range: {at}")
            })
        }
        (Value::Null, _) => Err("index of untyped nil".to_owned()),
        _ => Ok(step(value, key).unwrap_or_default()),
    }
}

fn slice(arguments: &[Value]) -> Result<Value, String> {
    let bounds = |length: usize| {
        let mut found = [0, length];
        for (at, bound) in arguments.iter().skip(1).take(2).enumerate() {
            let number = bound.as_u64().and_then(|number| usize::try_from(number).ok());
            found[at] = number.filter(|number| *number <= length).ok_or(format!("index out of range: {bound}"))?;
        }
        let [from, to] = found;
        if from > to { Err(format!("invalid slice index: {from} > {to}")) } else { Ok(from..to) }
    };
    match arguments.first() {
        Some(Value::String(text)) => Ok(text.get(bounds(text.len())?).map(Value::from).unwrap_or_default()),
        Some(Value::Array(list)) => Ok(list[bounds(list.len())?].to_vec().into()),
        Some(Value::Null) | None => Err("slice of untyped nil".to_owned()),
        Some(other) => Err(format!("can't slice item of type {}", go_type(other))),
    }
}

/// Two values of the same kind: numbers that are whole are another kind than those that are not.
fn order(a: &Value, b: &Value) -> Result<Ordering, String> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() == b.is_f64() => {
            Ok(a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal))
        }
        (Value::String(a), Value::String(b)) => Ok(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Ok(a.cmp(b)),
        (a, b) => Err(format!("incompatible types for comparison: {} and {}", go_type(a), go_type(b))),
    }
}

/// Whether a value is one of several.
fn equal(first: &Value, others: &[Value]) -> Result<bool, String> {
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        let same = match (first, other) {
            (Value::Null, _) | (_, Value::Null) => first == other,
            (Value::Array(_) | Value::Object(_), _) => {
                return Err(format!("non-comparable type {}: {}", go_text(first), go_type(first)));
            }
            _ => order(first, other)?.is_eq(),
        };
        if same {
            return Ok(true);
        }
    }
    Ok(false)
}

fn compare(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let [a, b] = arguments else { return Err("missing argument for comparison".to_owned()) };
    if name == "ne" {
        return equal(a, std::slice::from_ref(b)).map(|same| Value::Bool(!same));
    }
    let orderless = |value: &Value| !matches!(value, Value::Number(_) | Value::String(_));
    if orderless(a) || orderless(b) {
        return Err("invalid type for comparison".to_owned());
    }
    let order = order(a, b)?;
    Ok(Value::Bool(match name {
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        "gt" => order.is_gt(),
        _ => order.is_ge(),
    }))
}

/// What Go calls the type of a decoded value.
pub fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// What a base64 text stands for, as text.
pub fn base64_decoded(text: &str) -> Result<String, String> {
    base64_bytes(text).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// What a base64 text stands for.
pub fn base64_bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for (at, c) in text.bytes().enumerate().filter(|(_, c)| *c != b'=') {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(format!("base64 decode failed: illegal base64 data at input byte {at}")),
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 255).unwrap_or(0));
        }
    }
    Ok(bytes)
}
