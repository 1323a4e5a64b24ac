//! Scalars: plain, quoted or as a block.

use std::{cmp::Ordering, fmt::Write};

use serde_json::Value;

use crate::{output::json::go_float, yaml::scalar::is_text};

/// A line is broken at the first blank behind this column.
const WIDTH: usize = 80;

/// A value that is no filled collection. `indent` is where further lines begin, `column` where the value begins.
pub fn value(value: &Value, indent: usize, column: usize) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(on) => on.to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => go_float(float, 1e21),
            _ => number.to_string(),
        },
        Value::String(text) => string(text, indent, column),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
    }
}

/// A key, always on one line.
pub fn key(text: &str) -> String {
    let allowed = Allowed::of(text);
    if !misleads(text) && !text.contains('\n') {
        if allowed.plain && !text.is_empty() {
            return text.to_owned();
        }
        if allowed.single {
            return single(text, 0, None);
        }
    }
    double(text, 0, None)
}

fn string(text: &str, indent: usize, column: usize) -> String {
    let allowed = Allowed::of(text);
    if text.contains('\n') {
        return if allowed.block { literal(text, indent) } else { double(text, indent, Some(column)) };
    }
    if misleads(text) {
        return double(text, indent, Some(column));
    }
    if allowed.plain {
        return folded(text, indent, column);
    }
    if allowed.single { single(text, indent, Some(column)) } else { double(text, indent, Some(column)) }
}

/// Whether the text without quotes would be read as something else.
fn misleads(text: &str) -> bool {
    text.is_empty() || !is_text(text) || is_base_60(text)
}

/// `1:20` is a number in YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let rest: Vec<&str> = parts.collect();
    number(first)
        && !rest.is_empty()
        && rest.iter().all(|part| number(part) && part.len() <= 2 && (part.len() == 1 || part.as_bytes()[0] <= b'5'))
        && fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

/// The styles in which a text can be written.
struct Allowed {
    plain: bool,
    single: bool,
    block: bool,
}

impl Allowed {
    fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let blank = |at: usize| chars.get(at).is_none_or(|c| matches!(c, ' ' | '\t' | '\n'));
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut space_break, mut break_space) = (false, false, false);
        for (at, &c) in chars.iter().enumerate() {
            indicators |= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
                    if at == 0 =>
                {
                    true
                }
                '?' | '-' if at == 0 => blank(at + 1),
                ':' => blank(at + 1),
                '#' => blank(at - 1),
                _ => false,
            };
            special |= !printable(c);
            space_break |= c == '\n' && at > 0 && chars[at - 1] == ' ';
            break_space |= c == ' ' && at > 0 && chars[at - 1] == '\n';
        }
        let edge = |c: Option<&char>| c.is_some_and(|c| matches!(c, ' ' | '\n'));
        let edges = edge(chars.first()) || edge(chars.last());
        let good = !space_break && !special;
        Self {
            plain: good && !edges && !break_space && !indicators && !text.contains('\n'),
            single: good && !break_space,
            block: good && chars.last() != Some(&' '),
        }
    }
}

/// What yaml.v2 writes as it is; it escapes what lies beyond the first plane.
fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn literal(text: &str, indent: usize) -> String {
    let mut out = "|".to_owned();
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text == "\n" || text.ends_with("\n\n") {
        out.push('+');
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
    out
}

/// Breaks a text at blanks; `column` is where it begins.
fn folded(text: &str, indent: usize, column: usize) -> String {
    let mut line = Line { out: String::new(), column, indent };
    let chars: Vec<char> = text.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        if c == ' ' && line.column > WIDTH && single_blank(&chars, at) {
            line.wrap();
        } else {
            line.push(c);
        }
    }
    line.out
}

/// Whether the blank at `at` stands alone between two words.
fn single_blank(chars: &[char], at: usize) -> bool {
    at > 0 && at + 1 < chars.len() && chars[at - 1] != ' ' && chars[at + 1] != ' '
}

struct Line {
    out: String,
    column: usize,
    indent: usize,
}

impl Line {
    fn push(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn wrap(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.column = self.indent;
    }
}

fn single(text: &str, indent: usize, column: Option<usize>) -> String {
    let mut line = Line { out: String::new(), column: column.unwrap_or(0), indent };
    line.push('\'');
    let chars: Vec<char> = text.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        if c == ' ' && column.is_some() && line.column > WIDTH && single_blank(&chars, at) {
            line.wrap();
            continue;
        }
        if c == '\'' {
            line.push('\'');
        }
        line.push(c);
    }
    line.push('\'');
    line.out
}

fn double(text: &str, indent: usize, column: Option<usize>) -> String {
    let mut line = Line { out: String::new(), column: column.unwrap_or(0), indent };
    line.push('"');
    let chars: Vec<char> = text.chars().collect();
    let mut spaces = false;
    for (at, &c) in chars.iter().enumerate() {
        if c == ' ' {
            if column.is_some() && !spaces && line.column > WIDTH && at > 0 && at + 1 < chars.len() {
                line.wrap();
                if chars[at + 1] == ' ' {
                    line.push('\\');
                }
            } else {
                line.push(' ');
            }
            spaces = true;
            continue;
        }
        spaces = false;
        for c in escaped(c).chars() {
            line.push(c);
        }
    }
    line.push('"');
    line.out
}

fn escaped(c: char) -> String {
    let mut out = String::new();
    match c {
        '\0' => out.push_str("\\0"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{b}' => out.push_str("\\v"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        '\u{1b}' => out.push_str("\\e"),
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{85}' => out.push_str("\\N"),
        '\u{a0}' => out.push_str("\\_"),
        '\u{2028}' => out.push_str("\\L"),
        '\u{2029}' => out.push_str("\\P"),
        c if printable(c) => out.push(c),
        c if u32::from(c) <= 0xff => _ = write!(out, "\\x{:02X}", u32::from(c)),
        c if u32::from(c) <= 0xffff => _ = write!(out, "\\u{:04X}", u32::from(c)),
        c => _ = write!(out, "\\U{:08X}", u32::from(c)),
    }
    out
}

/// yaml.v2's order of keys: digits as numbers; a letter comes before other characters behind a digit, else after them.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut digits = false;
    for at in 0..a.len().min(b.len()) {
        let (x, y) = (a[at], b[at]);
        if x == y {
            digits = x.is_ascii_digit();
            continue;
        }
        return match (x.is_alphabetic(), y.is_alphabetic()) {
            (true, true) => x.cmp(&y),
            (true, false) => {
                if digits {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (false, true) => {
                if digits {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (false, false) => numbers(&a, &b, at),
        };
    }
    a.len().cmp(&b.len())
}

fn numbers(a: &[char], b: &[char], at: usize) -> Ordering {
    let behind_digit =
        (a[at] == '0' || b[at] == '0') && a[..at].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let digits = |text: &[char]| text[at..].iter().map_while(|c| c.to_digit(10)).collect::<Vec<_>>();
    let value = |digits: &[u32]| {
        digits.iter().fold(u64::from(behind_digit), |n, d| n.wrapping_mul(10).wrapping_add(u64::from(*d)))
    };
    let (x, y) = (digits(a), digits(b));
    value(&x).cmp(&value(&y)).then(x.len().cmp(&y.len())).then(a[at].cmp(&b[at]))
}
