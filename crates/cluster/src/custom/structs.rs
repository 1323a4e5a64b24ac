//! A definition's schema as server-side apply walks along it.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::{
    json::{flag, items, text},
    openapi::{Empty, Field, Form, ListType, Schemas, Struct},
};

const METADATA: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The structures of a schema; the outermost is named like the kind.
pub(super) fn schemas(kind: &str, schema: &Value) -> Schemas {
    let mut structs = HashMap::new();
    let mut root = structure(kind, kind, schema, &mut structs);
    for name in ["apiVersion", "kind"] {
        root.fields.insert(name.to_owned(), field(Form::Text));
    }
    root.fields.insert("metadata".to_owned(), field(Form::Struct(METADATA.to_owned())));
    structs.insert(kind.to_owned(), root);
    Schemas::of_custom(structs)
}

fn structure(name: &str, path: &str, schema: &Value, structs: &mut HashMap<String, Struct>) -> Struct {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let fields: BTreeMap<String, Field> =
        properties.map(|(key, inner)| (key.clone(), read(&format!("{path}.{key}"), inner, structs))).collect();
    Struct { name: name.to_owned(), fields, atomic: text(schema, "x-kubernetes-map-type") == "atomic" }
}

fn read(path: &str, schema: &Value, structs: &mut HashMap<String, Struct>) -> Field {
    if flag(schema, "x-kubernetes-int-or-string") {
        return field(Form::IntOrString);
    }
    let atomic = text(schema, "x-kubernetes-map-type") == "atomic";
    match text(schema, "type") {
        "array" => {
            let entry = read(&format!("{path}[]"), &schema["items"], structs);
            let keys = items(schema, "x-kubernetes-list-map-keys").iter().filter_map(Value::as_str);
            let list = match text(schema, "x-kubernetes-list-type") {
                "set" => ListType::Set,
                "map" => ListType::Map(keys.map(str::to_owned).collect()),
                _ => ListType::Atomic,
            };
            Field { list, ..field(Form::List(Box::new(entry))) }
        }
        "object" if schema["properties"].is_object() && !flag(schema, "x-kubernetes-preserve-unknown-fields") => {
            let inner = structure(path, path, schema, structs);
            structs.insert(path.to_owned(), inner);
            Field { atomic, ..field(Form::Struct(path.to_owned())) }
        }
        "object" if schema["additionalProperties"].is_object() => {
            let entry = read(&format!("{path}{{}}"), &schema["additionalProperties"], structs);
            Field { atomic, ..field(Form::Map(Box::new(entry))) }
        }
        "object" => Field { atomic, ..field(Form::Map(Box::new(field(Form::Any)))) },
        "string" => field(Form::Text),
        "boolean" => field(Form::Flag),
        "integer" => field(Form::Integer(64)),
        "number" => field(Form::Number),
        _ => field(Form::Any),
    }
}

fn field(form: Form) -> Field {
    Field {
        form,
        empty: Empty::Pointer,
        go: None,
        values: None,
        merges: false,
        merge_key: None,
        retains_keys: false,
        list: ListType::Atomic,
        atomic: false,
    }
}
