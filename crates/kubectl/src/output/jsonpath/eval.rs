//! Evaluates templates.

use serde_json::Value;

use super::{Node, Slice, Step, shown};

/// Prints nodes into `out`.
pub fn render(nodes: &[Node], root: &Value, current: &Value, missing_ok: bool, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Path(steps) => out.push_str(&shown(&walk(steps, root, vec![current.clone()], missing_ok)?)),
            Node::Range(steps, body) => {
                for item in walk(steps, root, vec![current.clone()], missing_ok)? {
                    render(body, root, &item, missing_ok, out)?;
                }
            }
        }
    }
    Ok(())
}

/// Collects the results of all paths.
pub fn collect(
    nodes: &[Node],
    root: &Value,
    current: &Value,
    missing_ok: bool,
    all: &mut Vec<Value>,
) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(_) => {}
            Node::Path(steps) => all.extend(walk(steps, root, vec![current.clone()], missing_ok)?),
            Node::Range(steps, body) => {
                for item in walk(steps, root, vec![current.clone()], missing_ok)? {
                    collect(body, root, &item, missing_ok, all)?;
                }
            }
        }
    }
    Ok(())
}

/// Goes along a path from all the values so far.
pub fn walk(steps: &[Step], root: &Value, mut values: Vec<Value>, missing_ok: bool) -> Result<Vec<Value>, String> {
    for step in steps {
        let mut next = Vec::new();
        for value in values {
            take(step, root, value, missing_ok, &mut next)?;
        }
        values = next;
    }
    Ok(values)
}

fn take(step: &Step, root: &Value, value: Value, missing_ok: bool, next: &mut Vec<Value>) -> Result<(), String> {
    match step {
        Step::Root => next.push(root.clone()),
        Step::Literal(literal) => next.push(literal.clone()),
        Step::Field(name) => match (value, missing_ok) {
            (Value::Object(mut map), _) if map.contains_key(name) => {
                next.extend(map.remove(name).filter(|found| !found.is_null() || !missing_ok))
            }
            (_, true) => {}
            (_, false) => return Err(format!("{name} is not found")),
        },
        Step::Wildcard => children(value, next),
        Step::Slice(slice) => next.extend(cut(slice, value, missing_ok)?),
        Step::Union(paths) => {
            for path in paths {
                next.extend(walk(path, root, vec![value.clone()], missing_ok)?);
            }
        }
        Step::Recursive => descend(value, next),
        Step::Filter(filter) => {
            let Value::Array(list) = value else {
                return if missing_ok && value.is_null() {
                    Ok(())
                } else {
                    Err(format!("{value} is not array or slice and cannot be filtered"))
                };
            };
            for item in list {
                if filter.lets_through(root, &item)? {
                    next.push(item);
                }
            }
        }
    }
    Ok(())
}

fn children(value: Value, next: &mut Vec<Value>) {
    match value {
        Value::Array(list) => next.extend(list),
        Value::Object(map) => next.extend(map.into_iter().map(|(_, value)| value)),
        _ => {}
    }
}

/// The value and everything below it.
fn descend(value: Value, next: &mut Vec<Value>) {
    let mut below = Vec::new();
    children(value.clone(), &mut below);
    next.push(value);
    for child in below {
        descend(child, next);
    }
}

fn cut(slice: &Slice, value: Value, missing_ok: bool) -> Result<Vec<Value>, String> {
    let list = match value {
        Value::Array(list) => list,
        Value::Null if missing_ok => return Ok(Vec::new()),
        other => return Err(format!("{} is not array or slice", super::text_of(&other))),
    };
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let place = |bound: Option<i64>, default: i64| bound.map_or(default, |at| if at < 0 { at + length } else { at });
    let from = place(slice.from, 0);
    let to = if slice.single { from + 1 } else { place(slice.to, length).min(length) };
    let step = slice.step.unwrap_or(1);
    if slice.single && (from >= length || from < 0) {
        return Err(format!("array index out of bounds: index {from}, length {length}"));
    }
    if step <= 0 {
        return Err(if step == 0 { "step must be > 0".to_owned() } else { "step must be >= 0".to_owned() });
    }
    let stride = usize::try_from(step).unwrap_or(1);
    let (from, to) = (usize::try_from(from.max(0)).unwrap_or(0), usize::try_from(to.max(0)).unwrap_or(0));
    Ok(list.into_iter().take(to).skip(from).step_by(stride).collect())
}
