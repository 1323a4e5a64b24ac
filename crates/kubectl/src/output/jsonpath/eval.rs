//! Evaluates templates as kubectl's engine does: each step is taken from all the values so far, and a range is a block
//! that begins with one part of the template and ends with a later one, if at all.

use std::borrow::Cow;

use serde_json::Value;

use super::{Node, Slice, Step};
use crate::output::{columns::go_text, template::go_type};

/// Values of the object, or literals of the template.
type Found<'a> = Vec<Cow<'a, Value>>;

/// Why a path leads nowhere.
#[derive(Debug)]
pub(super) struct Stop {
    /// In kubectl's words.
    pub why: String,
    /// Whether there still were values where it ended: a filter that asks only for existence is content with them.
    pub had_values: bool,
}

/// A template gives at most so many results: ranges in ranges multiply.
const MOST_RESULTS: usize = 1 << 20;

/// The results of each part of a template.
pub(super) fn run<'a>(nodes: &'a [Node], root: &'a Value, missing_ok: bool) -> Result<Vec<Found<'a>>, String> {
    let mut walker = Walker { missing_ok, ..Walker::default() };
    walker.parts(nodes, 0, Some(root)).map_err(|stop| stop.why)
}

/// Where the evaluation is among ranges and their ends.
#[derive(Debug, Default)]
pub(super) struct Walker {
    missing_ok: bool,
    begun: usize,
    inside: usize,
    ended: usize,
    last_end: usize,
    results: usize,
}

impl Walker {
    /// For the paths of a filter, whose fields may be missing.
    pub(super) fn lenient() -> Self {
        Self { missing_ok: true, ..Self::default() }
    }

    /// The parts from `start` to the end of the range that is being gone through.
    fn parts<'a>(
        &mut self,
        nodes: &'a [Node],
        start: usize,
        current: Option<&'a Value>,
    ) -> Result<Vec<Found<'a>>, Stop> {
        let mut all = Vec::new();
        let mut at = start;
        while let Some(node) = nodes.get(at) {
            let found = self.walk(node, current.into_iter().map(Cow::Borrowed).collect())?;
            self.results += 1 + found.len();
            if self.results > MOST_RESULTS {
                return Err(Stop { why: format!("more than {MOST_RESULTS} results"), had_values: true });
            }
            if self.ended > 0 && self.ended <= self.inside {
                self.ended -= 1;
                self.last_end = at;
                break;
            }
            if self.begun > 0 {
                all.extend(self.range(nodes, at + 1, found)?);
                at = at.max(self.last_end);
            } else {
                all.push(found);
            }
            at += 1;
        }
        Ok(all)
    }

    fn range<'a>(&mut self, nodes: &'a [Node], body: usize, items: Found<'a>) -> Result<Vec<Found<'a>>, Stop> {
        self.begun -= 1;
        self.inside += 1;
        let mut all = Vec::new();
        if items.is_empty() {
            // The body is gone through all the same: that finds its end.
            self.parts(nodes, body, None)?;
        }
        for item in items {
            match item {
                Cow::Borrowed(item) => all.extend(self.parts(nodes, body, Some(item))?),
                // A literal has nothing inside that could be borrowed.
                Cow::Owned(item) => {
                    let found = self.parts(nodes, body, Some(&item))?;
                    all.extend(found.into_iter().map(|part| part.into_iter().map(owned).collect()));
                }
            }
        }
        self.inside -= 1;
        Ok(all)
    }

    /// Goes along a path from all the values so far.
    pub(super) fn walk<'a>(&mut self, steps: &'a [Step], mut values: Found<'a>) -> Result<Found<'a>, Stop> {
        for step in steps {
            values = self.take(step, values)?;
        }
        Ok(values)
    }

    fn take<'a>(&mut self, step: &'a Step, values: Found<'a>) -> Result<Found<'a>, Stop> {
        match step {
            // Text stands once, whatever it follows; it also stands where there is no value.
            Step::Literal(text @ Value::String(_)) => Ok(vec![Cow::Borrowed(text)]),
            Step::Literal(literal) => Ok(values.iter().map(|_| Cow::Borrowed(literal)).collect()),
            Step::Field(name) => self.field(name, values),
            Step::Wildcard => Ok(values.into_iter().flat_map(children).collect()),
            Step::Slice(slice) => cut(*slice, values),
            Step::Union(paths) => {
                let mut all = Vec::new();
                for path in paths {
                    let found = self.walk(path, values.clone());
                    all.extend(found.map_err(|stop| Stop { had_values: !values.is_empty(), ..stop })?);
                }
                Ok(all)
            }
            Step::Recursive => {
                let mut all = Vec::new();
                values.into_iter().for_each(|value| descend(value, &mut all));
                Ok(all)
            }
            Step::Filter(filter) => filter.of(values),
            Step::Word(word) => self.word(word, values),
        }
    }

    fn field<'a>(&self, name: &str, values: Found<'a>) -> Result<Found<'a>, Stop> {
        let asked = !values.is_empty();
        let inside = |value: Cow<'a, Value>| match value {
            Cow::Borrowed(value) => value.get(name).map(Cow::Borrowed),
            Cow::Owned(value) => value.get(name).cloned().map(Cow::Owned),
        };
        let found: Found<'a> = values.into_iter().filter_map(inside).collect();
        if found.is_empty() && asked && !self.missing_ok {
            return Err(Stop { why: format!("{name} is not found"), had_values: false });
        }
        Ok(found)
    }

    fn word<'a>(&mut self, word: &str, values: Found<'a>) -> Result<Found<'a>, Stop> {
        match word {
            "range" => {
                self.begun += 1;
                Ok(values)
            }
            "end" if self.inside > 0 => {
                self.ended += 1;
                Ok(Vec::new())
            }
            "end" => Err(Stop { why: "not in range, nothing to end".to_owned(), had_values: false }),
            other => Err(Stop { why: format!("unrecognized identifier {other}"), had_values: !values.is_empty() }),
        }
    }
}

fn owned<'b>(value: Cow<'_, Value>) -> Cow<'b, Value> {
    Cow::Owned(value.into_owned())
}

/// What is directly in a value; of a text, its bytes.
fn children(value: Cow<'_, Value>) -> Found<'_> {
    match value {
        Cow::Borrowed(Value::Array(list)) => list.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Object(map)) => map.values().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Array(list)) => list.into_iter().map(Cow::Owned).collect(),
        Cow::Owned(Value::Object(map)) => map.into_iter().map(|(_, value)| Cow::Owned(value)).collect(),
        other => match other.as_str() {
            Some(text) => text.bytes().map(|byte| Cow::Owned(Value::from(byte))).collect(),
            None => Vec::new(),
        },
    }
}

/// The value and everything below it that has something in it.
fn descend<'a>(value: Cow<'a, Value>, all: &mut Found<'a>) {
    let below = children(value.clone());
    if below.is_empty() {
        return;
    }
    let is_text = value.is_string();
    all.push(value);
    if !is_text {
        below.into_iter().for_each(|child| descend(child, all));
    }
}

fn cut(slice: Slice, values: Found<'_>) -> Result<Found<'_>, Stop> {
    let mut all = Vec::new();
    for value in values {
        if value.is_null() {
            continue;
        }
        let wrong = |why: String| Stop { why, had_values: true };
        let Value::Array(list) = &*value else {
            return Err(wrong(format!("{} is not array or slice", go_type(&value))));
        };
        let Some(range) = slice.bounds(list.len()).map_err(wrong)? else { return Ok(all) };
        let step = slice.step.map_or(Some(1), |step| usize::try_from(step).ok().filter(|step| *step > 0));
        let step = step.ok_or_else(|| wrong("step must be > 0".to_owned()))?;
        all.extend(children(value).into_iter().take(range.end).skip(range.start).step_by(step));
    }
    Ok(all)
}

impl Slice {
    /// From where to where in a list of that length; `None` where nothing is asked for.
    fn bounds(&self, length: usize) -> Result<Option<std::ops::Range<usize>>, String> {
        let count = i64::try_from(length).unwrap_or(i64::MAX);
        let mut from = self.from.unwrap_or(0);
        let mut to = if self.single { from.saturating_add(1) } else { self.to.unwrap_or(count) };
        if from < 0 {
            from += count;
        }
        if to < 0 || (to == 0 && self.single) {
            to += count;
        }
        let inside = |at: i64| usize::try_from(at).ok().filter(|at| *at <= length);
        let outside = |index: i64| format!("array index out of bounds: index {index}, length {length}");
        if from == to {
            return Ok(None);
        }
        let start = inside(from).filter(|at| *at < length).ok_or_else(|| outside(from))?;
        let end = inside(to).ok_or_else(|| outside(to.saturating_sub(1)))?;
        if start > end {
            return Err(format!("starting index {start} is greater than ending index {end}"));
        }
        Ok(Some(start..end))
    }
}

/// The items of a list that a filter goes through.
pub(super) fn items(value: Cow<'_, Value>) -> Result<Found<'_>, Stop> {
    if value.is_array() {
        return Ok(children(value));
    }
    let shown = if value.is_null() { "<invalid reflect.Value>".to_owned() } else { go_text(&value) };
    Err(Stop { why: format!("{shown} is not array or slice and cannot be filtered"), had_values: true })
}
