//! `podyard lessons lint`: what is wrong with the texts, and which manifests no cluster would take.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{super::say, Chosen, desk::Place, lacking};
use crate::{
    config::SandboxKind,
    lessons::{
        manifests,
        model::{Lesson, Work, Written},
        problem::Problem,
    },
    manifest,
    sandbox::{self, Capabilities},
};

/// Says what is wrong; exits with 1 if anything is.
pub(super) async fn run(path: &Path, sandbox: Option<SandboxKind>) -> anyhow::Result<u8> {
    let Chosen { lessons, mut problems } = Chosen::load(path)?;
    if let Some(kind) = sandbox {
        problems.extend(lessons.iter().filter_map(|lesson| lack(lesson, kind)));
    }
    let cluster = sandbox::idle::cluster().await?;
    for lesson in &lessons {
        let place = Place::new(lesson, cluster.client(), "default".to_owned());
        for written in lesson.work().filter_map(written) {
            if !is_told(&problems, lesson, written) {
                problems.extend(refused(lesson, written, &place).await);
            }
        }
    }
    cluster.shutdown().await;
    problems.sort();
    problems.dedup();
    for problem in &problems {
        say(&problem.to_string())?;
    }
    if problems.is_empty() {
        say(&format!("{} lessons, nothing wrong", lessons.len()))?;
    }
    Ok(u8::from(!problems.is_empty()))
}

/// That sandboxes of this kind lack what a lesson needs.
fn lack(lesson: &Lesson, kind: SandboxKind) -> Option<Problem> {
    let lacking = lacking(lesson, &Capabilities::usual(kind))?;
    Some(Problem::at(
        &lesson.source,
        1,
        1,
        format!("this lesson needs {lacking}, which --sandbox {kind} does not have"),
    ))
}

fn written(work: &Work) -> Option<&Written> {
    match work {
        Work::Write(written) => Some(written),
        Work::Run(_) => None,
    }
}

/// The kind and the version that a cluster does not know.
fn unknown_kind(refusal: &str) -> Option<(&str, &str)> {
    let rest = refusal.split_once("no matches for kind \"")?.1;
    let (kind, rest) = rest.split_once("\" in version \"")?;
    Some((kind, rest.split('"').next()?))
}

/// Whether reading the page has found fault with a manifest already: that it is no YAML.
fn is_told(problems: &[Problem], lesson: &Lesson, written: &Written) -> bool {
    let lines = written.place..=written.place + written.file.text.lines().count();
    problems.iter().any(|problem| problem.file == lesson.source && lines.contains(&problem.line))
}

/// What a cluster has against a manifest; of one that is broken on purpose, that it has nothing.
async fn refused(lesson: &Lesson, written: &Written, place: &Place) -> Vec<Problem> {
    let text = &written.file.text;
    let stored = place.desk.store("manifest.yaml", text.clone(), crate::sessions::desk::Author::CONSOLE);
    if let Err(why) = stored {
        return vec![Problem::at(&lesson.source, written.place, 1, why.to_string())];
    }
    let mut refusal = String::new();
    let line = "kubectl create --dry-run=server --validate=strict -f manifest.yaml";
    let code = place.run(line, CancellationToken::new(), |text| refusal.push_str(text)).await;
    if written.broken {
        let message = format!("{} is marked lab=broken, and a cluster takes it", written.file.name);
        return if code == 0 { vec![Problem::at(&lesson.source, written.place, 1, message)] } else { Vec::new() };
    }
    if unknown_kind(&refusal).is_some_and(|(kind, version)| !manifests::is_for_the_api(version, kind)) {
        return Vec::new();
    }
    // What depends on the objects around it can't be judged here.
    if code == 0 || ["(NotFound)", "(AlreadyExists)", "(Forbidden)"].iter().any(|reason| refusal.contains(reason)) {
        return Vec::new();
    }
    let name = &written.file.name;
    let mut found: Vec<Problem> = manifest::problems(text, &refusal)
        .into_iter()
        .map(|problem| {
            let line = written.place + problem.line as usize - 1;
            Problem::at(&lesson.source, line, problem.column as usize, format!("{name}: {}", problem.message))
        })
        .collect();
    if found.is_empty() {
        let said = refusal.trim().lines().next().unwrap_or("refused");
        found.push(Problem::at(&lesson.source, written.place, 1, format!("{name}: {said}")));
    }
    found
}
