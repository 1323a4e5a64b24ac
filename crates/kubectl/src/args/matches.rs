//! What was given on the command line.

use std::collections::BTreeMap;

use super::{Command, duration, flag::Kind};

/// The flags and arguments of one call.
#[derive(Debug, Clone)]
pub struct Matches {
    /// The command that was called.
    pub command: &'static Command,
    values: BTreeMap<&'static str, Vec<String>>,
    /// Arguments, those after `--` included.
    pub args: Vec<String>,
    /// How many arguments stood before `--`; `None` without one.
    pub dash: Option<usize>,
}

impl Matches {
    /// Nothing given yet.
    pub fn new(command: &'static Command) -> Self {
        Self { command, values: BTreeMap::new(), args: Vec::new(), dash: None }
    }

    /// Remembers a value of a flag.
    pub fn set(&mut self, name: &'static str, value: String) {
        self.values.entry(name).or_default().push(value);
    }

    /// Whether the flag was given.
    pub fn given(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The last value of a flag, or its default; empty for a flag that this command does not have.
    pub fn text(&self, name: &str) -> &str {
        let given = self.values.get(name).and_then(|values| values.last()).map(String::as_str);
        given.or_else(|| self.command.flag(name).map(|flag| flag.default)).unwrap_or_default()
    }

    /// The value of a flag, if it was given and is not empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| self.given(name) && !text.is_empty())
    }

    /// Whether a switch is on.
    pub fn on(&self, name: &str) -> bool {
        parse_bool(self.text(name)).unwrap_or(false)
    }

    /// A number.
    pub fn int(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// A duration in nanoseconds.
    pub fn duration(&self, name: &str) -> i128 {
        duration::parse(self.text(name)).unwrap_or(0)
    }

    /// All values of a flag that may be repeated.
    pub fn list(&self, name: &str) -> Vec<String> {
        let kind = self.command.flag(name).map(|flag| flag.kind);
        let Some(values) = self.values.get(name) else {
            let default = self.command.flag(name).map_or("", |flag| flag.default).trim_matches(['[', ']']);
            return default.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        };
        match kind {
            Some(Kind::List) => values.iter().flat_map(|value| split_commas(value)).collect(),
            _ => values.clone(),
        }
    }

    /// The `key=value` pairs of a flag, in the order they were given.
    pub fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let all = self.values.get(name).into_iter().flatten().flat_map(|value| split_pairs(value));
        all.filter_map(|pair| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
    }

    /// Whether objects come from files: `-f` or `-k`.
    pub fn reads_files(&self) -> bool {
        !self.list("filename").is_empty() || self.some("kustomize").is_some()
    }

    /// The arguments before `--`.
    pub fn before_dash(&self) -> &[String] {
        &self.args[..self.dash.unwrap_or(self.args.len()).min(self.args.len())]
    }

    /// The arguments after `--`.
    pub fn after_dash(&self) -> &[String] {
        self.dash.map_or(&[], |dash| &self.args[dash.min(self.args.len())..])
    }
}

/// Go's `strconv.ParseBool`.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Splits a list as a line of CSV: quotes keep commas together.
fn split_commas(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                word.push('"');
            }
            '"' if quoted || word.is_empty() => quoted = !quoted,
            ',' if !quoted => words.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    words.push(word);
    words
}

/// The pairs of one value: a single one may have commas, several are a line of CSV.
pub fn split_pairs(text: &str) -> Vec<String> {
    if text.matches('=').count() < 2 { vec![text.trim_matches('"').to_owned()] } else { split_commas(text) }
}

#[cfg(test)]
mod tests {
    use super::{split_commas, split_pairs};

    #[test]
    fn pairs_may_hold_commas_when_they_are_alone() {
        assert_eq!(split_pairs("a=b,c"), ["a=b,c"]);
        assert_eq!(split_pairs("a=b,c=d"), ["a=b", "c=d"]);
    }

    #[test]
    fn lists_are_csv() {
        assert_eq!(split_commas("a,b"), ["a", "b"]);
        assert_eq!(split_commas("\"a,b\",c"), ["a,b", "c"]);
        assert_eq!(split_commas("a=\"x\""), ["a=\"x\""]);
    }
}
