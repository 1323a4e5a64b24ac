//! Breaks text at words.

/// Lines of at most `width` characters; a longer word has a line of its own. Lines of the text stay apart.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| one(line, width)).collect()
}

/// A blank that no line is broken at.
const NO_BREAK: char = '\u{a0}';

/// What is read of a line and not written yet: blanks, and the word behind them.
#[derive(Default)]
struct Pending {
    blanks: String,
    word: String,
    length: usize,
}

impl Pending {
    fn write_to(&mut self, line: &mut String, written: &mut usize) {
        line.push_str(&std::mem::take(&mut self.blanks));
        line.push_str(&std::mem::take(&mut self.word));
        *written += std::mem::take(&mut self.length);
    }
}

fn one(line: &str, width: usize) -> Vec<String> {
    let (mut lines, mut last, mut written) = (Vec::new(), String::new(), 0);
    let (mut pending, mut word) = (Pending::default(), 0);
    for c in line.chars() {
        pending.length += 1;
        if c.is_whitespace() && c != NO_BREAK {
            if !pending.word.is_empty() {
                pending.length -= 1;
                pending.write_to(&mut last, &mut written);
                (pending.length, word) = (1, 0);
            }
            pending.blanks.push(c);
            continue;
        }
        pending.word.push(c);
        word += 1;
        // Blanks at a break are dropped, those within a line stay as they are.
        if written + pending.length > width && word < width {
            lines.push(std::mem::take(&mut last));
            pending.blanks.clear();
            (pending.length, written) = (word, 0);
        }
    }
    if !pending.word.is_empty() || written + pending.length <= width {
        pending.write_to(&mut last, &mut written);
    }
    lines.push(last);
    lines
}

/// Puts blanks before each line.
pub fn indent(lines: &[String], by: usize) -> String {
    let pad = " ".repeat(by);
    lines.iter().map(|line| format!("{pad}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrap("one two three\n\nfour", 8), ["one two", "three", "", "four"]);
        assert_eq!(wrap("a-very-long-word x", 5), ["a-very-long-word", "x"]);
    }

    #[test]
    fn blanks_go_at_a_break_only() {
        assert_eq!(wrap("one.  two", 9), ["one.  two"]);
        assert_eq!(wrap("one.  three", 9), ["one.", "three"]);
    }
}
