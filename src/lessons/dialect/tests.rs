use super::*;

fn text(body: &str) -> String {
    plain(body, &|path| (path == "pods/a.yaml").then(|| "kind: Pod\n".to_owned())).text
}

#[test]
fn notes_become_directives_wherever_they_stand() {
    insta::assert_snapshot!(text("{{< note >}}\nMind.\n{{< /note >}}\nAfter.\n"), @r"

    :::note
    Mind.
    :::

    After.
    ");
    insta::assert_snapshot!(text("1. One\n\n   {{% caution %}}Mind.{{% /caution %}}\n"), @r"
    1. One


       :::caution
       Mind.
       :::
    ");
}

#[test]
fn words_stand_for_themselves_also_in_code() {
    assert_eq!(text("## {{% heading \"prerequisites\" %}}\n"), "## Before you begin\n");
    assert_eq!(text("{{% whatsnext-heading %}}\n"), "## What's next\n");
    assert_eq!(text("A {{< glossary_tooltip text=\"Pod\" term_id=\"pod\" >}} runs.\n"), "A Pod runs.\n");
    assert_eq!(text("A {{< glossary_tooltip\n  term_id=\"pod\" >}} runs.\n"), "A pod runs.\n");
    assert_eq!(text("```\nv{{< skew currentVersion >}}.0 {{< x >}}\n```\n"), "```\nv1.36.0 {{< x >}}\n```\n");
    assert_eq!(text("{{</* note */>}}\n"), "{{< note >}}\n");
}

#[test]
fn files_come_where_they_are_named() {
    insta::assert_snapshot!(text("   {{% code_sample file=\"pods/a.yaml\" %}}\n"), @r#"

       ````yaml title="a.yaml"
       kind: Pod
       ````
    "#);
    let plain = plain("a\n\n{{< codenew file=\"pods/b.yaml\" >}}\n", &|_| None);
    assert_eq!(plain.findings, [(3, "there is no file pods/b.yaml beside this page or in `examples`".to_owned())]);
    assert!(plain.text.contains("`pods/b.yaml`"));
}

#[test]
fn what_is_unknown_stays_visible_and_comments_do_not() {
    let plain = plain("{{< swirl a=\"b\" >}}\n", &|_| None);
    assert_eq!((plain.text.as_str(), plain.findings.len()), ("`{{< swirl a=\"b\" >}}`\n", 1));
    assert_eq!(text("a\n{{< comment >}}\nnothing\n{{< /comment >}}\nb\n"), "a\nb\n");
}

#[test]
fn tabs_stand_below_each_other() {
    insta::assert_snapshot!(text("{{< tabs name=\"x\" >}}\n{{< tab name=\"Bash\" codelang=\"bash\" >}}\nkubectl get pods\n{{< /tab >}}\n{{% tab name=\"Other\" %}}\nText.\n{{% /tab %}}\n{{< /tabs >}}\n"), @r"


    **Bash**

    ```bash
    kubectl get pods
    ```


    **Other**

    Text.
    ");
}

#[test]
fn admonitions_of_mkdocs_are_indented() {
    insta::assert_snapshot!(text("!!! warning \"Mind\"\n    One.\n\n    Two.\n\nAfter.\n"), @r"
    :::warning[Mind]
    One.

    Two.

    :::

    After.
    ");
}

#[test]
fn code_in_an_admonition_of_mkdocs_is_no_deeper_than_its_fence() {
    insta::assert_snapshot!(text("!!! note\n    Try:\n\n    ```bash\n    for i in 1; do\n        echo\n    done\n    ```\n\nAfter.\n"), @r"
    :::note
    Try:

    ```bash
    for i in 1; do
        echo
    done
    ```

    :::

    After.
    ");
}

#[test]
fn components_leave_their_labels() {
    insta::assert_snapshot!(text("import Tabs from '@theme/Tabs';\n<Tabs>\n<TabItem value=\"a\" label=\"Linux\">\n\nText.\n\n</TabItem>\n</Tabs>\n"), @r"



    **Linux**


    Text.
    ");
}

#[test]
fn every_line_knows_where_it_came_from() {
    let plain = plain("a\n{{< note >}}\nb\n{{< /note >}}\nc\n", &|_| None);
    let at = plain.text.lines().position(|line| line == "c").unwrap();
    assert_eq!(plain.line(at + 1), 5);
    assert_eq!(plain.line(1000), 6);
}

/// The constructs that pages of the Kubernetes documentation are made of, in words of our own.
#[test]
fn a_task_page_of_the_documentation_reads_as_a_lesson() {
    let page = "{{< feature-state feature_gate_name=\"Sidecars\" >}}\n\n## {{% heading \"prerequisites\" %}}\n\n\
                {{< include \"task-tutorial-prereqs.md\" >}} {{< version-check >}}\n\n<!-- steps -->\n\n## Make it {#make-it}\n\n\
                A {{< glossary_tooltip term_id=\"pod\" text=\"Pod\" >}} for {{< skew currentVersion >}}:\n\n\
                {{% code_sample file=\"pods/a.yaml\" %}}\n\n1. Apply it:\n\n   ```shell\n   kubectl apply -f \
                https://k8s.io/examples/pods/a.yaml\n   ```\n\n   {{< caution >}}\n   Only once.\n   {{< /caution >}}\n\n\
                ## {{% heading \"whatsnext\" %}}\n\n* Read on.\n";
    let plain = plain(page, &|path| (path == "pods/a.yaml").then(|| "kind: Pod\n".to_owned()));
    assert_eq!(plain.findings, []);
    for wanted in [
        "Feature gate `Sidecars`",
        "## Before you begin",
        "Both are beside this page.",
        "A Pod for 1.36:",
        "yaml title=\"a.yaml\"",
        "   :::caution",
        "## What's next",
    ] {
        assert!(plain.text.contains(wanted), "{wanted} is not in\n{}", plain.text);
    }
    assert!(!plain.text.contains("{{"), "{}", plain.text);
}
