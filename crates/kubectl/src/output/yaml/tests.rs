use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::text;

/// The values and their form come from `kubectl create configmap --dry-run=client -o yaml` of kubectl 1.36.2.
#[test]
fn awkward_strings() {
    let long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";
    let value = json!({
        "a": format!("{long}: seventeen eighteen nineteen"), "b": format!("{long} seventeen eighteen nineteen"),
        "c": " lead", "d": "line\nline2\n", "e": "line \n x", "f": "tab\tx", "g": "#x", "h": "it's: x", "i": "é😀", "j": "",
        "k": "null", "l": "1.0", "m": "1:20", "n": "2020-01-01", "o": "- x", "p": "a: b", "q": "x #y", "r": "\n", "s": "  a\nb",
        "t": "a\n\n\n", "u": "=", "v": "{a", "w": "a}", "x": "~", "y": "0x1F", "z": "1_000",
    });
    assert_snapshot!(text(&value), @r#"
    a: 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen
      fifteen sixteen: seventeen eighteen nineteen'
    b: one two three four five six seven eight nine ten eleven twelve thirteen fourteen
      fifteen sixteen seventeen eighteen nineteen
    c: ' lead'
    d: |
      line
      line2
    e: "line \n x"
    f: "tab\tx"
    g: '#x'
    h: 'it''s: x'
    i: "é\U0001F600"
    j: ""
    k: "null"
    l: "1.0"
    m: "1:20"
    "n": "2020-01-01"
    o: '- x'
    p: 'a: b'
    q: 'x #y'
    r: |2+

    s: |2-
        a
      b
    t: |+
      a


    u: =
    v: '{a'
    w: a}
    x: "~"
    "y": "0x1F"
    z: "1_000"
    "#);
}

#[test]
fn collections() {
    let value =
        json!({"list": [{"b": 1, "a": [1, [2, 3]]}, "x", {}], "map": {}, "none": null, "f": 1.5, "a10": 1, "a2": 2});
    assert_snapshot!(text(&value), @r"
    a2: 2
    a10: 1
    f: 1.5
    list:
    - a:
      - 1
      - - 2
        - 3
      b: 1
    - x
    - {}
    map: {}
    none: null
    ");
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~]{0,20}".prop_map(Value::from),
        "[a-z:#'\"\\n\\t \\-é]{0,120}".prop_map(Value::from),
        "(y|No|~|1e3|0x1|1:30|2020-1-1|-|\\.5)".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z0-9:# \\-]{0,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in any_value()) {
        let written = text(&value);
        prop_assert_eq!(crate::yaml::read(&written), Ok(value), "{}", written);
    }
}
