//! A YAML text as a tree in which every key and value knows its place.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;

/// A position in a text; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl Place {
    /// Where a document without anything else to point at begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl From<serde_saphyr::Location> for Place {
    fn from(location: serde_saphyr::Location) -> Self {
        let whole = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        Self { line: whole(location.line()), column: whole(location.column()) }
    }
}

/// A value and where it stands.
type Placed = Spanned<Node>;

/// One document's tree.
#[derive(Debug)]
pub struct Document(Placed);

#[derive(Debug)]
enum Node {
    Scalar(String),
    Sequence(Vec<Placed>),
    Mapping(Vec<(Spanned<String>, Placed)>),
}

/// How far a field path led: how many of its parts were found, and where the last of them stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    /// Parts of the path that are in the document.
    pub parts: usize,
    /// Where the last one stands.
    pub place: Place,
}

impl Document {
    /// All documents of a text, or where it stops being YAML.
    pub fn read_all(text: &str) -> Result<Vec<Self>, Option<Place>> {
        let documents: Result<Vec<Placed>, _> = serde_saphyr::from_multiple(text);
        documents
            .map(|documents| documents.into_iter().map(Self).collect())
            .map_err(|error| error.location().map(Place::from))
    }

    /// Follows a path such as `spec.containers[0].image` as far as it goes.
    pub fn reach(&self, path: &str) -> Reached {
        let start = Reached { parts: 0, place: self.0.defined.into() };
        let mut at = (&self.0, start);
        for part in parts_of(path) {
            let Some((node, place)) = at.0.value.child(part) else { break };
            at = (node, Reached { parts: at.1.parts + 1, place });
        }
        at.1
    }

    /// The text of a top-level field.
    pub fn top(&self, key: &str) -> Option<&str> {
        match self.0.value.child(Part::Key(key))?.0.value {
            Node::Scalar(ref text) => Some(text),
            _ => None,
        }
    }
}

impl Node {
    /// A list that is reached without an index (as Go's decoder names fields) stands for its first item.
    fn child(&self, part: Part<'_>) -> Option<(&Placed, Place)> {
        match (self, part) {
            (Self::Mapping(entries), Part::Key(wanted)) => {
                let (key, value) = entries.iter().rev().find(|(key, _)| key.value == wanted)?;
                Some((value, key.defined.into()))
            }
            (Self::Sequence(items), Part::Index(index)) => items.get(index).map(|item| (item, item.defined.into())),
            (Self::Sequence(items), Part::Key(_)) => items.iter().find_map(|item| item.value.child(part)),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Key(&'a str),
    Index(usize),
}

/// `spec.containers[0].env` and `metadata.labels[app.kubernetes.io/name]`, part by part.
fn parts_of(path: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            parts.push(inside.parse().map_or(Part::Key(inside), Part::Index));
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            parts.push(Part::Key(&rest[..end]));
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    parts
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(String::new()))
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(String::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Mapping(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels:\n    app.kubernetes.io/name: web\n\
                       spec:\n  containers:\n  - name: a\n  - name: b\n    ports:\n    - containerPort: x\n";

    fn place(path: &str) -> (u32, u32) {
        let Reached { place, .. } = Document::read_all(POD).unwrap()[0].reach(path);
        (place.line, place.column)
    }

    #[test]
    fn a_path_leads_to_its_key() {
        assert_eq!(place("spec.containers[1].ports[0].containerPort"), (12, 7));
        assert_eq!(place("metadata.labels[app.kubernetes.io/name]"), (6, 5));
    }

    #[test]
    fn a_path_that_is_not_there_leads_to_what_it_would_be_in() {
        assert_eq!(place("spec.containers[0].image"), (9, 5));
        assert_eq!(place("nothing"), (1, 1));
    }

    #[test]
    fn a_list_named_without_an_index_is_searched() {
        assert_eq!(place("spec.containers.ports.containerPort"), (12, 7));
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        assert_eq!(Document::read_all("a: b\nc: d: e\n").unwrap_err(), Some(Place { line: 2, column: 5 }));
    }
}
