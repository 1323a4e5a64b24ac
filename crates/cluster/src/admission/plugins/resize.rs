//! A resize of a Pod writes the resources of its containers and their resize policies, and those of the Pod as a whole.

use serde_json::Value;

use crate::json::{at, child, items, put, take, text};

/// Puts back everything else. Containers that are not those of the stored Pod are left for the validation to refuse.
pub(super) fn keep_all_but_resources(old: &Value, new: &mut Value) {
    let same = ["containers", "initContainers"].iter().all(|list| names(old, list) == names(new, list));
    if !same {
        return;
    }
    let mut kept = old.clone();
    let managed = at(new, &["metadata", "managedFields"]).clone();
    put(child(&mut kept, "metadata"), "managedFields", managed);
    for list in ["containers", "initContainers"] {
        let mut wanted = items(&new["spec"], list).iter();
        crate::json::each(child(&mut kept, "spec"), list, |container| {
            if let Some(wanted) = wanted.next() {
                copy(wanted, container, "resources");
                copy(wanted, container, "resizePolicy");
            }
        });
    }
    copy(&new["spec"], child(&mut kept, "spec"), "resources");
    *new = kept;
}

fn names<'a>(pod: &'a Value, list: &str) -> Vec<&'a str> {
    items(&pod["spec"], list).iter().map(|container| text(container, "name")).collect()
}

fn copy(from: &Value, to: &mut Value, field: &str) {
    match from.get(field) {
        Some(value) => put(to, field, value.clone()),
        None => drop(take(to, field)),
    }
}
