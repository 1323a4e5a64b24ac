//! Values as the API server's messages show them: its own types' fields by their Go names, all of them, in their order.
//!
//! The recorded refusal of a Pod's change (`errors/immutable-pod.yaml`) shows such a form, line numbers included.

use std::{collections::HashMap, sync::OnceLock};

use serde_json::Value;

use super::line_diff;

const TYPES: &str = include_str!("go_form/types.txt");

/// A value with its fields in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    /// As JSON writes it.
    Plain(Value),
    /// A list.
    List(Vec<Shown>),
    /// A structure.
    Fields(Vec<(String, Shown)>),
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Flag,
    Optional,
    List(&'static str),
    Pointer(&'static str),
    Inline(&'static str),
}

#[derive(Debug, Clone)]
struct Field {
    name: &'static str,
    json: String,
    kind: Kind,
}

type Types = HashMap<&'static str, Vec<Field>>;

fn types() -> &'static Types {
    static READ: OnceLock<Types> = OnceLock::new();
    READ.get_or_init(|| {
        let lines = || TYPES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
        let words: HashMap<&str, &'static str> = lines().collect();
        lines().map(|(name, fields)| (name, read_fields(fields, &words))).collect()
    })
}

fn read_fields(text: &'static str, types: &HashMap<&str, &'static str>) -> Vec<Field> {
    let one = |word: &'static str| match word.strip_prefix('<') {
        Some("ObjectMeta") => {
            ["labels", "annotations"].map(|name| Field { name, json: name.into(), kind: Kind::Optional }).to_vec()
        }
        Some(other) => read_fields(types[other], types),
        None => vec![read_field(word)],
    };
    text.split_whitespace().flat_map(one).collect()
}

fn read_field(word: &'static str) -> Field {
    let end = word.find(['#', '!', '?', '[', '*', ':']).unwrap_or(word.len());
    let (names, kind) = word.split_at(end);
    let (name, json) = match names.split_once('=') {
        Some((name, json)) => (name, json.to_owned()),
        None => (names, names[..1].to_lowercase() + &names[1..]),
    };
    let kind = match kind.split_at(kind.len().min(1)) {
        ("", _) => Kind::Text,
        ("#", _) => Kind::Number,
        ("!", _) => Kind::Flag,
        ("?", _) => Kind::Optional,
        ("[", rest) => Kind::List(rest.trim_start_matches(']')),
        ("*", rest) => Kind::Pointer(rest),
        (_, rest) => Kind::Inline(rest),
    };
    Field { name, json, kind }
}

/// A value of one of the types.
pub(super) fn shown(kind: &str, value: &Value) -> Shown {
    let value = &hoisted(kind, value);
    let fields = types().get(kind).map_or(&[][..], Vec::as_slice);
    Shown::Fields(fields.iter().filter_map(|field| Some((field.name.to_owned(), show(field, value)?))).collect())
}

/// What the API puts beside the security context is inside of it in the server's own type.
fn hoisted(kind: &str, value: &Value) -> Value {
    let mut value = value.clone();
    if kind == "PodTemplateSpec" {
        let metadata = crate::json::take(&mut value, "metadata").unwrap_or_default();
        for field in ["annotations", "labels"] {
            if let Some(map) = metadata.get(field) {
                crate::json::put(&mut value, field, map.clone());
            }
        }
    }
    if kind == "PodSpec" {
        for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
            if let Some(given) = crate::json::take(&mut value, field) {
                crate::json::put(crate::json::child(&mut value, "securityContext"), field, given);
            }
        }
    }
    value
}

/// Metadata is left out when it is empty; everything else is always there.
fn show(field: &Field, value: &Value) -> Option<Shown> {
    let given = value.get(&field.json).filter(|given| !given.is_null());
    let plain = |default: Value| Shown::Plain(given.cloned().unwrap_or(default));
    Some(match (field.kind, given) {
        (Kind::Optional, None) if field.name == field.json => return None,
        (Kind::Text, _) => plain("".into()),
        (Kind::Number, _) => plain(0.into()),
        (Kind::Flag, _) => plain(false.into()),
        (Kind::Optional, _) => plain(Value::Null),
        (Kind::List(_) | Kind::Pointer(_), None) => Shown::Plain(Value::Null),
        (Kind::List(kind), Some(list)) => {
            Shown::List(list.as_array().into_iter().flatten().map(|item| shown(kind, item)).collect())
        }
        (Kind::Pointer(kind) | Kind::Inline(kind), _) => shown(kind, given.unwrap_or(&Value::Null)),
    })
}

impl Shown {
    /// In one line.
    pub(super) fn compact(&self) -> String {
        match self {
            Self::Plain(value) => value.to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::compact).collect();
                format!("[{}]", items.join(","))
            }
            Self::Fields(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name:?}:{}", value.compact())).collect();
                format!("{{{}}}", fields.join(","))
            }
        }
    }

    /// In lines, each level a blank further in.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.write("", "", 0, &mut lines);
        lines
    }

    fn write(&self, before: &str, after: &str, depth: usize, lines: &mut Vec<String>) {
        let blanks = " ".repeat(depth);
        let comma = |index: usize, count: usize| if index + 1 < count { "," } else { "" };
        match self {
            Self::List(items) if !items.is_empty() => {
                lines.push(format!("{blanks}{before}["));
                for (index, item) in items.iter().enumerate() {
                    item.write("", comma(index, items.len()), depth + 1, lines);
                }
                lines.push(format!("{blanks}]{after}"));
            }
            Self::Fields(fields) if !fields.is_empty() => {
                lines.push(format!("{blanks}{before}{{"));
                for (index, (name, value)) in fields.iter().enumerate() {
                    value.write(&format!("{name:?}: "), comma(index, fields.len()), depth + 1, lines);
                }
                lines.push(format!("{blanks}}}{after}"));
            }
            Self::Plain(value @ (Value::Array(_) | Value::Object(_))) => {
                Self::unfolded(value).write(before, after, depth, lines);
            }
            flat => lines.push(format!("{blanks}{before}{}{after}", flat.compact())),
        }
    }

    fn unfolded(value: &Value) -> Self {
        match value {
            Value::Array(items) if !items.is_empty() => Self::List(items.iter().map(Self::unfolded).collect()),
            Value::Object(fields) if !fields.is_empty() => {
                Self::Fields(fields.iter().map(|(name, value)| (name.clone(), Self::unfolded(value))).collect())
            }
            // An empty one is written in place.
            Value::Array(_) => Self::List(Vec::new()),
            Value::Object(_) => Self::Fields(Vec::new()),
            plain => Self::Plain(plain.clone()),
        }
    }
}

/// The changed lines with three lines around them, as `diff -u` shows them.
pub(super) fn unified_diff(before: &Shown, after: &Shown) -> String {
    line_diff::unified(&before.lines(), &after.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(name: &str) -> Value {
        let path = format!("{}/tests/wire/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The Pod that was recorded, and the recorded refusal to change it, with its line numbers.
    #[test]
    fn the_difference_is_the_recorded_one() {
        let mut pod = recorded("pod-create")["body"]["spec"].clone();
        pod["nodeName"] = "kind-control-plane".into();
        // The cluster that was recorded put one more file into the token's volume.
        let extra = serde_json::json!({"configMap": {"name": "x", "items": [{"key": "a", "path": "a"}]}});
        let sources = pod["volumes"][0]["projected"]["sources"].as_array_mut().unwrap();
        if sources.len() == 3 {
            sources.push(extra);
        }
        let mut changed = pod.clone();
        changed["restartPolicy"] = "Never".into();
        let text = unified_diff(&shown("PodSpec", &pod), &shown("PodSpec", &changed));
        let message = recorded("error-422-immutable")["body"]["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with(&text), "{text}\n{message}");
    }

    #[test]
    fn a_template_is_one_line_of_go_names() {
        let template = serde_json::json!({"metadata": {"labels": {"a": "b"}}, "spec": {"restartPolicy": "Never"}});
        let text = shown("PodTemplateSpec", &template).compact();
        assert!(
            text.starts_with(r#"{"labels":{"a":"b"},"Spec":{"Volumes":null,"InitContainers":null,"Containers":null,"#),
            "{text}"
        );
    }
}
