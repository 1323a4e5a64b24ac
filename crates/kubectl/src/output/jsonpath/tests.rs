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

fn objects() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

fn shown(template: &str, value: &Value) -> Result<String, String> {
    Template::parse(template).unwrap().print(value, true)
}

proptest! {
    #[test]
    fn text_without_braces_is_itself(text in "[a-z .$@*\\[\\]]{0,20}") {
        prop_assert_eq!(shown(&text, &pods()).unwrap(), text);
    }

    #[test]
    fn a_path_finds_what_a_pointer_finds(object in objects(), a in "[a-c]", b in "[a-c]") {
        let found = object.pointer(&format!("/{a}/{b}")).cloned();
        let path = shown(&format!("{{.{a}.{b}}}"), &object);
        if let Some(found) = found {
            prop_assert_eq!(path, shown("{@}", &found));
        }
    }

    #[test]
    fn dots_and_brackets_say_the_same(object in objects(), a in "[a-c]") {
        prop_assert_eq!(shown(&format!("{{.{a}}}"), &object), shown(&format!("{{['{a}']}}"), &object));
        prop_assert_eq!(shown(&format!("{{.{a}}}"), &object), shown(&format!("{{$.{a}}}"), &object));
    }

    #[test]
    fn a_range_prints_each_item_of_a_list(numbers in prop::collection::vec(any::<i16>(), 1..6)) {
        let list = json!({"items": numbers});
        let each: String = numbers.iter().map(|number| format!("{number};")).collect();
        prop_assert_eq!(shown("{range .items[*]}{@};{end}", &list).unwrap(), each);
        let joined: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        prop_assert_eq!(shown("{.items[*]}", &list).unwrap(), joined.join(" "));
        prop_assert_eq!(shown("{.items[-1:]}", &list).unwrap(), joined.last().unwrap().clone());
    }

    #[test]
    fn no_bytes_make_it_panic(text in ".{0,40}") {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.print(&pods(), true);
        }
    }
}
