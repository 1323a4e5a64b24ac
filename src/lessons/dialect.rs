//! Other worlds' markdown as the markdown that we read: Hugo's shortcodes, MkDocs' admonitions, Docusaurus' imports.
//!
//! Lines may come and go, so each remembers the line it came from.

mod shortcode;
mod values;

#[cfg(test)]
mod tests;

use self::shortcode::{Segment, Shortcode};
use super::examples;

/// The text of a file that a page includes.
pub type Include<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A page in our own markdown.
#[derive(Debug, Default)]
pub struct Plain {
    /// The markdown.
    pub text: String,
    /// The line of the page that each line comes from, counted from 1.
    lines: Vec<usize>,
    /// What could not be carried over: the line, and why.
    pub findings: Vec<(usize, String)>,
}

impl Plain {
    /// The line of the page that a line of the markdown comes from; both count from 1.
    pub fn line(&self, line: usize) -> usize {
        let last = self.lines.last().copied().unwrap_or(0);
        self.lines.get(line.saturating_sub(1)).copied().unwrap_or(last + 1)
    }

    fn push(&mut self, from: usize, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.lines.push(from);
    }
}

/// Reads a page's body.
pub fn plain(body: &str, include: Include<'_>) -> Plain {
    let mut translator = Translator {
        include,
        plain: Plain::default(),
        fence: None,
        commented: false,
        closings: Vec::new(),
        admonition: None,
    };
    let lines: Vec<&str> = body.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let mut line = lines[at].to_owned();
        let from = at + 1;
        // A shortcode may be broken between its words.
        while translator.fence.is_none() && shortcode::is_open(&line) && at + 1 < lines.len() && at + 1 - from < LONGEST
        {
            at += 1;
            line.push(' ');
            line.push_str(lines[at].trim());
        }
        translator.line(from, &line);
        at += 1;
    }
    translator.end_admonition(lines.len());
    translator.plain
}

/// Over so many lines a shortcode may be broken.
const LONGEST: usize = 8;

struct Translator<'i> {
    include: Include<'i>,
    plain: Plain,
    /// The fence of the code block that one is in.
    fence: Option<String>,
    /// Whether one is in a `comment` shortcode.
    commented: bool,
    /// What ends the shortcodes that are open, innermost last.
    closings: Vec<(String, Vec<String>)>,
    /// How far an MkDocs admonition is indented.
    admonition: Option<usize>,
}

impl Translator<'_> {
    fn line(&mut self, from: usize, line: &str) {
        if let Some(fence) = &self.fence {
            let line = &self.outdented(line).unwrap_or_else(|| line.to_owned());
            if closes(line, fence) {
                self.fence = None;
            }
            // A tab of code ends with its shortcode.
            if !line.contains("{{") {
                self.plain.push(from, line);
                return;
            }
            if !line.trim_start().starts_with("{{") || self.closings.is_empty() {
                let line = values::replaced(line);
                self.plain.push(from, &line);
                return;
            }
        }
        let line = &self.dedented(from, line);
        if !self.commented {
            if let Some(fence) = opens(line) {
                self.fence = Some(fence);
                self.plain.push(from, line);
                return;
            }
            if self.foreign(from, line) {
                return;
            }
        }
        if line.contains("{{") || line.contains("\\{\\{") {
            self.shortcodes(from, line);
        } else if !self.commented {
            self.plain.push(from, line);
        }
    }

    /// MkDocs' admonitions and Docusaurus' components; whether it was one of them.
    fn foreign(&mut self, from: usize, line: &str) -> bool {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim();
        for mark in ["!!! ", "??? ", "???+ "] {
            let Some(rest) = text.strip_prefix(mark) else { continue };
            let (word, title) = rest.split_once(' ').unwrap_or((rest, ""));
            let title = title.trim().trim_matches('"');
            let title = if title.is_empty() { String::new() } else { format!("[{title}]") };
            self.plain.push(from, &format!("{}:::{word}{title}", &line[..indent]));
            self.admonition = Some(indent);
            return true;
        }
        if text.starts_with("import ") && text.contains(" from ") && text.ends_with([';', '\'', '"']) {
            self.plain.push(from, "");
            return true;
        }
        if let Some(label) = component(text) {
            self.plain.push(from, "");
            if !label.is_empty() {
                self.plain.push(from, &format!("**{label}**"));
                self.plain.push(from, "");
            }
            return true;
        }
        false
    }

    /// A line of an MkDocs admonition, without its indent; the first line that is not one ends it.
    fn dedented(&mut self, from: usize, line: &str) -> String {
        if self.admonition.is_none() {
            return line.to_owned();
        }
        if line.trim().is_empty() {
            return String::new();
        }
        self.outdented(line).unwrap_or_else(|| {
            self.end_admonition(from);
            line.to_owned()
        })
    }

    /// A line that belongs to the open MkDocs admonition, as deep as the admonition itself stands.
    fn outdented(&self, line: &str) -> Option<String> {
        let indent = self.admonition?;
        let inner = indent + 4;
        line.get(..inner)
            .is_some_and(|blank| blank.trim().is_empty())
            .then(|| format!("{}{}", &line[..indent], &line[inner..]))
    }

    fn end_admonition(&mut self, from: usize) {
        if let Some(indent) = self.admonition.take() {
            self.plain.push(from, &format!("{}:::", " ".repeat(indent)));
            self.plain.push(from, "");
        }
    }

    fn shortcodes(&mut self, from: usize, line: &str) {
        let indent: String = line.chars().take_while(|letter| letter.is_whitespace()).collect();
        let mut open = String::new();
        for segment in shortcode::segments(line) {
            match segment {
                Segment::Text(text) if self.commented => drop(text),
                Segment::Text(text) => open.push_str(&text),
                Segment::Shortcode(code) => match self.meaning(from, &code) {
                    Meaning::Inline(text) => open.push_str(&text),
                    Meaning::Block(lines) => {
                        if !open.trim().is_empty() {
                            self.plain.push(from, open.trim_end());
                        }
                        open.clear();
                        for line in lines {
                            let line = if line.is_empty() { line } else { format!("{indent}{line}") };
                            self.plain.push(from, &line);
                        }
                        open.push_str(&indent);
                    }
                },
            }
        }
        if !open.trim().is_empty() || (line.trim().is_empty() && !self.commented) {
            self.plain.push(from, open.trim_end());
        }
    }

    fn meaning(&mut self, from: usize, code: &Shortcode) -> Meaning {
        if code.name == "comment" {
            self.commented = !code.closing;
            return Meaning::Inline(String::new());
        }
        if self.commented {
            return Meaning::Inline(String::new());
        }
        if code.closing {
            return self.close(&code.name);
        }
        match values::of(code) {
            Some(text) => Meaning::Inline(text),
            None => self.block(from, code),
        }
    }

    /// What ends the innermost open shortcode of a name.
    fn close(&mut self, name: &str) -> Meaning {
        let Some(at) = self.closings.iter().rposition(|(open, _)| open == name) else {
            return Meaning::Inline(String::new());
        };
        self.fence = None;
        Meaning::Block(self.closings.drain(at..).rev().flat_map(|(_, lines)| lines).collect())
    }

    fn block(&mut self, from: usize, code: &Shortcode) -> Meaning {
        let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let mut opens = |begin: Vec<String>, end: Vec<String>| {
            if !code.alone {
                self.closings.push((code.name.clone(), end));
            }
            Meaning::Block(begin)
        };
        match code.name.as_str() {
            "note" | "tip" | "warning" | "caution" | "info" | "important" | "danger" | "alert" | "hint"
            | "admonition" | "callout" => {
                let word = match code.name.as_str() {
                    "alert" => code.value("color").unwrap_or("note"),
                    "hint" | "admonition" | "callout" => code.value("type").or_else(|| code.first()).unwrap_or("note"),
                    own => own,
                };
                let title = code.value("title").map(|title| format!("[{title}]")).unwrap_or_default();
                opens(vec![String::new(), format!(":::{word}{title}")], text(&[":::", ""]))
            }
            "tabs" | "tabpane" | "table" | "steps" | "cards" => opens(text(&[""]), text(&[""])),
            "tab" => {
                let name = code.value("name").or_else(|| code.value("header")).or_else(|| code.first());
                let title = name.map(|name| format!("**{name}**")).unwrap_or_default();
                match code.value("codelang").or_else(|| code.value("lang")) {
                    Some(language) => {
                        opens(vec![String::new(), title, String::new(), format!("```{language}")], text(&["```", ""]))
                    }
                    None => opens(vec![String::new(), title, String::new()], text(&[""])),
                }
            }
            "details" | "expand" | "collapse" => {
                let summary = code.value("summary").or_else(|| code.value("title")).or_else(|| code.first());
                let begin = format!("<details><summary>{}</summary>", summary.unwrap_or("More"));
                opens(vec![String::new(), begin, String::new()], text(&["", "</details>", ""]))
            }
            "mermaid" | "highlight" => {
                let language = if code.name == "mermaid" { "mermaid" } else { code.first().unwrap_or_default() };
                opens(vec![String::new(), format!("```{language}")], text(&["```", ""]))
            }
            "feature-state" => {
                Meaning::Block(text(&["", ":::note[Feature state]", &values::feature_state(code), ":::", ""]))
            }
            "code_sample" | "codenew" | "code" | "include" | "readfile" | "example" => self.file(from, code),
            _ => {
                let why = format!("the shortcode `{}` means nothing here; it is shown as it stands", code.name);
                self.plain.findings.push((from, why));
                Meaning::Inline(format!("`{}`", code.source.replace('`', "'")))
            }
        }
    }

    fn file(&mut self, from: usize, code: &Shortcode) -> Meaning {
        let path = code.value("file").or_else(|| code.first()).unwrap_or_default().trim_start_matches('/').to_owned();
        let Some(text) = (self.include)(&path) else {
            if let Some(instead) = examples::instead_of(&path) {
                return Meaning::Block(vec![String::new(), instead.to_owned(), String::new()]);
            }
            self.plain.findings.push((from, format!("there is no file {path} beside this page or in `examples`")));
            return Meaning::Block(vec![
                String::new(),
                ":::caution[Not here]".into(),
                format!("This page shows the file `{path}`, which is not in this folder."),
                ":::".into(),
                String::new(),
            ]);
        };
        if code.name == "include" && path.ends_with(".md") {
            let (_, body, _) = super::front_matter::split(&text);
            return Meaning::Block(plain(body, &|_| None).text.lines().map(str::to_owned).collect());
        }
        let language = code.value("language").or_else(|| path.rsplit_once('.').map(|(_, end)| end)).unwrap_or_default();
        let title = examples::file_name(&path);
        let mut lines = vec![String::new(), format!("````{language} title=\"{title}\"")];
        lines.extend(text.lines().map(str::to_owned));
        lines.extend(["````".to_owned(), String::new()]);
        Meaning::Block(lines)
    }
}

enum Meaning {
    /// Comes in the line.
    Inline(String),
    /// Comes as lines of its own.
    Block(Vec<String>),
}

/// The fence that a line opens a code block with.
fn opens(line: &str) -> Option<String> {
    let text = line.trim_start().trim_start_matches(['-', '*', '>', ' ']);
    let text = text.trim_start_matches(|letter: char| letter.is_ascii_digit()).trim_start_matches(['.', ' ']);
    let letter = text.chars().next().filter(|letter| matches!(letter, '`' | '~'))?;
    let length = text.chars().take_while(|other| *other == letter).count();
    let info = &text[length..];
    (length >= 3 && (letter == '~' || !info.contains('`'))).then(|| letter.to_string().repeat(length))
}

fn closes(line: &str, fence: &str) -> bool {
    let text = line.trim().trim_start_matches(['>', ' ']);
    let letter = fence.chars().next().unwrap_or('`');
    text.len() >= fence.len() && text.chars().all(|other| other == letter)
}

/// A line that is nothing but a component's tag: its label, which may be empty.
fn component(line: &str) -> Option<String> {
    let inner = line.strip_prefix('<')?.strip_suffix('>')?;
    let name = inner.trim_start_matches('/');
    if !name.starts_with(|letter: char| letter.is_ascii_uppercase()) || inner.contains(['<', '>']) {
        return None;
    }
    let label = ["label=", "title="].iter().find_map(|key| {
        let rest = inner.split_once(key)?.1;
        let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
        rest[1..].split(quote).next().map(str::to_owned)
    });
    Some(label.unwrap_or_default())
}
