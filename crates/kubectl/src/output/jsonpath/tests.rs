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
        ("{range .items[*]}{.metadata.name}{\"\\t\"}{.n}{\"\\n\"}{end}", "a\t2\nb\t10\n"),
        ("{.items[-1].metadata.name}", "b"),
        ("{.items[0:1].metadata.name}", "a"),
        ("{.items[0].spec.containers[?(@.name==\"d\")].image}", "j"),
        ("{.items[?(@.n>5)].metadata.name}", "b"),
        ("{.items[?(@.metadata.labels)].metadata.name}", "a"),
        ("{.items[0].metadata.labels.app\\.kubernetes\\.io/name}", "x"),
        ("{.items[0].metadata.labels['app\\.kubernetes\\.io/name']}", ""),
        ("{..image}", "i<1 j k"),
        ("{.items[0,1]['n']}", "2 10"),
        ("{.items[0].spec.containers[0]}", "{\"image\":\"i\\u003c1\",\"name\":\"c\"}"),
        ("{.nothing.at.all}", ""),
        ("plain", "plain"),
    ] {
        assert_eq!(print(template), wanted, "{template}");
    }
}

#[test]
fn words_for_mistakes() {
    let wrong = |text: &str| Template::parse(text).unwrap_err();
    assert_eq!(wrong("{.items[0"), "error parsing jsonpath {.items[0, unterminated array");
    assert_eq!(wrong("{.items"), "error parsing jsonpath {.items, unclosed action");
    assert_eq!(wrong("{end}"), "error parsing jsonpath {end}, not in range, nothing to end");
    assert_eq!(
        Template::parse("{.items[5]}").unwrap().print(&pods(), true).unwrap_err(),
        "array index out of bounds: index 5, length 2"
    );
}

proptest! {
    #[test]
    fn no_template_makes_it_panic(text in "[{}.\\[\\]a-c?(@=\"')*:,0-9 -]{0,24}") {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.print(&pods(), true);
        }
    }
}
