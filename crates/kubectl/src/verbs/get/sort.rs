//! `--sort-by`.

use serde_json::Value;

use crate::{
    describe::quantity,
    failure::{Failure, Outcome},
    output::{
        jsonpath::{Template, text_of},
        sort::sort,
    },
};

/// Sorts the rows of a table by a field of their objects.
pub fn rows(table: &mut Value, path: &Template) -> Outcome {
    let Some(rows) = table.get_mut("rows").and_then(Value::as_array_mut) else { return Ok(()) };
    // A single row is printed as it is, whatever it is to be sorted by.
    if rows.len() < 2 {
        return Ok(());
    }
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
    if !keyed.is_empty() && keyed.iter().all(|(key, _)| key.is_none()) {
        let path = &path.source;
        return Err(Failure::Said(format!("couldn't find any field with path {path:?} in the list of objects")));
    }
    sort(&mut keyed, |a, b| less(a.0.as_ref(), b.0.as_ref()));
    values.extend(keyed.into_iter().map(|(_, value)| value));
    Ok(())
}

/// Missing fields come first, each before the one that was before it; quantities and numbers by size.
fn less(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, _) => true,
        (_, None) => false,
        // A field that is there and empty is no missing one: two of them are equal.
        (Some(Value::Null), Some(b)) => !b.is_null(),
        (_, Some(Value::Null)) => false,
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_f64() < b.as_f64(),
        (Some(a), Some(b)) => {
            let (a, b) = (text_of(a), text_of(b));
            match (quantity::nano(&a), quantity::nano(&b)) {
                (Some(a), Some(b)) => a < b,
                _ => a < b,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(values: &[Value]) -> Outcome<Vec<Value>> {
        let mut list = json!({"items": values.iter().map(|value| json!({"a": value})).collect::<Vec<_>>()});
        items(&mut list, &Template::parse("{.a}").unwrap())?;
        Ok(list["items"].as_array().unwrap().iter().map(|item| item["a"].clone()).collect())
    }

    #[test]
    fn by_size_or_by_text() {
        let of = |values: Value| Value::from(sorted(values.as_array().unwrap()).unwrap());
        assert_eq!(of(json!([10, 9, 1.5])), json!([1.5, 9, 10]));
        assert_eq!(of(json!(["1Gi", "500Mi", "2k"])), json!(["2k", "500Mi", "1Gi"]));
        assert_eq!(of(json!(["web-10", "web-9"])), json!(["web-10", "web-9"]));
    }

    #[test]
    fn a_path_that_nothing_has_is_a_mistake() {
        let mut list = json!({"items": [{}, {}]});
        let path = Template::parse("{.nope}").unwrap();
        let said = Failure::said("couldn't find any field with path \"{.nope}\" in the list of objects");
        assert_eq!(items(&mut list, &path), Err(said));
    }
}
