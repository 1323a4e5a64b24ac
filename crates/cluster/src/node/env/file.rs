//! Files of variables, as another container writes them
//! (kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-via-file/): `NAME='value'`, where the value
//! may have several lines, comments, and nothing else.

/// The file is no file of variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

const BLANKS: [char; 2] = [' ', '\t'];

/// The value of a variable; empty when it has none. What comes after it is not looked at.
pub(super) fn value(text: &str, name: &str) -> Result<String, Malformed> {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start_matches(BLANKS);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (found, rest) = line.split_once('=').ok_or(Malformed)?;
        if found.is_empty() || found.ends_with(BLANKS) {
            return Err(Malformed);
        }
        // As in a shell: a blank ends the value before it began.
        let value = if rest.starts_with(BLANKS) { String::new() } else { quoted(rest, &mut lines)? };
        if found == name {
            return Ok(value);
        }
    }
    Ok(String::new())
}

/// What is between the quotation marks, on this line and as many of the next ones as it takes.
fn quoted<'a>(first: &'a str, lines: &mut impl Iterator<Item = &'a str>) -> Result<String, Malformed> {
    let mut rest = first.strip_prefix('\'').ok_or(Malformed)?;
    let mut value = String::new();
    loop {
        if let Some((last, after)) = rest.split_once('\'') {
            let after = after.trim_start_matches(BLANKS);
            value.push_str(last);
            return if after.is_empty() || after.starts_with('#') { Ok(value) } else { Err(Malformed) };
        }
        value.push_str(rest);
        value.push('\n');
        rest = lines.next().ok_or(Malformed)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_single_quotation_marks_over_lines_and_before_comments() {
        let text = "# colours\n\n  A='one two' # the first\nB='x\ny'\nC= 'late'\nD=''\n";
        assert_eq!(value(text, "A").as_deref(), Ok("one two"));
        assert_eq!(value(text, "B").as_deref(), Ok("x\ny"));
        for unset in ["C", "D", "E"] {
            assert_eq!(value(text, unset).as_deref(), Ok(""), "{unset}");
        }
    }

    #[test]
    fn anything_else_spoils_the_file_from_there_on() {
        for line in ["B=2", "B = '2'", "='2'", "just words", "B='2", "B='2' 3", "B=\"2\""] {
            let text = format!("A='1'\n{line}\n");
            assert_eq!(value(&text, "A").as_deref(), Ok("1"), "{line}");
            assert_eq!(value(&text, "C"), Err(Malformed), "{line}");
        }
    }
}
