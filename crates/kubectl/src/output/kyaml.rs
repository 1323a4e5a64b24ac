//! KYAML: YAML in the clothes of JSON. Braces and brackets, every text in quotes, and none around keys that cannot be
//! mistaken for something else.

use serde_json::{Map, Value};

use super::json;

/// A document; fields in the order of a type, or sorted.
pub fn text(value: &Value, order: Option<&str>) -> String {
    let mut writer = Writer { out: "---\n".to_owned(), order };
    writer.value(value, 0);
    writer.out.push('\n');
    writer.out
}

struct Writer<'a> {
    out: String,
    order: Option<&'a str>,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => self.object(map, indent),
            Value::Array(list) if !list.is_empty() => self.list(list, indent),
            Value::String(text) if text.contains('\n') => self.lines(text, indent + 2),
            Value::String(text) => self.out.push_str(&format!("\"{}\"", escaped(text))),
            other => self.out.push_str(&json::compact(other)),
        }
    }

    fn object(&mut self, map: &Map<String, Value>, indent: usize) {
        let entries = match self.order {
            Some(order) => json::in_order(map, order),
            None => map.iter().collect(),
        };
        self.out.push('{');
        for (name, value) in entries {
            self.line(indent + 2);
            self.out.push_str(&key(name));
            self.out.push_str(": ");
            self.value(value, indent + 2);
            self.out.push(',');
        }
        self.line(indent);
        self.out.push('}');
    }

    /// Collections follow each other on the line of the bracket; anything else has a line of its own.
    fn list(&mut self, list: &[Value], indent: usize) {
        let filled = |item: &Value| match item {
            Value::Object(map) => !map.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => false,
        };
        self.out.push('[');
        if list.iter().all(filled) {
            for (at, item) in list.iter().enumerate() {
                self.out.push_str(if at > 0 { ", " } else { "" });
                self.value(item, indent);
            }
        } else {
            for item in list {
                self.line(indent + 2);
                self.value(item, indent + 2);
                self.out.push(',');
            }
            self.line(indent);
        }
        self.out.push(']');
    }

    /// A text of several lines: each on its own, its newline written out.
    fn lines(&mut self, text: &str, indent: usize) {
        self.out.push_str("\"\\");
        for line in text.split_inclusive('\n') {
            self.line(indent);
            // A blank at the beginning would be lost without the backslash before it.
            self.out.push(if line.starts_with([' ', '\t']) { '\\' } else { ' ' });
            let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\\n"));
            self.out.push_str(&format!("{}{end}\\", escaped(body)));
        }
        self.line(indent);
        self.out.push('"');
    }

    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push('\t'),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            '\u{feff}' => out.push_str("\\uFEFF"),
            other if other.is_control() => out.push_str(&format!("\\x{:02X}", u32::from(other))),
            other => out.push(other),
        }
    }
    out
}

/// Words that YAML 1.1 takes for something else than a text.
const MISLEADING: [&str; 13] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "nan", "inf"];

fn key(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !MISLEADING.contains(&name.to_ascii_lowercase().as_str());
    if plain { name.to_owned() } else { format!("\"{}\"", escaped(name)) }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_lists_and_keys() {
        let value =
            json!({"a": "one\n two\n\nend", "12": [1, null], "on": [{"x": {}}, {"y": []}], "t/x": "tab\t\"\u{1}"});
        assert_snapshot!(text(&value, None), @r#"
        ---
        {
          "12": [
            1,
            null,
          ],
          a: "\
             one\n\
            \ two\n\
             \n\
             end\
            ",
          "on": [{
            x: {},
          }, {
            "y": [],
          }],
          t/x: "tab	\"\x01",
        }
        "#);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~\n\t\u{1}\u{85}é]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z0-9./ -]{0,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_read_back_as_it_was(value in any_value()) {
            prop_assert_eq!(serde_yaml::from_str::<Value>(&text(&value, None)).unwrap(), value);
        }
    }
}
