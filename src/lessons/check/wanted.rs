//! What a value should be.

use std::fmt;

use regex::Regex;
use serde_yaml::Value;

/// What a value should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Exactly this; numbers by their value.
    Equals(String),
    /// Anything else.
    Not(String),
    /// A number compared with another.
    Number(Comparison, String),
    /// Text with `*` for anything.
    Like(String),
    /// Text that contains this.
    Contains(String),
    /// Text in which this regular expression is found.
    Matches(String),
    /// One of several.
    OneOf(Vec<String>),
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

/// How comparisons are written; the longer ones first.
const COMPARISONS: [(&str, Comparison); 8] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::More),
    ("<", Comparison::Less),
    ("at least ", Comparison::AtLeast),
    ("at most ", Comparison::AtMost),
    ("more than ", Comparison::More),
    ("less than ", Comparison::Less),
];

impl Wanted {
    /// Reads what an author wrote; the error says what is wrong with it.
    pub fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Mapping(mapping) => {
                let mut entries = mapping.iter();
                let (Some((key, value)), None) = (entries.next(), entries.next()) else {
                    return Err("one of contains:, matches:, not: is expected here".into());
                };
                let text = scalar(value).ok_or("a text is expected here")?;
                match key.as_str() {
                    Some("contains") => Ok(Self::Contains(text)),
                    Some("not") => Ok(Self::Not(text)),
                    Some("matches") => match Regex::new(&text) {
                        Ok(_) => Ok(Self::Matches(text)),
                        Err(error) => Err(format!("`{text}` is no regular expression: {error}")),
                    },
                    _ => Err("one of contains:, matches:, not: is expected here".into()),
                }
            }
            Value::Sequence(values) => {
                let texts: Option<Vec<String>> = values.iter().map(scalar).collect();
                texts.map(Self::OneOf).ok_or_else(|| "a list of plain values is expected here".into())
            }
            value => Ok(Self::from_text(&scalar(value).ok_or("a value is missing here")?)),
        }
    }

    fn from_text(text: &str) -> Self {
        for (sign, comparison) in COMPARISONS {
            if let Some(number) = text.strip_prefix(sign).map(str::trim).filter(|rest| rest.parse::<f64>().is_ok()) {
                return Self::Number(comparison, number.to_owned());
            }
        }
        if let Some(other) = text.strip_prefix("!=") {
            return Self::Not(other.trim().to_owned());
        }
        if text.contains('*') { Self::Like(text.to_owned()) } else { Self::Equals(text.to_owned()) }
    }

    /// The same as something that a longer text contains.
    #[must_use]
    pub fn within(self) -> Self {
        match self {
            Self::Equals(text) => Self::Contains(text),
            Self::Like(text) => Self::Like(format!("*{text}*")),
            other => other,
        }
    }

    /// Whether a value is as wanted.
    pub fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Equals(wanted) => same(wanted, value),
            Self::Not(unwanted) => !same(unwanted, value),
            Self::Number(comparison, wanted) => match (value.parse::<f64>(), wanted.parse::<f64>()) {
                (Ok(value), Ok(wanted)) => comparison.holds(value, wanted),
                _ => false,
            },
            Self::Like(pattern) => like(pattern, value),
            Self::Contains(part) => value.contains(part.as_str()),
            Self::Matches(expression) => Regex::new(expression).is_ok_and(|regex| regex.is_match(value)),
            Self::OneOf(values) => values.iter().any(|wanted| same(wanted, value)),
        }
    }

    /// Whether any of several values is as wanted; of what is unwanted there must be none.
    pub fn accepts_any(&self, values: &[String]) -> bool {
        match self {
            Self::Not(_) => values.iter().all(|value| self.accepts(value)),
            _ => values.iter().any(|value| self.accepts(value)),
        }
    }
}

impl Comparison {
    fn holds(self, value: f64, wanted: f64) -> bool {
        match self {
            Self::Less => value < wanted,
            Self::AtMost => value <= wanted,
            Self::AtLeast => value >= wanted,
            Self::More => value > wanted,
        }
    }
}

/// As it reads in a sentence after "is": `Running`, `at least 2`, `not "x"`.
impl fmt::Display for Wanted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(text) | Self::Like(text) => out.write_str(text),
            Self::Not(text) => write!(out, "≠ {text}"),
            Self::Number(Comparison::Less, number) => write!(out, "< {number}"),
            Self::Number(Comparison::AtMost, number) => write!(out, "≤ {number}"),
            Self::Number(Comparison::AtLeast, number) => write!(out, "≥ {number}"),
            Self::Number(Comparison::More, number) => write!(out, "> {number}"),
            Self::Contains(text) => write!(out, "… {text} …"),
            Self::Matches(text) => write!(out, "/{text}/"),
            Self::OneOf(texts) => out.write_str(&texts.join(" | ")),
        }
    }
}

/// A plain value as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn same(wanted: &str, value: &str) -> bool {
    wanted == value
        || matches!((wanted.parse::<f64>(), value.parse::<f64>()), (Ok(wanted), Ok(value)) if (wanted - value).abs() < f64::EPSILON)
}

/// Whether a text is a pattern's, in which `*` stands for anything.
pub fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(yaml: &str) -> Wanted {
        Wanted::read(&serde_yaml::from_str(yaml).unwrap()).unwrap()
    }

    #[test]
    fn values_are_compared_as_they_are_written() {
        for (yaml, yes, no) in [
            ("Running", "Running", "running"),
            ("3", "3.0", "4"),
            ("<3", "2", "3"),
            ("at least 2", "2", "1"),
            ("'!=x'", "y", "x"),
            ("nginx:*", "nginx:1.27", "httpd"),
            ("'*-x-*'", "a-x-b", "a-x"),
            ("{contains: b}", "abc", "ac"),
            ("{matches: '^a+$'}", "aaa", "aab"),
            ("[a, b]", "b", "c"),
            ("true", "true", "false"),
        ] {
            assert!(wanted(yaml).accepts(yes), "{yaml} accepts {yes}");
            assert!(!wanted(yaml).accepts(no), "{yaml} does not accept {no}");
        }
    }

    #[test]
    fn what_is_unwanted_must_nowhere_be() {
        let values = ["a".to_owned(), "b".to_owned()];
        assert!(wanted("a").accepts_any(&values) && !wanted("'!=a'").accepts_any(&values));
        assert!(wanted("'!=c'").accepts_any(&values));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let refused = |yaml: &str| Wanted::read(&serde_yaml::from_str(yaml).unwrap()).unwrap_err();
        assert!(refused("{contain: x}").contains("contains:"));
        assert!(refused("{matches: '('}").contains("no regular expression"));
        assert!(refused("~").contains("missing"));
    }
}
