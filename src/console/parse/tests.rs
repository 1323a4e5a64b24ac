use proptest::prelude::*;

use super::*;

/// A short way to show a script.
fn show(text: &str) -> String {
    match parse(text) {
        Err(e) => format!("error: {e}"),
        Ok(script) => script_text(&script),
    }
}

fn script_text(script: &Script) -> String {
    let parts = script.0.iter().map(|(join, pipeline)| {
        let commands: Vec<String> = pipeline.iter().map(command_text).collect();
        format!("{join:?} {}", commands.join(" | "))
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn command_text(command: &Command) -> String {
    let assigned = command.assignments.iter().map(|(n, w)| format!("{n}={}", word_text(w)));
    let words = command.words.iter().map(word_text);
    let redirects = command.redirects.iter().map(|r| match r {
        Redirect::Read(w) => format!("<{}", word_text(w)),
        Redirect::Write { stream, to, append } => {
            format!("{stream:?}{}{}", if *append { ">>" } else { ">" }, word_text(to))
        }
        Redirect::ErrorsToOutput => "2>&1".to_owned(),
        Redirect::OutputToErrors => ">&2".to_owned(),
        Redirect::Here(w) => format!("<<{}", word_text(w)),
    });
    assigned.chain(words).chain(redirects).collect::<Vec<_>>().join(" ")
}

fn word_text(word: &Word) -> String {
    let parts = word.0.iter().map(|part| match part {
        Part::Text { text, quoted: false } => text.clone(),
        Part::Text { text, quoted: true } => format!("{text:?}"),
        Part::Variable { name, quoted } => format!("${{{name}}}{}", if *quoted { "q" } else { "" }),
        Part::Output { script, .. } => format!("$({})", script_text(script)),
    });
    parts.collect()
}

#[test]
fn plain_commands() {
    insta::assert_snapshot!(show("kubectl run busybox --image=busybox --restart=Never -- echo \"Hello World\""),
        @r#"Then kubectl run busybox --image=busybox --restart=Never -- echo "Hello World""#);
    insta::assert_snapshot!(show("k get pods -o 'jsonpath={.items[*].metadata.name}' # all"),
        @r#"Then k get pods -o "jsonpath={.items[*].metadata.name}""#);
    insta::assert_snapshot!(show("  "), @"");
}

#[test]
fn joins_pipes_and_redirections() {
    insta::assert_snapshot!(show("cat a.yaml | grep -n image | head -1 && echo ok || echo no; ls > out 2>&1"), @"
    Then cat a.yaml | grep -n image | head -1
    And echo ok
    Or echo no
    Then ls Output>out 2>&1
    ");
    insta::assert_snapshot!(show("kubectl get pods 2>>errors </dev/null >&2 &>all"), @"Then kubectl get pods Errors>>errors </dev/null >&2 Both>all");
}

#[test]
fn here_documents() {
    insta::assert_snapshot!(show("cat <<EOF | kubectl apply -f -\nkind: Pod\nname: $NAME \"x\"\nEOF\nls"), @r#"
    Then cat <<"kind: Pod\nname: "${NAME}q" \"x\"\n" | kubectl apply -f -
    Then ls
    "#);
    insta::assert_snapshot!(show("cat <<-'END' >f\n\ta $b\n\tEND\n"), @r#"Then cat <<"a $b\n" Output>f"#);
    insta::assert_snapshot!(show("cat <<EOF\nabc"), @"error: syntax error: unterminated here-document (a line with just EOF ends it)");
}

#[test]
fn variables_and_substitution() {
    insta::assert_snapshot!(show("POD=$(kubectl get pod -o name | head -1) && kubectl logs \"$POD\" ${x}y $? a=b"), @"
    Then POD=$(Then kubectl get pod -o name | head -1)
    And kubectl logs \"\"${POD}q ${x}y ${?} a=b
    ");
}

#[test]
fn what_is_left_out_is_said() {
    insta::assert_snapshot!(show("sleep 5 &"), @"error: `&' (running in the background) can't be used here: this console runs commands, pipes and redirections, but is not a whole shell");
    insta::assert_snapshot!(show("for i in 1; do ls; done"), @"error: for can't be used here: this console runs commands, pipes and redirections, but is not a whole shell");
    insta::assert_snapshot!(show("ls |"), @"error: syntax error near unexpected token `newline'");
    insta::assert_snapshot!(show("echo 'abc"), @"error: syntax error: unterminated quoted string");
    insta::assert_snapshot!(show("a && "), @"error: syntax error near unexpected token `&&'");
}

#[test]
fn nobody_keeps_the_server_busy_with_a_line() {
    let told = |line: String| parse(&line).unwrap_err().to_string();
    assert_eq!(told("true;".repeat(100_000)), "too many commands in one line");
    assert_eq!(told("true|".repeat(100_000)), "too many commands in one line");
    assert_eq!(told("$(true)".repeat(100_000)), "too many commands in one line");
    assert_eq!(told("`true`".repeat(100_000)), "too many commands in one line");
    assert_eq!(
        told(format!("cat {}\n{}", "<<E ".repeat(1000), "E\n".repeat(1000))),
        "too many here-documents in one line"
    );
    assert!(told(format!("{}{}", "echo $(".repeat(1000), ")".repeat(1000))).contains("nested this deep"));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_or_hang(text in "[a-z$(){}`'\"\\\\<>|&; \n#=-]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn a_single_quoted_argument_is_taken_as_it_stands(text in "[^'\0\r]{0,40}") {
        let script = parse(&format!("echo '{text}'")).unwrap();
        let words = &script.0[0].1[0].words;
        prop_assert_eq!(&words[1], &Word(vec![Part::Text { text, quoted: true }]));
    }
}
