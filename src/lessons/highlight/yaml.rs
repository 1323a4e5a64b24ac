//! YAML, which nearly every block of a lesson is: a grammar that may be anything reads it ten times slower.

use super::escape;

/// Manifests as HTML, in the classes that the grammars of the other languages use.
pub(super) fn paint(code: &str) -> String {
    let mut painting = Painting { html: String::with_capacity(code.len() * 4), ..Painting::default() };
    for line in code.split_inclusive('\n') {
        let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
        painting.line(text);
        painting.html.push_str(end);
    }
    painting.html
}

/// What has been painted, and where in the document it stands.
#[derive(Default)]
struct Painting {
    html: String,
    /// How many `[` and `{` are open.
    open: usize,
    /// The column of the key or dash whose text is a block: what is further in belongs to it.
    block: Option<usize>,
}

impl Painting {
    fn line(&mut self, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if text.is_empty() {
            return self.html.push_str(line);
        }
        self.html.push_str(&line[..indent]);
        if self.block.is_some_and(|column| indent > column) {
            return self.span("string", text);
        }
        self.block = None;
        if indent == 0 && (text.trim_end() == "---" || text.trim_end() == "...") {
            return self.span("punctuation", text);
        }
        let mut rest = text;
        let mut owner = indent;
        while !rest.is_empty() {
            let column = indent + text.len() - rest.len();
            rest = self.token(rest, column, &mut owner);
        }
    }

    /// Paints what a text begins with, and gives back what follows it; `owner` is the column of the last key or dash.
    fn token<'a>(&mut self, text: &'a str, column: usize, owner: &mut usize) -> &'a str {
        let first = text.chars().next().unwrap_or(' ');
        let length = match first {
            ' ' | '\t' => {
                let blanks = text.len() - text.trim_start().len();
                self.html.push_str(&text[..blanks]);
                return &text[blanks..];
            }
            '#' => return self.painted("comment", text, text.len()),
            '[' | '{' => {
                self.open += 1;
                return self.painted("punctuation", text, 1);
            }
            ']' | '}' => {
                self.open = self.open.saturating_sub(1);
                return self.painted("punctuation", text, 1);
            }
            ',' if self.open > 0 => return self.painted("punctuation", text, 1),
            ':' if ends_word(&text[1..], self.open > 0) => return self.painted("punctuation", text, 1),
            '-' if self.open == 0 && ends_word(&text[1..], false) => {
                *owner = column;
                return self.painted("punctuation", text, 1);
            }
            '|' | '>' if self.open == 0 => {
                self.block = Some(*owner);
                return self.painted("punctuation", text, word(text));
            }
            '&' | '*' | '!' => {
                let rest = self.painted("punctuation", text, 1);
                return self.painted("label", rest, word(rest));
            }
            '"' | '\'' => quoted(text, first),
            _ => plain(text, self.open > 0),
        };
        let (scalar, rest) = text.split_at(length);
        let key = rest.trim_start().strip_prefix(':').is_some_and(|after| ends_word(after, self.open > 0));
        if key && self.open == 0 {
            *owner = column;
        }
        self.span(if key { "property" } else { value(scalar) }, scalar);
        rest
    }

    fn painted<'a>(&mut self, class: &str, text: &'a str, length: usize) -> &'a str {
        let (painted, rest) = text.split_at(length);
        self.span(class, painted);
        rest
    }

    fn span(&mut self, class: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        for part in ["<span class=\"", class, "\">", &escape(text), "</span>"] {
            self.html.push_str(part);
        }
    }
}

/// Whether a `:` or `-` before this stands for itself and is not a letter of a word.
fn ends_word(after: &str, within: bool) -> bool {
    after.chars().next().is_none_or(|next| next.is_whitespace() || (within && "[]{},".contains(next)))
}

fn word(text: &str) -> usize {
    text.find(|letter: char| letter.is_whitespace() || ",]}".contains(letter)).unwrap_or(text.len())
}

/// The length of a quoted text, to the end of the line where it is not closed there.
fn quoted(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote == '"' => drop(letters.next()),
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a text without quotes: to its `: `, its comment, or what closes or divides the list that it stands in.
fn plain(text: &str, within: bool) -> usize {
    let ends = |(at, letter): &(usize, char)| match letter {
        ':' => ends_word(&text[at + 1..], within),
        '#' => text[..*at].ends_with([' ', '\t']),
        _ => within && ",[]{}".contains(*letter),
    };
    let end = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    // The first letter is never where it ends.
    text[..end].trim_end().len().max(text.chars().next().map_or(0, char::len_utf8))
}

/// The class of a value, by what YAML takes it for.
fn value(scalar: &str) -> &'static str {
    match scalar {
        "true" | "false" | "null" | "~" | "True" | "False" | "Null" | "TRUE" | "FALSE" | "NULL" => "constant",
        _ if number(scalar) => "number",
        _ => "string",
    }
}

fn number(scalar: &str) -> bool {
    let digits = scalar.trim_start_matches(['-', '+']);
    let of_base =
        |prefix, base| digits.strip_prefix(prefix).is_some_and(|rest| u64::from_str_radix(rest, base).is_ok());
    let decimal = digits.starts_with(|first: char| first.is_ascii_digit()) && digits.parse::<f64>().is_ok();
    decimal || of_base("0x", 16) || of_base("0o", 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each span as `class(text)`.
    fn painted(code: &str) -> String {
        let html = paint(code);
        let html = html.replace("<span class=\"", "⟨").replace("\">", "|").replace("</span>", "⟩");
        html.replace("property", "key").replace("punctuation|", "").replace("&quot;", "\"").replace("&#39;", "'")
    }

    #[test]
    fn keys_values_and_comments() {
        insta::assert_snapshot!(painted(
            "# Pods\nkind: \"Pod\" # one\nspec:\n  hostNetwork: true\n  priority: 10\n  port: 0x1F\n  limit: 100Mi\n  \
             nothing: ~\n  url: http://a.b/c#d\n  long one: it's 12:30\n  more: a\n    text\n--- \nempty:\n"
        ), @r#"
        ⟨comment|# Pods⟩
        ⟨key|kind⟩⟨:⟩ ⟨string|"Pod"⟩ ⟨comment|# one⟩
        ⟨key|spec⟩⟨:⟩
          ⟨key|hostNetwork⟩⟨:⟩ ⟨constant|true⟩
          ⟨key|priority⟩⟨:⟩ ⟨number|10⟩
          ⟨key|port⟩⟨:⟩ ⟨number|0x1F⟩
          ⟨key|limit⟩⟨:⟩ ⟨string|100Mi⟩
          ⟨key|nothing⟩⟨:⟩ ⟨constant|~⟩
          ⟨key|url⟩⟨:⟩ ⟨string|http://a.b/c#d⟩
          ⟨key|long one⟩⟨:⟩ ⟨string|it's 12:30⟩
          ⟨key|more⟩⟨:⟩ ⟨string|a⟩
            ⟨string|text⟩
        ⟨--- ⟩
        ⟨key|empty⟩⟨:⟩
        "#);
    }

    #[test]
    fn lists_maps_and_anchors() {
        insta::assert_snapshot!(painted(
            "a: {app: web, \"tier\": 'front', n: 1}\nargs: [\"-c\", \"it's \\\" \", 5,\n  sh]\nof:\n- -c\n- - x\n- \"b\": c\n- \
             &here name: x\n- *here\n"
        ), @r#"
        ⟨key|a⟩⟨:⟩ ⟨{⟩⟨key|app⟩⟨:⟩ ⟨string|web⟩⟨,⟩ ⟨key|"tier"⟩⟨:⟩ ⟨string|'front'⟩⟨,⟩ ⟨key|n⟩⟨:⟩ ⟨number|1⟩⟨}⟩
        ⟨key|args⟩⟨:⟩ ⟨[⟩⟨string|"-c"⟩⟨,⟩ ⟨string|"it's \" "⟩⟨,⟩ ⟨number|5⟩⟨,⟩
          ⟨string|sh⟩⟨]⟩
        ⟨key|of⟩⟨:⟩
        ⟨-⟩ ⟨string|-c⟩
        ⟨-⟩ ⟨-⟩ ⟨string|x⟩
        ⟨-⟩ ⟨key|"b"⟩⟨:⟩ ⟨string|c⟩
        ⟨-⟩ ⟨&amp;⟩⟨label|here⟩ ⟨key|name⟩⟨:⟩ ⟨string|x⟩
        ⟨-⟩ ⟨*⟩⟨label|here⟩
        "#);
    }

    #[test]
    fn blocks_of_text() {
        insta::assert_snapshot!(painted(
            "command:\n- sh\n- |\n  echo a: b # no comment\n\n   done\n- name: x\n  text: >-\n    folded\n  next: 1\n"
        ), @r"
        ⟨key|command⟩⟨:⟩
        ⟨-⟩ ⟨string|sh⟩
        ⟨-⟩ ⟨|⟩
          ⟨string|echo a: b # no comment⟩

           ⟨string|done⟩
        ⟨-⟩ ⟨key|name⟩⟨:⟩ ⟨string|x⟩
          ⟨key|text⟩⟨:⟩ ⟨&gt;-⟩
            ⟨string|folded⟩
          ⟨key|next⟩⟨:⟩ ⟨number|1⟩
        ");
    }

    proptest! {
        #[test]
        fn no_letter_is_lost(code in "([a-z:#\"'|>&*!,{}\\[\\]~ \n\tä-]|- |: ){0,60}") {
            let html = paint(&code);
            let mut text = String::new();
            let mut within = false;
            for letter in html.chars() {
                match letter {
                    '<' => within = true,
                    '>' => within = false,
                    _ if !within => text.push(letter),
                    _ => {}
                }
            }
            prop_assert_eq!(text, escape(&code));
        }
    }
}
