//! Reads templates.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Assignment, Node, Pipeline, Term, Word};
use crate::output::jsonpath;

type Wrong = (usize, String);

/// Blocks may be nested this deep.
const MAX_DEPTH: usize = 64;

/// The parts of a template, and the templates that it names.
type Whole = (Vec<Node>, BTreeMap<String, Vec<Node>>);

/// Reads a whole template; errors come with their line.
pub fn template(text: &str) -> Result<Whole, Wrong> {
    let mut parts = parts(text)?;
    parts.reverse();
    let mut reader =
        Reader { source: text, parts, depth: 0, ranges: 0, line: 1, known: Vec::new(), defined: BTreeMap::new() };
    let (nodes, end) = reader.nodes()?;
    match end {
        None => Ok((nodes, reader.defined)),
        Some(word) => Err((reader.line, format!("unexpected {{{{{word}}}}}"))),
    }
}

enum Part<'a> {
    Text(String),
    /// What stands between the braces, and its line.
    Action(&'a str, usize),
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, Wrong> {
    let (mut parts, mut rest, mut line) = (Vec::new(), text, 1);
    let mut trim = false;
    while let Some(at) = rest.find("{{") {
        let mut before = &rest[..at];
        line += before.matches('\n').count();
        if trim {
            before = before.trim_start();
        }
        let mut inner = &rest[at + 2..];
        if inner.starts_with("- ") {
            before = before.trim_end();
            inner = &inner[1..];
        }
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let end = closing(inner).map_err(|why| (line, why.to_owned()))?;
        let mut action = &inner[..end];
        rest = &inner[end + 2..];
        trim = action.ends_with(" -");
        if trim {
            action = &action[..action.len() - 1];
        }
        if !action.trim().starts_with("/*") {
            parts.push(Part::Action(action.trim(), line));
        }
        line += action.matches('\n').count();
    }
    let last = if trim { rest.trim_start() } else { rest };
    if !last.is_empty() {
        parts.push(Part::Text(last.to_owned()));
    }
    Ok(parts)
}

/// Where the action ends; braces in quotes do not count.
fn closing(text: &str) -> Result<usize, &'static str> {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some('"' | '\''), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), c) if c == open && !escaped => quote = None,
            (None, '"' | '`' | '\'') => quote = Some(c),
            (None, '}') if text[at..].starts_with("}}") => return Ok(at),
            (None, '}') => return Err("bad character U+007D '}'"),
            _ => {}
        }
        escaped = false;
    }
    Err(match quote {
        Some('`') => "unterminated raw quoted string",
        Some('"') => "unterminated quoted string",
        Some(_) => "unterminated character constant",
        None => "unclosed action",
    })
}

struct Reader<'a> {
    source: &'a str,
    /// What is left, the next at the end.
    parts: Vec<Part<'a>>,
    depth: usize,
    /// So many ranges are open.
    ranges: usize,
    line: usize,
    /// The variables that there are here.
    known: Vec<String>,
    defined: BTreeMap<String, Vec<Node>>,
}

impl<'a> Reader<'a> {
    fn wrong<T>(&self, why: impl Into<String>) -> Result<T, Wrong> {
        Err((self.line, why.into()))
    }

    /// Nodes up to `end` or `else`, which is given too.
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<&'a str>), Wrong> {
        let mut nodes = Vec::new();
        while let Some(part) = self.parts.pop() {
            let (action, line) = match part {
                Part::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Part::Action(action, line) => (action, line),
            };
            self.line = line;
            let (word, rest) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
            match word {
                "end" | "else" => return Ok((nodes, Some(action))),
                "if" | "with" | "range" => nodes.push(self.block(word, rest.trim())?),
                "break" | "continue" if self.ranges == 0 => {
                    return self.wrong(format!("{{{{{word}}}}} outside {{{{range}}}}"));
                }
                "break" => nodes.push(Node::Break),
                "continue" => nodes.push(Node::Continue),
                "define" => _ = self.define(rest.trim())?,
                "block" => nodes.push(self.define(rest.trim())?),
                "template" => nodes.push(self.call(rest.trim())?),
                _ => nodes.push(self.plain(action)?),
            }
        }
        Ok((nodes, None))
    }

    /// `"name"` and perhaps a pipeline.
    fn call(&self, head: &'a str) -> Result<Node, Wrong> {
        let mut scanner = self.scanner(head);
        let name = match head.chars().next() {
            Some(quote @ ('"' | '`')) => scanner.term(quote).map_err(|why| (self.line, why))?,
            _ => return self.wrong(format!("unexpected {head:?} in template clause")),
        };
        let rest = scanner.rest.trim();
        let given = if rest.is_empty() { None } else { Some(self.pipeline(rest)?) };
        Ok(Node::Call(name, given))
    }

    /// The body of a named template, and the call that a `block` makes of it.
    fn define(&mut self, head: &'a str) -> Result<Node, Wrong> {
        let call = self.call(head)?;
        self.deeper()?;
        let known = std::mem::take(&mut self.known);
        let body = match self.nodes()? {
            (body, Some("end")) => body,
            _ => return self.wrong("unexpected EOF"),
        };
        self.known = known;
        self.depth -= 1;
        if let Node::Call(Term { word: Word::Literal(Value::String(name)), .. }, _) = &call {
            self.defined.insert(name.clone(), body);
        }
        Ok(call)
    }

    fn deeper(&mut self) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { self.wrong("blocks are nested too deep") } else { Ok(()) }
    }

    fn plain(&mut self, action: &'a str) -> Result<Node, Wrong> {
        let Some((mut names, rest, assignment)) = assigned(action) else {
            return Ok(Node::Print(self.pipeline(action)?));
        };
        if names.len() != 1 {
            return self.wrong("too many declarations in command");
        }
        let name = names.remove(0);
        let pipeline = self.pipeline(rest)?;
        match assignment {
            Assignment::New => self.known.push(name.clone()),
            Assignment::Known if !self.known.contains(&name) => {
                return self.wrong(format!("undefined variable \"${name}\""));
            }
            Assignment::Known => {}
        }
        Ok(Node::Set(name, pipeline, assignment))
    }

    fn block(&mut self, word: &str, head: &'a str) -> Result<Node, Wrong> {
        self.deeper()?;
        let (names, head) = match assigned(head) {
            Some((names, rest, _)) => (names, rest),
            None => (Vec::new(), head),
        };
        if head.is_empty() {
            return self.wrong(format!("missing value for {word}"));
        }
        let pipeline = self.pipeline(head)?;
        let known = self.known.len();
        self.known.extend(names.iter().cloned());
        let range = usize::from(word == "range");
        self.ranges += range;
        let (body, end) = self.nodes()?;
        self.ranges -= range;
        let other = match end {
            None => return self.wrong("unexpected EOF"),
            Some("end") => Vec::new(),
            Some(action) => self.other(action.trim_start_matches("else").trim())?,
        };
        self.known.truncate(known);
        self.depth -= 1;
        Ok(match word {
            "if" => Node::If(pipeline, body, other),
            "with" => Node::With(pipeline, body, other),
            _ => Node::Range(names, pipeline, body, other),
        })
    }

    fn other(&mut self, chained: &'a str) -> Result<Vec<Node>, Wrong> {
        if let Some((word @ ("if" | "with"), rest)) = chained.split_once(char::is_whitespace) {
            return Ok(vec![self.block(word, rest.trim())?]);
        }
        match self.nodes()? {
            (nodes, Some("end")) => Ok(nodes),
            _ => self.wrong("unexpected EOF"),
        }
    }

    fn scanner<'b>(&'b self, text: &'a str) -> Scanner<'a, 'b> {
        Scanner { source: self.source, rest: text, depth: self.depth, known: &self.known }
    }

    fn pipeline(&self, text: &'a str) -> Result<Pipeline, Wrong> {
        let pipeline = self.scanner(text).pipeline(false).map_err(|why| (self.line, why))?;
        if pipeline.iter().any(Vec::is_empty) {
            return self.wrong("missing value for command");
        }
        let idle = |command: &Vec<Term>| matches!(command[0].word, Word::Dot | Word::Nil | Word::Literal(_));
        match pipeline.iter().skip(1).position(idle) {
            Some(at) => self.wrong(format!("non executable command in pipeline stage {}", at + 2)),
            None => Ok(pipeline),
        }
    }
}

/// `$i, $x := rest`.
fn assigned(text: &str) -> Option<(Vec<String>, &str, Assignment)> {
    if !text.starts_with('$') {
        return None;
    }
    let (at, length, assignment) = match (text.find(":="), text.find('=')) {
        (Some(at), _) => (at, 2, Assignment::New),
        (None, Some(at)) => (at, 1, Assignment::Known),
        (None, None) => return None,
    };
    let name = |name: &str| {
        let name = name.trim().strip_prefix('$')?;
        name.chars().all(|c| c.is_alphanumeric() || c == '_').then(|| name.to_owned())
    };
    let names: Option<Vec<String>> = text[..at].split(',').map(name).collect();
    Some((names?, text[at + length..].trim(), assignment))
}

struct Scanner<'a, 'b> {
    source: &'a str,
    rest: &'a str,
    depth: usize,
    known: &'b [String],
}

impl<'a> Scanner<'a, '_> {
    /// Where the rest begins in the whole template.
    fn at(&self) -> usize {
        (self.rest.as_ptr() as usize).saturating_sub(self.source.as_ptr() as usize)
    }

    fn pipeline(&mut self, grouped: bool) -> Result<Pipeline, String> {
        let mut commands = vec![Vec::new()];
        loop {
            self.rest = self.rest.trim_start();
            let Some(c) = self.rest.chars().next() else {
                return if grouped { Err("unclosed left paren".to_owned()) } else { Ok(commands) };
            };
            if c == ')' {
                self.rest = &self.rest[1..];
                return if grouped { Ok(commands) } else { Err("unexpected right paren".to_owned()) };
            }
            if c == '|' {
                self.rest = &self.rest[1..];
                commands.push(Vec::new());
                continue;
            }
            let term = self.term(c)?;
            if let Some(command) = commands.last_mut() {
                command.push(term);
            }
        }
    }

    fn term(&mut self, c: char) -> Result<Term, String> {
        let (start, text) = (self.at(), self.rest);
        let word = self.word(c)?;
        let text = &text[..text.len() - self.rest.len()];
        // Errors about the fields of a field name its second one.
        let second = if matches!(word, Word::Field(_)) { text[1..].find('.').map_or(0, |at| at + 1) } else { 0 };
        Ok(Term { word, at: start + second, text: text.to_owned() })
    }

    fn word(&mut self, c: char) -> Result<Word, String> {
        match c {
            '(' => {
                self.rest = &self.rest[1..];
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err("parentheses are nested too deep".to_owned());
                }
                let inner = self.pipeline(true)?;
                self.depth -= 1;
                Ok(Word::Group(inner, self.fields()))
            }
            '"' | '`' | '\'' => self.quoted(c),
            '.' => {
                let fields = self.fields();
                if fields.is_empty() {
                    self.rest = &self.rest[1..];
                    return Ok(Word::Dot);
                }
                Ok(Word::Field(fields))
            }
            '$' => {
                self.rest = &self.rest[1..];
                let name = self.name().to_owned();
                if !name.is_empty() && !self.known.contains(&name) {
                    return Err(format!("undefined variable \"${name}\""));
                }
                Ok(Word::Variable(name, self.fields()))
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' => self.number(),
            c if c.is_alphabetic() || c == '_' => Ok(match self.name() {
                "true" => Word::Literal(Value::Bool(true)),
                "false" => Word::Literal(Value::Bool(false)),
                "nil" => Word::Nil,
                name => Word::Function(
                    super::functions::known(name).ok_or_else(|| format!("function {name:?} not defined"))?,
                ),
            }),
            c => Err(format!("unexpected {c:?} in operand")),
        }
    }

    fn name(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// `.a.b` directly behind what was read.
    fn fields(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        while let Some(rest) =
            self.rest.strip_prefix('.').filter(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        {
            self.rest = rest;
            fields.push(self.name().to_owned());
        }
        fields
    }

    fn number(&mut self) -> Result<Word, String> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+')))
            .unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        number(text).map(Word::Literal).ok_or_else(|| format!("bad number syntax: {text:?}"))
    }

    fn quoted(&mut self, quote: char) -> Result<Word, String> {
        let inner = &self.rest[1..];
        let mut escaped = false;
        let end = inner.char_indices().find(|(_, c)| {
            let ends = *c == quote && !escaped;
            escaped = *c == '\\' && quote != '`' && !escaped;
            ends
        });
        let (end, _) = end.ok_or("unterminated quoted string")?;
        let whole = &self.rest[..end + 2];
        self.rest = &self.rest[end + 2..];
        if quote == '`' {
            return Ok(Word::Literal(inner[..end].into()));
        }
        let text = jsonpath::unquote(whole).ok_or("invalid syntax")?;
        Ok(Word::Literal(if quote == '\'' { text.chars().next().map_or(0, u32::from).into() } else { text.into() }))
    }
}

/// A number as Go writes it; one that is whole is an integer, however it is written.
fn number(text: &str) -> Option<Value> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text.trim_start_matches('+')), |rest| (true, rest));
    let radix = [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)];
    if let Some((prefix, radix)) = radix.iter().find(|(prefix, _)| digits.starts_with(prefix)) {
        let value = i64::from_str_radix(&digits[prefix.len()..], *radix).ok()?;
        return Some(Value::from(if negative { -value } else { value }));
    }
    if let Ok(whole) = text.trim_start_matches('+').parse::<i64>() {
        return Some(whole.into());
    }
    let float = text.parse::<f64>().ok().filter(|float| float.is_finite())?;
    let whole = format!("{float:.0}").parse::<i64>().ok();
    // `1e3` is 1000, `1.5` stays what it is.
    Some(whole.filter(|whole| float.fract() == 0.0 && whole.abs() < 1 << 53).map_or(Value::from(float), Value::from))
}
