//! Reads templates.

use serde_json::Value;

use super::{
    Node, Slice, Step,
    filter::{Filter, Operator},
};

/// Nested ranges, filters and unions may be this deep.
const MAX_DEPTH: usize = 32;

/// Reads a whole template.
pub fn template(text: &str) -> Result<Vec<Node>, String> {
    let mut open: Vec<(Vec<Step>, Vec<Node>)> = Vec::new();
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        if at > 0 {
            nodes.push(Node::Text(rest[..at].to_owned()));
        }
        let (part, after) = action(&rest[at + 1..])?;
        rest = after;
        match part {
            Part::Range(_) if open.len() >= MAX_DEPTH => return Err("range is nested too deep".to_owned()),
            Part::Range(steps) => open.push((steps, std::mem::take(&mut nodes))),
            Part::End => {
                let Some((steps, before)) = open.pop() else { return Err("not in range, nothing to end".to_owned()) };
                let body = std::mem::replace(&mut nodes, before);
                nodes.push(Node::Range(steps, body));
            }
            Part::Path(steps) => nodes.push(Node::Path(steps)),
        }
    }
    if !rest.is_empty() {
        nodes.push(Node::Text(rest.to_owned()));
    }
    if open.is_empty() { Ok(nodes) } else { Err("unterminated range".to_owned()) }
}

enum Part {
    Path(Vec<Step>),
    Range(Vec<Step>),
    End,
}

/// What stands between braces, and what follows it.
fn action(text: &str) -> Result<(Part, &str), String> {
    let trimmed = text.trim_start();
    let word = |name: &str| {
        trimmed.strip_prefix(name).filter(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    if let Some(rest) = word("range") {
        let mut scanner = Scanner { rest, depth: 0 };
        return Ok((Part::Range(scanner.steps(true)?), scanner.rest));
    }
    if let Some(rest) = word("end") {
        let rest = rest.trim_start().strip_prefix('}').ok_or("unclosed action")?;
        return Ok((Part::End, rest));
    }
    let mut scanner = Scanner { rest: text, depth: 0 };
    Ok((Part::Path(scanner.steps(true)?), scanner.rest))
}

struct Scanner<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Steps up to the closing brace, or to the end of the text without braces.
    fn steps(&mut self, braced: bool) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix("[?(") {
                self.rest = rest;
                steps.push(Step::Filter(self.filter()?));
                continue;
            }
            if let Some(rest) = self.rest.strip_prefix("..") {
                self.rest = rest;
                if matches!(steps.last(), Some(Step::Recursive)) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                steps.push(Step::Recursive);
                if self.rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '*') {
                    steps.push(self.field());
                }
                continue;
            }
            match self.next() {
                Some('}') if braced => return Ok(steps),
                None if !braced => return Ok(steps),
                None | Some('\n' | '\r') => return Err("unclosed action".to_owned()),
                Some(' ' | '@') => {}
                Some('$') => steps.push(Step::Root),
                Some('[') => steps.push(self.brackets()?),
                Some(quote @ ('"' | '\'')) => steps.push(Step::Literal(Value::String(self.quoted(quote)?))),
                Some('.') => steps.push(self.field()),
                Some(c) if c == '+' || c == '-' || c.is_ascii_digit() => steps.push(Step::Literal(self.number(c)?)),
                Some(c) if c.is_alphanumeric() || c == '_' => steps.push(self.word(c)?),
                Some(c) => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", u32::from(c))),
            }
        }
    }

    fn field(&mut self) -> Step {
        let mut name = String::new();
        while let Some(c) = self.rest.chars().next() {
            if c == '\\' {
                self.next();
                name.extend(self.next());
                continue;
            }
            if matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}') {
                break;
            }
            name.push(c);
            self.next();
        }
        if name == "*" { Step::Wildcard } else { Step::Field(name) }
    }

    fn word(&mut self, first: char) -> Result<Step, String> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let word = format!("{first}{}", &self.rest[..end]);
        self.rest = &self.rest[end..];
        match word.as_str() {
            "true" => Ok(Step::Literal(Value::Bool(true))),
            "false" => Ok(Step::Literal(Value::Bool(false))),
            other => Err(format!("unrecognized identifier {other}")),
        }
    }

    fn number(&mut self, first: char) -> Result<Value, String> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-')))
            .unwrap_or(self.rest.len());
        let word = format!("{first}{}", &self.rest[..end]);
        self.rest = &self.rest[end..];
        let value = word.parse::<i64>().map(Value::from).or_else(|_| word.parse::<f64>().map(Value::from));
        value.map_err(|_| format!("cannot parse number {word}"))
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote => return Ok(text),
                Some('\\') => text.push(match self.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(other) => other,
                    None => return Err("unterminated quoted string".to_owned()),
                }),
                Some(c) => text.push(c),
            }
        }
    }

    fn brackets(&mut self) -> Result<Step, String> {
        let end =
            self.rest.find([']', '\n']).filter(|at| self.rest.as_bytes()[*at] == b']').ok_or("unterminated array")?;
        let inner = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        if inner.contains(',') {
            if self.depth >= MAX_DEPTH {
                return Err("union is nested too deep".to_owned());
            }
            let paths: Result<Vec<_>, String> =
                inner.split(',').map(|part| index(part.trim()).map(|step| vec![step])).collect();
            return Ok(Step::Union(paths?));
        }
        index(inner)
    }

    fn filter(&mut self) -> Result<Filter, String> {
        if self.depth >= MAX_DEPTH {
            return Err("filter is nested too deep".to_owned());
        }
        let inner = self.parenthesis()?;
        self.rest = self.rest.strip_prefix(']').ok_or("unclosed array expect ]")?;
        let (left, operator, right) = split_condition(inner)?;
        let read = |text: &str| Scanner { rest: text, depth: self.depth + 1 }.steps(false);
        Ok(Filter { left: read(left.trim())?, operator, right: read(right.trim())? })
    }

    /// The text up to the parenthesis that closes the one already read.
    fn parenthesis(&mut self) -> Result<&'a str, String> {
        let (mut open, mut quote) = (1, None);
        let text = self.rest;
        for (at, c) in text.char_indices() {
            match (quote, c) {
                (Some(q), c) if c == q => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(c),
                (None, '(') => open += 1,
                (None, ')') => open -= 1,
                _ => {}
            }
            if open == 0 {
                self.rest = &text[at + 1..];
                return Ok(&text[..at]);
            }
        }
        Err("unterminated filter".to_owned())
    }
}

/// Left side, operator, right side of a condition; the operator is outside quotes.
fn split_condition(text: &str) -> Result<(&str, Operator, &str), String> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '=' | '!' | '<' | '>') => {
                let length = text[at..].find(|c| !matches!(c, '=' | '!' | '<' | '>')).unwrap_or(text.len() - at);
                let word = &text[at..at + length];
                let operator = Operator::read(word).ok_or_else(|| format!("unrecognized filter operator {word}"))?;
                return Ok((&text[..at], operator, &text[at + length..]));
            }
            _ => {}
        }
    }
    Ok((text, Operator::Exists, ""))
}

/// What stands in brackets: `'name'`, `*`, `3`, `-1:`, `0:4:2`.
fn index(text: &str) -> Result<Step, String> {
    if text == "*" {
        return Ok(Step::Wildcard);
    }
    for quote in ['\'', '"'] {
        if let Some(name) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return Ok(Step::Field(name.to_owned()));
        }
    }
    let invalid = || format!("invalid array index {text}");
    let bound = |part: Option<&str>| {
        part.filter(|part| !part.is_empty()).map(|part| part.parse::<i64>().map_err(|_| invalid())).transpose()
    };
    let mut parts = text.split(':');
    let (from, to, step) = (bound(parts.next())?, bound(parts.next())?, bound(parts.next())?);
    let single = !text.contains(':');
    if parts.next().is_some() || (single && from.is_none()) {
        return Err(invalid());
    }
    Ok(Step::Slice(Slice { from, to, step, single }))
}
