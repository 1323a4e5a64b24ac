//! Words to arguments: variables, `$(…)`, and `*` over the learner's files.

use super::{
    exec::Shell,
    syntax::{Part, Word},
};

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
    pub(super) async fn arguments(&self, words: &[Word]) -> Vec<String> {
        let mut names = None;
        let mut arguments = Vec::new();
        for word in words {
            for field in self.fields(word).await {
                if !field.has_pattern {
                    arguments.push(field.text);
                    continue;
                }
                if names.is_none() {
                    names = Some(self.world.files.list(".").await.unwrap_or_default());
                }
                let matching = names.iter().flatten().filter(|name| matches(&field.pattern, name));
                let found: Vec<String> = matching.cloned().collect();
                if found.is_empty() { arguments.push(field.text) } else { arguments.extend(found) }
            }
        }
        arguments
    }

    /// A word's value where it stays one word: an assignment, a file's name, a here-document.
    pub(super) async fn text(&self, word: &Word) -> String {
        let mut text = String::new();
        for part in &word.0 {
            match part {
                Part::Text { text: t, .. } => text.push_str(t),
                Part::Variable { name, .. } => text.push_str(&self.world.variables.get(name)),
                Part::Output { script, .. } => text.push_str(&self.capture(script).await),
            }
        }
        text
    }

    async fn fields(&self, word: &Word) -> Vec<Field> {
        let mut fields = vec![Field::default()];
        for part in &word.0 {
            let (value, quoted) = match part {
                Part::Text { text, quoted } => {
                    last(&mut fields).push(text, *quoted);
                    continue;
                }
                Part::Variable { name, quoted } => (self.world.variables.get(name), *quoted),
                Part::Output { script, quoted } => (self.capture(script).await, *quoted),
            };
            if quoted { last(&mut fields).push(&value, true) } else { split(&mut fields, &value) }
        }
        fields.retain(|f| f.present);
        fields
    }
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
