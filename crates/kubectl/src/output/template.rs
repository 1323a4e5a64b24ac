//! Go templates, as far as `-o go-template` uses them: fields, `range`, `if`, `with`, variables, pipelines and the
//! functions that kubectl offers.

mod format;
mod functions;
mod parse;
mod run;

use std::collections::BTreeMap;

pub use functions::{base64_bytes, base64_decoded, go_type};
pub use run::Failed;
use serde_json::Value;

/// A template, ready to be used.
#[derive(Debug, Clone, PartialEq)]
pub struct GoTemplate {
    nodes: Vec<Node>,
    /// What `define` and `block` have named.
    defined: BTreeMap<String, Vec<Node>>,
    source: String,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text(String),
    /// A pipeline whose value is printed.
    Print(Pipeline),
    /// `{{$x := …}}`, or `{{$x = …}}` for a variable that is there: nothing is printed.
    Set(String, Pipeline, Assignment),
    If(Pipeline, Vec<Node>, Vec<Node>),
    With(Pipeline, Vec<Node>, Vec<Node>),
    /// Names of the index and the item, what is gone through, the body, and what stands for nothing.
    Range(Vec<String>, Pipeline, Vec<Node>, Vec<Node>),
    /// A named template, and what it is given.
    Call(Term, Option<Pipeline>),
    Break,
    Continue,
}

/// Whether a variable begins to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Assignment {
    New,
    Known,
}

/// Commands, each given the value of the one before as its last argument.
type Pipeline = Vec<Vec<Term>>;

/// A word with its place in the template, as errors name it.
#[derive(Debug, Clone, PartialEq)]
struct Term {
    word: Word,
    at: usize,
    text: String,
}

/// A word of a command.
#[derive(Debug, Clone, PartialEq)]
enum Word {
    Dot,
    Nil,
    Literal(Value),
    Function(String),
    /// Fields of the dot.
    Field(Vec<String>),
    /// A variable and fields of it; `$` is the empty name.
    Variable(String, Vec<String>),
    /// A pipeline in parentheses, and fields of it.
    Group(Pipeline, Vec<String>),
}

impl GoTemplate {
    /// Reads a template. Errors are in Go's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (nodes, defined) = parse::template(text)
            .map_err(|(line, why)| format!("error parsing template {text}, template: output:{line}: {why}"))?;
        Ok(Self { nodes, defined, source: text.to_owned() })
    }

    /// What the template prints for an object.
    pub fn print(&self, value: &Value, missing_ok: bool) -> Result<String, Failed> {
        run::print(self, value, missing_ok)
    }

    /// The text it was made of.
    pub fn source(&self) -> &str {
        &self.source
    }
}

#[cfg(test)]
mod tests;
