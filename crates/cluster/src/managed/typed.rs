//! What in a configuration does not have the type that its kind's schema gives it, as server-side apply tells it.

use serde_json::{Map, Value};

use super::{fields::item_step, set::shown};
use crate::{
    json::shown_by_go,
    openapi::{Field, Form, ListType, Schemas, Struct},
};

/// What is wrong, one line each.
pub(crate) fn mistyped(schemas: &Schemas, known: &Struct, config: &Value) -> Vec<String> {
    let mut walk = Walk { schemas, path: Vec::new(), found: Vec::new() };
    if let Some(fields) = config.as_object() {
        walk.fields(known, fields);
    }
    walk.found
}

struct Walk<'a> {
    schemas: &'a Schemas,
    path: Vec<String>,
    found: Vec<String>,
}

impl Walk<'_> {
    fn fields(&mut self, known: &Struct, fields: &Map<String, Value>) {
        for (key, value) in fields {
            self.path.push(format!("f:{key}"));
            match known.fields.get(key) {
                Some(field) => self.value(field, value),
                None => self.wrong("field not declared in schema"),
            }
            self.path.pop();
        }
    }

    fn value(&mut self, field: &Field, value: &Value) {
        match (&field.form, value) {
            (_, Value::Null)
            | (Form::Text | Form::Bytes | Form::Time | Form::MicroTime, Value::String(_))
            | (Form::Flag, Value::Bool(_))
            | (Form::Integer(_) | Form::Number, Value::Number(_))
            | (Form::Quantity | Form::IntOrString | Form::Any, _) => {}
            (Form::Struct(name), Value::Object(fields)) => {
                if let Some(known) = self.schemas.named(name) {
                    self.fields(known, fields);
                }
            }
            (Form::Map(inner), Value::Object(entries)) => {
                for (key, value) in entries {
                    self.below(format!("f:{key}"), inner, value);
                }
            }
            (Form::List(item), Value::Array(items)) => self.list(field, item, items),
            (Form::Text | Form::Bytes | Form::Time | Form::MicroTime, other) => {
                let given = go_syntax(other);
                self.wrong(&format!("expected string, got &value.valueUnstructured{{Value:{given}}}"));
            }
            (Form::Flag, other) => self.wrong(&format!("expected boolean, got &{{{}}}", shown_by_go(other))),
            (Form::Integer(_) | Form::Number, other) => {
                self.wrong(&format!("expected numeric (int or float), got {}", kind(other)));
            }
            (Form::Struct(_) | Form::Map(_), other) => {
                self.wrong(&format!("expected map, got &{{{}}}", shown_by_go(other)));
            }
            (Form::List(_), other) => self.wrong(&format!("expected list, got &{{{}}}", shown_by_go(other))),
        }
    }

    fn list(&mut self, field: &Field, item: &Field, items: &[Value]) {
        let ListType::Map(keys) = &field.list else {
            for (index, value) in items.iter().enumerate() {
                self.below(format!("i:{index}"), item, value);
            }
            return;
        };
        let mut seen: Vec<String> = Vec::new();
        for (index, value) in items.iter().enumerate() {
            if !value.is_object() {
                let why = "associative list with keys may not have non-map elements";
                return self.wrong(&format!("element {index}: {why}"));
            }
            let step = item_step(value, keys);
            if seen.contains(&step) {
                self.wrong(&format!("duplicate entries for key {}", shown(std::slice::from_ref(&step))));
                continue;
            }
            self.below(step.clone(), item, value);
            seen.push(step);
        }
    }

    fn below(&mut self, step: String, field: &Field, value: &Value) {
        self.path.push(step);
        self.value(field, value);
        self.path.pop();
    }

    fn wrong(&mut self, what: &str) {
        self.found.push(format!("{}: {what}", shown(&self.path)));
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "numeric",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

/// A value as Go's `%#v` shows it.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{key:?}:{}", go_syntax(value)));
            format!("map[string]interface {{}}{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{openapi::schemas, registry};

    fn pod(spec: &Value) -> String {
        let known = schemas().of(registry::find("", "v1", "pods").unwrap()).unwrap();
        mistyped(schemas(), known, &json!({"kind": "Pod", "metadata": {"name": "a"}, "spec": spec})).join("\n")
    }

    /// As Kubernetes 1.36 tells it.
    #[test]
    fn types_are_told_with_the_path_and_the_value() {
        let container = |fields: Value| {
            let mut whole = json!({"name": "c", "image": "x"});
            whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            pod(&json!({"containers": [whole]}))
        };
        insta::assert_snapshot!(container(json!({"ports": [{"containerPort": "80"}]})), @r#".spec.containers[name="c"].ports[containerPort="80",protocol="TCP"].containerPort: expected numeric (int or float), got string"#);
        insta::assert_snapshot!(container(json!({"env": [{"name": "A", "value": 3}]})), @r#".spec.containers[name="c"].env[name="A"].value: expected string, got &value.valueUnstructured{Value:3}"#);
        insta::assert_snapshot!(container(json!({"ports": {"containerPort": 80}})), @r#".spec.containers[name="c"].ports: expected list, got &{map[containerPort:80]}"#);
        insta::assert_snapshot!(container(json!({"tty": "yes", "foo": 1})), @r#"
        .spec.containers[name="c"].foo: field not declared in schema
        .spec.containers[name="c"].tty: expected boolean, got &{yes}
        "#);
        insta::assert_snapshot!(container(json!({"args": [1, true]})), @r#"
        .spec.containers[name="c"].args[0]: expected string, got &value.valueUnstructured{Value:1}
        .spec.containers[name="c"].args[1]: expected string, got &value.valueUnstructured{Value:true}
        "#);
        insta::assert_snapshot!(pod(&json!({"containers": [3]})), @".spec.containers: element 0: associative list with keys may not have non-map elements");
        insta::assert_snapshot!(pod(&json!({"containers": [{"name": "a"}, {"name": "a"}]})), @r#".spec.containers: duplicate entries for key [name="a"]"#);
        insta::assert_snapshot!(pod(&json!("x")), @".spec: expected map, got &{x}");
    }
}
