//! What an unquoted word means in YAML 1.1, as Go's yaml.v2 reads it.

use serde_json::{Number, Value};

/// What a scalar is.
pub fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    match tag.map(|tag| tag.trim_start_matches("tag:yaml.org,2002:").trim_start_matches('!')) {
        Some("str" | "binary") => Ok(Value::String(text.to_owned())),
        Some("int" | "float" | "bool" | "null") => Ok(implicit(text)),
        _ if plain => Ok(implicit(text)),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// What an unquoted scalar is.
pub fn implicit(text: &str) -> Value {
    word(text).or_else(|| number(text)).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Whether an unquoted scalar would be read as a text.
pub fn is_text(text: &str) -> bool {
    implicit(text).is_string() && !is_date(text) && text != "<<" && !is_special_float(text)
}

fn word(text: &str) -> Option<Value> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(Value::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Value::Bool(false))
        }
        "" | "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        _ => None,
    }
}

fn is_special_float(text: &str) -> bool {
    matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<Value> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| float(&plain))
}

/// Go's `strconv.ParseInt(s, 0, 64)`: `0x`, `0o`, `0b` and a leading zero set the base.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if body.is_empty() || !body.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    if negative {
        return i64::from_str_radix(&format!("-{body}"), radix).ok().map(Value::from);
    }
    u64::from_str_radix(body, radix).ok().map(Value::from)
}

/// `-1.5e3`, `.5`: what yaml.v2's pattern for floats lets through.
fn float(text: &str) -> Option<Value> {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let shape = body.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        && body.contains(|c: char| c.is_ascii_digit());
    if !shape {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    // A float without a fraction is written without one, as Go's JSON does.
    #[allow(clippy::cast_possible_truncation, reason = "checked against the range")]
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Some(Value::from(value as i64));
    }
    Number::from_f64(value).map(Value::Number)
}

/// Whether it looks like a date, which Go's library keeps as a text when it reads and quotes when it writes.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    if !(digits(0..4) && bytes.get(4) == Some(&b'-')) {
        return false;
    }
    let mut parts = text[5..].splitn(2, '-');
    let (month, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let short = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !short(month) {
        return false;
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, time) = rest.split_at(end);
    short(day)
        && (time.is_empty() && day.len() == 2 && month.len() == 2
            || time.starts_with(['T', 't', ' ']) && time.contains(':'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_1_1() {
        for (text, value) in [
            ("y", json!(true)),
            ("Off", json!(false)),
            ("~", json!(null)),
            ("0644", json!(420)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("1_000", json!(1000)),
            ("-5", json!(-5)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000)),
            ("10m", json!("10m")),
            ("1.2.3", json!("1.2.3")),
            ("08", json!(8)),
            ("2020-01-01", json!("2020-01-01")),
            ("-", json!("-")),
        ] {
            assert_eq!(implicit(text), value, "{text}");
        }
    }

    #[test]
    fn dates() {
        assert!(is_date("2020-01-01") && is_date("2026-11-23T07:23:17Z"));
        assert!(!is_date("2020") && !is_date("20-01-01") && !is_date("2020-01-01x"));
    }
}
