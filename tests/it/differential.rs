//! The same command line through the real kubectl and through `podyard kubectl`, on the same cluster, one after the
//! other: standard output, standard error and exit code must be the same byte for byte.
//!
//! The lines are in `differential/reads.txt`; they change nothing, so that all of them see the same objects. What two
//! runs of the real one differ in is masked, nothing else. `PODYARD_TEST_KUBECONFIG` names another cluster than the
//! embedded one; `PODYARD_DIFFERENTIAL` a part of the lines to run.

mod differs;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use fancy_regex::Regex;
use similar::TextDiff;

use crate::program::{PODYARD, TestCluster, real_kubectl};

/// So many lines are asked at the same time.
const AT_ONCE: usize = 4;
/// How long a line may take, as `timeout` reads it.
const LIMIT: &str = "60";

/// Where the lines are asked.
struct Place {
    folder: PathBuf,
    kubeconfig: PathBuf,
    home: tempfile::TempDir,
    _cluster: Option<TestCluster>,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/differential");
        match env::var_os("PODYARD_TEST_KUBECONFIG") {
            Some(path) => Self { folder, kubeconfig: path.into(), home, _cluster: None },
            None => {
                let cluster = TestCluster::start();
                let kubeconfig = cluster.home.path().join("config");
                Self { folder, kubeconfig, home, _cluster: Some(cluster) }
            }
        }
    }

    fn run(&self, program: &[&str], words: &[String]) -> Output {
        let mut command = Command::new("timeout");
        command.arg(LIMIT).args(program).args(words).current_dir(&self.folder).stdin(Stdio::null());
        command.env("KUBECONFIG", &self.kubeconfig).env("HOME", self.home.path()).env("KUBE_EDITOR", "false");
        command.output().expect("timeout can be started")
    }

    fn real(&self, line: &str) -> Output {
        let kubectl = real_kubectl();
        self.run(&[kubectl.to_str().expect("our own path is text")], &words(line))
    }

    fn ours(&self, line: &str) -> Output {
        self.run(&[PODYARD, "kubectl"], &words(line))
    }

    /// Makes what the lines look at, and waits until nothing moves any more.
    fn seed(&self) {
        let answer = self.real("apply -f files/seed.yaml");
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        for settled in [
            "--for=condition=Ready pod/web pod/store-0",
            "--for=jsonpath={.status.phase}=Succeeded pod/done",
            "--for=jsonpath={.status.phase}=Failed pod/failed",
            "--for=condition=PodScheduled=False pod/waiting",
            "--for=condition=Available deploy/shop",
            "--for=jsonpath={.status.numberReady}=1 ds/agent",
            "--for=condition=Complete job/sum",
        ] {
            let answer = self.real(&format!("wait --timeout=55s {settled}"));
            assert!(answer.status.success(), "{settled}: {}", String::from_utf8_lossy(&answer.stderr));
        }
    }
}

fn words(line: &str) -> Vec<String> {
    shlex::split(line).expect("our own lines are whole")
}

fn lines() -> Vec<&'static str> {
    let part = env::var("PODYARD_DIFFERENTIAL").unwrap_or_default();
    let all = include_str!("differential/reads.txt").lines();
    all.filter(|line| !line.is_empty() && !line.starts_with('#') && line.contains(&part)).collect()
}

/// What differs from one run of the real kubectl to the next.
fn masks() -> Vec<(Regex, &'static str)> {
    [
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})", "<time>"),
        (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "<time>"),
        (r"(?m)^[IWEF]\d{4} [\d:.]+ +\d+ ", "<log> "),
        (r"\b(\d+d)?(\d+h)?(\d+m)?\d+s\b|\b\d+m\b", "<age>"),
        // The width of a column follows the longest age.
        (r"<age>[ ]+", "<age> "),
        (r"AGE[ ]+", "AGE "),
        (r"LAST SEEN[ ]+", "LAST SEEN "),
        (r"[ ]+----[ ]+", " ---- "),
        (r"(LIVE|MERGED)-\d+", "$1-<n>"),
        (r"kube-api-access-\w{5}", "kube-api-access-<id>"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uid>"),
        (r"\b[0-9a-f]{64}\b", "<id>"),
        (r#"resourceVersion"?: "\d+""#, "resourceVersion: <n>"),
        (r"127\.0\.0\.1:\d+->", "<from>->"),
    ]
    .into_iter()
    .map(|(pattern, to)| (Regex::new(pattern).expect("the patterns are ours"), to))
    .collect()
}

/// What is compared: output, errors, exit code.
fn comparable(answer: &Output, masks: &[(Regex, &'static str)]) -> [String; 3] {
    let masked = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        masks.iter().fold(text, |text, (pattern, to)| pattern.replace_all(&text, *to).into_owned())
    };
    [masked(&answer.stdout), masked(&answer.stderr), format!("{:?}", answer.status.code())]
}

fn difference(place: &Place, line: &str, masks: &[(Regex, &'static str)]) -> Option<String> {
    let (real, ours) = (comparable(&place.real(line), masks), comparable(&place.ours(line), masks));
    // Something may have moved in between: then a second run of the real one says so.
    if real == ours || comparable(&place.real(line), masks) == ours {
        return None;
    }
    let mut text = format!("kubectl {line}\n");
    for (name, (real, ours)) in ["out", "err", "exit"].into_iter().zip(real.iter().zip(&ours)) {
        if real != ours {
            let names = (format!("kubectl {name}"), format!("podyard {name}"));
            text.push_str(&TextDiff::from_lines(real, ours).unified_diff().header(&names.0, &names.1).to_string());
        }
    }
    Some(text)
}

#[test]
fn both_answer_the_same() {
    let place = Place::new();
    place.seed();
    let (lines, masks, next) = (lines(), masks(), AtomicUsize::new(0));
    let found: Mutex<Vec<(&str, String)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(line) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(difference) = difference(&place, line, &masks) {
                        found.lock().expect("no thread panics").push((line, difference));
                    }
                }
            });
        }
    });
    judge(&lines, found.into_inner().expect("no thread panics"));
}

/// A difference that nobody knows of fails the test, and so does a known one that is none any more.
fn judge(lines: &[&str], found: Vec<(&str, String)>) {
    let differing: BTreeSet<&str> = found.iter().map(|(line, _)| *line).collect();
    let known = differs::known();
    let unknown: String =
        found.iter().filter(|(line, _)| !known.contains_key(line)).map(|(_, text)| format!("{text}\n")).collect();
    let mended: Vec<&&str> =
        lines.iter().filter(|line| known.contains_key(**line) && !differing.contains(**line)).collect();
    assert!(unknown.is_empty(), "these differ:\n{unknown}");
    assert!(mended.is_empty(), "these hold: take them off tests/it/differential/differs.rs: {mended:#?}");
}

#[test]
fn every_known_difference_is_of_a_line_that_is_run() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/differential/reads.txt"))
        .expect("the lines are in the repository");
    let lines: BTreeSet<&str> = text.lines().collect();
    let lost: Vec<&str> = differs::known().into_keys().filter(|line| !lines.contains(line)).collect();
    assert!(lost.is_empty(), "{lost:#?}");
}
