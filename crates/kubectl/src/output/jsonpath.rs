//! JSONPath templates in kubectl's dialect: `{.items[*].metadata.name}`, `{range …}…{end}`, filters, slices.

mod eval;
mod filter;
mod parse;
mod quote;

use std::borrow::Cow;

pub use quote::unquote;
use serde_json::Value;

use super::json;

/// A template, ready to be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
    /// The text it was made of.
    pub source: String,
}

/// A part of a template: text as it stands, or the steps between braces.
type Node = Vec<Step>;

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// `.name`.
    Field(String),
    /// `.*`.
    Wildcard,
    /// `[1]`, `[*]`, `[-1:]`, `[0:4:2]`.
    Slice(Slice),
    /// `['a','b']`, `[0,2]`.
    Union(Vec<Node>),
    /// `..name`.
    Recursive,
    /// `[?(@.a=="b")]`.
    Filter(filter::Filter),
    /// A literal, or text between braces.
    Literal(Value),
    /// `range`, `end`, or a word that means nothing: only evaluation complains.
    Word(String),
}

/// Bounds of a slice; what is not written is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Slice {
    from: Option<i64>,
    to: Option<i64>,
    step: Option<i64>,
    /// `[3]`: exactly one.
    single: bool,
}

impl Template {
    /// Reads a template. Errors are in kubectl's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let nodes = parse::template(text).map_err(|why| format!("error parsing jsonpath {text}, {why}"))?;
        Ok(Self { nodes, source: text.to_owned() })
    }

    /// The path of a sort key or a column, where the braces and the first dot may be missing.
    pub fn relaxed(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self { nodes: Vec::new(), source: String::new() });
        }
        Self::of_source(relaxed(text).ok_or_else(|| NO_PATH.to_owned())?)
    }

    /// The same, where what is no such path is a whole template.
    pub fn relaxed_or_whole(text: &str) -> Result<Self, String> {
        Self::of_source(relaxed(text).unwrap_or_else(|| text.to_owned()))
    }

    fn of_source(source: String) -> Result<Self, String> {
        Ok(Self { nodes: parse::template(&source)?, source })
    }

    /// What the template prints for an object.
    pub fn print(&self, root: &Value, missing_ok: bool) -> Result<String, String> {
        Ok(eval::run(&self.nodes, root, missing_ok)?.iter().map(|found| shown(found)).collect())
    }

    /// The results of each part as a list, in JSON.
    pub fn lists(&self, root: &Value, missing_ok: bool) -> Result<String, String> {
        let lists = eval::run(&self.nodes, root, missing_ok)?;
        let list = |found: Vec<Cow<'_, Value>>| Value::Array(found.into_iter().map(Cow::into_owned).collect());
        Ok(lists.into_iter().map(|found| format!("{}\n", json::pretty(&list(found), "    "))).collect())
    }

    /// The results of all parts, one after the other.
    pub fn results(&self, root: &Value, missing_ok: bool) -> Result<Vec<Value>, String> {
        Ok(eval::run(&self.nodes, root, missing_ok)?.into_iter().flatten().map(Cow::into_owned).collect())
    }
}

/// What is said about a text that is no path.
pub const NO_PATH: &str =
    "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";

/// A path with its braces and its first dot; `None` for what is no path.
fn relaxed(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let path = inner.strip_prefix('.').unwrap_or(inner);
    (!inner.is_empty() && !inner.contains(['{', '}'])).then(|| format!("{{.{path}}}"))
}

/// Results with a blank between them; objects and lists as JSON.
fn shown(found: &[Cow<'_, Value>]) -> String {
    found.iter().map(|value| text_of(value)).collect::<Vec<_>>().join(" ")
}

/// One result as text.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => json::go_float(float, 1e21),
            _ => number.to_string(),
        },
        Value::Bool(on) => on.to_string(),
        other => json::compact(other),
    }
}

#[cfg(test)]
mod tests;
