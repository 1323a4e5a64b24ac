//! The functions of a template.

use std::cmp::Ordering;

use serde_json::Value;

use super::run::{shown, truth};
use crate::output::{columns::go_text, json};

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

/// Calls a function.
pub fn call(name: &str, arguments: Vec<Value>) -> Result<Value, String> {
    let first = arguments.first().cloned().unwrap_or_default();
    match name {
        "and" => Ok(arguments.iter().find(|value| !truth(value)).or(arguments.last()).cloned().unwrap_or_default()),
        "or" => Ok(arguments.iter().find(|value| truth(value)).or(arguments.last()).cloned().unwrap_or_default()),
        "not" => Ok(Value::Bool(!truth(&first))),
        "len" => len(&first).map(Value::from),
        "index" => arguments.iter().skip(1).try_fold(first, index),
        "slice" => slice(&arguments),
        "print" => Ok(arguments.iter().map(go_text).collect::<Vec<_>>().join(" ").into()),
        "println" => Ok(format!("{}\n", arguments.iter().map(go_text).collect::<Vec<_>>().join(" ")).into()),
        "printf" => Ok(printf(&arguments).into()),
        "eq" => Ok(Value::Bool(arguments.iter().skip(1).any(|other| order(&first, other) == Some(Ordering::Equal)))),
        "ne" | "lt" | "le" | "gt" | "ge" => compare(name, &arguments),
        "html" => Ok(shown(&first)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&#34;")
            .replace('\'', "&#39;")
            .into()),
        "js" => Ok(shown(&first)
            .replace('\\', "\\\\")
            .replace('\'', "\\'")
            .replace('"', "\\\"")
            .replace('<', "\\u003C")
            .replace('>', "\\u003E")
            .into()),
        "urlquery" => Ok(crate::server::encode(&shown(&first)).replace("%20", "+").into()),
        "exists" => Ok(Value::Bool(arguments.iter().skip(1).try_fold(first, step).is_some())),
        "base64decode" => base64_decoded(&shown(&first)).map(Value::from),
        other => Err(format!("function {other:?} not defined")),
    }
}

fn len(value: &Value) -> Result<usize, String> {
    match value {
        Value::String(text) => Ok(text.len()),
        Value::Array(list) => Ok(list.len()),
        Value::Object(map) => Ok(map.len()),
        other => Err(format!("error calling len: len of type {}", go_type(other))),
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
            Err(format!("error calling index: index out of range: {at}"))
        }
        (Value::Null, _) => Err("error calling index: index of untyped nil".to_owned()),
        _ => Ok(step(value, key).unwrap_or_default()),
    }
}

fn slice(arguments: &[Value]) -> Result<Value, String> {
    let number = |at: usize| arguments.get(at).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let range = |length: usize| (number(1).unwrap_or(0), number(2).unwrap_or(length));
    let bad = || "error calling slice: index out of range".to_owned();
    match arguments.first() {
        Some(Value::String(text)) => {
            let (from, to) = range(text.len());
            text.get(from..to).map(Value::from).ok_or_else(bad)
        }
        Some(Value::Array(list)) => {
            let (from, to) = range(list.len());
            list.get(from..to).map(|part| part.to_vec().into()).ok_or_else(bad)
        }
        _ => Err("error calling slice: can't slice item".to_owned()),
    }
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (a, b) if a == b => Some(Ordering::Equal),
        _ => None,
    }
}

fn compare(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let [a, b] = arguments else {
        return Err(format!("wrong number of args for {name}: want 2 got {}", arguments.len()));
    };
    let found = order(a, b);
    if name == "ne" {
        return Ok(Value::Bool(found != Some(Ordering::Equal)));
    }
    let order = found.ok_or_else(|| format!("error calling {name}: incompatible types for comparison"))?;
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

/// `%s`, `%d`, `%v`, `%q`, `%T` with widths.
fn printf(arguments: &[Value]) -> String {
    let Some((Value::String(format), rest)) = arguments.split_first() else { return String::new() };
    let (mut out, mut rest, mut chars) = (String::new(), rest.iter(), format.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(flag) = chars.next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '#')) {
            flags.push(flag);
        }
        let verb = chars.next().unwrap_or('%');
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(value) = rest.next() else {
            out.push_str(&format!("%!{verb}(MISSING)"));
            continue;
        };
        let text = match verb {
            'q' => {
                let mut quoted = String::new();
                json::string(&mut quoted, &go_text(value));
                quoted
            }
            'T' => go_type(value).to_owned(),
            _ => go_text(value),
        };
        out.push_str(&padded(&text, &flags));
    }
    out
}

/// Widths beyond this are ignored.
const MAX_WIDTH: usize = 1000;

fn padded(text: &str, flags: &str) -> String {
    let digits: String = flags.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let width = digits.parse::<usize>().unwrap_or(0).min(MAX_WIDTH);
    let fill = " ".repeat(width.saturating_sub(text.chars().count()));
    if flags.starts_with('-') { format!("{text}{fill}") } else { format!("{fill}{text}") }
}

/// What a base64 text stands for.
pub fn base64_decoded(text: &str) -> Result<String, String> {
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
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
