//! `podyard plan`: how a workshop is thought of before it is held.

use std::path::PathBuf;

use clap::Args;

use super::{
    Mistakes, SandboxKind,
    raw::{Checker, count, folder, sandbox},
};

/// A workshop that is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTask {
    /// How many learners come.
    pub learners: usize,
    /// The lessons' ids; all when none is named.
    pub lessons: Vec<String>,
    /// Where learners' Pods run.
    pub sandbox: SandboxKind,
    /// The lessons' folder.
    pub content: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// How many learners come
    #[arg(long, env = "PODYARD_LEARNERS", value_name = "NUMBER")]
    learners: String,
    /// The lessons' ids, with commas between them [default: all]
    #[arg(long, value_name = "ID,ID", value_delimiter = ',')]
    lessons: Vec<String>,
    /// Where learners' Pods run: embedded, kind or kubernetes
    #[arg(long, env = "PODYARD_SANDBOX", default_value = "embedded", value_name = "PROVIDER")]
    sandbox: String,
    /// The lessons' folder
    #[arg(long, env = "PODYARD_CONTENT", default_value = "content", value_name = "DIRECTORY")]
    content: String,
}

/// The task, with every mistake in what was asked.
pub(super) fn task(args: PlanArgs) -> Result<PlanTask, Mistakes> {
    let PlanArgs { learners, lessons, sandbox: kind, content } = args;
    let mut check = Checker::default();
    let learners = check.take("--learners", &learners, count(&learners));
    let sandbox = check.take("--sandbox", &kind, sandbox(&kind));
    let content = check.take("--content", &content, folder(&content));
    let lessons = lessons.into_iter().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect();
    let build = || Some(PlanTask { learners: learners?, lessons, sandbox: sandbox?, content: content? });
    let built = build();
    check.finish(built)
}
