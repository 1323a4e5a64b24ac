//! The grammars of names, labels, ports and keys, with what the API server says about each.
//!
//! Each function gives what is wrong with a text, and nothing when it is right. The rules are RFC 1123
//! labels and what kubernetes.io/docs/concepts/overview/working-with-objects/ says of names and labels.

/// What a list of mistakes is.
type Wrong = Vec<String>;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

fn expected(what: &str, pattern: &str, examples: &[&str]) -> String {
    let shown: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    // Upstream puts two blanks before each further "or", and none after the last example.
    let shown = shown.join(" or ");
    format!("{what} (e.g. {shown}regex used for validation is '{pattern}')")
}

fn too_long(limit: usize) -> String {
    format!("must be no more than {limit} characters")
}

/// The same where the API server counts bytes: keys and values of labels.
fn too_many_bytes(limit: usize) -> String {
    format!("must be no more than {limit} bytes")
}

fn lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// `edge` at both ends, `inner` or `edge` between.
fn framed(text: &str, edge: impl Fn(char) -> bool, inner: &str) -> bool {
    text.starts_with(&edge) && text.ends_with(&edge) && text.chars().all(|c| edge(c) || inner.contains(c))
}

/// Containers, volumes, namespaces: an RFC 1123 label.
pub(crate) fn label(text: &str) -> Wrong {
    let mut wrong = Wrong::new();
    if text.len() > 63 {
        wrong.push(too_long(63));
    }
    if !framed(text, lower, "-") && subdomain(text).is_empty() {
        wrong.push("must not contain dots".to_owned());
    } else if !framed(text, lower, "-") {
        wrong.push(expected(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            LABEL,
            &["my-name", "123-abc"],
        ));
    }
    wrong
}

/// Versions and names of custom resources: an RFC 1035 label.
pub(crate) fn old_label(text: &str) -> Wrong {
    let mut wrong = Wrong::new();
    if text.len() > 63 {
        wrong.push(too_long(63));
    }
    if !framed(text, lower, "-") || text.starts_with(|c: char| c.is_ascii_digit()) {
        wrong.push(expected(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
            "[a-z]([-a-z0-9]*[a-z0-9])?",
            &["my-name", "abc-123"],
        ));
    }
    wrong
}

/// Most objects: an RFC 1123 subdomain.
pub(crate) fn subdomain(text: &str) -> Wrong {
    let mut wrong = Wrong::new();
    if text.len() > 253 {
        wrong.push(too_long(253));
    }
    if !text.split('.').all(|part| framed(part, lower, "-")) {
        wrong.push(expected(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            &format!("{LABEL}(\\.{LABEL})*"),
            &["example.com"],
        ));
    }
    wrong
}

/// Domains that a Pod's resolver tries: as subdomains, but with underscores.
pub(crate) fn search_domain(text: &str) -> Wrong {
    const PART: &str = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
    let mut wrong = Wrong::new();
    if text.len() > 253 {
        wrong.push(too_long(253));
    }
    if !text.split('.').all(|part| framed(part.strip_prefix('_').unwrap_or(part), lower, "-_")) {
        wrong.push(expected(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
            &format!("{PART}(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*"),
            &["example.com"],
        ));
    }
    wrong
}

/// Hosts of Ingresses whose first part is a star.
pub(crate) fn wildcard(text: &str) -> Wrong {
    if text.len() <= 253 && text.strip_prefix("*.").is_some_and(|rest| subdomain(rest).is_empty()) {
        return Wrong::new();
    }
    vec![expected(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        &format!("\\*\\.{LABEL}(\\.{LABEL})*"),
        &["*.example.com"],
    )]
}

/// Who looks after an object: `acme.io/foo`.
pub(crate) fn domain_path(text: &str) -> Wrong {
    match text.split_once('/') {
        Some((domain, path)) if !domain.is_empty() && !path.is_empty() => subdomain(domain),
        _ => vec!["must be a domain-prefixed path (such as \"acme.io/foo\")".to_owned()],
    }
}

/// RBAC objects: anything that fits into a path.
pub(crate) fn path_segment(text: &str) -> Wrong {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    let unfit = ['/', '%'].into_iter().filter(|c| text.contains(*c));
    unfit.map(|c| format!("may not contain '{c}'")).collect()
}

/// Keys of labels and annotations, finalizers, condition types: `name` or `prefix/name`.
pub(crate) fn qualified(text: &str) -> Wrong {
    let mut wrong = Wrong::new();
    let part = expected(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        QUALIFIED,
        &["MyName", "my.name", "123-abc"],
    );
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                wrong.push("prefix part must be non-empty".to_owned());
            } else {
                let said =
                    subdomain(prefix).into_iter().map(|m| if m == too_long(253) { too_many_bytes(253) } else { m });
                wrong.extend(said.map(|message| format!("prefix part {message}")));
            }
            *name
        }
        _ => {
            return vec![format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                part
            )];
        }
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        wrong.push(format!("name part {}", too_many_bytes(63)));
    }
    if !framed(name, |c| c.is_ascii_alphanumeric(), "-_.") {
        wrong.push(format!("name part {part}"));
    }
    wrong
}

/// Values of labels; empty is fine.
pub(crate) fn label_value(text: &str) -> Wrong {
    let mut wrong = Wrong::new();
    if text.len() > 63 {
        wrong.push(too_many_bytes(63));
    }
    if !text.is_empty() && !framed(text, |c| c.is_ascii_alphanumeric(), "-_.") {
        wrong.push(expected(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
            &["MyValue", "my_value", "12345"],
        ));
    }
    wrong
}

/// Keys of ConfigMaps and Secrets.
pub(crate) fn config_key(text: &str) -> Wrong {
    let mut wrong = Wrong::new();
    if text.len() > 253 {
        wrong.push(too_long(253));
    }
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        wrong.push(expected(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    match text {
        "." => wrong.push("must not be '.'".to_owned()),
        ".." => wrong.push("must not be '..'".to_owned()),
        _ if text.starts_with("..") => wrong.push("must not start with '..'".to_owned()),
        _ => {}
    }
    wrong
}

/// Names of environment variables, by the rules since 1.34.
pub(crate) fn environment_name(text: &str) -> Wrong {
    let printable = |c: char| (' '..='~').contains(&c) && c != '=';
    if text.chars().all(printable) {
        return Wrong::new();
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned()]
}

/// Names of ports (RFC 6335, section 5.1).
pub(crate) fn port_name(text: &str) -> Wrong {
    let mut wrong = Wrong::new();
    if text.len() > 15 {
        wrong.push(too_long(15));
    }
    if text.is_empty() || !text.chars().all(|c| lower(c) || c == '-') {
        wrong.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.chars().any(|c| c.is_ascii_lowercase()) {
        wrong.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        wrong.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        wrong.push("must not begin or end with a hyphen".to_owned());
    }
    wrong
}

/// Names of HTTP headers.
pub(crate) fn header_name(text: &str) -> Wrong {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Wrong::new();
    }
    vec![expected(
        "a valid HTTP header must consist of alphanumeric characters or '-'",
        "[-A-Za-z0-9]+",
        &["X-Header-Name"],
    )]
}

/// What a number outside its range is told.
pub(crate) fn range(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

/// Port numbers.
pub(crate) fn port_number(number: i64) -> Wrong {
    if (1..=65535).contains(&number) { Wrong::new() } else { vec![range(1, 65535)] }
}

/// User and group ids.
pub(crate) fn id(number: i64) -> Wrong {
    let most = i64::from(i32::MAX);
    if (0..=most).contains(&number) { Wrong::new() } else { vec![range(0, most)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_recorded() {
        insta::assert_snapshot!(label("My_App")[0], @"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
        insta::assert_snapshot!(subdomain("MyPod")[0], @r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
        insta::assert_snapshot!(qualified("app!")[0], @"name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
        insta::assert_snapshot!(label_value("front end")[0], @"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
        insta::assert_snapshot!(config_key("a b")[0], @"a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
    }

    #[test]
    fn lengths_of_labels_are_counted_in_bytes_and_dots_are_named() {
        let long = "x".repeat(64);
        assert_eq!(label_value(&long), ["must be no more than 63 bytes"]);
        assert_eq!(qualified(&long), ["name part must be no more than 63 bytes"]);
        assert_eq!(label(&long), ["must be no more than 63 characters"]);
        assert_eq!(label("a.b"), ["must not contain dots"]);
        assert!(label("A.b")[0].starts_with("a lowercase RFC 1123 label"));
        assert!(qualified("a/b/c")[0].starts_with("a valid label key must consist"));
    }

    #[test]
    fn good_names_are_fine() {
        assert!(label("a").is_empty() && label("my-name-1").is_empty());
        assert!(subdomain("kube-root-ca.crt").is_empty() && !subdomain("a..b").is_empty());
        assert!(qualified("example.com/MyName").is_empty() && !qualified("a/b/c").is_empty());
        assert!(label_value("").is_empty() && label_value("v1.2_x").is_empty());
        assert!(port_name("http").is_empty() && port_name("80").len() == 1);
        assert!(environment_name("A B").is_empty() && !environment_name("A=B").is_empty());
        assert!(path_segment("system:node").is_empty());
        assert!(domain_path("acme.io/foo").is_empty() && !domain_path("foo").is_empty());
    }
}
