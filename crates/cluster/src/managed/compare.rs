//! Which fields differ between two states of an object.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{fields::Shape, set::FieldSet};
use crate::openapi::Schemas;

/// The fields that differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// New ones.
    pub added: FieldSet,
    /// Other values.
    pub modified: FieldSet,
    /// Gone ones.
    pub removed: FieldSet,
}

impl Comparison {
    /// What is new or has another value.
    pub fn changed(&self) -> FieldSet {
        self.added.union(&self.modified)
    }

    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }
}

/// Compares two states of a value of this shape.
pub(crate) fn compare(schemas: &Schemas, shape: Shape<'_>, old: &Value, new: &Value) -> Comparison {
    let mut walk = Walk { schemas, found: Comparison::default(), path: Vec::new() };
    walk.value(shape, Some(old), Some(new));
    walk.found
}

struct Walk<'a> {
    schemas: &'a Schemas,
    found: Comparison,
    path: Vec<String>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, shape: Shape<'a>, old: Option<&Value>, new: Option<&Value>) {
        if matches!(shape, Shape::Leaf) || (shape.is_one(old) && shape.is_one(new)) {
            return self.leaf(old, new);
        }
        if old.is_none() || new.is_none() {
            self.leaf(old, new);
        }
        let nothing = Value::Null;
        let before = shape.parts(self.schemas, old.unwrap_or(&nothing));
        let after = shape.parts(self.schemas, new.unwrap_or(&nothing));
        let steps: BTreeSet<&String> = before.iter().chain(&after).map(|(step, _, _)| step).collect();
        for step in steps {
            let find =
                |parts: &[(String, _, Shape<'a>)]| -> Option<usize> { parts.iter().position(|(s, _, _)| s == step) };
            let (was, is) = (find(&before), find(&after));
            let Some(inner) = was.map(|at| before[at].2).or_else(|| is.map(|at| after[at].2)) else { continue };
            self.path.push(step.clone());
            self.value(inner, was.map(|at| before[at].1), is.map(|at| after[at].1));
            self.path.pop();
        }
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, Some(_)) => self.found.added.insert(&self.path),
            (Some(_), None) => self.found.removed.insert(&self.path),
            (Some(old), Some(new)) if old != new => self.found.modified.insert(&self.path),
            _ => {}
        }
    }
}
