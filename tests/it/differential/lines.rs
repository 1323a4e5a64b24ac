//! The command lines: written ones, those that the transcripts run, and a matrix of kinds and flags.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

/// Kinds of which the cluster has objects in the namespace `kinds`, or as a whole.
const KINDS: &[&str] = &[
    "pods",
    "deploy",
    "rs",
    "sts",
    "ds",
    "jobs",
    "cronjobs",
    "svc",
    "endpoints",
    "endpointslices",
    "ing",
    "ingressclasses",
    "netpol",
    "cm",
    "secrets",
    "sa",
    "pvc",
    "pv",
    "sc",
    "hpa",
    "pdb",
    "quota",
    "limits",
    "roles",
    "rolebindings",
    "priorityclasses",
    "runtimeclasses",
    "leases",
    "things",
    "crd",
    "ns",
    "nodes",
];
const FLAGS: &[&str] = &[
    "",
    "-o wide",
    "-o name --show-kind",
    "-o yaml",
    "-o json --show-managed-fields",
    "-A --no-headers",
    "--show-labels --show-kind",
    "-o custom-columns=NAME:.metadata.name,KIND:.kind,SPEC:.spec",
    "-o jsonpath={range\\ .items[*]}{.metadata.name}{.metadata.labels}{end}",
    "-L a,app -o wide",
    "--sort-by=.metadata.name --no-headers=false",
    "-o go-template='{{range .items}}{{.metadata.name}} {{end}}'",
];
/// Each kind meets so many of the flags.
const FLAGS_PER_KIND: usize = 3;
/// Commands that change nothing and end by themselves.
const READS: &[&str] = &[
    "get",
    "describe",
    "logs",
    "events",
    "explain",
    "top",
    "auth",
    "api-resources",
    "api-versions",
    "cluster-info",
    "rollout status",
    "rollout history",
];

/// All lines, each once.
pub fn all() -> Vec<String> {
    let written = include_str!("reads.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut seen = BTreeSet::new();
    let all = written.map(str::to_owned).chain(of_transcripts()).chain(matrix());
    all.filter(|line| seen.insert(line.clone())).collect()
}

/// Lines for a server that is away.
pub fn of_absent() -> Vec<String> {
    include_str!("absent.txt").lines().map(str::to_owned).collect()
}

fn matrix() -> impl Iterator<Item = String> {
    KINDS.iter().enumerate().flat_map(|(at, kind)| {
        // Five steps through twelve flags come by all of them, so every pair of neighbours differs.
        let flags = (0..FLAGS_PER_KIND).map(move |step| FLAGS[(at + 5 * step) % FLAGS.len()]);
        flags.map(move |flags| format!("get {kind} -n kinds {flags}").trim_end().to_owned())
    })
}

/// What the transcripts run that only reads. Most of its objects are not there: then it is about the words for that.
fn of_transcripts() -> Vec<String> {
    let mut found = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    for topic in fs::read_dir(folder).expect("the transcripts are in the repository").flatten() {
        for file in fs::read_dir(topic.path()).into_iter().flatten().flatten() {
            let text = fs::read_to_string(file.path()).expect("transcripts are text");
            let transcript: Value = serde_yaml::from_str(&text).expect("transcripts are YAML");
            let runs = transcript["steps"].as_array().into_iter().flatten().filter_map(|step| step["run"].as_str());
            found.extend(runs.filter_map(reads).map(str::to_owned));
        }
    }
    found
}

/// The line behind `kubectl `, if it is one command that reads and ends.
fn reads(run: &str) -> Option<&str> {
    let line = run.strip_prefix("kubectl ")?;
    let known = READS.iter().any(|verb| line == *verb || line.starts_with(&format!("{verb} ")));
    let of_a_shell = line.contains(['|', '<', '>', ';', '&', '$', '`', '\n']);
    let goes_on =
        line.split_whitespace().any(|word| matches!(word, "-w" | "-f" | "--follow") || word.starts_with("--watch"));
    (known && !of_a_shell && !goes_on).then_some(line)
}

#[test]
fn lines_that_change_or_go_on_are_left_out() {
    assert_eq!(reads("kubectl get pods"), Some("get pods"));
    for run in
        ["kubectl delete pod web", "kubectl get pods -w", "kubectl get pods | wc -l", "kubectl logs -f web", "ls"]
    {
        assert_eq!(reads(run), None, "{run}");
    }
}
