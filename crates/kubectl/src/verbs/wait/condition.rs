//! What is waited for.

use serde_json::Value;

use crate::{
    failure::{Failure, Outcome},
    output::jsonpath::{Template, text_of},
};

/// What `--for` says.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The object is there.
    Created,
    /// The object is gone.
    Deleted,
    /// A condition in its status has this value; case does not matter.
    Status {
        /// Type of the condition.
        name: String,
        /// Its status.
        value: String,
    },
    /// A path leads to this value, or to any.
    Path(Template, Option<String>),
}

/// Reads all of `--for`.
pub fn read(all: &[String]) -> Outcome<Vec<Condition>> {
    if all.is_empty() {
        return Err(Failure::said("unrecognized condition: []"));
    }
    all.iter().map(|text| one(text)).collect()
}

fn one(text: &str) -> Outcome<Condition> {
    match text.to_lowercase().as_str() {
        "create" => return Ok(Condition::Created),
        "delete" => return Ok(Condition::Deleted),
        _ => {}
    }
    if let Some(rest) = text.strip_prefix("condition=") {
        let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
        return Ok(Condition::Status { name: name.to_owned(), value: value.to_owned() });
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        if rest.is_empty() {
            return Err(Failure::said("jsonpath expression cannot be empty"));
        }
        return path(rest);
    }
    Err(Failure::Said(format!("unrecognized condition: {text:?}")))
}

fn path(text: &str) -> Outcome<Condition> {
    let parts = split(text);
    let parse = |path: &str| Template::relaxed(path).map_err(Failure::Said);
    match parts.as_slice() {
        [path] => Ok(Condition::Path(parse(path)?, None)),
        [path, value] => match value.trim_matches(['\'', '"']) {
            "" => Err(Failure::said(
                "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
            )),
            value => Ok(Condition::Path(parse(path)?, Some(value.to_owned()))),
        },
        _ => Err(Failure::said(
            "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
        )),
    }
}

/// Splits at single equal signs; a double one belongs to a filter.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '=' {
            parts.last_mut().into_iter().for_each(|part| part.push(c));
        } else if chars.next_if_eq(&'=').is_some() {
            parts.last_mut().into_iter().for_each(|part| part.push_str("=="));
        } else {
            parts.push(String::new());
        }
    }
    parts
}

impl Condition {
    /// Whether an object is as wanted.
    pub fn met(&self, object: &Value) -> Outcome<bool> {
        match self {
            Self::Created => Ok(true),
            Self::Deleted => Ok(false),
            Self::Status { name, value } => Ok(has(object, name, value)),
            Self::Path(path, wanted) => leads_to(path, wanted.as_deref(), object),
        }
    }
}

fn has(object: &Value, name: &str, value: &str) -> bool {
    let conditions =
        object.pointer("/status/conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |condition: &Value, key: &str| condition[key].as_str().unwrap_or_default().to_lowercase();
    let Some(found) = conditions.iter().find(|condition| text(condition, "type") == name.to_lowercase()) else {
        return false;
    };
    let observed =
        found["observedGeneration"].as_i64().or_else(|| object.pointer("/status/observedGeneration")?.as_i64());
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
    // A status of an older generation says nothing about this one.
    let outdated = matches!((observed, generation), (Some(observed), Some(generation)) if observed < generation);
    !outdated && text(found, "status") == value.to_lowercase()
}

fn leads_to(path: &Template, wanted: Option<&str>, object: &Value) -> Outcome<bool> {
    let found = path.results(object, true).map_err(Failure::Said)?;
    match (found.as_slice(), wanted) {
        ([], _) => Ok(false),
        ([_, _, ..], _) => Err(Failure::said("given jsonpath expression matches more than one value")),
        ([_], None) => Ok(true),
        ([Value::Object(_) | Value::Array(_)], Some(_)) => {
            Err(Failure::said("jsonpath leads to a nested object or list which is not supported"))
        }
        ([value], Some(wanted)) => Ok(text_of(value).trim() == wanted.trim()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn met(text: &str, object: &Value) -> bool {
        one(text).unwrap().met(object).unwrap()
    }

    #[test]
    fn conditions() {
        let pod = json!({"metadata": {"generation": 1}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]}});
        assert!(met("condition=ready", &pod) && !met("condition=Ready=false", &pod));
        assert!(
            met("jsonpath={.status.phase}=Running", &pod)
                && met("jsonpath=.status.phase", &pod)
                && !met("jsonpath={.status.ip}", &pod)
        );
        assert_eq!(one("ready").unwrap_err().text(), "error: unrecognized condition: \"ready\"");
        assert_eq!(split("{.a[?(@.b==\"c\")].d}=e"), ["{.a[?(@.b==\"c\")].d}", "e"]);
    }
}
