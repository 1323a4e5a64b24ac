//! Text to [`Script`], free of IO.

#[cfg(test)]
mod tests;

use super::syntax::{Command, From, Join, Part, Pipeline, Redirect, Script, Word};

/// How deep `$(…)` may nest.
const MAX_DEPTH: usize = 8;
/// How many commands, and how many here-documents, one input may have: more than any lesson, and few enough that
/// nobody keeps the server busy with a line.
const MAX_COMMANDS: usize = 500;
const MAX_HERES: usize = 50;

/// Why a line can't be run; worded as a shell would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// A quote, bracket or here-document that never ends.
    #[error("syntax error: unterminated {0}")]
    Unterminated(String),
    /// Something where it can't be.
    #[error("syntax error near unexpected token `{0}'")]
    Unexpected(String),
    /// Part of a shell's language that this console leaves out.
    #[error("{0} can't be used here: this console runs commands, pipes and redirections, but is not a whole shell")]
    LeftOut(&'static str),
    /// More of something than there may be.
    #[error("too many {0} in one line")]
    TooMany(&'static str),
}

/// Words with which a shell's own constructs begin.
const KEYWORDS: &[&str] = &["if", "for", "while", "until", "case", "function", "{", "!", "[[", "select"];

/// Reads a line, or several.
pub fn parse(text: &str) -> Result<Script, SyntaxError> {
    let text = text.replace("\r\n", "\n").replace('\0', "");
    let mut parser = Parser { rest: text.chars().collect(), at: 0, heres: Vec::new(), depth: 0, commands: 0 };
    let script = parser.script(None)?;
    parser.no_open_heres()?;
    Ok(script)
}

/// A here-document whose text comes after the line's end.
struct OpenHere {
    mark: String,
    quoted: bool,
    strip_tabs: bool,
}

struct Parser {
    rest: Vec<char>,
    at: usize,
    /// Here-documents announced on this line, in order, with the text once it was read.
    heres: Vec<(OpenHere, Option<Word>)>,
    depth: usize,
    commands: usize,
}

/// Marks where a here-document's text belongs until it has been read.
const HERE: &str = "\0here";

impl Parser {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(n, c)| self.rest.get(self.at + n) == Some(&c))
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.starts(text);
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                Some('\\') if self.rest.get(self.at + 1) == Some(&'\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn blank_lines(&mut self) {
        self.blanks();
        while self.peek() == Some('\n') {
            self.at += 1;
            self.blanks();
        }
    }

    /// Pipelines up to `end` or the end of the text.
    fn script(&mut self, end: Option<char>) -> Result<Script, SyntaxError> {
        let mut script = Vec::new();
        let mut join = Join::Then;
        let first_here = self.heres.len();
        loop {
            self.blank_lines();
            if self.peek().is_none() || self.peek() == end {
                break;
            }
            script.push((join, self.pipeline()?));
            self.blanks();
            join = match self.peek() {
                Some('\n') => {
                    self.at += 1;
                    self.here_texts(first_here)?;
                    Join::Then
                }
                Some(';') => {
                    self.at += 1;
                    Join::Then
                }
                _ if self.eat("&&") => self.must_go_on(Join::And, "&&", end)?,
                _ if self.eat("||") => self.must_go_on(Join::Or, "||", end)?,
                Some('&') => return Err(SyntaxError::LeftOut("`&' (running in the background)")),
                None => break,
                found if found == end => break,
                Some(other) => return Err(SyntaxError::Unexpected(other.to_string())),
            };
        }
        for (_, pipeline) in &mut script {
            self.fill_heres(pipeline, first_here);
        }
        Ok(Script(script))
    }

    fn must_go_on(&mut self, join: Join, token: &str, end: Option<char>) -> Result<Join, SyntaxError> {
        self.blank_lines();
        if self.peek().is_none() || self.peek() == end {
            return Err(SyntaxError::Unexpected(token.to_owned()));
        }
        Ok(join)
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let mut commands = vec![self.command()?];
        loop {
            self.blanks();
            if self.starts("||") || !self.eat("|") {
                return Ok(commands);
            }
            self.blank_lines();
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Result<Command, SyntaxError> {
        self.commands += 1;
        if self.commands > MAX_COMMANDS {
            return Err(SyntaxError::TooMany("commands"));
        }
        let mut command = Command::default();
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect()? {
                command.redirects.push(redirect);
                continue;
            }
            match self.peek() {
                None | Some('\n' | ';' | '|' | '&' | ')') => break,
                Some('(') => return Err(SyntaxError::LeftOut("`(' (a subshell)")),
                Some(_) => {}
            }
            let word = self.word()?;
            match command.words.is_empty().then(|| assignment(&word)).flatten() {
                Some(assigned) => command.assignments.push(assigned),
                None => command.words.push(word),
            }
        }
        if let Some(name) = command.words.first().and_then(Word::literal)
            && let Some(keyword) = KEYWORDS.iter().find(|k| **k == name)
        {
            return Err(SyntaxError::LeftOut(keyword));
        }
        if command == Command::default() {
            let found =
                self.peek().map_or("newline".to_owned(), |c| if c == '\n' { "newline".into() } else { c.into() });
            return Err(SyntaxError::Unexpected(found));
        }
        Ok(command)
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, SyntaxError> {
        let start = self.at;
        let stream = match self.peek() {
            Some('1') if self.rest.get(self.at + 1) == Some(&'>') => self.skip(From::Output),
            Some('2') if self.rest.get(self.at + 1) == Some(&'>') => self.skip(From::Errors),
            Some('&') if self.rest.get(self.at + 1) == Some(&'>') => self.skip(From::Both),
            _ => From::Output,
        };
        if self.eat("<<<") {
            self.blanks();
            let mut word = self.word()?;
            word.0.push(Part::Text { text: "\n".into(), quoted: true });
            return Ok(Some(Redirect::Here(word)));
        }
        if self.eat("<<") {
            return self.here().map(Some);
        }
        if self.eat("<") {
            self.blanks();
            return Ok(Some(Redirect::Read(self.word()?)));
        }
        if self.eat(">&") {
            return match (stream, self.peek()) {
                (From::Errors, Some('1')) => Ok(Some(self.skip(Redirect::ErrorsToOutput))),
                (From::Output, Some('2')) => Ok(Some(self.skip(Redirect::OutputToErrors))),
                _ => Err(SyntaxError::Unexpected(">&".into())),
            };
        }
        if !self.starts(">") {
            self.at = start;
            return Ok(None);
        }
        let append = self.eat(">>") || !self.eat(">");
        self.blanks();
        Ok(Some(Redirect::Write { stream, to: self.word()?, append }))
    }

    fn skip<T>(&mut self, value: T) -> T {
        self.at += 1;
        value
    }

    /// After `<<`: the mark. The text follows the line.
    fn here(&mut self) -> Result<Redirect, SyntaxError> {
        let strip_tabs = self.eat("-");
        self.blanks();
        let word = self.word()?;
        let mut mark = String::new();
        let mut quoted = false;
        for part in &word.0 {
            match part {
                Part::Text { text, quoted: q } => {
                    mark.push_str(text);
                    quoted |= q;
                }
                _ => return Err(SyntaxError::Unexpected("<<".into())),
            }
        }
        let number = self.heres.len();
        if number >= MAX_HERES {
            return Err(SyntaxError::TooMany("here-documents"));
        }
        self.heres.push((OpenHere { mark, quoted, strip_tabs }, None));
        Ok(Redirect::Here(Word::plain(&format!("{HERE}{number}"))))
    }

    /// At the start of a line: the texts of the here-documents that the line before announced.
    fn here_texts(&mut self, first: usize) -> Result<(), SyntaxError> {
        for n in first..self.heres.len() {
            if self.heres[n].1.is_some() {
                continue;
            }
            let mut text = String::new();
            loop {
                if self.at >= self.rest.len() {
                    return self.no_open_heres();
                }
                let line: String = self.rest[self.at..].iter().take_while(|c| **c != '\n').collect();
                self.at = (self.at + line.chars().count() + 1).min(self.rest.len());
                let open = &self.heres[n].0;
                let line = if open.strip_tabs { line.trim_start_matches('\t') } else { &line };
                if line == open.mark {
                    break;
                }
                text.push_str(line);
                text.push('\n');
            }
            let word = match self.heres[n].0.quoted {
                true => Word(vec![Part::Text { text, quoted: true }]),
                false => self.nested(&text)?,
            };
            self.heres[n].1 = Some(word);
        }
        Ok(())
    }

    /// A here-document's text with its variables, read as inside double quotes, where `"` is itself.
    fn nested(&mut self, text: &str) -> Result<Word, SyntaxError> {
        let mut inner = self.inner(text, self.depth);
        let mut word = Word::default();
        while inner.peek().is_some() {
            inner.double_quoted_part(&mut word, true)?;
        }
        self.commands = inner.commands;
        Ok(word)
    }

    /// Reads another text on the same account.
    fn inner(&self, text: &str, depth: usize) -> Self {
        Self { rest: text.chars().collect(), at: 0, heres: Vec::new(), depth, commands: self.commands }
    }

    fn fill_heres(&self, pipeline: &mut Pipeline, first: usize) {
        for redirect in pipeline.iter_mut().flat_map(|c| &mut c.redirects) {
            let Redirect::Here(word) = redirect else { continue };
            let number = word.literal().and_then(|t| t.strip_prefix(HERE)).and_then(|n| n.parse::<usize>().ok());
            if let Some((_, Some(text))) = number.filter(|n| *n >= first).and_then(|n| self.heres.get(n)) {
                *word = text.clone();
            }
        }
    }

    fn no_open_heres(&self) -> Result<(), SyntaxError> {
        match self.heres.iter().find(|(_, text)| text.is_none()) {
            Some((open, _)) => {
                Err(SyntaxError::Unterminated(format!("here-document (a line with just {} ends it)", open.mark)))
            }
            None => Ok(()),
        }
    }

    fn word(&mut self) -> Result<Word, SyntaxError> {
        let mut word = Word::default();
        let start = self.at;
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '|' | '&' | '<' | '>' | '(' | ')' => break,
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => self.at += 1,
                        Some(c) => {
                            self.at += 1;
                            push(&mut word, c, true);
                        }
                        None => push(&mut word, '\\', true),
                    }
                }
                '`' => self.backquoted(&mut word, false)?,
                '$' => self.dollar(&mut word, false)?,
                c => {
                    self.at += 1;
                    push(&mut word, c, false);
                }
            }
        }
        if self.at == start {
            let found =
                self.peek().map_or("newline".to_owned(), |c| if c == '\n' { "newline".into() } else { c.into() });
            return Err(SyntaxError::Unexpected(found));
        }
        Ok(word)
    }

    fn single_quoted(&mut self, word: &mut Word) -> Result<(), SyntaxError> {
        self.at += 1;
        let text: String = self.rest[self.at..].iter().take_while(|c| **c != '\'').collect();
        self.at += text.chars().count();
        if self.peek().is_none() {
            return Err(SyntaxError::Unterminated("quoted string".into()));
        }
        self.at += 1;
        word.0.push(Part::Text { text, quoted: true });
        Ok(())
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), SyntaxError> {
        self.at += 1;
        word.0.push(Part::Text { text: String::new(), quoted: true });
        loop {
            match self.peek() {
                None => return Err(SyntaxError::Unterminated("quoted string".into())),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(_) => self.double_quoted_part(word, false)?,
            }
        }
    }

    /// One character, escape or expansion inside double quotes or a here-document.
    fn double_quoted_part(&mut self, word: &mut Word, here: bool) -> Result<(), SyntaxError> {
        match self.peek() {
            Some('\\') => {
                self.at += 1;
                match self.peek() {
                    Some('\n') => self.at += 1,
                    Some(c) if matches!(c, '$' | '`' | '\\') || (c == '"' && !here) => {
                        self.at += 1;
                        push(word, c, true);
                    }
                    _ => push(word, '\\', true),
                }
                Ok(())
            }
            Some('$') => self.dollar(word, true),
            Some('`') => self.backquoted(word, true),
            Some(c) => {
                self.at += 1;
                push(word, c, true);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn backquoted(&mut self, word: &mut Word, quoted: bool) -> Result<(), SyntaxError> {
        self.at += 1;
        let text: String = self.rest[self.at..].iter().take_while(|c| **c != '`').collect();
        self.at += text.chars().count();
        if self.peek().is_none() {
            return Err(SyntaxError::Unterminated("`".into()));
        }
        self.at += 1;
        let depth = self.deeper()?;
        let mut inner = self.inner(&text, depth);
        word.0.push(Part::Output { script: inner.script(None)?, quoted });
        self.commands = inner.commands;
        Ok(())
    }

    fn deeper(&self) -> Result<usize, SyntaxError> {
        if self.depth >= MAX_DEPTH { Err(SyntaxError::LeftOut("`$(' nested this deep")) } else { Ok(self.depth + 1) }
    }

    fn dollar(&mut self, word: &mut Word, quoted: bool) -> Result<(), SyntaxError> {
        if self.starts("$((") {
            return Err(SyntaxError::LeftOut("`$((' (arithmetic)"));
        }
        if self.eat("$(") {
            let deeper = self.deeper()?;
            let before = std::mem::replace(&mut self.depth, deeper);
            let script = self.script(Some(')'))?;
            self.depth = before;
            if !self.eat(")") {
                return Err(SyntaxError::Unterminated("$(".into()));
            }
            word.0.push(Part::Output { script, quoted });
            return Ok(());
        }
        self.at += 1;
        let braced = self.eat("{");
        let mut name = String::new();
        while let Some(c) =
            self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_' || (*c == '?' && name.is_empty()))
        {
            self.at += 1;
            name.push(c);
            if c == '?' {
                break;
            }
        }
        if braced && !self.eat("}") {
            return match self.rest[self.at..].contains(&'}') {
                true => Err(SyntaxError::LeftOut("`${' with more than a name")),
                false => Err(SyntaxError::Unterminated("${".into())),
            };
        }
        match name.is_empty() {
            true if braced => return Err(SyntaxError::Unexpected("${}".into())),
            true => push(word, '$', quoted),
            false => word.0.push(Part::Variable { name, quoted }),
        }
        Ok(())
    }
}

/// Adds a character to a word's last text of the same kind.
fn push(word: &mut Word, c: char, quoted: bool) {
    match word.0.last_mut() {
        Some(Part::Text { text, quoted: q }) if *q == quoted => text.push(c),
        _ => word.0.push(Part::Text { text: c.to_string(), quoted }),
    }
}

/// `NAME=value`, when a word is one.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Part::Text { text, quoted: false }) = word.0.first() else { return None };
    let (name, value) = text.split_once('=')?;
    let mut letters = name.chars();
    let valid = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        return None;
    }
    let mut parts = vec![Part::Text { text: value.to_owned(), quoted: false }];
    parts.extend(word.0[1..].iter().cloned());
    Some((name.to_owned(), Word(parts)))
}
