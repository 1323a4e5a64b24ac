//! `--append-hash`: the end of a name that stands for the content, as kubectl computes it.

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::output::json;

/// How many letters the end has.
const LENGTH: usize = 10;

/// The end of the name of a ConfigMap or Secret.
pub fn of(object: &Value, name: &str) -> String {
    let mut content = Map::new();
    content.insert("kind".to_owned(), object["kind"].clone());
    content.insert("name".to_owned(), name.into());
    if object["kind"] == "Secret" {
        content.insert("type".to_owned(), object.get("type").cloned().unwrap_or_else(|| "".into()));
        content.insert("data".to_owned(), object["data"].clone());
    } else {
        let text = object.get("data").cloned();
        content.insert("data".to_owned(), text.unwrap_or(Value::Null));
        if let Some(binary) = object.get("binaryData") {
            content.insert("binaryData".to_owned(), binary.clone());
        }
    }
    let hash = digest(&SHA256, json::compact(&Value::Object(content)).as_bytes());
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    hex.chars().take(LENGTH).map(unmistakable).collect()
}

/// Letters that make no words and are not taken for others.
fn unmistakable(letter: char) -> char {
    match letter {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn as_kubectl_computes_it() {
        assert_eq!(of(&json!({"kind": "ConfigMap", "data": {"a": "b"}}), "x"), "64686gkt6c");
        assert_eq!(of(&json!({"kind": "ConfigMap", "data": {"a": "b", "c": "d"}}), "x"), "bt4m5hf54b");
        assert_eq!(of(&json!({"kind": "Secret", "data": {"a": "Yg=="}}), "x"), "k694gm4m9h");
    }
}
