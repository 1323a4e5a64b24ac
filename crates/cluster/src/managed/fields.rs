//! What a value's parts are to server-side apply, and the set of fields a configuration names.

use serde_json::{Map, Value};

use super::set::FieldSet;
use crate::openapi::{Field, Form, ListType, Schemas, Struct};

/// What a value is to server-side apply.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// One value.
    Leaf,
    /// Named fields.
    Fields(&'a Struct),
    /// Entries by key.
    Entries(&'a Field),
    /// A set of values.
    Values,
    /// Items told apart by these fields.
    Items(&'a Field, &'a [String]),
}

impl<'a> Shape<'a> {
    /// The shape of a field's value.
    pub fn of(schemas: &'a Schemas, field: &'a Field) -> Self {
        match (&field.form, &field.list) {
            _ if field.atomic => Self::Leaf,
            (Form::Struct(name), _) => {
                schemas.named(name).filter(|known| !known.atomic).map_or(Self::Leaf, Self::Fields)
            }
            (Form::Map(inner), _) => Self::Entries(inner),
            (Form::List(_), ListType::Set) => Self::Values,
            (Form::List(item), ListType::Map(keys)) => Self::Items(item, keys),
            _ => Self::Leaf,
        }
    }

    /// The parts of a value: the step to each, its value and its shape. Nothing for leaves and for what does not fit.
    pub fn parts<'v>(self, schemas: &'a Schemas, value: &'v Value) -> Vec<(String, &'v Value, Shape<'a>)> {
        match (self, value) {
            (Self::Fields(known), Value::Object(fields)) => fields
                .iter()
                .filter_map(|(key, value)| Some((key, value, Shape::of(schemas, known.fields.get(key)?))))
                .map(|(key, value, shape)| (format!("f:{key}"), value, shape))
                .collect(),
            (Self::Entries(inner), Value::Object(entries)) => {
                let shape = Shape::of(schemas, inner);
                entries.iter().map(|(key, value)| (format!("f:{key}"), value, shape)).collect()
            }
            (Self::Values, Value::Array(items)) => {
                items.iter().map(|item| (format!("v:{item}"), item, Shape::Leaf)).collect()
            }
            (Self::Items(item, keys), Value::Array(items)) => {
                let shape = Shape::of(schemas, item);
                items.iter().map(|item| (item_step(item, keys), item, shape)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a value of this shape is one value: a leaf, or a container with nothing in it.
    pub fn is_one(self, value: Option<&Value>) -> bool {
        let empty = match value {
            None | Some(Value::Null) => true,
            Some(Value::Object(fields)) => fields.is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            Some(_) => false,
        };
        matches!(self, Self::Leaf) || empty
    }
}

/// The step to an item: `k:{"name":"web"}`. A missing protocol is the default one, as in the schemas.
pub(crate) fn item_step(item: &Value, keys: &[String]) -> String {
    let named: Map<String, Value> = keys
        .iter()
        .filter_map(|key| {
            let default = (key == "protocol").then(|| Value::from("TCP"));
            Some((key.clone(), item.get(key).cloned().or(default)?))
        })
        .collect();
    format!("k:{}", Value::from(named))
}

/// The fields a configuration names.
pub(crate) fn named_fields(schemas: &Schemas, shape: Shape<'_>, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    add(schemas, shape, value, &mut Vec::new(), &mut set);
    set
}

fn add(schemas: &Schemas, shape: Shape<'_>, value: &Value, path: &mut Vec<String>, set: &mut FieldSet) {
    if matches!(shape, Shape::Leaf) {
        return set.insert(path);
    }
    for (step, part, inner) in shape.parts(schemas, value) {
        path.push(step);
        // A struct's field that holds other fields is no field of its own; entries and items are.
        if inner.is_one(Some(part)) || !matches!(shape, Shape::Fields(_)) {
            set.insert(path);
        }
        if !inner.is_one(Some(part)) {
            add(schemas, inner, part, path, set);
        }
        path.pop();
    }
}
