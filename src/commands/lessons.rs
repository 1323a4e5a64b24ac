//! `podyard lessons …`: for those who write them.

mod desk;
mod import;
mod lint;
mod new;
mod test;

use std::path::Path;

use anyhow::Context as _;

use crate::{
    config::{LessonsTask, site_of},
    lessons::{Catalog, catalog::Drafts, model::Lesson, problem::Problem},
    sandbox::Capabilities,
};

/// Does what was asked for; exits with 1 if anything is wrong.
pub(super) async fn run(task: LessonsTask) -> anyhow::Result<u8> {
    match task {
        LessonsTask::Lint { path, sandbox } => lint::run(&path, sandbox).await,
        LessonsTask::Test(task) => test::run(*task).await,
        LessonsTask::New { path } => new::run(&path),
        LessonsTask::Import { from, to } => import::run(&from, &to),
    }
}

/// Lessons of a folder, or of one page, in all languages; drafts too.
struct Chosen {
    lessons: Vec<Lesson>,
    problems: Vec<Problem>,
}

impl Chosen {
    fn load(path: &Path) -> anyhow::Result<Self> {
        std::fs::metadata(path).with_context(|| format!("{} can't be read", path.display()))?;
        let site = site_of(path);
        let catalog = Catalog::load_with(&site, Drafts::Shown)?;
        let whole = site == path;
        let meant = |source: &str| whole || Path::new(source).starts_with(path);
        let lessons = catalog.all().filter(|lesson| meant(&lesson.source)).cloned().collect();
        let problems = catalog.problems().iter().filter(|problem| meant(&problem.file)).cloned().collect();
        Ok(Self { lessons, problems })
    }
}

/// What a lesson needs that sandboxes lack; as a sentence, if there is anything.
fn lacking(lesson: &Lesson, capabilities: &Capabilities) -> Option<String> {
    let lacks = lesson.needs.iter().filter(|need| need.is_lacking(capabilities.nodes, |name| capabilities.can(name)));
    let lacks: Vec<String> = lacks.map(ToString::to_string).collect();
    (!lacks.is_empty()).then(|| lacks.join(" and "))
}

#[cfg(test)]
mod tests {
    use crate::{lessons::needs::KNOWN, sandbox::capabilities::Capability};

    #[test]
    fn lessons_and_sandboxes_speak_of_the_same_abilities() {
        assert_eq!(KNOWN.map(|(name, _)| name), Capability::ALL.map(Capability::name));
    }
}
