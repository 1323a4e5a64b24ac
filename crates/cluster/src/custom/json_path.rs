//! The simple JSON paths of definitions: `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`.

use serde_json::{Map, Value};

/// A path to at most one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    /// Counted from the end when negative.
    Index(i64),
    /// The first entry whose field has this value.
    Where(Vec<String>, Value),
    First,
}

impl JsonPath {
    /// Reads a path; `None` for what is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut steps = Vec::new();
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let (step, left) = match rest.strip_prefix('[') {
                Some(inside) => bracket(inside)?,
                None => field(rest.strip_prefix('.').unwrap_or(rest)),
            };
            steps.extend(step);
            rest = left;
        }
        Some(Self(steps))
    }

    /// The value there.
    pub fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |here, step| match step {
            Step::Field(name) => here.get(name),
            Step::Index(index) => {
                let entries = here.as_array()?;
                let place = if *index < 0 { index + i64::try_from(entries.len()).ok()? } else { *index };
                entries.get(usize::try_from(place).ok()?)
            }
            Step::Where(path, wanted) => here.as_array()?.iter().find(|entry| {
                path.iter().try_fold(*entry, |here, name| here.get(name)).is_some_and(|value| value == wanted)
            }),
            Step::First => match here {
                Value::Array(entries) => entries.first(),
                Value::Object(fields) => fields.values().next(),
                _ => None,
            },
        })
    }

    /// Puts a value there, making what is on the way; only fields can be made.
    pub fn put(&self, value: &mut Value, new: Value) {
        let mut here = value;
        for step in &self.0 {
            let Step::Field(name) = step else { return };
            if !here.is_object() {
                *here = Map::new().into();
            }
            here = &mut here[name.as_str()];
        }
        *here = new;
    }
}

/// A name up to the next dot or bracket; a backslash keeps a dot in it.
fn field(text: &str) -> (Option<Step>, &str) {
    let mut name = String::new();
    let mut letters = text.char_indices();
    let mut end = text.len();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
            '.' | '[' => {
                end = at;
                break;
            }
            _ => name.push(letter),
        }
    }
    let step = match name.as_str() {
        "" => None,
        "*" => Some(Step::First),
        _ => Some(Step::Field(name)),
    };
    (step, &text[end..])
}

/// What stands between brackets, the opening one gone.
fn bracket(text: &str) -> Option<(Option<Step>, &str)> {
    if let Some(filter) = text.strip_prefix("?(") {
        let (term, rest) = filter.split_once(")]")?;
        let (path, value) = term.split_once("==")?;
        let path = path.trim().trim_start_matches('@').split('.').filter(|name| !name.is_empty());
        let value = value.trim();
        let value = match value.strip_prefix(['"', '\'']) {
            Some(quoted) => Value::from(quoted.trim_end_matches(['"', '\''])),
            None => serde_json::from_str(value).ok()?,
        };
        return Some((Some(Step::Where(path.map(str::to_owned).collect(), value)), rest));
    }
    let (inside, rest) = text.split_once(']')?;
    let step = match inside.strip_prefix(['"', '\'']) {
        Some(quoted) => Step::Field(quoted.trim_end_matches(['"', '\'']).to_owned()),
        None if inside == "*" => Step::First,
        None => Step::Index(inside.parse().ok()?),
    };
    Some((Some(step), rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let object = json!({"spec": {"replicas": 3, "names": ["a", "b"]}, "metadata": {"labels": {"a.b/c": "x"}},
            "status": {"conditions": [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]}});
        let found = |path: &str| JsonPath::parse(path).and_then(|path| path.find(&object).cloned());
        assert_eq!(found(".spec.replicas"), Some(json!(3)));
        assert_eq!(found(".spec.names[1]"), Some(json!("b")));
        assert_eq!(found(".spec.names[-1]"), Some(json!("b")));
        assert_eq!(found(".spec.names[*]"), Some(json!("a")));
        assert_eq!(found(r".metadata.labels.a\.b/c"), Some(json!("x")));
        assert_eq!(found(".metadata.labels['a.b/c']"), Some(json!("x")));
        assert_eq!(found(r#".status.conditions[?(@.type=="Ready")].status"#), Some(json!("True")));
        assert_eq!(found(".spec.nothing.there"), None);
        assert_eq!(JsonPath::parse(".a[x]"), None);
    }

    #[test]
    fn a_value_can_be_put_where_nothing_was() {
        let mut object = json!({"spec": {}});
        JsonPath::parse(".spec.size.replicas").unwrap().put(&mut object, json!(2));
        assert_eq!(object, json!({"spec": {"size": {"replicas": 2}}}));
    }
}
