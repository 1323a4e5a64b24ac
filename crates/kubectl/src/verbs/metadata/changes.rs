//! `a=1 b-`: what to set and what to remove.

use serde_json::{Map, Value};

use super::Field;
use crate::{
    failure::{Failure, Outcome},
    names,
};

/// What is set and what is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New values.
    pub set: Vec<(String, String)>,
    /// Names that go.
    pub removed: Vec<String>,
}

impl Changes {
    /// Reads changes in the words of the command line.
    pub fn read(pairs: &[String], field: Field) -> Outcome<Self> {
        let mut changes = Self::default();
        for pair in pairs {
            match (pair.split_once('='), pair.strip_suffix('-')) {
                (Some((name, value)), _) => changes.set(name, check(pair, value, field)?),
                (None, Some(name)) => changes.removed.push(name.to_owned()),
                (None, None) => return Err(Failure::Said(format!("unknown {} spec: {pair}", field.one()))),
            }
        }
        let both: Vec<&str> = changes
            .removed
            .iter()
            .filter(|name| changes.set.iter().any(|(set, _)| set == *name))
            .map(String::as_str)
            .collect();
        match (both.as_slice(), field) {
            ([], _) => Ok(changes),
            (_, Field::Labels) => Err(Failure::said("can not both modify and remove a label in the same command")),
            (names, Field::Annotations) => Err(Failure::Said(format!(
                "can not both modify and remove the following annotation(s) in the same command: {}",
                names.join(", ")
            ))),
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.set.retain(|(known, _)| known != name);
        self.set.push((name.to_owned(), value.to_owned()));
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }

    /// Refuses to change a value that is there, unless that is allowed.
    pub fn check_overwrites(&self, before: &Map<String, Value>, allowed: bool, field: Field) -> Outcome {
        if allowed {
            return Ok(());
        }
        let mut sorted: Vec<_> = self.set.iter().collect();
        sorted.sort();
        let clashes: Vec<String> = sorted
            .into_iter()
            .filter_map(|(name, value)| {
                before.get(name).and_then(Value::as_str).filter(|have| have != value).map(|have| (name, have))
            })
            .map(|(name, have)| format!("'{name}' already has a value ({have})"))
            .collect();
        if clashes.is_empty() {
            return Ok(());
        }
        match field {
            Field::Labels => Failure::of(
                clashes.into_iter().map(|clash| Failure::Said(format!("{clash}, and --overwrite is false"))).collect(),
            ),
            Field::Annotations => Err(Failure::Said(format!(
                "--overwrite is false but found the following declared annotation(s): {}",
                clashes.join("; ")
            ))),
        }
    }

    /// The map afterwards.
    pub fn apply(&self, before: &Map<String, Value>) -> Map<String, Value> {
        let mut after = before.clone();
        self.set.iter().for_each(|(name, value)| _ = after.insert(name.clone(), Value::String(value.clone())));
        self.removed.iter().for_each(|name| _ = after.remove(name));
        after
    }
}

/// A label's value is checked here already, an annotation's never.
fn check<'a>(pair: &str, value: &'a str, field: Field) -> Outcome<&'a str> {
    if field == Field::Annotations {
        return Ok(value);
    }
    if value.contains('=') {
        return Err(Failure::Said(format!("invalid label spec: {pair}")));
    }
    let wrong = names::label_value(value);
    if wrong.is_empty() {
        Ok(value)
    } else {
        Err(Failure::Said(format!("invalid label value: {pair:?}: {}", wrong.join(";"))))
    }
}
