//! The block of YAML or TOML at the top of a page, in the dialects of Docusaurus and Hugo.

use serde_yaml::{Mapping, Value};

/// A page's front matter and where the page itself begins.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrontMatter {
    /// Every key, known or not, as it was written.
    pub values: Mapping,
    /// Lines of the file before the body.
    pub lines: usize,
}

/// Front matter that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Counted from 1, in the file.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// In the parser's words.
    pub message: String,
}

/// Splits a page into front matter and body. A page without front matter is all body; front matter that cannot be
/// read comes back as the error, beside the body after it, so that the page can still be shown.
pub fn split(text: &str) -> (FrontMatter, &str, Option<Unreadable>) {
    let Some((fence, rest)) = ["---", "+++"].iter().find_map(|fence| {
        Some((*fence, text.strip_prefix(fence)?.trim_start_matches([' ', '\t']).strip_prefix('\n')?))
    }) else {
        return (FrontMatter::default(), text, None);
    };
    let Some((written, body)) = until_fence(rest, fence) else {
        let message = format!("front matter that begins here is never closed: a line with `{fence}` is missing");
        return (FrontMatter::default(), text, Some(Unreadable { line: 1, column: 1, message }));
    };
    let lines = written.lines().count() + 2;
    match if fence == "---" { read(written) } else { read_toml(written) } {
        Ok(values) => (FrontMatter { values, lines }, body, None),
        Err(problem) => (FrontMatter { values: Mapping::new(), lines }, body, Some(problem)),
    }
}

/// The text before a line that is the fence, and the text after it.
fn until_fence<'a>(text: &'a str, fence: &str) -> Option<(&'a str, &'a str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == fence {
            return Some((&text[..at], &text[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

fn read_toml(text: &str) -> Result<Mapping, Unreadable> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Unreadable { line: before.matches('\n').count() + 2, column, message: error.message().to_owned() }
    })?;
    match from_toml(toml::Value::Table(table)) {
        Value::Mapping(values) => Ok(values),
        _ => Ok(Mapping::new()),
    }
}

/// The same value as YAML has it; dates are texts.
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::Number(number.into()),
        toml::Value::Float(number) => Value::Number(number.into()),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(values) => Value::Sequence(values.into_iter().map(from_toml).collect()),
        toml::Value::Table(table) => {
            Value::Mapping(table.into_iter().map(|(key, value)| (Value::String(key), from_toml(value))).collect())
        }
    }
}

fn read(yaml: &str) -> Result<Mapping, Unreadable> {
    match serde_yaml::from_str::<Value>(yaml) {
        Ok(Value::Mapping(values)) => Ok(values),
        Ok(Value::Null) => Ok(Mapping::new()),
        Ok(_) => Err(Unreadable { line: 2, column: 1, message: "front matter has to be `key: value` lines".into() }),
        Err(error) => {
            let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
            Err(Unreadable { line: line + 1, column, message: error.to_string() })
        }
    }
}

impl FrontMatter {
    /// A key's value as text; numbers and booleans as they are printed.
    pub fn text(&self, key: &str) -> Option<String> {
        as_text(self.values.get(key)?)
    }

    /// A key's value as a number.
    pub fn number(&self, key: &str) -> Option<i64> {
        self.values.get(key)?.as_i64()
    }

    /// Whether a key says `true`.
    pub fn flag(&self, key: &str) -> bool {
        self.values.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A key of ours, below `lab:`.
    pub fn lab(&self, key: &str) -> Option<String> {
        as_text(self.lab_value(key)?)
    }

    /// The texts in a list of ours, below `lab:`.
    pub fn lab_list(&self, key: &str) -> Vec<String> {
        let texts = self.lab_value(key).and_then(Value::as_sequence);
        texts.into_iter().flatten().filter_map(as_text).collect()
    }

    /// A key of ours, below `lab:`, whatever it holds.
    pub fn lab_value(&self, key: &str) -> Option<&Value> {
        self.values.get("lab")?.as_mapping()?.get(key)
    }

    /// Takes what the page does not say itself from its folder's `_meta.yaml`: `draft`, and what is below `lab:`.
    pub fn inherit(&mut self, folder: &Mapping) {
        if let Some(draft) = folder.get("draft").filter(|_| !self.values.contains_key("draft")) {
            self.values.insert("draft".into(), draft.clone());
        }
        let Some(given) = folder.get("lab").and_then(Value::as_mapping) else { return };
        let own = self.values.entry("lab".into()).or_insert_with(|| Value::Mapping(Mapping::new()));
        if let Value::Mapping(own) = own {
            for (key, value) in given {
                own.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// The contents of a `_meta.yaml`.
pub fn meta(text: &str) -> Result<Mapping, Unreadable> {
    read(text).map_err(|bad| Unreadable { line: bad.line - 1, ..bad })
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docusaurus_and_hugo_keys_are_read_and_unknown_ones_kept() {
        let (matter, body, problem) =
            split("---\nid: pods\nsidebar_position: 2\nweight: 20\nmine: [1, 2]\n---\n# Pods\n");
        assert_eq!(problem, None);
        assert_eq!(body, "# Pods\n");
        assert_eq!(matter.lines, 6);
        assert_eq!(matter.text("id").as_deref(), Some("pods"));
        assert_eq!(matter.number("sidebar_position"), Some(2));
        assert!(matter.values.contains_key("mine"));
    }

    #[test]
    fn dates_versions_and_short_words_stay_what_they_look_like() {
        let (matter, _, _) = split("---\ndate: 2026-01-02\nkubernetes: \"1.30\"\nno: no\n---\n");
        assert_eq!(matter.text("date").as_deref(), Some("2026-01-02"));
        assert_eq!(matter.text("kubernetes").as_deref(), Some("1.30"));
        assert_eq!(matter.text("no").as_deref(), Some("no"));
    }

    #[test]
    fn our_own_keys_live_below_lab() {
        let (matter, _, _) = split("---\nlab:\n  time: 10m\n---\n");
        assert_eq!(matter.lab("time").as_deref(), Some("10m"));
    }

    #[test]
    fn toml_is_read_like_yaml() {
        let (matter, body, problem) =
            split("+++\ntitle = \"Pods\"\nweight = 3\ndate = 2026-01-02\n[lab]\ntime = \"5m\"\n+++\nText.\n");
        assert_eq!((problem, body, matter.lines), (None, "Text.\n", 7));
        assert_eq!((matter.text("title").as_deref(), matter.number("weight")), (Some("Pods"), Some(3)));
        assert_eq!((matter.text("date").as_deref(), matter.lab("time").as_deref()), (Some("2026-01-02"), Some("5m")));
        let (_, body, problem) = split("+++\ntitle = \n+++\nText.\n");
        assert_eq!((body, problem.map(|problem| problem.line)), ("Text.\n", Some(2)));
    }

    #[test]
    fn a_page_inherits_what_it_does_not_say_itself() {
        let (mut matter, ..) = split("---\nlab: {time: 5m}\n---\n");
        matter.inherit(&meta("draft: true\ntitle: Course\nlab: {time: 9m, checks: {a: {pod: x}}}\n").unwrap());
        assert_eq!((matter.lab("time").as_deref(), matter.flag("draft")), (Some("5m"), true));
        assert!(matter.lab_value("checks").is_some() && matter.text("title").is_none());
    }

    #[test]
    fn a_page_without_front_matter_is_all_body() {
        let (matter, body, problem) = split("Just text.\n");
        assert_eq!((matter, body, problem), (FrontMatter::default(), "Just text.\n", None));
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place_and_the_body_survives() {
        let (_, body, problem) = split("---\ntitle: a\n  b: [\n---\nText.\n");
        let problem = problem.expect("YAML with an open bracket");
        assert_eq!(body, "Text.\n");
        assert!(problem.line >= 2, "{problem:?}");

        let (_, body, problem) = split("---\ntitle: a\n");
        assert_eq!(problem.map(|problem| problem.line), Some(1));
        assert_eq!(body, "---\ntitle: a\n");
    }
}
