//! `podyard lessons …`: for those who write them.

mod desk;
mod import;
mod lint;
mod new;
mod test;

use std::path::Path;

use anyhow::Context as _;

use crate::{
    config::LessonsTask,
    lessons::{Catalog, catalog::Drafts, model::Lesson, problem::Problem},
};

/// Does what was asked for; exits with 1 if anything is wrong.
pub(super) async fn run(task: LessonsTask) -> anyhow::Result<u8> {
    match task {
        LessonsTask::Lint { path } => lint::run(&path).await,
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
        let about = std::fs::metadata(path).with_context(|| format!("{} can't be read", path.display()))?;
        let folder = if about.is_dir() { path } else { parent(path) };
        let catalog = Catalog::load_with(folder, Drafts::Shown)?;
        let only = (!about.is_dir()).then(|| folder.join(path.file_name().unwrap_or_default()));
        let meant =
            |source: &str| only.as_ref().is_none_or(|only| Path::new(source) == only || Path::new(source) == path);
        let lessons = catalog.all().filter(|lesson| meant(&lesson.source)).cloned().collect();
        let problems = catalog.problems().iter().filter(|problem| meant(&problem.file)).cloned().collect();
        Ok(Self { lessons, problems })
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
