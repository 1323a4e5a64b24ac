//! From parser events to JSON.

use std::collections::HashMap;

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

use super::{MAX_DEPTH, MAX_NODES, complaint, scalar};

/// A collection that is still open.
enum Open {
    List(Vec<Value>, usize),
    Map(Map<String, Value>, Option<String>, Vec<Value>, usize),
}

#[derive(Default)]
struct Builder {
    stack: Vec<Open>,
    anchors: HashMap<usize, (Value, usize)>,
    nodes: usize,
    root: Option<Value>,
}

/// Reads the first document of `text`.
pub fn document(text: &str) -> Result<Value, String> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| complaint(text, &error.to_string()))?;
        match event {
            Event::DocumentEnd => break,
            event => builder.take(event).map_err(|why| located(why, span.start.line()))?,
        }
    }
    Ok(builder.root.unwrap_or(Value::Null))
}

fn located(why: String, line: usize) -> String {
    format!("yaml: line {line}: {why}")
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()));
                let value = scalar::resolve(&text, style == ScalarStyle::Plain, tag.as_deref())?;
                self.put(value, anchor, 1)
            }
            Event::Alias(id) => {
                let (value, size) = self.anchors.get(&id).cloned().ok_or("unknown anchor")?;
                self.put(value, 0, size)
            }
            Event::SequenceStart(_, anchor, _) => self.open(Open::List(Vec::new(), anchor)),
            Event::MappingStart(_, anchor, _) => self.open(Open::Map(Map::new(), None, Vec::new(), anchor)),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open) -> Result<(), String> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(format!("document is nested more than {MAX_DEPTH} deep"));
        }
        self.stack.push(open);
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let (value, anchor) = match self.stack.pop() {
            Some(Open::List(list, anchor)) => (Value::Array(list), anchor),
            Some(Open::Map(map, _, merged, anchor)) => (Value::Object(with_merged(map, merged)), anchor),
            None => return Ok(()),
        };
        let size = if anchor > 0 { size(&value) } else { 0 };
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        self.put(value, 0, 1)
    }

    fn put(&mut self, value: Value, anchor: usize, size: usize) -> Result<(), String> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes > MAX_NODES {
            return Err("document contains excessive aliasing".to_owned());
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), 1));
        }
        match self.stack.last_mut() {
            None => self.root = Some(value),
            Some(Open::List(list, _)) => list.push(value),
            Some(Open::Map(map, pending, merged, _)) => match pending.take() {
                None => *pending = Some(key(value)?),
                Some(name) if name == "<<" => merged.push(value),
                Some(name) => {
                    map.insert(name, value);
                }
            },
        }
        Ok(())
    }
}

/// A key as JSON can have it.
fn key(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(on) => Ok(on.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok("null".to_owned()),
        other => Err(format!("invalid map key: {other}")),
    }
}

/// Adds what `<<` brings in; the map's own keys win.
fn with_merged(mut map: Map<String, Value>, merged: Vec<Value>) -> Map<String, Value> {
    let mut add = |value: Value| {
        if let Value::Object(other) = value {
            for (name, value) in other {
                map.entry(name).or_insert(value);
            }
        }
    };
    for value in merged {
        match value {
            Value::Array(list) => list.into_iter().for_each(&mut add),
            other => add(other),
        }
    }
    map
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
        _ => 1,
    }
}
