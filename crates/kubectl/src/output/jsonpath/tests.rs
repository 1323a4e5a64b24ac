use proptest::prelude::*;
use serde_json::json;

use super::*;

fn pods() -> Value {
    json!({"kind": "List", "items": [
        {"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}}, "spec": {"containers": [{"name": "c", "image": "i<1"}, {"name": "d", "image": "j"}]}, "n": 2},
        {"metadata": {"name": "b"}, "spec": {"containers": [{"name": "e", "image": "k"}]}, "n": 10},
    ]})
}

fn print(text: &str) -> String {
    Template::parse(text).unwrap().print(&pods(), true).unwrap()
}

#[test]
fn paths() {
    for (template, wanted) in [
        ("{.items[*].metadata.name}", "a b"),
        ("{$.kind}-{.kind}", "List-List"),
        ("{.items[-1].metadata.name}", "b"),
        ("{.items[].metadata.name}", "a"),
        ("{.items[0:1].metadata.name}", "a"),
        ("{.items[0].spec.containers[?(@.name==\"d\")].image}", "j"),
        ("{.items[?(@.n>5)].metadata.name}", "b"),
        ("{.items[?(@.metadata.labels)].metadata.name}", "a"),
        ("{.items[?(@.n in \"x\")].n}", "2 10"),
        ("{.items[0].metadata.labels.app\\.kubernetes\\.io/name}", "x"),
        ("{.items[0].metadata.labels['app\\.kubernetes\\.io/name']}", "x"),
        ("{.items[0].metadata.labels['app.kubernetes.io/name']}", ""),
        ("{..image}", "i<1 j k"),
        ("{.items[0,1]['n']}", "2 10"),
        ("{.items[*]['n','kind']}", "2 10"),
        ("{.items[0].spec.containers[0]}", "{\"image\":\"i\\u003c1\",\"name\":\"c\"}"),
        ("{.nothing.at.all}", ""),
        ("{.kind.*}", "76 105 115 116"),
        ("{\"\\u00e9\"}", "é"),
        ("plain", "plain"),
    ] {
        assert_eq!(print(template), wanted, "{template}");
    }
}

#[test]
fn ranges() {
    for (template, wanted) in [
        ("{range .items[*]}{.metadata.name}{\"\\t\"}{.n}{\"\\n\"}{end}", "a\t2\nb\t10\n"),
        ("{range .items[*]}{$.n} {end}", "2 10 "),
        ("{range .items[*]}{range .spec.containers[*]}{.name}{end};{end}!", "cd;e;!"),
        ("{range .items[*]}{range .nothing[*]}{.name}{end}{.n};{end}{.kind}", "2;10;List"),
        // Without an end the rest is for the whole as well.
        ("{range .items[*]}{.n}{\",\"}", "2,10,,"),
    ] {
        assert_eq!(print(template), wanted, "{template}");
    }
}

#[test]
fn each_part_is_a_list_of_its_own() {
    let lists = Template::parse("{.kind}{.items[*].n}").unwrap().lists(&pods(), true).unwrap();
    assert_eq!(lists, "[\n    \"List\"\n]\n[\n    2,\n    10\n]\n");
}

#[test]
fn words_for_mistakes() {
    for (template, wanted) in [
        ("{.items[0", "unterminated array"),
        ("{.items", "unclosed action"),
        ("{[\"a\",\"b\"]}", "invalid array index \"a\""),
        ("{..*}", "unrecognized character in action: U+002A '*'"),
        ("{.a\t}", "unrecognized character in action: U+0009"),
        ("{\"\\q\"}", "unquote string \"\\q\" error invalid syntax"),
        ("{.a[?(@.b==\"c)]}", "unterminated filter"),
        ("{1.2.3}", "cannot parse number 1.2.3"),
    ] {
        assert_eq!(Template::parse(template).unwrap_err(), format!("error parsing jsonpath {template}, {wanted}"));
    }
}

#[test]
fn words_for_what_leads_nowhere() {
    for (template, wanted) in [
        ("{end}", "not in range, nothing to end"),
        ("{nope}", "unrecognized identifier nope"),
        ("{.items[5]}", "array index out of bounds: index 5, length 2"),
        ("{.items[0:5]}", "array index out of bounds: index 4, length 2"),
        ("{.items[1:0]}", "starting index 1 is greater than ending index 0"),
        ("{.items[::-1]}", "step must be > 0"),
        ("{.kind[0]}", "string is not array or slice"),
        (
            "{.items[0].metadata.labels[?(@.a)]}",
            "map[app.kubernetes.io/name:x] is not array or slice and cannot be filtered",
        ),
        ("{.items[?(@.n=2)]}", "unrecognized filter operator ="),
        ("{.items[?(@.n==2.0)]}", "incompatible types for comparison"),
        ("{.items[?(@.spec==2)]}", "invalid type for comparison"),
    ] {
        assert_eq!(Template::parse(template).unwrap().print(&pods(), true).unwrap_err(), wanted, "{template}");
    }
    let missing = Template::parse("{.items[*].nothing}").unwrap().print(&pods(), false);
    assert_eq!(missing.unwrap_err(), "nothing is not found");
}

proptest! {
    #[test]
    fn no_template_makes_it_panic(text in "([{}.\\[\\]a-c?(@=\"')*:,0-9 -]|\\{range \\.items|\\{end\\}|\\.\\.){0,16}") {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.print(&pods(), true);
        }
    }
}
