//! Numbers that may be percentages.

use serde_json::Value;

use super::{Findings, Path};

/// A number that is not below zero, or a percentage.
pub(super) fn number_or_percent(found: &mut Findings, value: &Value, path: &Path) {
    match value {
        Value::String(text) if !is_percent(text) => {
            let message = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
            found.invalid(path, text.as_str(), message);
        }
        Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => {
            found.invalid(path, value.clone(), "must be greater than or equal to 0");
        }
        _ => {}
    }
}

fn is_percent(text: &str) -> bool {
    let digits = text.strip_suffix('%').unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it comes to none at all. What is no percentage is none either.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::String(text) => !is_percent(text) || text.bytes().all(|byte| matches!(byte, b'0' | b'%')),
        other => other.as_i64().unwrap_or(0) == 0,
    }
}

/// A percentage is at most a hundred.
pub(super) fn at_most_all(found: &mut Findings, value: &Value, path: &Path) {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    if percent.is_some_and(|percent| percent > 100) {
        found.invalid(path, value.clone(), "must not be greater than 100%");
    }
}
