//! Reads templates.

use serde_json::Value;

use super::{
    Node, Slice, Step,
    filter::{EXISTS, Filter},
    quote::unquote,
};

/// Filters and unions may be this deep in each other.
const MAX_DEPTH: usize = 32;

/// Reads a whole template.
pub fn template(text: &str) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        if at > 0 {
            nodes.push(literal(&rest[..at]));
        }
        let mut scanner = Scanner { rest: &rest[at + 1..], depth: 0 };
        nodes.push(scanner.steps()?);
        rest = scanner.rest;
    }
    if !rest.is_empty() {
        nodes.push(literal(rest));
    }
    Ok(nodes)
}

fn literal(text: &str) -> Node {
    vec![Step::Literal(Value::String(text.to_owned()))]
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

    /// The text up to where a word ends.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let (word, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// Steps up to the closing brace.
    fn steps(&mut self) -> Result<Node, String> {
        let mut steps = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix("[?(") {
                self.rest = rest;
                steps.push(Step::Filter(self.filter()?));
                continue;
            }
            if let Some(rest) = self.rest.strip_prefix("..") {
                if matches!(steps.last(), Some(Step::Recursive)) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                self.rest = rest;
                steps.push(Step::Recursive);
                if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                    steps.push(self.field());
                }
                continue;
            }
            match self.rest.chars().next() {
                None | Some('\n' | '\r') => return Err("unclosed action".to_owned()),
                Some(c) if c.is_ascii_digit() || matches!(c, '+' | '-') => steps.push(self.number()?),
                Some(c) if c.is_alphanumeric() || c == '_' => steps.push(self.word()),
                Some(quote @ ('"' | '\'')) => steps.push(self.quoted(quote)?),
                Some(c) => {
                    self.next();
                    match c {
                        '}' => return Ok(steps),
                        // The present object: all paths begin there.
                        ' ' | '@' | '$' => {}
                        '[' => steps.extend(self.brackets()?),
                        '.' => steps.push(self.field()),
                        c => return Err(format!("unrecognized character in action: {}", shown(c))),
                    }
                }
            }
        }
    }

    fn field(&mut self) -> Step {
        let mut escaped = false;
        let mut end = self.rest.len();
        for (at, c) in self.rest.char_indices() {
            if !escaped && ends_word(c) {
                end = at;
                break;
            }
            escaped = !escaped && c == '\\';
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name == "*" { Step::Wildcard } else { Step::Field(name.replace('\\', "")) }
    }

    fn word(&mut self) -> Step {
        match self.until(ends_word) {
            "true" => Step::Literal(Value::Bool(true)),
            "false" => Step::Literal(Value::Bool(false)),
            other => Step::Word(other.to_owned()),
        }
    }

    fn number(&mut self) -> Result<Step, String> {
        let text = self.rest;
        self.next();
        self.until(|c| c != '.' && !c.is_ascii_digit());
        let word = &text[..text.len() - self.rest.len()];
        let value = word.parse::<i64>().map(Value::from).or_else(|_| word.parse::<f64>().map(Value::from));
        value.map(Step::Literal).map_err(|_| format!("cannot parse number {word}"))
    }

    /// A text in quotes: it ends at the first quote without a backslash before it.
    fn quoted(&mut self, quote: char) -> Result<Step, String> {
        let text = self.rest;
        self.next();
        let mut before = quote;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && before != '\\' => break,
                Some(c) => before = c,
            }
        }
        let whole = &text[..text.len() - self.rest.len()];
        let inner = unquote(whole).ok_or_else(|| format!("unquote string {whole} error invalid syntax"))?;
        Ok(Step::Literal(Value::String(inner)))
    }

    fn brackets(&mut self) -> Result<Vec<Step>, String> {
        let inner = self.until(|c| matches!(c, ']' | '\n'));
        if self.next() != Some(']') {
            return Err("unterminated array".to_owned());
        }
        if inner.contains(',') {
            let parts = inner.split(',').map(|part| self.inside(&format!("[{}]", part.trim_matches(' '))));
            return Ok(vec![Step::Union(parts.collect::<Result<_, _>>()?)]);
        }
        match inner.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\'')) {
            Some(name) if !name.contains('\'') => self.inside(&format!(".{name}")),
            _ => Ok(vec![Step::Slice(slice(if inner == "*" { ":" } else { inner })?)]),
        }
    }

    /// What stands inside of something else, read like an action of its own.
    fn inside(&self, text: &str) -> Result<Node, String> {
        if self.depth >= MAX_DEPTH {
            return Err("filters and unions are nested too deep".to_owned());
        }
        Scanner { rest: &format!("{text}}}"), depth: self.depth + 1 }.steps()
    }

    fn filter(&mut self) -> Result<Filter, String> {
        let inner = self.condition()?;
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let sides = split_condition(inner);
        let (left, operator, right) = sides.unwrap_or((inner, EXISTS, ""));
        let right = if operator == EXISTS { Vec::new() } else { self.inside(right)? };
        Ok(Filter { left: self.inside(left)?, operator: operator.to_owned(), right })
    }

    /// The text up to the parenthesis that closes a filter: the first one that is not in its first pair of quotes.
    fn condition(&mut self) -> Result<&'a str, String> {
        let text = self.rest;
        let (mut quote, mut closed, mut before) = (None, false, '(');
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(c @ ('"' | '\'')) if quote.is_none() => quote = Some(c),
                Some(c) if quote == Some(c) && before != '\\' => closed = true,
                Some(')') if quote.is_some() == closed => return Ok(&text[..text.len() - self.rest.len() - 1]),
                Some(_) => {}
            }
            before = text[..text.len() - self.rest.len()].chars().next_back().unwrap_or('(');
        }
    }
}

fn ends_word(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// `U+002A '*'`; a character that cannot be seen has its number only.
fn shown(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if c.is_control() { code } else { format!("{code} '{c}'") }
}

/// Left side, operator, right side; the operator is the first run of its characters.
fn split_condition(text: &str) -> Option<(&str, &str, &str)> {
    let of_operator = |c: char| matches!(c, '=' | '!' | '<' | '>');
    let start = text.find(of_operator).filter(|at| *at > 0)?;
    // Something must stand to the right, if it is the last of the operator's own characters.
    let length = text[start..].find(|c| !of_operator(c)).unwrap_or(text.len() - start - 1);
    if length == 0 {
        return None;
    }
    Some((&text[..start], &text[start..start + length], &text[start + length..]))
}

/// `3`, `-1:`, `0:4:2`, or nothing at all, which is the first.
fn slice(text: &str) -> Result<Slice, String> {
    let bound = |part: &str| match part {
        "" => Ok(None),
        number if number.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) && !number.starts_with("--") => {
            number.parse().map(Some).map_err(|_| format!("array index {number} is not a number"))
        }
        _ => Err(format!("invalid array index {text}")),
    };
    let mut parts = text.split(':').map(bound);
    let mut next = || parts.next().unwrap_or(Ok(None));
    let (from, to, step) = (next()?, next()?, next()?);
    if parts.next().is_some() {
        return Err(format!("invalid array index {text}"));
    }
    Ok(Slice { from, to, step, single: !text.contains(':') })
}
