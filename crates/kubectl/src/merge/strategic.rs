//! Strategic merge patches: lists merge by key.

use serde_json::{Map, Value, json};

use super::keys::{Shape, Type, retains_keys};

/// What a patch is made of: the changes, or the removals.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Changes,
    Removals,
}

/// A three-way merge for a kind whose lists have keys.
pub fn three_way(original: &Value, modified: &Value, current: &Value, of: Type, kind: &str) -> Value {
    let walker = Walker { kind };
    let map = |value: &'_ Value| value.as_object().cloned().unwrap_or_default();
    let mut patch = walker.object(&map(current), &map(modified), of, Part::Changes);
    let removals = walker.object(&map(original), &map(modified), of, Part::Removals);
    walker.join(&mut patch, removals, of);
    Value::Object(patch)
}

struct Walker<'a> {
    kind: &'a str,
}

type Fields = Map<String, Value>;

impl Walker<'_> {
    fn object(&self, from: &Fields, to: &Fields, of: Type, part: Part) -> Fields {
        let mut patch = Fields::new();
        for (name, wanted) in to {
            let shape = of.field(name, self.kind);
            match from.get(name) {
                None if part == Part::Changes => {
                    patch.insert(name.clone(), wanted.clone());
                }
                Some(have) if have != wanted => self.field(&mut patch, name, have, wanted, of, shape, part),
                _ => {}
            }
        }
        if part == Part::Removals {
            for name in from.keys().filter(|name| !to.contains_key(*name)) {
                patch.insert(name.clone(), Value::Null);
            }
        }
        patch
    }

    #[allow(clippy::too_many_arguments, reason = "one place of a field in two objects")]
    fn field(
        &self,
        patch: &mut Fields,
        name: &str,
        have: &Value,
        wanted: &Value,
        parent: Type,
        shape: Shape,
        part: Part,
    ) {
        match (shape, have, wanted) {
            (Shape::Fields(of), Value::Object(have), Value::Object(wanted)) => {
                let mut inner = self.object(have, wanted, of, part);
                if inner.is_empty() {
                    return;
                }
                if part == Part::Changes && retains_keys(parent, name) {
                    inner.insert("$retainKeys".to_owned(), wanted.keys().cloned().collect());
                }
                patch.insert(name.to_owned(), Value::Object(inner));
            }
            (Shape::Keyed(key, of), Value::Array(have), Value::Array(wanted)) => {
                self.keyed(patch, name, (have, wanted), key, of, parent, part)
            }
            (Shape::Set, Value::Array(have), Value::Array(wanted)) => set(patch, name, have, wanted, part),
            _ if part == Part::Changes => {
                patch.insert(name.to_owned(), wanted.clone());
            }
            _ => {}
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one place of a list in two objects")]
    fn keyed(
        &self,
        patch: &mut Fields,
        name: &str,
        (have, wanted): (&[Value], &[Value]),
        key: &str,
        of: Type,
        parent: Type,
        part: Part,
    ) {
        let find = |list: &[Value], item: &Value| list.iter().find(|other| other.get(key) == item.get(key)).cloned();
        let mut items = Vec::new();
        for item in wanted {
            match (find(have, item), item.as_object()) {
                (Some(Value::Object(before)), Some(now)) => {
                    items.extend(self.item(&before, now, key, of, retains_keys(parent, name), part))
                }
                (None, _) if part == Part::Changes => items.push(item.clone()),
                _ => {}
            }
        }
        if part == Part::Removals {
            items.extend(
                have.iter()
                    .filter(|item| find(wanted, item).is_none())
                    .map(|item| json!({"$patch": "delete", key: item.get(key)})),
            );
        }
        let reordered = part == Part::Changes
            && keys_of(have, key)
                .iter()
                .filter(|k| keys_of(wanted, key).contains(k))
                .ne(keys_of(wanted, key).iter().filter(|k| keys_of(have, key).contains(k)));
        if !items.is_empty() || reordered {
            let order: Vec<Value> = wanted.iter().map(|item| json!({key: item.get(key)})).collect();
            patch.insert(format!("$setElementOrder/{name}"), order.into());
        }
        if !items.is_empty() {
            items.sort_by_key(|item| item.get(key).map(Value::to_string));
            patch.insert(name.to_owned(), items.into());
        }
    }

    fn item(&self, before: &Fields, now: &Fields, key: &str, of: Type, retains: bool, part: Part) -> Option<Value> {
        let mut inner = self.object(before, now, of, part);
        if inner.is_empty() {
            return None;
        }
        if retains && part == Part::Changes {
            inner.insert("$retainKeys".to_owned(), now.keys().cloned().collect());
        }
        inner.insert(key.to_owned(), now.get(key).cloned().unwrap_or_default());
        Some(Value::Object(inner))
    }

    /// Puts removals into a patch of changes.
    fn join(&self, patch: &mut Fields, removals: Fields, of: Type) {
        for (name, removal) in removals {
            let bare = name.trim_start_matches("$setElementOrder/");
            let shape = of.field(bare, self.kind);
            match (patch.get_mut(&name), removal, shape) {
                (None, removal, _) => {
                    patch.insert(name, removal);
                }
                (Some(Value::Object(have)), Value::Object(more), Shape::Fields(of)) => self.join(have, more, of),
                (Some(Value::Array(have)), Value::Array(more), Shape::Keyed(key, of)) if bare == name => {
                    for item in more {
                        self.join_item(have, item, key, of);
                    }
                    have.sort_by_key(|item| item.get(key).map(Value::to_string));
                }
                _ => {}
            }
        }
    }

    fn join_item(&self, have: &mut Vec<Value>, item: Value, key: &str, of: Type) {
        let same = have.iter_mut().find(|other| other.get(key) == item.get(key));
        match (same, item) {
            (Some(Value::Object(have)), Value::Object(more)) => self.join(have, more, of),
            (_, item) => have.push(item),
        }
    }
}

fn keys_of(list: &[Value], key: &str) -> Vec<Value> {
    list.iter().filter_map(|item| item.get(key).cloned()).collect()
}

fn set(patch: &mut Fields, name: &str, have: &[Value], wanted: &[Value], part: Part) {
    let missing =
        |from: &[Value], other: &[Value]| from.iter().filter(|item| !other.contains(item)).cloned().collect::<Vec<_>>();
    let (directive, items) = match part {
        Part::Changes => (name.to_owned(), missing(wanted, have)),
        Part::Removals => (format!("$deleteFromPrimitiveList/{name}"), missing(have, wanted)),
    };
    if !items.is_empty() {
        patch.insert(format!("$setElementOrder/{name}"), wanted.to_vec().into());
        patch.insert(directive, items.into());
    }
}
