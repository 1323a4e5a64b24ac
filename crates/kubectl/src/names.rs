//! What labels may be called: the rules that kubectl holds before the server does, with its words.

/// A label's value is at most so long, and so is the last part of its name.
const LONGEST: usize = 63;
/// The prefix of a name is at most so long.
const LONGEST_PREFIX: usize = 253;

const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
    (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
    (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const QUALIFIED: &str = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
    (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const PREFIX: &str = "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character \
    (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What is wrong with a label's value.
pub fn label_value(value: &str) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    if value.len() > LONGEST {
        wrong.push("must be no more than 63 bytes");
    }
    if !value.is_empty() && !is_word(value) {
        wrong.push(VALUE);
    }
    wrong
}

/// What is wrong with a name that may have a prefix: `example.com/tier`.
pub fn qualified(name: &str) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    let name = match name.split_once('/') {
        Some((_, rest)) if rest.contains('/') => return vec![QUALIFIED],
        Some((prefix, rest)) => {
            match prefix {
                "" => wrong.push("prefix part must be non-empty"),
                long if long.len() > LONGEST_PREFIX => wrong.push("prefix part must be no more than 253 bytes"),
                other if !is_subdomain(other) => wrong.push(PREFIX),
                _ => {}
            }
            rest
        }
        None => name,
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty");
    } else if name.len() > LONGEST {
        wrong.push("name part must be no more than 63 bytes");
    }
    if !is_word(name) {
        wrong.push(NAME);
    }
    wrong
}

fn is_word(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.chars().all(inner) && text.starts_with(edge) && text.ends_with(edge)
}

fn is_subdomain(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fine =
        |label: &str| label.chars().all(|c| edge(c) || c == '-') && label.starts_with(edge) && label.ends_with(edge);
    text.split('.').all(fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        assert!(qualified("example.com/my_name").is_empty() && qualified("a").is_empty() && label_value("").is_empty());
        assert_eq!(qualified("a=b"), [NAME]);
        assert_eq!(qualified(""), ["name part must be non-empty", NAME]);
        assert_eq!(qualified("A/b"), [PREFIX]);
        assert_eq!(qualified("a/b/c"), [QUALIFIED]);
        assert_eq!(label_value("-a"), [VALUE]);
    }
}
