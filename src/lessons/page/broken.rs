//! Whatever an author's file holds, it is read without a panic, and what is wrong is said.

use proptest::prelude::*;

use super::{Around, Painter, read};

/// Pieces that pages are made of, whole and broken.
const PIECES: [&str; 24] = [
    "---\n",
    "+++\n",
    "title: [\n",
    "lab:\n  checks: {a: 1}\n",
    "## Step\n",
    "# T {#x}\n",
    "```bash\n",
    "```\n",
    "~~~yaml lab=check\n",
    "pod: web\n",
    "    $ kubectl get pods\n",
    "NAME  READY\n",
    "> [!NOTE]\n> x\n",
    ":::note\n",
    ":::\n",
    "{{< note >}}\n",
    "{{< /note >}}",
    "{{% tab name=\"x\" %}}",
    "<details><summary>Hint</summary>\n\n",
    "</details>\n",
    "Question: a?\n\n- [x] b\n",
    "[^1]: note\n",
    "| a | b |\n|---|---|\n",
    "❯ k get é\u{0}\u{1}\u{3}7\u{4}\n",
];

fn page() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "\\PC{0,20}\n",
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_page_is_read(text in page()) {
        let (lesson, problems) = read(&Around::alone("a.md"), &text, &mut Painter::default());
        let lines = text.lines().count().max(1);
        prop_assert!(problems.iter().all(|problem| problem.line >= 1 && problem.line <= lines), "{problems:?}");
        let html = lesson.intro + &lesson.steps.iter().map(|step| step.html.as_str()).collect::<String>();
        prop_assert!(!html.contains(['\u{1}', '\u{2}', '\u{3}', '\u{4}']), "{html:?}");
    }
}

#[test]
fn what_never_ends_is_found_within_the_page() {
    let text = "{{< note >}}\n~~~yaml lab=check\n'\n{{% tab name=\"x\" %}}";
    let (_, problems) = read(&Around::alone("a.md"), text, &mut Painter::default());
    assert!(!problems.is_empty() && problems.iter().all(|problem| problem.line <= 4), "{problems:?}");
}

#[test]
fn ten_thousand_headings_are_ten_thousand_steps() {
    let (lesson, _) = read(&Around::alone("a.md"), &"## a\n\n".repeat(10_000), &mut Painter::default());
    assert_eq!(lesson.steps.len(), 10_000);
    assert_eq!(lesson.steps[9_999].id, "a-9999");
}
