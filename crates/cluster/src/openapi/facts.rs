//! Reads `fields.txt` and `enums.txt`.

use std::collections::HashMap;

/// What is said about a type and its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TypeFacts {
    /// The whole structure is one value to server-side apply.
    pub atomic: bool,
    /// By field.
    pub fields: HashMap<&'static str, FieldFacts>,
}

/// What is said about a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldFacts {
    pub keep: bool,
    pub pointer: bool,
    pub go: Option<&'static str>,
    /// Strategy (`merge`, `retainKeys`, `merge+retainKeys`) and key.
    pub patch: Option<(&'static str, Option<&'static str>)>,
    /// `set`, or `map` with its keys.
    pub list: Option<(&'static str, Vec<&'static str>)>,
    pub atomic: bool,
}

/// All of it, by the type's short name (`core.v1.Pod`, `meta.v1.ObjectMeta`).
pub(super) fn facts() -> HashMap<&'static str, TypeFacts> {
    let mut all: HashMap<&'static str, TypeFacts> = HashMap::new();
    let mut current = "";
    for line in include_str!("fields.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let Some(name) = words.next() else { continue };
        if line.starts_with(' ') {
            let facts = read(words);
            all.entry(current).or_default().fields.insert(name, facts);
        } else {
            current = name;
            all.entry(name).or_default().atomic = words.any(|word| word == "map=atomic");
        }
    }
    all
}

/// The values of an enumeration, by the name of its Go type.
pub(super) fn values(name: &str) -> Option<&'static str> {
    let lines = include_str!("enums.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).find(|(known, _)| *known == name).map(|(_, values)| values)
}

fn read(words: impl Iterator<Item = &'static str>) -> FieldFacts {
    let mut facts = FieldFacts::default();
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let (head, tail) = value.split_once(':').map_or((value, None), |(head, tail)| (head, Some(tail)));
        match key {
            "keep" => facts.keep = true,
            "ptr" => facts.pointer = true,
            "go" => facts.go = Some(value),
            "patch" => facts.patch = Some((head, tail)),
            "list" => facts.list = Some((head, tail.into_iter().flat_map(|keys| keys.split(',')).collect())),
            "map" => facts.atomic = head == "atomic",
            _ => {}
        }
    }
    facts
}
