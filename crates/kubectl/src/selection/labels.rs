//! Label selectors where no server is asked: `-l` beside `-f` looks at what the files say.

use serde_json::{Map, Value};

use crate::failure::{Failure, Outcome};

/// One condition of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Exists(String),
    Missing(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

/// A selector that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<Condition>);

impl Labels {
    /// Reads `a=b,c in (d,e),!f`.
    pub fn read(text: &str) -> Outcome<Self> {
        parts(text)
            .into_iter()
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(condition)
            .collect::<Result<_, String>>()
            .map(Self)
            .map_err(|why| {
                Failure::Said(format!(
                    "the provided selector {text:?} is not valid: unable to parse requirement: {why}"
                ))
            })
    }

    /// Whether an object's labels fit.
    pub fn fit(&self, object: &Value) -> bool {
        let none = Map::new();
        let labels = object.pointer("/metadata/labels").and_then(Value::as_object).unwrap_or(&none);
        let value = |key: &String| labels.get(key).and_then(Value::as_str).map(str::to_owned);
        self.0.iter().all(|condition| match condition {
            Condition::Exists(key) => labels.contains_key(key),
            Condition::Missing(key) => !labels.contains_key(key),
            Condition::In(key, values) => value(key).is_some_and(|value| values.contains(&value)),
            Condition::NotIn(key, values) => value(key).is_none_or(|value| !values.contains(&value)),
        })
    }
}

/// Commas between parentheses separate values, all others conditions.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn condition(text: &str) -> Result<Condition, String> {
    for (word, wanted) in [(" notin ", false), (" in ", true)] {
        if let Some((key, values)) = text.split_once(word) {
            let values = values
                .trim()
                .strip_prefix('(')
                .and_then(|rest| rest.strip_suffix(')'))
                .ok_or_else(|| format!("found '{}' expected: '('", values.trim()))?;
            let values = values.split(',').map(|value| value.trim().to_owned()).collect();
            let key = key.trim().to_owned();
            return Ok(if wanted { Condition::In(key, values) } else { Condition::NotIn(key, values) });
        }
    }
    let of = |(key, value): (&str, &str)| (key.trim().to_owned(), vec![value.trim().to_owned()]);
    let equals = text
        .split_once("!=")
        .map(|pair| (of(pair), false))
        .or_else(|| text.split_once("==").or_else(|| text.split_once('=')).map(|pair| (of(pair), true)));
    Ok(match equals {
        Some(((key, values), true)) => Condition::In(key, values),
        Some(((key, values), false)) => Condition::NotIn(key, values),
        None => match (text.strip_prefix('!'), text.split_whitespace().nth(1)) {
            (Some(key), _) => Condition::Missing(key.trim().to_owned()),
            (None, None) => Condition::Exists(text.to_owned()),
            (None, Some(word)) => return Err(format!("found '{word}', expected: in, notin, =, ==, !=, gt, lt")),
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fits(selector: &str) -> bool {
        Labels::read(selector).unwrap().fit(&json!({"metadata": {"labels": {"app": "web", "tier": "front"}}}))
    }

    #[test]
    fn all_forms() {
        for selector in
            ["", "app", "app=web", "app==web,tier", "app!=x", "app in (x, web)", "tier notin (back)", "!other"]
        {
            assert!(fits(selector), "{selector}");
        }
        for selector in ["other", "app=x", "app!=web", "app in (x)", "tier notin (front)", "!app", "app,other=1"] {
            assert!(!fits(selector), "{selector}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in "[ a-c,!=()in]{0,24}") {
            let _ = Labels::read(&text).map(|labels| labels.fit(&json!({})));
        }

        #[test]
        fn a_condition_and_its_contrary_never_both_hold(key in "[a-c]", value in "[a-c]", label in "[a-c]", held in "[a-c]") {
            let object = json!({"metadata": {"labels": {label: held}}});
            let fit = |text: String| Labels::read(&text).unwrap().fit(&object);
            prop_assert_ne!(fit(format!("{key}={value}")), fit(format!("{key}!={value}")));
            prop_assert_ne!(fit(format!("{key} in ({value},z)")), fit(format!("{key} notin ({value},z)")));
            prop_assert_ne!(fit(key.clone()), fit(format!("!{key}")));
        }
    }
}
