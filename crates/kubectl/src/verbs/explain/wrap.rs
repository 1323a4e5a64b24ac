//! Breaks text at words.

/// Lines of at most `width` characters; a longer word has a line of its own. Lines of the text stay apart.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| one(line, width)).collect()
}

fn one(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut column = 0;
    // Blanks within a line stay as they are; those at a break are dropped.
    for word in line.split_inclusive(' ') {
        let length = word.trim_end_matches(' ').chars().count();
        if column > 0 && column + length > width {
            lines.push(String::new());
            column = 0;
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(word);
        }
        column += word.chars().count();
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
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
}
