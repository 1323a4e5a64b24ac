use super::*;

fn files(all: &[(&str, &str)]) -> Files {
    all.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn page(imported: &Imported, path: &str) -> String {
    String::from_utf8(imported.files[path].clone()).unwrap()
}

#[test]
fn a_scenario_becomes_a_page_with_its_steps() {
    let imported = import(&files(&[
        (
            "first/index.json",
            r#"{"title": "First", "description": "It begins", "backend": {"imageid": "ubuntu"}, "details": {
                "intro": {"text": "intro.md"},
                "steps": [{"title": "Run", "text": "step1.md", "verify": "verify.sh"}, {"text": "gone.md"}]}}"#,
        ),
        ("first/intro.md", "# Welcome\n\nHello.\n"),
        ("first/step1.md", "# Run\n\n## Now\n\n`kubectl get pods`{{exec}}\n\n```\nkubectl get nodes\n```{{copy}}\n"),
    ]));
    insta::assert_snapshot!(page(&imported, "first.md"), @r#"
    ---
    title: "First"
    description: "It begins"
    ---

    Hello.

    ## Run

    ### Now

    ```bash
    kubectl get pods
    ```

    ```bash lab=copy
    kubectl get nodes
    ```

    ## Step 2
    "#);
    insta::assert_snapshot!(imported.notes.join("\n"), @r"
    first/verify.sh: a script (verify) can't run here: write a check in its place
    first/: the page of step 2 is not there
    first/: was made for the machine ubuntu; here is a Kubernetes cluster and no shell
    ");
}

/// What scenarios put on their machine, show and lead to; a course's order.
#[test]
fn a_scenarios_files_pictures_and_place_come_too() {
    let imported = import(&files(&[
        ("structure.json", r#"{"items": [{"path": "other"}, {"path": "web"}]}"#),
        (
            "web/index.json",
            r#"{"title": "Web", "details": {
                "steps": [{"title": "Look", "text": "step1/text.md"}],
                "assets": {"host01": [{"file": "web.yaml", "target": "/root"}, {"file": "run.sh"}, {"file": "run.sh"}]}}}"#,
        ),
        ("web/assets/web.yaml", "kind: Pod\n"),
        (
            "web/step1/text.md",
            "![a](../pictures/a.png) ![b](gone.png)\n\n[Open]({{TRAFFIC_HOST1_80}}/x)\n\n`as it is`{{}}\n",
        ),
        ("web/pictures/a.png", "bytes"),
    ]));
    insta::assert_snapshot!(page(&imported, "web.md"), @r#"
    ---
    title: "Web"
    description: ""
    sidebar_position: 2
    ---

    ````yaml title="web.yaml"
    kind: Pod
    ````

    ## Look

    ![a](pictures/web/pictures/a.png) ![b](gone.png)

    **Open**

    `as it is`
    "#);
    assert_eq!(imported.files["pictures/web/pictures/a.png"], b"bytes");
    insta::assert_snapshot!(imported.notes.join("\n"), @r"
    web/assets/run.sh: a file of the machine, which is not needed here
    web/step1/text.md: links to ports of the machine: use kubectl port-forward
    ");
}

/// The short names of older workshops, and manifests that share a name.
#[test]
fn older_actions_of_a_workshop_become_blocks_too() {
    let imported = import(&files(&[
        (
            "workshop/content/01-run.md",
            "---\ntitle: Run\n---\n\n```execute\nkubectl get pods -w\n```\n\n```terminal:interrupt\n```\n\n```copy\na\n```\n\n\
             ```terminal:input\ntext: exit\n```\n\n```dashboard:open-url\nurl: http://blog\n```\n",
        ),
        ("a/deployment.yaml", "kind: Deployment\n"),
        ("b/deployment.yaml", "kind: Deployment # other\n"),
    ]));
    insta::assert_snapshot!(page(&imported, "01-run.md"), @r"
    ---
    title: Run
    ---

    ```bash
    kubectl get pods -w
    ```

    Press **Stop**, or Ctrl-C.

    ```bash lab=copy
    a
    ```

    ```bash lab=copy
    exit
    ```

    `http://blog`
    ");
    insta::assert_snapshot!(imported.notes.join("\n"), @r"
    b/deployment.yaml: left out: another file is called deployment.yaml too; write it into the lesson that uses it
    workshop/content/01-run.md:22: a link that the workshop's own machine answered: use kubectl port-forward
    ");
}

#[test]
fn actions_of_a_workshop_become_blocks() {
    let imported = import(&files(&[
        (
            "workshop/content/01-run.md",
            "---\ntitle: Run\n---\n\n```terminal:execute\ncommand: kubectl get pods\n```\n\n```dashboard:open-dashboard\nname: x\n```\n",
        ),
        ("workshop/setup.d/a.sh", "echo\n"),
    ]));
    assert_eq!(imported.from, "Educates");
    let page = page(&imported, "01-run.md");
    assert!(page.contains("```bash\nkubectl get pods\n```") && page.contains("```text\nname: x\n```"), "{page}");
    assert_eq!(imported.notes.len(), 2, "{:?}", imported.notes);
    assert!(imported.notes[0].starts_with("workshop/content/01-run.md:11: the action dashboard:open-dashboard"));
}

#[test]
fn plain_pages_come_as_they_are() {
    let imported = import(&files(&[("docs/a.md", "# A\n"), ("docs/a.png", "x"), ("docs/x.bin", "x")]));
    assert_eq!(imported.files.keys().collect::<Vec<_>>(), ["docs/a.md", "docs/a.png"]);
    assert_eq!(imported.notes, ["docs/x.bin: left out: no page, manifest or image"]);
}
