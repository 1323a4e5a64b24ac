//! `--sort-by`.

use std::cell::RefCell;

use serde_json::Value;

use crate::{
    describe::quantity,
    failure::Failure,
    output::{jsonpath::Template, sort::sort},
    session::Session,
};

/// Why something is not sorted.
#[derive(Debug, Clone, PartialEq)]
pub enum Unsorted {
    /// The path makes no sense, or leads nowhere in any of the objects.
    Wrong(String),
    /// What it leads to has no order: kubectl gives up at once, with a line in its log.
    Unsortable(String),
}

impl Unsorted {
    /// The failure of a command; `place` is where kubectl's log says it happened, `holder` in what.
    pub fn failure(self, session: &Session, path: &Template, place: &str, holder: &str) -> Failure {
        match self {
            Self::Wrong(why) => Failure::Said(why),
            Self::Unsortable(why) => Failure::Bare(session.log_line(
                'F',
                place,
                &format!("Field {} in {holder} is an unsortable type: interface, err: {why}", path.source),
            )),
        }
    }
}

/// Sorts values by a field of the objects that they have.
pub fn by<T>(values: &mut Vec<T>, path: &Template, object: fn(&T) -> &Value) -> Result<(), Unsorted> {
    let mut keyed = Vec::new();
    for value in values.iter() {
        keyed.push(path.results(object(value), true).map_err(Unsorted::Wrong)?.into_iter().next());
    }
    if !keyed.is_empty() && keyed.iter().all(Option::is_none) {
        let path = &path.source;
        return Err(Unsorted::Wrong(format!("couldn't find any field with path {path:?} in the list of objects")));
    }
    let unsortable = RefCell::new(None);
    let mut keyed: Vec<_> = keyed.into_iter().zip(values.drain(..)).collect();
    sort(&mut keyed, |a, b| {
        less(a.0.as_ref(), b.0.as_ref()).unwrap_or_else(|why| {
            unsortable.borrow_mut().get_or_insert(why);
            false
        })
    });
    values.extend(keyed.into_iter().map(|(_, value)| value));
    unsortable.into_inner().map_or(Ok(()), |why| Err(Unsorted::Unsortable(why)))
}

/// Missing fields come first, each before the one that was before it; quantities and numbers by size.
fn less(a: Option<&Value>, b: Option<&Value>) -> Result<bool, String> {
    match (a, b) {
        (None, _) => Ok(true),
        (_, None) => Ok(false),
        // A field that is there and empty is no missing one: two of them are equal.
        (Some(Value::Null), Some(b)) => Ok(!b.is_null()),
        (_, Some(Value::Null)) => Ok(false),
        (Some(Value::Number(a)), Some(Value::Number(b))) if a.is_f64() == b.is_f64() => Ok(a.as_f64() < b.as_f64()),
        (Some(Value::String(a)), Some(Value::String(b))) => Ok(match (quantity::nano(a), quantity::nano(b)) {
            (Some(a), Some(b)) => a < b,
            _ => a < b,
        }),
        (Some(Value::Number(_) | Value::String(_)), _) => Err("unsortable interface: interface".to_owned()),
        (Some(Value::Bool(_)), _) => Err("unsortable type: bool".to_owned()),
        (Some(Value::Array(_)), _) => Err("unsortable type: []interface {}".to_owned()),
        (Some(Value::Object(_)), _) => Err("unsortable type: map[string]interface {}".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(values: &Value) -> Result<Vec<Value>, Unsorted> {
        let mut values = values.as_array().unwrap().clone();
        by(&mut values, &Template::parse("{}").unwrap(), |value| value)?;
        Ok(values)
    }

    #[test]
    fn by_size_or_by_text() {
        let of = |values: Value| Value::from(sorted(&values).unwrap());
        assert_eq!(of(json!([10, 9, 11])), json!([9, 10, 11]));
        assert_eq!(of(json!(["1Gi", "500Mi", "2k"])), json!(["2k", "500Mi", "1Gi"]));
        assert_eq!(of(json!(["web-10", "web-9"])), json!(["web-10", "web-9"]));
    }

    #[test]
    fn what_has_no_order_is_named() {
        let why = |values: Value| sorted(&values).unwrap_err();
        assert_eq!(why(json!([true, false])), Unsorted::Unsortable("unsortable type: bool".into()));
        assert_eq!(why(json!([1, "a"])), Unsorted::Unsortable("unsortable interface: interface".into()));
        assert_eq!(why(json!([[], []])), Unsorted::Unsortable("unsortable type: []interface {}".into()));
    }

    #[test]
    fn a_path_that_nothing_has_is_a_mistake() {
        let said = "couldn't find any field with path \"{.nope}\" in the list of objects";
        let mut values = vec![json!({}), json!({})];
        let outcome = by(&mut values, &Template::parse("{.nope}").unwrap(), |value| value);
        assert_eq!(outcome, Err(Unsorted::Wrong(said.into())));
        assert_eq!(values.len(), 2);
    }
}
