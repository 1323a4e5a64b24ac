//! JSONPath templates in kubectl's dialect: `{.items[*].metadata.name}`, `{range …}…{end}`, filters, slices.

mod eval;
mod filter;
mod parse;

use serde_json::Value;

use super::json;

/// A template, ready to be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
    /// The text it was made of.
    pub source: String,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// Text as it stands.
    Text(String),
    /// A path; its results are printed.
    Path(Vec<Step>),
    /// The body once for each result of the path.
    Range(Vec<Step>, Vec<Node>),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// `$`: back to the whole object.
    Root,
    /// `.name`.
    Field(String),
    /// `.*` or `[*]` of an object.
    Wildcard,
    /// `[1]`, `[-1:]`, `[0:4:2]`.
    Slice(Slice),
    /// `['a','b']`, `[0,2]`.
    Union(Vec<Vec<Step>>),
    /// `..name`.
    Recursive,
    /// `[?(@.a=="b")]`.
    Filter(filter::Filter),
    /// A literal.
    Literal(Value),
}

/// Bounds of a slice; what is not written is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
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
        let inner = match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(inner) => inner,
            None => text,
        };
        if inner.is_empty() || inner.contains(['{', '}']) {
            return Err("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'".to_owned());
        }
        Self::parse(&format!("{{.{}}}", inner.strip_prefix('.').unwrap_or(inner)))
    }

    /// What the template prints for an object.
    pub fn print(&self, root: &Value, missing_ok: bool) -> Result<String, String> {
        let mut text = String::new();
        eval::render(&self.nodes, root, root, missing_ok, &mut text)?;
        Ok(text)
    }

    /// The results of the paths, without text between them.
    pub fn results(&self, root: &Value, missing_ok: bool) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        eval::collect(&self.nodes, root, root, missing_ok, &mut all)?;
        Ok(all)
    }
}

/// Results with a blank between them; objects and lists as JSON.
fn shown(found: &[Value]) -> String {
    found.iter().map(text_of).collect::<Vec<_>>().join(" ")
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
