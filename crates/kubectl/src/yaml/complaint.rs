//! Go's words for YAML that cannot be read.
//!
//! Go's library is a translation of libyaml, whose messages yaml_serde has too; so a text that our parser refuses is
//! given to it for its words. Only the line is counted in Go's way.

/// What Go says about `text`; `ours` is our parser's message, in case libyaml has nothing against it.
pub fn complaint(text: &str, ours: &str) -> String {
    match serde_yaml::from_str::<serde_yaml::Value>(text) {
        Err(error) => in_go(&error.to_string()),
        Ok(_) => format!("yaml: {ours}"),
    }
}

/// libyaml's scanner counts lines from 0, and Go adds one only for its errors, not for the parser's.
fn in_go(message: &str) -> String {
    let (problem, rest) = message.split_once(" at line ").unwrap_or((message, ""));
    let line: usize = rest.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let line = if from_scanner(problem) { line } else { line.saturating_sub(1) };
    if line == 0 { format!("yaml: {problem}") } else { format!("yaml: line {line}: {problem}") }
}

/// Errors that libyaml raises in its parser, not its scanner.
fn from_scanner(problem: &str) -> bool {
    const PARSER: [&str; 9] = [
        "did not find expected key",
        "did not find expected '-' indicator",
        "did not find expected node content",
        "did not find expected ',' or ']'",
        "did not find expected ',' or '}'",
        "did not find expected <document start>",
        "did not find expected <stream-start>",
        "found undefined tag handle",
        "found duplicate",
    ];
    !PARSER.iter().any(|start| problem.starts_with(start))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::yaml::read;

    fn wrong(text: &str) -> String {
        read(text).unwrap_err()
    }

    #[test]
    fn as_go_says_it() {
        assert_snapshot!(wrong("apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n"), @"yaml: line 4: found character that cannot start any token");
        assert_snapshot!(wrong("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n labels:\n  app: a\n"), @"yaml: line 4: did not find expected key");
        assert_snapshot!(wrong("apiVersion: v1\nkind: \"Pod\nmetadata: {name: a}\n"), @"yaml: line 4: found unexpected end of stream");
        assert_snapshot!(wrong("apiVersion: v1\nkind: ConfigMap\nmetadata\n  name: broken\n"), @"yaml: line 4: could not find expected ':'");
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..9 {
            let before = format!("*a{}, ", i - 1).repeat(10);
            text.push_str(&format!("a{i}: &a{i} [{}]\n", before.trim_end_matches(", ")));
        }
        assert!(wrong(&text).contains("excessive aliasing"));
    }
}
