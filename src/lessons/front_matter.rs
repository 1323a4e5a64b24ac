//! The block of YAML at the top of a page, in the dialects of Docusaurus and Hugo.

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
    let Some(rest) = text.strip_prefix("---\n") else { return (FrontMatter::default(), text, None) };
    let Some((yaml, body)) = until_fence(rest) else {
        let unclosed = "front matter that begins here is never closed: a line with `---` is missing";
        return (FrontMatter::default(), text, Some(Unreadable { line: 1, column: 1, message: unclosed.into() }));
    };
    let lines = yaml.lines().count() + 2;
    match read(yaml) {
        Ok(values) => (FrontMatter { values, lines }, body, None),
        Err(problem) => (FrontMatter { values: Mapping::new(), lines }, body, Some(problem)),
    }
}

fn until_fence(text: &str) -> Option<(&str, &str)> {
    if let Some(body) = text.strip_prefix("---\n") {
        return Some(("", body));
    }
    if let Some(at) = text.find("\n---\n") {
        return Some((&text[..at + 1], &text[at + 5..]));
    }
    text.strip_suffix("\n---").map(|yaml| (yaml, ""))
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
        as_text(self.values.get("lab")?.as_mapping()?.get(key)?)
    }
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
