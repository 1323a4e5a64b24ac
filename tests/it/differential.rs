//! The same command line through the real kubectl and through `podyard kubectl`, on the same cluster, one after the
//! other: standard output, standard error and exit code must be the same byte for byte.
//!
//! The lines are those of `differential/reads.txt`, of the transcripts, and a matrix of kinds and flags; they change
//! nothing, so that all of them see the same objects. What two runs of the real one differ in is masked, nothing else.
//! `PODYARD_TEST_KUBECONFIG` names another cluster than the embedded one, which gets the namespace `kinds` and what
//! `files/seed.yaml` has; `PODYARD_DIFFERENTIAL` a part of the lines to run.

mod differs;
mod lines;

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
/// So often both are asked anew before a difference counts: something may have moved in between.
const TRIES: usize = 3;
/// The same for a difference that nobody knows of: it may be one of the order in which the real one goes through a map.
const TRIES_OF_CHANCE: usize = 25;
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

    /// A cluster whose server is away.
    fn absent() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/differential");
        let kubeconfig = home.path().join("config");
        fs::write(&kubeconfig, include_str!("differential/files/absent.config")).expect("the directory is our own");
        Self { folder, kubeconfig, home, _cluster: None }
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
        let done = |line: &str| {
            let answer = self.real(line);
            assert!(answer.status.success(), "{line}: {}", String::from_utf8_lossy(&answer.stderr));
        };
        done("apply -f files/seed.yaml -f files/kinds.yaml");
        for settled in [
            "--for=condition=Ready pod/web pod/store-0",
            "--for=jsonpath={.status.phase}=Succeeded pod/done",
            "--for=jsonpath={.status.phase}=Failed pod/failed",
            "--for=condition=PodScheduled=False pod/waiting",
            "--for=condition=Available deploy/shop",
            "--for=jsonpath={.status.numberReady}=1 ds/agent",
            "--for=condition=Complete job/sum",
            "--for=condition=Established crd/things.kinds.example.com",
            "--for=jsonpath={.status.replicas}=1 deploy/stuck rs/alone sts/ordered -n kinds",
            "--for=jsonpath={.status.active}=1 job/indexed -n kinds",
            "--for=condition=AbleToScale=False hpa/metrics hpa/plain -n kinds",
        ] {
            done(&format!("wait --timeout=55s {settled}"));
        }
        done("apply -f files/later.yaml");
        done("apply --server-side --force-conflicts --subresource=status -f files/states.yaml");
        // On a cluster that was there before it has the container already.
        drop(self.real("debug everything -n kinds --image=busybox -c look --target=main"));
    }
}

fn words(line: &str) -> Vec<String> {
    shlex::split(line).expect("our own lines are whole")
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
        (r"kubectl-edit-\w+", "kubectl-edit-<n>"),
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

/// What both say of a line in turn, until one has said what the other said: a cluster goes on between two answers, and the
/// real one's own order is at times one of chance.
fn difference(place: &Place, line: &str, tries: usize, masks: &[(Regex, &'static str)]) -> Option<String> {
    let (mut theirs, mut mine) = (Vec::new(), Vec::new());
    for _ in 0..tries {
        theirs.push(comparable(&place.real(line), masks));
        mine.push(comparable(&place.ours(line), masks));
        if mine.iter().any(|ours| theirs.contains(ours)) {
            return None;
        }
    }
    let (real, ours) = (theirs.last()?, mine.last()?);
    let mut text = format!("kubectl {line}\n");
    for (name, (real, ours)) in ["out", "err", "exit"].into_iter().zip(real.iter().zip(ours)) {
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
    judge(&place, lines::all());
}

#[test]
fn both_say_the_same_of_a_server_that_is_away() {
    judge(&Place::absent(), lines::of_absent());
}

/// Shows both the same lines. A difference that nobody knows of fails the test, and so does a known one that is none any
/// more.
fn judge(place: &Place, lines: Vec<String>) {
    let part = env::var("PODYARD_DIFFERENTIAL").unwrap_or_default();
    let lines: Vec<String> = lines.into_iter().filter(|line| line.contains(&part)).collect();
    let (masks, next, known) = (masks(), AtomicUsize::new(0), differs::known());
    let found: Mutex<Vec<(&str, String)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(line) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tries = if known.contains_key(line.as_str()) { TRIES } else { TRIES_OF_CHANCE };
                    if let Some(difference) = difference(place, line, tries, &masks) {
                        found.lock().expect("no thread panics").push((line, difference));
                    }
                }
            });
        }
    });
    let found = found.into_inner().expect("no thread panics");
    let differing: BTreeSet<&str> = found.iter().map(|(line, _)| *line).collect();
    let unknown: String =
        found.iter().filter(|(line, _)| !known.contains_key(line)).map(|(_, text)| format!("{text}\n")).collect();
    let mended: Vec<&String> =
        lines.iter().filter(|line| known.contains_key(line.as_str()) && !differing.contains(line.as_str())).collect();
    assert!(unknown.is_empty(), "these differ:\n{unknown}");
    assert!(mended.is_empty(), "these hold: take them off tests/it/differential/differs.rs: {mended:#?}");
}

#[test]
fn every_known_difference_is_of_a_line_that_is_run() {
    let lines: BTreeSet<String> = lines::all().into_iter().collect();
    let lost: Vec<&str> = differs::known().into_keys().filter(|line| !lines.contains(*line)).collect();
    assert!(lost.is_empty(), "{lost:#?}");
}
