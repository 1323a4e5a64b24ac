//! Runs templates.

use serde_json::Value;

use super::{Node, Pipeline, Word, functions};
use crate::output::columns::go_text;

/// What a part may lead to besides text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

struct Run<'a> {
    root: &'a Value,
    variables: Vec<(String, Value)>,
    out: String,
}

/// The text of a template for an object.
pub fn print(nodes: &[Node], root: &Value) -> Result<String, String> {
    let mut run = Run { root, variables: Vec::new(), out: String::new() };
    run.nodes(nodes, root)?;
    Ok(run.out)
}

impl Run<'_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            let flow = self.node(node, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, String> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Print(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                self.out.push_str(&shown(&value));
            }
            Node::Set(name, pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                match self.variables.iter_mut().rev().find(|(known, _)| known == name) {
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
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn scoped(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
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
    ) -> Result<Flow, String> {
        let items: Vec<(Value, Value)> = match self.pipeline(pipeline, dot)? {
            Value::Array(list) => list.into_iter().enumerate().map(|(at, item)| (at.into(), item)).collect(),
            Value::Object(map) => map.into_iter().map(|(key, item)| (key.into(), item)).collect(),
            Value::Null => Vec::new(),
            other => return Err(format!("range can't iterate over {}", go_text(&other))),
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

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let mut last: Option<Value> = None;
        for command in pipeline {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or_default())
    }

    fn command(&mut self, command: &[Word], dot: &Value, piped: Option<Value>) -> Result<Value, String> {
        let Some((first, rest)) = command.split_first() else { return Ok(Value::Null) };
        if let Word::Function(name) = first {
            let mut arguments = Vec::new();
            for word in rest {
                let value = self.word(word, dot)?;
                // `and` and `or` stop at the first argument that decides.
                let decided = matches!((name.as_str(), truth(&value)), ("and", false) | ("or", true));
                arguments.push(value);
                if decided {
                    return Ok(arguments.pop().unwrap_or_default());
                }
            }
            arguments.extend(piped);
            return functions::call(name, arguments);
        }
        if !rest.is_empty() || piped.is_some() {
            return Err("can't give argument to non-function".to_owned());
        }
        self.word(first, dot)
    }

    fn word(&mut self, word: &Word, dot: &Value) -> Result<Value, String> {
        match word {
            Word::Dot => Ok(dot.clone()),
            Word::Literal(value) => Ok(value.clone()),
            Word::Function(name) => functions::call(name, Vec::new()),
            Word::Field(path) => follow(dot.clone(), path),
            Word::Variable(name, path) if name.is_empty() => follow(self.root.clone(), path),
            Word::Variable(name, path) => {
                let held = self.variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
                follow(held.ok_or_else(|| format!("undefined variable \"${name}\""))?, path)
            }
            Word::Group(pipeline, path) => {
                let value = self.pipeline(pipeline, dot)?;
                follow(value, path)
            }
        }
    }
}

fn follow(mut value: Value, path: &[String]) -> Result<Value, String> {
    for name in path {
        value = match value {
            Value::Object(mut map) => map.remove(name).unwrap_or_default(),
            Value::Null => Value::Null,
            other => return Err(format!("can't evaluate field {name} in type {}", functions::go_type(&other))),
        };
    }
    Ok(value)
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
