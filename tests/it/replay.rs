//! What a real Kubernetes 1.36 answered, against the embedded cluster: with the real kubectl, and with our own.
//!
//! The recordings are in `tests/transcripts/`. Each scenario has a cluster of its own. Those that still differ are
//! named in [`differs`] with the reason; a scenario on that list which holds is a failure too, so the list only shrinks.

mod differs;
mod masks;
mod scenario;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

use self::{differs::Reason, scenario::Scenario};
use crate::program::{PODYARD, TestCluster, real_kubectl};

/// Scenarios mostly wait; so many wait at once.
const AT_ONCE: usize = 6;

/// Who is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    RealKubectl,
    PodyardKubectl,
}

impl Speaker {
    fn command(self, cluster: &TestCluster) -> Command {
        match self {
            Self::RealKubectl => cluster.command(&real_kubectl()),
            Self::PodyardKubectl => {
                let mut command = cluster.command(Path::new(PODYARD));
                command.arg("kubectl");
                command
            }
        }
    }
}

#[test]
fn the_real_kubectl_sees_what_it_saw_on_a_real_cluster() {
    replay(Speaker::RealKubectl, differs::WITH_REAL_KUBECTL);
}

#[test]
fn our_kubectl_says_what_the_real_one_said() {
    replay(Speaker::PodyardKubectl, differs::WITH_PODYARD_KUBECTL);
}

fn replay(speaker: Speaker, differs: &[Reason]) {
    let only = std::env::var("PODYARD_REPLAY").unwrap_or_default();
    let waiting = Mutex::new(scenarios(&only).into_iter());
    let results = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((name, path)) = waiting.lock().unwrap().next() else { break };
                    let found = play_twice_if_need_be(&name, &path, speaker);
                    results.lock().unwrap().insert(name, found);
                }
            });
        }
    });
    judge(&results.into_inner().unwrap(), differs);
}

/// What differs. The recordings hold one way in which things may race, and on a full machine another may win: what
/// holds on a second, new cluster is told and does not count.
fn play_twice_if_need_be(name: &str, path: &Path, speaker: Speaker) -> Vec<String> {
    let play = || {
        let cluster = TestCluster::start();
        Scenario::read(path).play(&|| speaker.command(&cluster))
    };
    let first = play();
    if first.is_empty() {
        return first;
    }
    let second = play();
    if second.is_empty() {
        println!("{name} differed once, and not when asked again:\n{}", first.join("\n"));
    }
    second
}

/// `lessons/run-hello` and its path, in order; those whose name contains `only`.
fn scenarios(only: &str) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut found = Vec::new();
    for folder in fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.strip_prefix(&root).unwrap().with_extension("").display().to_string();
            if file.extension().is_some_and(|extension| extension == "yaml") && name.contains(only) {
                found.push((name, file));
            }
        }
    }
    found.sort();
    found
}

fn judge(results: &BTreeMap<String, Vec<String>>, differs: &[Reason]) {
    let mut wrong = Vec::new();
    for (name, found) in results {
        let reason = differs.iter().find(|reason| reason.scenario == name);
        match (found.is_empty(), reason) {
            (true, None) => {}
            (true, Some(reason)) if reason.races => {}
            (false, Some(reason)) => println!("differs as known: {name}: {}", reason.why),
            (true, Some(_)) => wrong.push(format!("{name} holds now: take it off the list in replay/differs.rs")),
            (false, None) => wrong.push(format!("{name} differs:\n    {}", found.join("\n").replace('\n', "\n    "))),
        }
    }
    let holding = results.values().filter(|found| found.is_empty()).count();
    println!("{holding} of {} scenarios hold", results.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
