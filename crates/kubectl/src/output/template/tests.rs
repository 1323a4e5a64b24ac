use proptest::prelude::*;
use serde_json::json;

use super::*;

fn print(text: &str) -> String {
    let value = json!({"kind": "List", "items": [
        {"metadata": {"name": "a", "labels": {"x": "1"}}, "n": 2, "spec": {"containers": [{"image": "i"}, {"image": "j"}]}},
        {"metadata": {"name": "b"}, "n": 10, "spec": {"containers": [{"image": "k"}]}},
    ], "data": {"pass": "cEBzcw=="}});
    GoTemplate::parse(text).unwrap().print(&value, true).unwrap()
}

#[test]
fn templates() {
    for (template, wanted) in [
        ("{{range .items}}{{.metadata.name}} {{len .spec.containers}}{{\"\\n\"}}{{end}}", "a 2\nb 1\n"),
        ("{{range $i, $x := .items}}{{$i}}={{$x.metadata.name}};{{end}}", "0=a;1=b;"),
        ("{{(index .items 0).metadata.name}}", "a"),
        ("{{if eq .kind \"List\"}}yes{{else}}no{{end}}", "yes"),
        ("{{with .nothing}}x{{else}}none{{end}}", "none"),
        ("{{.nothing}}", "<no value>"),
        ("{{.data.pass | base64decode}}", "p@ss"),
        ("{{printf \"%-5s|%d\" .kind 3}}", "List |3"),
        ("{{range .items}}{{if gt .n 5}}{{.metadata.name}}{{end}}{{end}}", "b"),
        ("a {{- .kind -}} b", "aListb"),
        ("{{/* nothing */}}x", "x"),
        ("{{$k := .kind}}{{$k}}{{$.kind}}", "ListList"),
        ("{{(index .items 0).metadata.labels}}", "map[x:1]"),
        ("{{and .kind (not .nothing)}}", "true"),
        ("{{printf \"%T %T %T\" 1 (len .items) (index .items 0).n}}", "int int int64"),
        ("{{range 3}}{{.}}{{end}}", "012"),
        ("{{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .kind}}", "[List]"),
        ("{{block \"b\" .kind}}({{.}}{{$}}){{end}}", "(ListList)"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{end}}{{$x}}", "2"),
        ("{{eq .nothing \"a\"}}{{eq .kind \"x\" \"List\"}}", "falsetrue"),
        ("{{0x10}} {{1e3}} {{1.5}} {{'a'}}", "16 1000 1.5 97"),
    ] {
        assert_eq!(print(template), wanted, "{template}");
    }
}

#[test]
fn words_for_mistakes() {
    assert_eq!(
        GoTemplate::parse("{{.items").unwrap_err(),
        "error parsing template {{.items, template: output:1: unclosed action"
    );
    assert_eq!(
        GoTemplate::parse("{{nosuch}}").unwrap_err(),
        "error parsing template {{nosuch}}, template: output:1: function \"nosuch\" not defined"
    );
}

#[test]
fn words_for_what_cannot_be_read() {
    for (template, wanted) in [
        ("{{.kind}", "bad character U+007D '}'"),
        ("{{\"a}}", "unterminated quoted string"),
        ("{{$nope}}", "undefined variable \"$nope\""),
        ("{{break}}", "{{break}} outside {{range}}"),
        ("{{\"a\" | \"b\"}}", "non executable command in pipeline stage 2"),
    ] {
        let why = GoTemplate::parse(template).unwrap_err();
        assert_eq!(why, format!("error parsing template {template}, template: output:1: {wanted}"));
    }
}

#[test]
fn words_for_what_cannot_be_done() {
    let value = json!({"kind": "Pod", "list": [1]});
    for (template, wanted) in [
        ("{{len 3}}", "1:2: executing \"output\" at <len 3>: error calling len: len of type int64"),
        (
            "ab\n {{.kind.more}}",
            "2:8: executing \"output\" at <.kind.more>: can't evaluate field more in type interface {}",
        ),
        ("{{len}}", "1:2: executing \"output\" at <len>: wrong number of args for len: want 1 got 0"),
        (
            "{{index .list 9}}",
            "1:2: executing \"output\" at <index .list 9>: error calling index: index out of range: 9",
        ),
        ("{{nil}}", "1:2: executing \"output\" at <nil>: nil is not a command"),
        ("{{template \"x\"}}", "1:11: executing \"output\" at <{{template \"x\"}}>: template \"x\" not defined"),
    ] {
        let failed = GoTemplate::parse(template).unwrap().print(&value, true).unwrap_err();
        assert_eq!(failed.why, format!("template: output:{wanted}"), "{template}");
    }
    let failed = GoTemplate::parse("a{{.nope}}").unwrap().print(&value, false).unwrap_err();
    assert_eq!(failed.printed, "a");
    assert!(failed.why.ends_with("at <.nope>: map has no entry for key \"nope\""));
}

proptest! {
    #[test]
    fn no_template_makes_it_panic(text in "(\\{\\{|\\}\\}|[a-c.$ ()|\"-]|range|end|define|template|if|index|len|slice|exists|eq| 1){0,16}") {
        if let Ok(template) = GoTemplate::parse(&text) {
            let _ = template.print(&json!({"a": [1, 2], "b": {"c": "x"}}), true);
        }
    }
}
