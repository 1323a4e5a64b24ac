//! Kinds without a page of their own: all their fields, with names made of the fields' names.

use serde_json::{Map, Value};

use super::{
    Subject, events,
    page::{Page, at, plain},
};

/// The text about any object.
pub fn describe(subject: &Subject<'_>) -> String {
    let object = subject.object;
    let mut page = Page::default();
    page.field(0, "Name", at(object, "/metadata/name"));
    page.field(0, "Namespace", at(object, "/metadata/namespace"));
    page.labels("Labels", object.pointer("/metadata/labels"));
    page.annotations(object.pointer("/metadata/annotations"));
    let hidden = [
        ".metadata.managedFields",
        ".metadata.name",
        ".metadata.namespace",
        ".metadata.labels",
        ".metadata.annotations",
    ];
    if let Some(map) = object.as_object() {
        fields(&mut page, 0, map, "", &hidden);
    }
    events::add(&mut page, subject.events, subject.now);
    page.finish()
}

fn fields(page: &mut Page, level: usize, map: &Map<String, Value>, path: &str, hidden: &[&str]) {
    for (name, value) in map {
        let path = format!("{path}.{name}");
        if hidden.contains(&path.as_str()) {
            continue;
        }
        let title = title(name);
        match value {
            Value::Object(inner) if inner.is_empty() => {
                page.line(level, format!("{title}:"));
            }
            Value::Object(inner) => {
                page.line(level, format!("{title}:"));
                fields(page, level + 1, inner, &path, hidden);
            }
            Value::Array(items) => {
                page.line(level, format!("{title}:"));
                for item in items {
                    match item {
                        Value::Object(inner) => fields(page, level + 1, inner, &path, hidden),
                        other => page.line(level + 1, plain(other)),
                    }
                }
            }
            Value::Null => page.field(level, &title, "<nil>"),
            other => page.field(level, &title, plain(other)),
        }
    }
}

/// `creationTimestamp` is `Creation Timestamp`; names with other characters than letters stay as they are.
fn title(name: &str) -> String {
    if name.contains(|c: char| !c.is_alphabetic() && c != '-') {
        return name.to_owned();
    }
    words(name).into_iter().map(|word| shown(&word)).collect::<Vec<_>>().join(" ")
}

fn shown(word: &str) -> String {
    if ["API", "URL", "UID", "GUID"].contains(&word.to_uppercase().as_str()) {
        return word.to_uppercase();
    }
    let mut chars = word.chars();
    match chars.next() {
        Some(first) if word == word.to_lowercase() => first.to_uppercase().chain(chars).collect(),
        _ => word.to_owned(),
    }
}

/// Takes a name apart where its case changes; an acronym keeps what follows it.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let starts = before.is_none_or(|before| {
            let next_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
            (c == '-') != (before == '-') || c.is_uppercase() && (!before.is_uppercase() || next_lower)
        });
        if starts {
            words.push(String::new());
        }
        words.last_mut().into_iter().for_each(|word| word.push(c));
    }
    let mut merged: Vec<String> = Vec::new();
    let mut last_was_acronym = false;
    for word in words {
        let joins = last_was_acronym && word.starts_with(char::is_uppercase);
        last_was_acronym = !joins && word.len() >= 2 && word.chars().all(char::is_uppercase);
        match merged.last_mut() {
            Some(last) if joins => last.push_str(&word),
            _ => merged.push(word),
        }
    }
    merged
}
