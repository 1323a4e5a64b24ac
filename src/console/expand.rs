//! Words to arguments: variables, `$(…)`, and `*` over the learner's files.

use super::{
    exec::Shell,
    syntax::{Part, Word},
};

/// How long a command's arguments may be together, as on Linux (`getconf ARG_MAX`), and how many.
const MAX_BYTES: usize = 2 * 1024 * 1024;
const MAX_ARGUMENTS: usize = 20_000;

/// The arguments are too long, in the words of Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Argument list too long")]
pub(super) struct TooLong;

/// A word that is being put together. Quoted characters are kept apart, since they match no file names.
#[derive(Default)]
struct Field {
    text: String,
    /// The same with every pattern character that was quoted escaped by a backslash.
    pattern: String,
    /// Whether there is a word even if it is empty: `""`.
    present: bool,
    has_pattern: bool,
}

impl Field {
    fn push(&mut self, text: &str, quoted: bool) {
        self.present |= quoted || !text.is_empty();
        self.text.push_str(text);
        for c in text.chars() {
            if matches!(c, '*' | '?' | '\\') {
                if quoted || c == '\\' { self.pattern.push('\\') } else { self.has_pattern = true }
            }
            self.pattern.push(c);
        }
    }
}

impl Shell {
    /// The arguments that words become.
    pub(super) async fn arguments(&self, words: &[Word]) -> Result<Vec<String>, TooLong> {
        let mut names = None;
        let mut arguments = Vec::new();
        let mut left = MAX_BYTES;
        for word in words {
            for field in self.fields(word, left).await? {
                if !field.has_pattern {
                    push(&mut arguments, field.text, &mut left)?;
                    continue;
                }
                if names.is_none() {
                    names = Some(self.world.files.list(".").await.unwrap_or_default());
                }
                let found: Vec<&String> = names.iter().flatten().filter(|name| matches(&field.pattern, name)).collect();
                if found.is_empty() {
                    push(&mut arguments, field.text, &mut left)?;
                    continue;
                }
                for name in found {
                    push(&mut arguments, name.clone(), &mut left)?;
                }
            }
        }
        Ok(arguments)
    }

    /// A word's value where it stays one word: an assignment, a file's name, a here-document.
    pub(super) async fn text(&self, word: &Word) -> Result<String, TooLong> {
        let mut text = String::new();
        for part in &word.0 {
            match part {
                Part::Text { text: t, .. } => text.push_str(t),
                Part::Variable { name, .. } => text.push_str(&self.world.variables.get(name)),
                Part::Output { script, .. } => text.push_str(&self.capture(script).await),
            }
            if text.len() > MAX_BYTES {
                return Err(TooLong);
            }
        }
        Ok(text)
    }

    async fn fields(&self, word: &Word, left: usize) -> Result<Vec<Field>, TooLong> {
        let mut fields = vec![Field::default()];
        let mut length = 0;
        for part in &word.0 {
            let (value, quoted) = match part {
                Part::Text { text, quoted } => {
                    length += text.len();
                    last(&mut fields).push(text, *quoted);
                    continue;
                }
                Part::Variable { name, quoted } => (self.world.variables.get(name), *quoted),
                Part::Output { script, quoted } => (self.capture(script).await, *quoted),
            };
            length += value.len();
            if length > left {
                return Err(TooLong);
            }
            if quoted { last(&mut fields).push(&value, true) } else { split(&mut fields, &value) }
        }
        fields.retain(|f| f.present);
        Ok(fields)
    }
}

fn push(arguments: &mut Vec<String>, argument: String, left: &mut usize) -> Result<(), TooLong> {
    *left = left.checked_sub(argument.len()).ok_or(TooLong)?;
    if arguments.len() >= MAX_ARGUMENTS {
        return Err(TooLong);
    }
    arguments.push(argument);
    Ok(())
}

fn last(fields: &mut [Field]) -> &mut Field {
    fields.last_mut().expect("there is always a field being put together")
}

/// Adds an unquoted value: its white space divides words.
fn split(fields: &mut Vec<Field>, value: &str) {
    for (n, piece) in value.split(char::is_whitespace).enumerate() {
        if n > 0 && last(fields).present {
            fields.push(Field::default());
        }
        if !piece.is_empty() {
            last(fields).push(piece, false);
        }
    }
}

/// Whether a file's name matches a pattern of `*`, `?` and escaped characters; a leading dot must be written.
fn matches(pattern: &str, name: &str) -> bool {
    fn go(pattern: &[char], name: &[char]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=name.len()).any(|n| go(rest, &name[n..])),
            (['?', rest @ ..], [_, tail @ ..]) => go(rest, tail),
            (['\\', c, rest @ ..], [first, tail @ ..]) => c == first && go(rest, tail),
            ([c, rest @ ..], [first, tail @ ..]) => c == first && go(rest, tail),
            _ => false,
        }
    }
    let pattern: Vec<char> = pattern.chars().collect();
    // Each star multiplies the work: more than a few name nothing a learner would write.
    if pattern.iter().filter(|c| **c == '*').count() > 4 || (name.starts_with('.') && !pattern.starts_with(&['.'])) {
        return false;
    }
    go(&pattern, &name.chars().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        assert!(matches("*.yaml", "10-pod.yaml"));
        assert!(matches("1?-*", "10-pod.yaml"));
        assert!(!matches("*.yml", "10-pod.yaml"));
        assert!(matches("\\*", "*") && !matches("\\*", "a"));
        assert!(!matches("*", ".hidden"));
    }
}
