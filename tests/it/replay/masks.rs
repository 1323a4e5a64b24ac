//! What differs between two runs of the same commands and must not count: times, ids, addresses, ages.
//! The same masks as `replay.py` of the recordings; see their README.

use std::sync::OnceLock;

use fancy_regex::Regex;

const DURATION: &str = r"\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|y)(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))*";
/// The alphabet of generated names.
const RANDOM: &str = "[bcdfghjklmnpqrstvwxz2456789]";

struct Masks {
    everywhere: Vec<(Regex, &'static str)>,
    ages: Vec<(Regex, &'static str)>,
    fork: Vec<Regex>,
    processor_line: Regex,
    blanks: Regex,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(&format!("(?m){pattern}")).expect("the patterns are ours")
}

fn masks() -> &'static Masks {
    static MASKS: OnceLock<Masks> = OnceLock::new();
    MASKS.get_or_init(|| Masks {
        everywhere: everywhere(),
        ages: vec![
            (regex(&format!(r"\b{DURATION} ago\b")), "<age> ago"),
            (
                regex(&format!(
                    r"(?<=\S)( {{2,}}|\t)(?:{DURATION}(?: \(x\d+ over {DURATION}\))?|<(?:unknown|invalid)>)(?= *$|  |\t)"
                )),
                "$1<age>",
            ),
            (regex(&format!(r"^{DURATION}(?: \(x\d+ over {DURATION}\))?(?=  )")), "<age>"),
        ],
        fork: [
            r"^ *ConfigMapName: +openshift-service-ca\.crt\n *Optional: +false\n",
            r"^ *- configMap:\n *items:\n *- key: service-ca\.crt\n *path: service-ca\.crt\n *name: openshift-service-ca\.crt\n",
            r#",\s*\{\s*"configMap": \{\s*"items": \[\s*\{\s*"key": "service-ca\.crt",\s*"path": "service-ca\.crt"\s*\}\s*\],\s*"name": "openshift-service-ca\.crt"\s*\}\s*\}"#,
            r"^service-ca\.crt\n",
            r#"^(?:\S+ +)?(?:configmap[/ ]"?)?openshift-service-ca\.crt\b.*\n"#,
        ]
        .iter()
        .map(|pattern| regex(pattern))
        .collect(),
        processor_line: regex(r"cpu:? {2,}"),
        blanks: regex(r" {2,}"),
    })
}

fn everywhere() -> Vec<(Regex, &'static str)> {
    [
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)".to_owned(), "<time>"),
        (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}".to_owned(), "<time>"),
        (r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ".to_owned(), "<log time> "),
        (r"\b(LIVE|MERGED)-\d+".to_owned(), "$1-<n>"),
        (
            r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d (?:[+-]\d{4}|[A-Z]{3})".to_owned(),
            "<time>",
        ),
        (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b".to_owned(), "<uid>"),
        (r"\b[0-9a-f]{64}\b".to_owned(), "<id>"),
        (r#"("?\b(?:resourceVersion"?|Resource Version): +)"?\d+"?"#.to_owned(), "$1<rv>"),
        (r"\b(?!127\.0\.0\.1\b|0\.0\.0\.0\b)(?:\d{1,3}\.){3}\d{1,3}\b".to_owned(), "<ip>"),
        (r"\bkube-api-access-[a-z0-9]{5}\b".to_owned(), "kube-api-access-<rand>"),
        (
            format!(r#"(pod-template-hash["=: ]+|controller-revision-hash["=: ]+(?:[a-z0-9-]+-)?){RANDOM}{{5,10}}\b"#),
            "$1<hash>",
        ),
        (format!(r"-{RANDOM}{{8,10}}-{RANDOM}{{5}}(?![\w-])"), "-<hash>-<rand>"),
        (format!(r"-{RANDOM}{{8,10}}(?![\w-])"), "-<hash>"),
        (format!(r"-{RANDOM}{{5}}(?![\w-])"), "-<rand>"),
        (format!(r"\bin {DURATION} \({DURATION} including waiting\)"), "in <dur> (<dur> including waiting)"),
        (r"\bImage size: \d+ bytes".to_owned(), "Image size: <n> bytes"),
        (r":3\d{4}/(TCP|UDP)".to_owned(), ":<nodeport>/$1"),
        (r#"(nodePort"?: )3\d{4}\b"#.to_owned(), "$1<nodeport>"),
    ]
    .into_iter()
    .map(|(pattern, to)| (regex(&pattern), to))
    .collect()
}

/// The form in which two outputs are compared; `extra` patterns are taken out on both sides.
pub fn normal(text: &str, extra: &[String]) -> String {
    let masks = masks();
    let mut text = text.replace("\r\n", "\n");
    for pattern in &masks.fork {
        text = pattern.replace_all(&text, "").into_owned();
    }
    for pattern in extra {
        text = regex(pattern).replace_all(&text, "").into_owned();
    }
    for (pattern, to) in &masks.everywhere {
        text = pattern.replace_all(&text, *to).into_owned();
    }
    let lines: Vec<String> = text.split('\n').map(|line| normal_line(masks, line)).collect();
    lines.join("\n").trim_end_matches('\n').to_owned()
}

fn normal_line(masks: &Masks, line: &str) -> String {
    let mut line = line.to_owned();
    if !masks.processor_line.is_match(&line).unwrap_or(false) {
        for (pattern, to) in &masks.ages {
            line = pattern.replace_all(&line, *to).into_owned();
        }
    }
    let line = line.trim_end();
    let body = line.trim_start_matches(' ');
    format!("{}{}", &line[..line.len() - body.len()], masks.blanks.replace_all(body, "  "))
}

#[test]
fn ages_and_addresses_do_not_count_but_durations_in_sentences_do() {
    let shown = normal("web   1/1   Running   2 (15s ago)   3m5s   10.244.0.7\nback-off 10s restarting  ", &[]);
    assert_eq!(shown, "web  1/1  Running  2 (<age> ago)  <age>  <ip>\nback-off 10s restarting");
}
