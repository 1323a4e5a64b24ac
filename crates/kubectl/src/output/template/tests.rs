use proptest::prelude::*;
use serde_json::json;

use super::*;

fn print(text: &str) -> String {
    let value = json!({"kind": "List", "items": [
        {"metadata": {"name": "a", "labels": {"x": "1"}}, "n": 2, "spec": {"containers": [{"image": "i"}, {"image": "j"}]}},
        {"metadata": {"name": "b"}, "n": 10, "spec": {"containers": [{"image": "k"}]}},
    ], "data": {"pass": "cEBzcw=="}});
    GoTemplate::parse(text).unwrap().print(&value).unwrap()
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

proptest! {
    #[test]
    fn no_template_makes_it_panic(text in "(\\{\\{|\\}\\}|[a-c.$ ()|\"-]|range|end|if|index|len|slice|exists|eq| 1){0,16}") {
        if let Ok(template) = GoTemplate::parse(&text) {
            let _ = template.print(&json!({"a": [1, 2], "b": {"c": "x"}}));
        }
    }
}
