//! The page about a schema.

use serde_json::Value;

use super::wrap::{indent, wrap};
use crate::resolve::Resource;

/// How many values of an enumeration a list of fields shows.
const MOST_VALUES: usize = 4;
/// How deep `--recursive` goes, should a schema contain itself in a way that is not seen.
const MAX_DEPTH: usize = 40;

/// `KIND: …`, `VERSION: …`.
pub fn head(resource: &Resource) -> String {
    let group = if resource.group.is_empty() { String::new() } else { format!("GROUP:      {}\n", resource.group) };
    format!("{group}KIND:       {}\nVERSION:    {}\n\n", resource.kind, resource.version)
}

/// The schema of a kind.
pub fn schema<'a>(document: &'a Value, resource: &Resource) -> Option<&'a Value> {
    let is = |entry: &Value| {
        entry["group"] == resource.group.as_str()
            && entry["version"] == resource.version.as_str()
            && entry["kind"] == resource.kind.as_str()
    };
    let named =
        |schema: &&Value| schema["x-kubernetes-group-version-kind"].as_array().is_some_and(|all| all.iter().any(is));
    document.pointer("/components/schemas")?.as_object()?.values().find(named)
}

/// What a reference leads to, or the schema itself.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|path| document.pointer(path.trim_start_matches('#')));
    target.unwrap_or(schema)
}

/// A schema's own inner schema: of its items, its values, or the alternative it is made of.
fn inner(schema: &Value) -> Vec<&Value> {
    let one = |name: &str| schema.get(name).filter(|value| value.is_object());
    let all_of = schema["allOf"].as_array().into_iter().flatten();
    one("items").into_iter().chain(one("additionalProperties")).chain(all_of).collect()
}

/// The page of the field at the end of a path; `None` when there is none.
pub fn page(document: &Value, schema: &Value, path: &[String], recursive: bool) -> Option<String> {
    let found = resolved(document, schema);
    let Some((name, rest)) = path.split_first() else {
        return Some(whole(document, schema, recursive));
    };
    if let Some(field) = found.get("properties").and_then(|properties| properties.get(name)) {
        let below = page(document, field, rest, recursive)?;
        if !rest.is_empty() {
            return Some(below);
        }
        let values: Vec<String> = values(field).iter().map(|value| format!("    {value}\n")).collect();
        let enumeration = if values.is_empty() { "\n".to_owned() } else { format!("ENUM:\n{}", values.concat()) };
        return Some(format!("FIELD: {name} <{}>\n{enumeration}\n{below}", kind(document, field)));
    }
    inner(found).into_iter().find_map(|next| page(document, next, path, recursive))
}

fn whole(document: &Value, schema: &Value, recursive: bool) -> String {
    let found = resolved(document, schema);
    let about = description(document, schema);
    let about = if about.is_empty() {
        "    <empty>\n".to_owned()
    } else {
        format!("{}    \n", indent(&wrap(about.trim_end_matches('\n'), 76), 4))
    };
    let mut text = format!("DESCRIPTION:\n{about}");
    let fields = fields(document, found, 1, recursive, &mut Vec::new());
    if !fields.is_empty() {
        text.push_str(&format!("FIELDS:\n{fields}"));
    }
    text.push('\n');
    text
}

/// What a schema and those it is made of say.
fn description(document: &Value, schema: &Value) -> String {
    let own = |value: &Value| {
        value["description"]
            .as_str()
            .filter(|text| !text.is_empty())
            .map(|text| format!("{text}\n"))
            .unwrap_or_default()
    };
    let found = resolved(document, schema);
    let below: String = inner(found).into_iter().map(|next| description(document, next)).collect();
    own(found) + &below
}

fn fields(document: &Value, schema: &Value, level: usize, recursive: bool, seen: &mut Vec<String>) -> String {
    let name = schema["$ref"].as_str().map(str::to_owned);
    if name.as_ref().is_some_and(|name| seen.contains(name)) || level > MAX_DEPTH {
        return String::new();
    }
    let known = seen.len();
    seen.extend(name);
    let found = resolved(document, schema);
    let mut text = String::new();
    for (name, field) in found["properties"].as_object().into_iter().flatten() {
        text.push_str(&detail(document, found, name, field, level, recursive));
        if recursive {
            text.push_str(&fields(document, field, level + 1, recursive, seen));
        }
    }
    for next in inner(found) {
        text.push_str(&fields(document, next, level, recursive, seen));
    }
    seen.truncate(known);
    text
}

fn detail(document: &Value, parent: &Value, name: &str, field: &Value, level: usize, short: bool) -> String {
    let pad = level * 2;
    let required = parent["required"].as_array().is_some_and(|all| all.iter().any(|required| required == name));
    let mut text =
        format!("{}{name}\t<{}>{}", " ".repeat(pad), kind(document, field), if required { " -required-" } else { "" });
    let values = values(field);
    if !values.is_empty() {
        let more = if values.len() > MOST_VALUES { ", ...." } else { "" };
        text.push_str(&format!(
            "\n{}enum: {}{more}",
            " ".repeat(pad),
            values[..values.len().min(MOST_VALUES)].join(", ")
        ));
    }
    text.push('\n');
    if !short {
        let about = field["description"].as_str().filter(|text| !text.is_empty()).unwrap_or("<no description>");
        text.push_str(&format!("{}\n", indent(&wrap(about, 78 - pad), pad + 2)));
    }
    text
}

fn values(field: &Value) -> Vec<String> {
    let show = |value: &Value| match value.as_str() {
        Some("") => "\"\"".to_owned(),
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    field["enum"].as_array().into_iter().flatten().map(show).collect()
}

/// `string`, `[]Container`, `map[string]string`.
fn kind(document: &Value, schema: &Value) -> String {
    if schema["items"].is_object() {
        return format!("[]{}", kind(document, &schema["items"]));
    }
    if schema["additionalProperties"].is_object() {
        return format!("map[string]{}", kind(document, &schema["additionalProperties"]));
    }
    if let Some([one]) = schema["allOf"].as_array().map(Vec::as_slice)
        && schema.get("properties").is_none()
    {
        return kind(document, one);
    }
    let own = |schema: &Value| match schema["type"].as_str() {
        None | Some("object") => "Object".to_owned(),
        Some(kind) => kind.to_owned(),
    };
    match schema["$ref"].as_str() {
        Some(name) => match resolved(document, schema)["type"].as_str() {
            None | Some("object") => name.rsplit(['/', '.']).next().unwrap_or("Object").to_owned(),
            Some(kind) => kind.to_owned(),
        },
        None => own(schema),
    }
}
