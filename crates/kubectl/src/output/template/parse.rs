//! Reads templates.

use serde_json::Value;

use super::{Node, Pipeline, Word};

type Wrong = (usize, String);

/// Blocks may be nested this deep.
const MAX_DEPTH: usize = 64;

/// Reads a whole template; errors come with their line.
pub fn template(text: &str) -> Result<Vec<Node>, Wrong> {
    let mut parts = parts(text)?;
    parts.reverse();
    let mut reader = Reader { parts, depth: 0, line: 1 };
    let (nodes, end) = reader.nodes()?;
    match end {
        None => Ok(nodes),
        Some(word) => Err((reader.line, format!("unexpected {{{{{word}}}}}"))),
    }
}

enum Part {
    Text(String),
    /// What stands between the braces, and its line.
    Action(String, usize),
}

fn parts(text: &str) -> Result<Vec<Part>, Wrong> {
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
        let end = closing(inner).ok_or((line, "unclosed action".to_owned()))?;
        let mut action = &inner[..end];
        rest = &inner[end + 2..];
        trim = action.ends_with(" -");
        if trim {
            action = &action[..action.len() - 1];
        }
        if !action.trim().starts_with("/*") {
            parts.push(Part::Action(action.trim().to_owned(), line));
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
fn closing(text: &str) -> Option<usize> {
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some('"' | '\''), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), c) if c == open && !escaped => quote = None,
            (None, '"' | '`' | '\'') => quote = Some(c),
            (None, '}') if text[at..].starts_with("}}") => return Some(at),
            _ => {}
        }
        escaped = false;
    }
    None
}

struct Reader {
    /// What is left, the next at the end.
    parts: Vec<Part>,
    depth: usize,
    line: usize,
}

impl Reader {
    fn wrong<T>(&self, why: impl Into<String>) -> Result<T, Wrong> {
        Err((self.line, why.into()))
    }

    /// Nodes up to `end` or `else`, which is given too.
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<String>), Wrong> {
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
            let (word, rest) = action.split_once(char::is_whitespace).unwrap_or((&action, ""));
            match word {
                "end" | "else" => return Ok((nodes, Some(action))),
                "if" | "with" | "range" => nodes.push(self.block(word, rest.trim())?),
                "break" => nodes.push(Node::Break),
                "continue" => nodes.push(Node::Continue),
                "define" | "template" | "block" => return self.wrong(format!("{word} is not available here")),
                _ => nodes.push(self.plain(&action)?),
            }
        }
        Ok((nodes, None))
    }

    fn plain(&self, action: &str) -> Result<Node, Wrong> {
        match assigned(action) {
            Some((names, rest)) if names.len() == 1 => Ok(Node::Set(names[0].clone(), self.pipeline(rest)?)),
            Some(_) => self.wrong("too many declarations in command"),
            None => Ok(Node::Print(self.pipeline(action)?)),
        }
    }

    fn block(&mut self, word: &str, head: &str) -> Result<Node, Wrong> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.wrong("blocks are nested too deep");
        }
        let (names, head) = match assigned(head) {
            Some((names, rest)) => (names, rest),
            None => (Vec::new(), head),
        };
        if head.is_empty() {
            return self.wrong(format!("missing value for {word}"));
        }
        let pipeline = self.pipeline(head)?;
        let (body, end) = self.nodes()?;
        let other = match end.as_deref() {
            None => return self.wrong("unexpected EOF"),
            Some("end") => Vec::new(),
            Some(action) => self.other(action.trim_start_matches("else").trim())?,
        };
        self.depth -= 1;
        Ok(match word {
            "if" => Node::If(pipeline, body, other),
            "with" => Node::With(pipeline, body, other),
            _ => Node::Range(names, pipeline, body, other),
        })
    }

    fn other(&mut self, chained: &str) -> Result<Vec<Node>, Wrong> {
        if let Some((word @ ("if" | "with"), rest)) = chained.split_once(char::is_whitespace) {
            return Ok(vec![self.block(word, rest.trim())?]);
        }
        match self.nodes()? {
            (nodes, Some(end)) if end == "end" => Ok(nodes),
            _ => self.wrong("unexpected EOF"),
        }
    }

    fn pipeline(&self, text: &str) -> Result<Pipeline, Wrong> {
        let mut scanner = Scanner { rest: text, depth: self.depth };
        let pipeline = scanner.pipeline(false).map_err(|why| (self.line, why))?;
        if pipeline.iter().any(Vec::is_empty) { self.wrong("missing value for command") } else { Ok(pipeline) }
    }
}

/// `$i, $x := rest`.
fn assigned(text: &str) -> Option<(Vec<String>, &str)> {
    let at = text.find(":=").or_else(|| text.find('=').filter(|_| text.starts_with('$')))?;
    let (left, right) = text.split_at(at);
    let names: Option<Vec<String>> = left
        .split(',')
        .map(|name| {
            name.trim()
                .strip_prefix('$')
                .filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
                .map(str::to_owned)
        })
        .collect();
    Some((names?, right.trim_start_matches([':', '=']).trim()))
}

struct Scanner<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Scanner<'a> {
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
            let word = self.word(c)?;
            commands.last_mut().into_iter().for_each(|command| command.push(word.clone()));
        }
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
                Ok(Word::Variable(name, self.fields()))
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' => self.number(),
            c if c.is_alphabetic() || c == '_' => Ok(match self.name() {
                "true" => Word::Literal(Value::Bool(true)),
                "false" => Word::Literal(Value::Bool(false)),
                "nil" => Word::Literal(Value::Null),
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
        let value = text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from));
        value.map(Word::Literal).map_err(|_| format!("bad number syntax: {text:?}"))
    }

    fn quoted(&mut self, quote: char) -> Result<Word, String> {
        let (mut text, mut chars) = (String::new(), self.rest.char_indices().skip(1));
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.rest = &self.rest[at + 1..];
                    let code = text.chars().next().map_or(0, u32::from);
                    return Ok(Word::Literal(if quote == '\'' { code.into() } else { text.into() }));
                }
                '\\' if quote != '`' => text.push(match chars.next().map(|(_, c)| c) {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(other) => other,
                    None => return Err("unterminated quoted string".to_owned()),
                }),
                other => text.push(other),
            }
        }
        Err("unterminated quoted string".to_owned())
    }
}
