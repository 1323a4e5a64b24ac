//! Runs templates.

use serde_json::Value;

use super::{Assignment, GoTemplate, Node, Pipeline, Term, Word, functions};
use crate::output::columns::go_text;

/// Templates may call each other this deep.
const MAX_CALLS: usize = 100;

/// What a part may lead to besides text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// Why a template was not printed to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What it had printed until then.
    pub printed: String,
    /// In Go's words.
    pub why: String,
}

/// Where and why it ended.
struct Stop {
    at: usize,
    text: String,
    why: String,
}

impl Term {
    fn stop(&self, why: String) -> Stop {
        Stop { at: self.at, text: self.text.clone(), why }
    }
}

struct Run<'a> {
    template: &'a GoTemplate,
    root: Value,
    missing_ok: bool,
    calls: usize,
    variables: Vec<(String, Value)>,
    out: String,
}

/// The text of a template for an object.
pub fn print(template: &GoTemplate, root: &Value, missing_ok: bool) -> Result<String, Failed> {
    let mut run = Run { template, root: root.clone(), missing_ok, calls: 0, variables: Vec::new(), out: String::new() };
    match run.nodes(&template.nodes, root) {
        Ok(_) => Ok(run.out),
        Err(Stop { at, text, why }) => {
            let before = &template.source[..at.min(template.source.len())];
            let (line, column) = (before.matches('\n').count() + 1, at - before.rfind('\n').map_or(0, |end| end + 1));
            let why = format!("template: output:{line}:{column}: executing \"output\" at <{text}>: {why}");
            Err(Failed { printed: run.out, why })
        }
    }
}

impl Run<'_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, Stop> {
        for node in nodes {
            let flow = self.node(node, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, Stop> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Print(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                self.out.push_str(&shown(&value));
            }
            Node::Set(name, pipeline, assignment) => {
                let value = self.pipeline(pipeline, dot)?;
                let held = self.variables.iter_mut().rev().find(|(known, _)| known == name);
                match held.filter(|_| *assignment == Assignment::Known) {
                    Some((_, held)) => *held = value,
                    None => self.variables.push((name.clone(), value)),
                }
            }
            Node::If(condition, body, other) => {
                let value = self.pipeline(condition, dot)?;
                return self.scoped(if truth(&value) { body } else { other }, dot);
            }
            Node::With(pipeline, body, other) => {
                let value = self.pipeline(pipeline, dot)?;
                return if truth(&value) { self.scoped(body, &value) } else { self.scoped(other, dot) };
            }
            Node::Range(names, pipeline, body, other) => return self.range(names, pipeline, body, other, dot),
            Node::Call(name, given) => self.call(name, given.as_ref(), dot)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    /// A named template sees what it is given and none of the caller's variables.
    fn call(&mut self, name: &Term, given: Option<&Pipeline>, dot: &Value) -> Result<(), Stop> {
        let body = match &name.word {
            Word::Literal(Value::String(called)) => self.template.defined.get(called),
            _ => None,
        };
        let Some(body) = body else {
            let text = format!("{{{{template {}}}}}", name.text);
            return Err(Stop { text, ..name.stop(format!("template {} not defined", name.text)) });
        };
        if self.calls == MAX_CALLS {
            return Err(name.stop(format!("exceeded maximum template depth ({MAX_CALLS})")));
        }
        let dot = given.map(|pipeline| self.pipeline(pipeline, dot)).transpose()?.unwrap_or_default();
        let variables = std::mem::take(&mut self.variables);
        let root = std::mem::replace(&mut self.root, dot.clone());
        self.calls += 1;
        self.nodes(body, &dot)?;
        self.calls -= 1;
        (self.variables, self.root) = (variables, root);
        Ok(())
    }

    fn scoped(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, Stop> {
        let known = self.variables.len();
        let flow = self.nodes(nodes, dot)?;
        self.variables.truncate(known);
        Ok(flow)
    }

    fn range(
        &mut self,
        names: &[String],
        pipeline: &Pipeline,
        body: &[Node],
        other: &[Node],
        dot: &Value,
    ) -> Result<Flow, Stop> {
        let items: Vec<(Value, Value)> = match self.pipeline(pipeline, dot)? {
            Value::Array(list) => list.into_iter().enumerate().map(|(at, item)| (at.into(), item)).collect(),
            Value::Object(map) => map.into_iter().map(|(key, item)| (key.into(), item)).collect(),
            Value::Null => Vec::new(),
            Value::Number(number) if number.is_i64() => {
                let count = number.as_i64().unwrap_or(0).min(functions::MOST_TURNS);
                (0..count).map(|at| (at.into(), at.into())).collect()
            }
            other => return Err(pipeline[0][0].stop(format!("range can't iterate over {}", go_text(&other)))),
        };
        if items.is_empty() {
            return self.scoped(other, dot);
        }
        for (key, item) in items {
            let known = self.variables.len();
            match names {
                [one] => self.variables.push((one.clone(), item.clone())),
                [index, one] => self.variables.extend([(index.clone(), key), (one.clone(), item.clone())]),
                _ => {}
            }
            let flow = self.nodes(body, &item)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, Stop> {
        let mut last: Option<Value> = None;
        for command in pipeline {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or_default())
    }

    fn command(&mut self, command: &[Term], dot: &Value, piped: Option<Value>) -> Result<Value, Stop> {
        let Some((first, rest)) = command.split_first() else { return Ok(Value::Null) };
        let Word::Function(name) = &first.word else {
            return match &first.word {
                _ if !rest.is_empty() || piped.is_some() => {
                    Err(first.stop(format!("can't give argument to non-function {}", first.text)))
                }
                Word::Nil => Err(first.stop("nil is not a command".to_owned())),
                _ => self.word(first, dot),
            };
        };
        functions::check_count(name, rest.len() + usize::from(piped.is_some())).map_err(|why| first.stop(why))?;
        let mut arguments = Vec::new();
        for term in rest {
            let value = self.word(term, dot)?;
            // `and` and `or` stop at the first argument that decides.
            let decided = matches!((name.as_str(), truth(&value)), ("and", false) | ("or", true));
            arguments.push(value);
            if decided {
                return Ok(arguments.pop().unwrap_or_default());
            }
        }
        arguments.extend(piped);
        if name == "printf" {
            return Ok(functions::printf(&arguments, &rest.iter().map(is_own_number).collect::<Vec<_>>()));
        }
        functions::call(name, arguments).map_err(|why| {
            let text = command.iter().map(|term| term.text.as_str()).collect::<Vec<_>>().join(" ");
            Stop { at: first.at, text, why: format!("error calling {name}: {why}") }
        })
    }

    fn word(&mut self, term: &Term, dot: &Value) -> Result<Value, Stop> {
        let (value, path) = match &term.word {
            Word::Dot => return Ok(dot.clone()),
            Word::Nil => return Ok(Value::Null),
            Word::Literal(value) => return Ok(value.clone()),
            Word::Function(_) => return self.command(std::slice::from_ref(term), dot, None),
            Word::Field(path) => (dot.clone(), path),
            Word::Variable(name, path) if name.is_empty() => (self.root.clone(), path),
            Word::Variable(name, path) => {
                let held = self.variables.iter().rev().find(|(known, _)| known == name);
                (held.map(|(_, value)| value.clone()).unwrap_or_default(), path)
            }
            Word::Group(pipeline, path) => (self.pipeline(pipeline, dot)?, path),
        };
        self.follow(value, path).map_err(|why| term.stop(why))
    }

    fn follow(&self, mut value: Value, path: &[String]) -> Result<Value, String> {
        for name in path {
            value = match value {
                Value::Object(map) if !self.missing_ok && !map.contains_key(name) => {
                    return Err(format!("map has no entry for key {name:?}"));
                }
                Value::Object(mut map) => map.remove(name).unwrap_or_default(),
                Value::Null => Value::Null,
                _ => return Err(format!("can't evaluate field {name} in type interface {{}}")),
            };
        }
        Ok(value)
    }
}

/// Whether a number is not of the object, but of the template: a literal, or what `len` counts.
fn is_own_number(term: &Term) -> bool {
    let counts = |term: &Term| matches!(&term.word, Word::Function(name) if name == "len");
    match &term.word {
        Word::Literal(Value::Number(number)) => !number.is_f64(),
        Word::Group(pipeline, path) => {
            path.is_empty() && pipeline.last().and_then(|command| command.first()).is_some_and(counts)
        }
        _ => false,
    }
}

/// Whether Go takes a value for true: what is not empty or zero.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// As a template prints a value.
pub fn shown(value: &Value) -> String {
    if value.is_null() { "<no value>".to_owned() } else { go_text(value) }
}
