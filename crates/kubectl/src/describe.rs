//! `describe`: all about an object in words. Each kind has a pure function from the object and what belongs to it to a text.

mod containers;
mod events;
mod generic;
mod page;
mod pod;
pub mod quantity;
mod volumes;

use jiff::Timestamp;
use serde_json::Value;

/// An object and what is said with it.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The object.
    pub object: &'a Value,
    /// Other objects that the page needs, as [`wanted`] named them.
    pub related: &'a [Value],
    /// Its events; `None` leaves them out.
    pub events: Option<&'a [Value]>,
    /// Now.
    pub now: Timestamp,
}

/// A list of objects that a page needs.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What to list.
    pub resource: &'static str,
    /// Where, if not where the object is.
    pub namespace: Option<String>,
    /// In all namespaces.
    pub everywhere: bool,
    /// Label selector.
    pub selector: Option<String>,
    /// Field selector.
    pub fields: Option<String>,
}

/// What else has to be asked for.
pub fn wanted(_object: &Value) -> Vec<Wanted> {
    Vec::new()
}

/// The text about an object.
pub fn text(subject: &Subject<'_>) -> String {
    let kind = subject.object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let group = subject
        .object
        .get("apiVersion")
        .and_then(Value::as_str)
        .and_then(|version| version.split_once('/'))
        .map_or("", |(group, _)| group);
    match (group, kind) {
        ("", "Pod") => pod::describe(subject),
        _ => generic::describe(subject),
    }
}
