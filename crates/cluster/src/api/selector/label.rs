//! `app=web,tier in (front, back),!old`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::lexer::{Token, scan};

/// Which labels an object must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Exists,
    Missing,
    Above(i64),
    Below(i64),
}

/// What is wrong with a selector; the parser's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LabelSelectorError {
    /// A requirement can't be read.
    #[error("unable to parse requirement: {0}")]
    Requirement(String),
    /// What comes between requirements can't be read.
    #[error("{0}")]
    Between(String),
}

impl LabelSelector {
    /// Reads a selector; an empty one selects everything.
    pub fn parse(text: &str) -> Result<Self, LabelSelectorError> {
        Parser { tokens: scan(text), at: 0 }.selector()
    }

    /// Whether an object's labels pass.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.0.iter().all(|requirement| requirement.test.passes(labels.get(&requirement.key).and_then(Value::as_str)))
    }
}

impl Test {
    fn passes(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|text| text.parse::<i64>().ok());
        match self {
            Self::In(set) => value.is_some_and(|text| set.contains(text)),
            Self::NotIn(set) => value.is_none_or(|text| !set.contains(text)),
            Self::Exists => value.is_some(),
            Self::Missing => value.is_none(),
            Self::Above(limit) => number().is_some_and(|n| n > *limit),
            Self::Below(limit) => number().is_some_and(|n| n < *limit),
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    /// The next word when a name may stand here: `in` and `notin` are names then.
    fn name(&mut self) -> Result<String, Token> {
        match self.next() {
            Token::Name(text) => Ok(text),
            token @ (Token::In | Token::NotIn) => Ok(token.text().to_owned()),
            other => Err(other),
        }
    }

    fn starts_requirement(&self) -> bool {
        matches!(self.peek(), Token::Name(_) | Token::In | Token::NotIn | Token::Symbol("!"))
    }

    fn selector(mut self) -> Result<LabelSelector, LabelSelectorError> {
        let between = |text: String| Err(LabelSelectorError::Between(text));
        let mut requirements = Vec::new();
        if *self.peek() == Token::End {
            return Ok(LabelSelector(requirements));
        }
        if !self.starts_requirement() {
            return between(format!("found '{}', expected: !, identifier, or 'end of string'", self.peek().text()));
        }
        loop {
            requirements.push(self.requirement().map_err(LabelSelectorError::Requirement)?);
            match self.next() {
                Token::End => break,
                Token::Symbol(",") if self.starts_requirement() => {}
                Token::Symbol(",") => {
                    return between(format!("found '{}', expected: identifier after ','", self.peek().text()));
                }
                other => return between(format!("found '{}', expected: ',' or 'end of string'", other.text())),
            }
        }
        Ok(LabelSelector(requirements))
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = *self.peek() == Token::Symbol("!");
        if negated {
            self.next();
        }
        let key = self.name().map_err(|found| format!("found '{}', expected: identifier", found.text()))?;
        check_key(&key)?;
        let ends = matches!(self.peek(), Token::End | Token::Symbol(","));
        let test = match (negated, ends) {
            (true, _) => Test::Missing,
            (false, true) => Test::Exists,
            (false, false) => self.comparison(&key)?,
        };
        Ok(Requirement { key, test })
    }

    fn comparison(&mut self, key: &str) -> Result<Test, String> {
        let test = match self.next() {
            Token::In => Test::In(self.set()?),
            Token::NotIn => Test::NotIn(self.set()?),
            Token::Symbol("=" | "==") => Test::In(self.exact()?),
            Token::Symbol("!=") => Test::NotIn(self.exact()?),
            Token::Symbol(">") => Test::Above(number(self.exact()?)?),
            Token::Symbol("<") => Test::Below(number(self.exact()?)?),
            other => {
                return Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.text()));
            }
        };
        if let Test::In(set) | Test::NotIn(set) = &test {
            check_values(key, set)?;
        }
        Ok(test)
    }

    fn exact(&mut self) -> Result<BTreeSet<String>, String> {
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(BTreeSet::from([String::new()]));
        }
        let value = self.name().map_err(|found| format!("found '{}', expected: identifier", found.text()))?;
        Ok(BTreeSet::from([value]))
    }

    fn set(&mut self) -> Result<BTreeSet<String>, String> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let mut values = BTreeSet::new();
        loop {
            // An empty place between commas is the empty value.
            match self.peek() {
                Token::Symbol(",") => values.insert(String::new()),
                Token::Symbol(")") => {
                    self.next();
                    values.insert(String::new());
                    return Ok(values);
                }
                _ => values.insert(
                    self.name()
                        .map_err(|found| format!("found '{}', expected: ',', ')' or identifier", found.text()))?,
                ),
            };
            match self.next() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return Ok(values),
                other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
            }
        }
    }
}

fn number(values: BTreeSet<String>) -> Result<i64, String> {
    let text = values.into_iter().next().unwrap_or_default();
    text.parse().map_err(|_| {
        format!("values[0]: Invalid value: \"{text}\": for 'Gt', 'Lt' operators, the value must be an integer")
    })
}

fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let fits = !name.is_empty() && name.len() <= 63 && is_wordlike(name);
    let prefix_fits = prefix.is_none_or(|text| !text.is_empty() && text.len() <= 253 && is_subdomain(text));
    if fits && prefix_fits {
        return Ok(());
    }
    let why = if fits {
        "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
         must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    } else if name.len() > 63 {
        "name part must be no more than 63 bytes"
    } else {
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
         character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
         '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    };
    Err(format!("<nil>: Invalid value: \"{key}\": {why}"))
}

fn check_values(key: &str, values: &BTreeSet<String>) -> Result<(), String> {
    let wrong: Vec<String> = values
        .iter()
        .enumerate()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(index, value)| {
            let why = if value.len() > 63 {
                "must be no more than 63 bytes"
            } else if !is_wordlike(value) {
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
                 start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
                 for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            } else {
                return None;
            };
            Some(format!("values[{index}][{key}]: Invalid value: \"{value}\": {why}"))
        })
        .collect();
    match wrong.as_slice() {
        [] => Ok(()),
        [only] => Err(only.clone()),
        many => Err(format!("[{}]", many.join(", "))),
    }
}

fn is_wordlike(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    ends(text.chars().next())
        && ends(text.chars().next_back())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn is_subdomain(text: &str) -> bool {
    let edge = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.split('.').all(|label| {
        let bytes = label.as_bytes();
        matches!((bytes.first(), bytes.last()), (Some(first), Some(last)) if edge(*first) && edge(*last))
            && bytes.iter().all(|c| edge(*c) || *c == b'-')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn error(text: &str) -> String {
        LabelSelector::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn mistakes_are_worded_as_recorded() {
        assert_eq!(error("a in b"), "unable to parse requirement: found 'b' expected: '('");
        assert_eq!(error("app=we b"), "found 'b', expected: ',' or 'end of string'");
        assert_eq!(error("=web"), "found '=', expected: !, identifier, or 'end of string'");
        assert_eq!(error("a,"), "found '', expected: identifier after ','");
        assert_eq!(error("a b"), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
    }

    #[test]
    fn selectors_select() {
        let object = json!({"metadata": {"labels": {"app": "web", "tier": "front", "n": "7", "in": "x"}}});
        let yes = ["", "app", "app=web", "app==web,tier!=back", "tier in (front,back)", "!old", "n>6", "n<8", "in=x"];
        let no = ["!app", "app=", "app==", "tier notin (front)", "n>7", "old", "tier in ()"];
        for text in yes {
            assert!(LabelSelector::parse(text).unwrap().matches(&object), "{text}");
        }
        for text in no {
            assert!(!LabelSelector::parse(text).unwrap().matches(&object), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "[a-z=!(),<> ]{0,20}") {
            let _ = LabelSelector::parse(&text);
        }

        #[test]
        fn a_set_and_its_complement_share_nothing(key in "[a-z]{1,3}", values in "[a-z]{1,2}(,[a-z]{1,2}){0,3}", label in "[a-z]{1,2}") {
            let object = json!({"metadata": {"labels": {key.clone(): label}}});
            let within = LabelSelector::parse(&format!("{key} in ({values})")).unwrap().matches(&object);
            let without = LabelSelector::parse(&format!("{key} notin ({values})")).unwrap().matches(&object);
            prop_assert!(within != without);
        }
    }
}
