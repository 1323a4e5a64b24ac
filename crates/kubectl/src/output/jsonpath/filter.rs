//! `[?(@.type=="Ready")]`.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::Value;

use super::{
    Node,
    eval::{Stop, Walker, items},
};

/// A condition on the items of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub(super) left: Node,
    /// As it is written; only evaluation complains about one that there is not.
    pub(super) operator: String,
    pub(super) right: Node,
}

/// What a condition without an operator has for one: whether there is something.
pub(super) const EXISTS: &str = "exists";

impl Filter {
    /// The items of lists that fulfil the condition.
    pub(super) fn of<'a>(&'a self, values: Vec<Cow<'a, Value>>) -> Result<Vec<Cow<'a, Value>>, Stop> {
        let mut all = Vec::new();
        for value in values {
            for item in items(value)? {
                if self.lets_through(&item)? {
                    all.push(item);
                }
            }
        }
        Ok(all)
    }

    fn lets_through(&self, item: &Value) -> Result<bool, Stop> {
        let side = |path| Walker::lenient().walk(path, vec![Cow::Borrowed(item)]);
        let left = side(&self.left);
        if self.operator == EXISTS {
            return Ok(left.map_or_else(|stop| stop.had_values, |found| !found.is_empty()));
        }
        let Some(left) = only(left?)? else { return Ok(false) };
        let Some(right) = only(side(&self.right)?)? else { return Ok(false) };
        compare(&self.operator, &left, &right).map_err(wrong)
    }
}

fn wrong(why: impl Into<String>) -> Stop {
    Stop { why: why.into(), had_values: true }
}

fn only(mut found: Vec<Cow<'_, Value>>) -> Result<Option<Cow<'_, Value>>, Stop> {
    if found.len() > 1 {
        return Err(wrong("can only compare one element at a time"));
    }
    Ok(found.pop())
}

fn compare(operator: &str, left: &Value, right: &Value) -> Result<bool, String> {
    let holds: fn(Ordering) -> bool = match operator {
        "==" => Ordering::is_eq,
        "!=" => Ordering::is_ne,
        "<" => Ordering::is_lt,
        "<=" => Ordering::is_le,
        ">" => Ordering::is_gt,
        ">=" => Ordering::is_ge,
        other => return Err(format!("unrecognized filter operator {other}")),
    };
    Ok(order(left, right, matches!(operator, "==" | "!="))?.is_some_and(holds))
}

/// How two values stand to each other; whole numbers and others are two kinds of things.
fn order(left: &Value, right: &Value, equality: bool) -> Result<Option<Ordering>, String> {
    let incomparable = |value: &Value| matches!(value, Value::Null | Value::Array(_) | Value::Object(_));
    if incomparable(left) || incomparable(right) {
        return Err("invalid type for comparison".to_owned());
    }
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) if equality => Ok(Some(a.cmp(b))),
        (Value::Bool(_), Value::Bool(_)) => Err("invalid type for comparison".to_owned()),
        (Value::String(a), Value::String(b)) => Ok(Some(a.cmp(b))),
        (Value::Number(a), Value::Number(b)) if a.is_f64() == b.is_f64() => Ok(match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64().partial_cmp(&b.as_f64()),
        }),
        _ => Err("incompatible types for comparison".to_owned()),
    }
}
