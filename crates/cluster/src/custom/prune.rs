//! Taking out of an object what its schema does not know (kubernetes.io, "Field pruning").

use serde_json::{Map, Value};

use crate::json::flag;

/// What every object has, whatever its schema says.
const OWN: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Prunes a whole object; gives the paths of what was taken out.
pub(super) fn prune(schema: &Value, object: &mut Value) -> Vec<String> {
    let mut gone = Vec::new();
    if schema.is_object() {
        walk(schema, object, "", true, &mut gone);
    }
    gone
}

/// Whether a value has nothing that its schema does not know.
pub(crate) fn is_pruned(schema: &Value, value: &Value) -> bool {
    let mut gone = Vec::new();
    walk(schema, &mut value.clone(), "", flag(schema, "x-kubernetes-embedded-resource"), &mut gone);
    gone.is_empty()
}

fn walk(schema: &Value, value: &mut Value, path: &str, whole: bool, gone: &mut Vec<String>) {
    match value {
        Value::Object(fields) => walk_fields(schema, fields, path, whole, gone),
        Value::Array(entries) => {
            let inner = &schema["items"];
            for (index, entry) in entries.iter_mut().enumerate().filter(|_| inner.is_object()) {
                let whole = flag(inner, "x-kubernetes-embedded-resource");
                walk(inner, entry, &format!("{path}[{index}]"), whole, gone);
            }
        }
        _ => {}
    }
}

fn walk_fields(schema: &Value, fields: &mut Map<String, Value>, path: &str, whole: bool, gone: &mut Vec<String>) {
    let others = &schema["additionalProperties"];
    let keeps = flag(schema, "x-kubernetes-preserve-unknown-fields") || *others == Value::Bool(true);
    let mut unknown = Vec::new();
    for (key, value) in fields.iter_mut() {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let own = whole && OWN.contains(&key.as_str());
        let inner = match schema["properties"].get(key) {
            Some(inner) => inner,
            None if others.is_object() => others,
            None => {
                if !keeps && !own {
                    gone.push(here);
                    unknown.push(key.clone());
                }
                continue;
            }
        };
        if !(own && key == "metadata") {
            walk(inner, value, &here, flag(inner, "x-kubernetes-embedded-resource"), gone);
        }
    }
    for key in unknown {
        fields.remove(&key);
    }
}
