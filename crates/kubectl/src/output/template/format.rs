//! Go's `fmt` for the values of a template: `%v`, `%5d`, `%-10s`, `%q`, `%.2f`.

use serde_json::Value;

use crate::output::{columns::go_text, json};

/// Widths and precisions beyond this are ignored.
const MOST: usize = 1000;
/// Digits behind the point where nobody says how many.
const DIGITS: usize = 6;

/// Values side by side: a blank stands between two of which none is a text.
pub fn print(values: &[Value]) -> String {
    let mut out = String::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 && !value.is_string() && !values[at - 1].is_string() {
            out.push(' ');
        }
        out.push_str(&go_text(value));
    }
    out
}

/// What stands between `%` and its letter.
#[derive(Debug, Default)]
struct Flags {
    left: bool,
    zeros: bool,
    plus: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

/// A value and what Go calls its type.
#[derive(Debug, Clone, Copy)]
pub struct Argument<'a> {
    /// The value.
    pub value: &'a Value,
    /// Its type: a template's own numbers have another than those of an object.
    pub kind: &'static str,
}

/// A text with values in it.
pub fn printf<'a>(format: &str, values: impl IntoIterator<Item = Argument<'a>>) -> String {
    let (mut out, mut rest, mut values) = (String::new(), format, values.into_iter());
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let (flags, after) = Flags::read(&rest[at + 1..]);
        let mut chars = after.chars();
        let letter = chars.next();
        rest = chars.as_str();
        match letter {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(letter) => out.push_str(&match values.next() {
                None => format!("%!{letter}(MISSING)"),
                Some(argument) => flags.padded(&one(letter, &flags, argument)),
            }),
        }
    }
    out.push_str(rest);
    let extra: Vec<String> = values.map(|extra| format!("{}={}", extra.kind, go_text(extra.value))).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

impl Flags {
    fn read(text: &str) -> (Self, &str) {
        let mut flags = Self::default();
        let rest = text.trim_start_matches(|c| {
            match c {
                '-' => flags.left = true,
                '0' => flags.zeros = true,
                '+' => flags.plus = true,
                '#' => flags.sharp = true,
                ' ' => {}
                _ => return false,
            }
            true
        });
        let number = |text: &str| text.parse::<usize>().unwrap_or(0).min(MOST);
        let split = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (width, rest) = rest.split_at(split(rest));
        flags.width = number(width);
        let Some(after) = rest.strip_prefix('.') else { return (flags, rest) };
        let (precision, rest) = after.split_at(split(after));
        flags.precision = Some(number(precision));
        (flags, rest)
    }

    fn padded(&self, text: &str) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.left {
            return format!("{text}{}", " ".repeat(missing));
        }
        if !self.zeros {
            return format!("{}{text}", " ".repeat(missing));
        }
        match text.strip_prefix('-') {
            Some(digits) => format!("-{}{digits}", "0".repeat(missing)),
            None => format!("{}{text}", "0".repeat(missing)),
        }
    }
}

fn one(letter: char, flags: &Flags, Argument { value, kind }: Argument<'_>) -> String {
    let text = match (letter, value) {
        ('v', Value::String(text)) if flags.sharp => Some(quoted(text)),
        ('v', _) => Some(go_text(value)),
        ('T', _) => Some(kind.to_owned()),
        ('t', Value::Bool(on)) => Some(on.to_string()),
        ('s', Value::String(text)) => Some(text.chars().take(flags.precision.unwrap_or(usize::MAX)).collect()),
        ('s', Value::Array(_) | Value::Object(_)) => Some(go_text(value)),
        ('q', Value::String(text)) => Some(quoted(text)),
        ('x', Value::String(text)) => Some(text.bytes().map(|byte| format!("{byte:02x}")).collect()),
        ('X', Value::String(text)) => Some(text.bytes().map(|byte| format!("{byte:02X}")).collect()),
        (_, Value::Number(number)) => match number.as_i64() {
            Some(number) => whole(letter, flags, number),
            None => number.as_f64().and_then(|number| float(letter, flags, number)),
        },
        _ => None,
    };
    text.unwrap_or_else(|| match value {
        Value::Null => format!("%!{letter}(<nil>)"),
        value => format!("%!{letter}({kind}={})", go_text(value)),
    })
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    json::string(&mut out, text);
    out
}

fn whole(letter: char, flags: &Flags, number: i64) -> Option<String> {
    let (sign, size) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let character = || u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some(match letter {
        'd' if flags.plus && number >= 0 => format!("+{size}"),
        'd' => number.to_string(),
        'x' => format!("{sign}{size:x}"),
        'X' => format!("{sign}{size:X}"),
        'o' => format!("{sign}{size:o}"),
        'b' => format!("{sign}{size:b}"),
        'c' => character().to_string(),
        'q' => format!("'{}'", character()),
        'U' => format!("U+{size:04X}"),
        _ => return None,
    })
}

fn float(letter: char, flags: &Flags, number: f64) -> Option<String> {
    let digits = flags.precision.unwrap_or(DIGITS);
    Some(match letter {
        'f' | 'F' => format!("{number:.digits$}"),
        'e' | 'E' => {
            let text = format!("{number:.digits$e}");
            let (head, exponent) = text.split_once('e')?;
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
            format!("{head}{}{sign}{exponent:0>2}", letter)
        }
        'g' | 'G' => json::go_float(number, 1e21),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::go_type, *};

    fn said(format: &str, values: &Value) -> String {
        let arguments = values.as_array().into_iter().flatten();
        printf(format, arguments.map(|value| Argument { value, kind: go_type(value) }))
    }

    #[test]
    fn letters_and_flags() {
        let all = |format: &str, values: Value| said(format, &values);
        assert_eq!(all("%s-%d-%t-%v", json!(["a", 1, true, {"b": 2}])), "a-1-true-map[b:2]");
        assert_eq!(all("%5s|%-5s|%05d|%+d|%.2s", json!(["a", "b", -7, 3, "xyz"])), "    a|b    |-0007|+3|xy");
        assert_eq!(all("%x %X %c %U %o %b", json!([255, "hi", 65, 66, 8, 5])), "ff 6869 A U+0042 10 101");
        assert_eq!(all("%e %f %.1f %g", json!([1.5, 2.5, 2.25, 2.5])), "1.500000e+00 2.500000 2.2 2.5");
        assert_eq!(all("%q %T 100%%", json!(["a\"b", "x"])), "\"a\\\"b\" string 100%");
    }

    #[test]
    fn mistakes_are_printed() {
        let all = |format: &str, values: Value| said(format, &values);
        assert_eq!(all("%d", json!(["a"])), "%!d(string=a)");
        assert_eq!(all("%s %", json!([])), "%!s(MISSING) %!(NOVERB)");
        assert_eq!(all("%s", json!(["a", "b", true])), "a%!(EXTRA string=b, bool=true)");
    }

    #[test]
    fn blanks_stand_between_what_is_no_text() {
        assert_eq!(print(json!([1, 2, "a", "b", 3]).as_array().unwrap()), "1 2a b3".replace("a b", "ab"));
    }
}
