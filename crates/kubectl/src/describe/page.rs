//! A page of fields, indented by levels, with values below each other.

use std::fmt::Display;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::output::{age, tabs::align};

/// Annotations longer than this, with their name, get lines of their own.
const LONG: usize = 140;

/// A text in the making.
#[derive(Debug, Default)]
pub struct Page {
    done: String,
    open: String,
}

impl Page {
    /// The page of an object of the whole cluster: its name, labels and annotations.
    pub fn of_cluster(object: &Value) -> Self {
        let mut page = Self::default();
        page.field(0, "Name", at(object, "/metadata/name"));
        page.marks(object);
        page
    }

    /// The page of an object in a namespace, which it names.
    pub fn of_namespace(object: &Value) -> Self {
        let mut page = Self::default();
        page.field(0, "Name", at(object, "/metadata/name"));
        page.field(0, "Namespace", at(object, "/metadata/namespace"));
        page.marks(object);
        page
    }

    fn marks(&mut self, object: &Value) {
        self.labels("Labels", object.pointer("/metadata/labels"));
        self.annotations(object.pointer("/metadata/annotations"));
    }

    /// `name:<tab>value`.
    pub fn field(&mut self, level: usize, name: &str, value: impl Display) {
        self.line(level, format!("{name}:\t{value}"));
    }

    /// A line; tabs end its cells.
    pub fn line(&mut self, level: usize, text: impl Display) {
        self.open.push_str(&format!("{}{text}\n", "  ".repeat(level)));
    }

    /// Text as it stands, behind what there is.
    pub fn raw(&mut self, text: &str) {
        self.open.push_str(text);
    }

    /// What follows is aligned by itself.
    pub fn flush(&mut self) {
        self.done.push_str(&align(&self.open, 0, 2));
        self.open.clear();
    }

    /// The aligned text.
    pub fn finish(mut self) -> String {
        self.flush();
        self.done
    }

    /// The text with its tabs, if nothing was aligned by itself.
    pub fn unaligned(self) -> String {
        self.done + &self.open
    }

    /// `Labels:`, one a line.
    pub fn labels(&mut self, title: &str, labels: Option<&Value>) {
        self.labels_in("", title, labels, &[]);
    }

    /// The same, indented, without some of them.
    pub fn labels_in(&mut self, indent: &str, title: &str, labels: Option<&Value>, without: &[&str]) {
        let lines: Vec<String> = entries(labels)
            .filter(|(key, _)| !without.contains(&key.as_str()))
            .map(|(key, value)| format!("{key}={}", plain(value)))
            .collect();
        self.several(indent, title, &lines);
    }

    /// A title and values below each other; `<none>` without any.
    pub fn several(&mut self, indent: &str, title: &str, lines: &[String]) {
        if lines.is_empty() {
            self.raw(&format!("{indent}{title}:\t<none>\n"));
        }
        for (at, line) in lines.iter().enumerate() {
            if at == 0 {
                self.raw(&format!("{indent}{title}:\t{line}\n"));
            } else {
                self.raw(&format!("{indent}\t{line}\n"));
            }
        }
    }

    /// `Annotations:`, without what kubectl keeps in them.
    pub fn annotations(&mut self, annotations: Option<&Value>) {
        self.annotations_in("Annotations", annotations);
    }

    /// The same under another title.
    pub fn annotations_in(&mut self, title: &str, annotations: Option<&Value>) {
        let shown: Vec<_> =
            entries(annotations).filter(|(key, _)| key.as_str() != crate::verbs::LAST_APPLIED).collect();
        if shown.is_empty() {
            self.raw(&format!("{title}:\t<none>\n"));
        }
        for (at, (key, value)) in shown.into_iter().enumerate() {
            self.raw(&if at == 0 { format!("{title}:\t") } else { "\t".to_owned() });
            let value = plain(value);
            let value = value.strip_suffix('\n').unwrap_or(&value);
            if value.len() + key.len() + 2 <= LONG && !value.contains('\n') {
                self.raw(&format!("{key}: {value}\n"));
                continue;
            }
            self.raw(&format!("{key}:\n"));
            for line in value.split('\n') {
                self.raw(&format!("\t  {}\n", shortened(line, LONG - 2)));
            }
        }
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..end])
}

pub fn entries(map: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    map.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// A value as Go's `%v` prints it; a text without quotes.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A field of an object as text; empty when it is missing.
pub fn at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).map(plain).unwrap_or_default()
}

/// The items of a list in an object.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A switch in an object.
pub fn on(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
}

/// A text, or `<none>`.
pub fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

/// `True` or `False`.
pub fn yes_no(on: bool) -> &'static str {
    if on { "True" } else { "False" }
}

/// A time as RFC 1123 with a numeric zone.
pub fn date(text: &str) -> String {
    // Go prints its zero time for what is missing.
    let time = text.parse::<Timestamp>().ok();
    time.map_or_else(
        || "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(),
        |time| time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
    )
}

/// How long ago a time is.
pub fn ago(text: &str, now: Timestamp) -> String {
    if text.is_empty() { "<unknown>".to_owned() } else { age::since(text, now) }
}

/// A label selector as one line, sorted by key: `app=web,tier in (a,b)`; `<none>` without one.
pub fn selector(selector: Option<&Value>) -> String {
    let Some(selector) = selector.filter(|selector| selector.is_object()) else { return "<none>".to_owned() };
    let mut parts: Vec<(String, String)> = entries(selector.get("matchLabels"))
        .map(|(key, value)| (key.clone(), format!("{key}={}", plain(value))))
        .collect();
    for expression in list(selector, "/matchExpressions") {
        let mut values: Vec<String> = list(expression, "/values").iter().map(plain).collect();
        values.sort();
        let key = at(expression, "/key");
        let text = match at(expression, "/operator").as_str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.clone(),
            _ => format!("!{key}"),
        };
        parts.push((key, text));
    }
    parts.sort_by(|(a, _), (b, _)| a.cmp(b));
    or_none(parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}
