//! What authors run: `podyard lessons lint` and `podyard lessons test`, on our own lessons and on rotten ones.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::program::{PODYARD, data_dir};

fn podyard(args: &[&str]) -> Output {
    Command::new(PODYARD).args(["lessons"]).args(args).output().expect("the program that cargo built can be started")
}

fn test(path: &Path, more: &[&str]) -> (String, bool) {
    let (path, data) = (path.to_str().unwrap(), data_dir().to_str().unwrap());
    let mut args = vec!["test", path, "--data", data, "--log", "error"];
    args.extend(more);
    let output = podyard(&args);
    (String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(), output.status.success())
}

fn lint(path: &Path) -> (String, bool) {
    let output = podyard(&["lint", path.to_str().unwrap()]);
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

fn content() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/content"))
}

#[test]
fn our_own_lessons_have_nothing_wrong() {
    let (said, good) = lint(content());
    assert!(good, "{said}");
}

#[test]
fn our_own_lessons_do_what_they_say() {
    let (said, good) = test(content(), &[]);
    println!("{said}");
    assert!(good, "{said}");
}

/// A page whose one step is this.
fn page(step: &str) -> String {
    format!("# A lesson\n\n## A step\n\n<!-- lab:step timeout=2s -->\n\n{step}\n")
}

/// Every way in which a lesson rots, each with what is said of it.
const ROTTEN: &[(&str, &str, &str)] = &[
    (
        "another-output",
        "```bash timeout=2s\nkubectl create configmap a\n```\n\n```text\nconfigmap/b created\n```",
        "prints \"configmap/a created\" where the text shows \"configmap/b created\"",
    ),
    (
        "an-output-that-never-comes",
        "```bash timeout=2s\nkubectl get configmap kube-root-ca.crt\n```\n\n```text\nNAME               DATA   AGE\nkube-root-ca.crt   2      5s\n```",
        "prints \"kube-root-ca.crt   1",
    ),
    ("more-lines", "```bash timeout=2s\necho a\n```\n\n```text\na\nb\n```", "does not print \"b\""),
    (
        "fewer-lines",
        "```bash timeout=2s\necho a; echo b\n```\n\n```text\na\n```",
        "prints more than the text shows: \"b\"",
    ),
    ("a-command-that-fails", "```bash timeout=2s\nkubectl run web\n```", "ended with 1"),
    ("a-flag-that-is-gone", "```bash timeout=2s\nkubectl get pods --export\n```", "unknown flag: --export"),
    ("a-failure-that-is-none", "```bash expect=exit:1 timeout=2s\nkubectl get nodes\n```", "ended with 0 instead of 1"),
    (
        "a-file-no-one-wrote",
        "```bash timeout=2s\nkubectl apply -f web.yaml\n```",
        "names web.yaml, which no block of the lesson is",
    ),
    (
        "a-manifest-no-cluster-takes",
        "```yaml title=\"a.yaml\"\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: A_B\n```\n\n```bash\nkubectl apply -f a.yaml\n```",
        "is invalid",
    ),
    (
        "a-check-that-holds-before",
        "```bash\nkubectl create configmap a\n```\n\n```yaml lab=check\nconfigmap: kube-root-ca.crt\n```",
        "holds before it has begun",
    ),
    (
        "a-check-that-never-holds",
        "```bash\nkubectl create configmap a\n```\n\n```yaml lab=check\nconfigmap: b\n```",
        "the check \"ConfigMap b is there\" does not hold after this step: there is no ConfigMap b; there is: a",
    ),
    ("a-check-nobody-can-pass", "```yaml lab=check\nconfigmap: b\n```", "does not hold after this step"),
    ("a-check-misspelt", "```yaml lab=check\npod: web\nphse: Running\n```", "did you mean `phase`?"),
    (
        "a-stream-without-its-line",
        "```bash timeout=2s\nkubectl get configmaps -w\n```\n\n```text\nnever\n```",
        "`kubectl get configmaps -w`",
    ),
    ("a-dead-link", "[gone](gone.md)", "there is no page gone.md"),
    ("an-open-fence", "```bash\nkubectl get pods", "never closed"),
];

#[test]
fn rotten_lessons_are_found_and_the_good_one_among_them_is_not() {
    let folder = tempfile::tempdir().unwrap();
    for (name, step, _) in ROTTEN {
        fs::write(folder.path().join(format!("{name}.md")), page(step)).unwrap();
    }
    let good = "```bash\nkubectl create configmap a\n```\n\n```text\nconfigmap/a created\n```\n\n```yaml lab=check\nconfigmap: a\n```";
    fs::write(folder.path().join("good.md"), page(good)).unwrap();
    let junit = folder.path().join("report.xml");
    let (said, passed) = test(folder.path(), &["--junit", junit.to_str().unwrap()]);
    assert!(!passed, "{said}");
    for (name, _, wanted) in ROTTEN {
        let file = format!("/{name}.md:");
        let found = said.lines().any(|line| line.contains(&file) && line.contains(wanted));
        assert!(found, "{name}: {wanted:?} is not in\n{said}");
    }
    assert!(said.contains("good.md: 1 commands, 1 checks") && !said.contains("good.md:3"), "{said}");
    let report = fs::read_to_string(junit).unwrap();
    assert!(report.contains("<failure") && report.contains("good.md\" tests=\"1\" failures=\"0\""), "{report}");
}

#[test]
fn a_folder_that_is_not_there_is_an_error_in_words() {
    let output = podyard(&["lint", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nowhere/at/all can't be read"));
}
