//! What authors run: `podyard lessons lint` and `podyard lessons test`, on our own lessons and on rotten ones.

use std::{
    fs,
    io::Write as _,
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
    (
        "a-shell-that-does-not-know-it",
        "```bash\nkubectl run web --image=busybox -- sleep 3600\n```\n\n```bash timeout=30s\nkubectl exec -it web -- sh\n```\n\n```bash\nnosuchprogram\n```",
        "`nosuchprogram` is not understood: sh: nosuchprogram: not found",
    ),
    (
        "gone-and-never-there",
        "```bash\nkubectl create configmap a\n```\n\n```yaml lab=check\npod: web\nexists: false\n```",
        "no step before this one makes it",
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
    let shell = "```bash\nkubectl run box --image=busybox -- sleep 3600\n```\n\n```bash timeout=60s\nkubectl exec -it box -- sh\n```\n\n\
                 ```bash\ncd /tmp\n```\n\n```bash timeout=30s\necho in $PWD\n```\n\n```text\nin /tmp\n```\n\n```bash\nexit\n```";
    fs::write(folder.path().join("shell.md"), page(shell)).unwrap();
    let junit = folder.path().join("report.xml");
    let (said, passed) = test(folder.path(), &["--junit", junit.to_str().unwrap()]);
    assert!(!passed, "{said}");
    for (name, _, wanted) in ROTTEN {
        let file = format!("/{name}.md:");
        let found = said.lines().any(|line| line.contains(&file) && line.contains(wanted));
        assert!(found, "{name}: {wanted:?} is not in\n{said}");
    }
    assert!(said.contains("good.md: 1 commands, 1 checks") && !said.contains("good.md:3"), "{said}");
    assert!(said.contains("shell.md: 5 commands") && !said.contains("shell.md:1"), "{said}");
    assert!(said.contains("good.md · A step: 1 commands"), "each step is told when it ends: {said}");
    let report = fs::read_to_string(junit).unwrap();
    assert!(report.contains("<failure") && report.contains("good.md\" tests=\"1\" failures=\"0\""), "{report}");
}

#[test]
fn a_new_page_is_good_as_it_is_and_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("pods/03-many-pods.md");
    let made = podyard(&["new", page.to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(fs::read_to_string(&page).unwrap().contains("title: Many pods"));
    let (said, good) = test(folder.path(), &[]);
    assert!(good, "{said}");
    fs::write(&page, "mine").unwrap();
    assert_eq!(podyard(&["new", page.to_str().unwrap()]).status.code(), Some(1));
    assert_eq!(fs::read_to_string(&page).unwrap(), "mine");
}

/// Files of a Killercoda scenario, and one that wants to get out.
const SCENARIO: &[(&str, &str)] = &[
    (
        "scenario/index.json",
        r#"{"title": "First", "details": {"steps": [{"title": "Do it", "text": "step1.md"}]}, "backend": {"imageid": "kubernetes-kubeadm-1node"}}"#,
    ),
    ("scenario/step1.md", "Run `kubectl get pods`{{exec}}\n"),
];

fn zipped(path: &Path) {
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut archive = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, text) in SCENARIO.iter().chain(&[("../outside.md", "# Out\n")]) {
        archive.start_file(*name, stored).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

fn tarred(path: &Path) {
    let packed = flate2::write::GzEncoder::new(fs::File::create(path).unwrap(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    for (name, text) in SCENARIO {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
}

#[test]
fn archives_are_imported_like_folders_and_nothing_gets_out_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let (zip, tar) = (folder.path().join("a.zip"), folder.path().join("a.tar.gz"));
    zipped(&zip);
    tarred(&tar);
    for (from, to) in [(&zip, "of-zip"), (&tar, "of-tar")] {
        let to = folder.path().join(to).join("deeper");
        let made = podyard(&["import", from.to_str().unwrap(), to.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&made.stdout).into_owned() + &String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");
        assert!(said.contains("1 lessons"), "{said}");
        let again = podyard(&["import", from.to_str().unwrap(), to.to_str().unwrap()]);
        assert!(
            String::from_utf8_lossy(&again.stderr).contains("is there already"),
            "a second time writes over nothing"
        );
        assert!(!to.parent().unwrap().join("outside.md").exists() && !folder.path().join("outside.md").exists());
    }
    fs::write(&zip, "no archive").unwrap();
    let bad = podyard(&["import", zip.to_str().unwrap(), folder.path().join("bad").to_str().unwrap()]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("is no archive that can be read"));
}

#[test]
fn a_folder_that_is_not_there_is_an_error_in_words() {
    let output = podyard(&["lint", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nowhere/at/all can't be read"));
}
