//! Applies patches to objects that the server does not have: `--local`, `--dry-run=client`, `--overrides`.

use serde_json::{Map, Value};

use super::keys::{Shape, Type};

/// RFC 7386.
pub fn json_merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(map) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            map.remove(name);
        } else {
            json_merge(map.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// A strategic merge patch.
pub fn strategic(target: &mut Value, patch: &Value, of: Type, kind: &str) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() || patch.get("$patch").is_some_and(|word| word == "replace") {
        *target = Value::Object(Map::new());
    }
    let Some(map) = target.as_object_mut() else { return };
    if let Some(Value::Array(keep)) = patch.get("$retainKeys") {
        map.retain(|name, _| keep.iter().any(|key| key == name.as_str()));
    }
    for (name, value) in patch.iter().filter(|(name, _)| !name.starts_with('$')) {
        field(map, name, value, of.field(name, kind), kind);
    }
    for (name, order) in patch {
        if let (Some(name), Some(order)) = (name.strip_prefix("$deleteFromPrimitiveList/"), order.as_array())
            && let Some(list) = map.get_mut(name).and_then(Value::as_array_mut)
        {
            list.retain(|item| !order.contains(item));
        }
        if let (Some(name), Some(order)) = (name.strip_prefix("$setElementOrder/"), order.as_array()) {
            reorder(map, name, order, of.field(name, kind));
        }
    }
}

fn field(map: &mut Map<String, Value>, name: &str, value: &Value, shape: Shape, kind: &str) {
    match (shape, value) {
        (_, Value::Null) => {
            map.remove(name);
        }
        (Shape::Fields(of), Value::Object(_)) => {
            strategic(map.entry(name.to_owned()).or_insert(Value::Null), value, of, kind)
        }
        (Shape::Keyed(key, of), Value::Array(items)) => {
            let list = map.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            if let Some(list) = list.as_array_mut() {
                keyed(list, items, key, of, kind);
            }
        }
        (Shape::Set, Value::Array(items)) => {
            let list = map.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            if let Some(list) = list.as_array_mut() {
                let fresh: Vec<Value> = items.iter().filter(|item| !list.contains(item)).cloned().collect();
                list.extend(fresh);
            }
        }
        _ => {
            map.insert(name.to_owned(), value.clone());
        }
    }
}

fn keyed(list: &mut Vec<Value>, items: &[Value], key: &str, of: Type, kind: &str) {
    if items.iter().any(|item| item.get("$patch").is_some_and(|word| word == "replace")) {
        list.clear();
    }
    for item in items {
        let at = list.iter().position(|other| other.get(key) == item.get(key));
        match (at, item.get("$patch").and_then(Value::as_str)) {
            (_, Some("replace")) => {}
            (Some(at), Some("delete")) => {
                list.remove(at);
            }
            (None, Some("delete")) => {}
            (Some(at), _) => strategic(&mut list[at], item, of, kind),
            (None, _) => list.push(item.clone()),
        }
    }
}

fn reorder(map: &mut Map<String, Value>, name: &str, order: &[Value], shape: Shape) {
    let Some(list) = map.get_mut(name).and_then(Value::as_array_mut) else { return };
    let place = |item: &Value| match shape {
        Shape::Keyed(key, _) => order.iter().position(|wanted| wanted.get(key) == item.get(key)),
        _ => order.iter().position(|wanted| wanted == item),
    };
    list.sort_by_key(|item| place(item).unwrap_or(usize::MAX));
}
